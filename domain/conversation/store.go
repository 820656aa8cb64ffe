// SPDX-License-Identifier: AGPL-3.0-or-later

package conversation

import (
	"context"

	"github.com/hora-coop/hora/domain"
)

// Viewer is for whom threads are read: a member, and those from whom blocks keep them.
type Viewer struct {
	Member domain.ID
	Apart  []domain.ID
}

// Store is what conversations need kept. Calls run inside InTx of the community.
// Threads are read for one of their two members, whose unread messages they count;
// for anybody else there are none. What a block hides there is not either, but for
// what is about an exchange that is under way.
type Store interface {
	// OpenThread keeps a thread, or finds the one that there is about the same thing,
	// and answers its id.
	OpenThread(ctx context.Context, t Thread) (domain.ID, error)
	Threads(ctx context.Context, community domain.ID, viewer Viewer, ids []domain.ID) ([]Thread, error)
	// ListThreads lists them, those last written in first.
	ListThreads(ctx context.Context, community domain.ID, viewer Viewer, page domain.Page) (domain.Slice[Thread], error)
	// ThreadsAbout reads what there is about exchanges, and about listings when the
	// viewer is who asked.
	ThreadsAbout(ctx context.Context, community domain.ID, viewer Viewer, subjects []domain.ID) ([]Thread, error)

	// AddMessage keeps a message under the thread's next number.
	AddMessage(ctx context.Context, m Message) error
	Messages(ctx context.Context, community domain.ID, ids []domain.ID) ([]Message, error)
	// LastMessages gives the last message of each thread.
	LastMessages(ctx context.Context, community domain.ID, threads []domain.ID) ([]Message, error)
	// ListMessages lists a thread's messages, the newest first.
	ListMessages(ctx context.Context, community, thread domain.ID, page domain.Page) (domain.Slice[Message], error)
	// MessagesAfter lists what was written to a member by events after a position, in their order.
	MessagesAfter(ctx context.Context, community domain.ID, viewer Viewer, position int64, limit int) ([]Message, error)
	// See notes that a member has read a thread to its end.
	See(ctx context.Context, t Thread, member domain.ID) error

	AddAnnouncement(ctx context.Context, a Announcement) error
	Announcements(ctx context.Context, community domain.ID, ids []domain.ID) ([]Announcement, error)
	// ListAnnouncements lists them, the newest first.
	ListAnnouncements(ctx context.Context, community domain.ID, page domain.Page) (domain.Slice[Announcement], error)
}
