// SPDX-License-Identifier: AGPL-3.0-or-later

package conversation

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// own is the frame of reading one's own conversations.
func (s *Service) own(ctx context.Context, actor domain.Actor, community domain.ID, do func(ctx context.Context, viewer Viewer) error) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		return do(ctx, Viewer{standing.Member, standing.Apart})
	})
}

// Thread reads one for one of its two members. Error: NotFound for everybody else.
func (s *Service) Thread(ctx context.Context, actor domain.Actor, community, id domain.ID) (t Thread, err error) {
	err = s.own(ctx, actor, community, func(ctx context.Context, viewer Viewer) (err error) {
		t, err = s.thread(ctx, community, viewer, id)
		return err
	})
	return t, err
}

// Own reads threads by id, those that are the actor's, for what they already see: a
// message that they sent has its thread, whatever came between the two since.
func (s *Service) Own(ctx context.Context, actor domain.Actor, community domain.ID, ids []domain.ID) (found []Thread, err error) {
	err = s.own(ctx, actor, community, func(ctx context.Context, viewer Viewer) (err error) {
		found, err = s.store.Threads(ctx, community, Viewer{Member: viewer.Member}, ids)
		return err
	})
	return found, err
}

// About reads what the actor and somebody else wrote about exchanges or listings.
func (s *Service) About(ctx context.Context, actor domain.Actor, community domain.ID, subjects []domain.ID) (found []Thread, err error) {
	err = s.own(ctx, actor, community, func(ctx context.Context, viewer Viewer) (err error) {
		found, err = s.store.ThreadsAbout(ctx, community, viewer, subjects)
		return err
	})
	return found, err
}

// List lists the actor's threads in a community, those last written in first.
func (s *Service) List(ctx context.Context, actor domain.Actor, community domain.ID, page domain.Page) (found domain.Slice[Thread], err error) {
	err = s.own(ctx, actor, community, func(ctx context.Context, viewer Viewer) (err error) {
		found, err = s.store.ListThreads(ctx, community, viewer, page)
		return err
	})
	return found, err
}

// Messages lists what was written in a thread, the newest first. Error: NotFound.
func (s *Service) Messages(ctx context.Context, actor domain.Actor, community, thread domain.ID, page domain.Page) (found domain.Slice[Message], err error) {
	err = s.own(ctx, actor, community, func(ctx context.Context, viewer Viewer) error {
		t, err := s.thread(ctx, community, viewer, thread)
		if err == nil {
			found, err = s.store.ListMessages(ctx, community, t.ID, page)
		}
		return err
	})
	return found, err
}

// Message reads one for one of the two. Error: NotFound for everybody else.
func (s *Service) Message(ctx context.Context, actor domain.Actor, community, id domain.ID) (m Message, err error) {
	err = s.own(ctx, actor, community, func(ctx context.Context, viewer Viewer) error {
		found, err := s.store.Messages(ctx, community, []domain.ID{id})
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return domain.NotFound
		}
		m = found[0]
		_, err = s.thread(ctx, community, viewer, m.Thread)
		return err
	})
	return m, err
}

// MessageTo reads one that a member received, whatever came between the two since, inside
// the caller's transaction. Error: NotFound for everybody else.
func (s *Service) MessageTo(ctx context.Context, community, member, id domain.ID) (Message, error) {
	found, err := s.store.Messages(ctx, community, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NotFound
	}
	if err != nil {
		return Message{}, err
	}
	_, err = s.thread(ctx, community, Viewer{Member: member}, found[0].Thread)
	return found[0], err
}

// Last reads the last message of threads that the caller already sees.
func (s *Service) Last(ctx context.Context, community domain.ID, threads []domain.ID) (found []Message, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.LastMessages(ctx, community, threads)
		return err
	})
	return found, err
}

// After reads what was written to the actor by events after a position, in the
// journal's order.
func (s *Service) After(ctx context.Context, actor domain.Actor, community domain.ID, position int64, limit int) (found []Message, err error) {
	err = s.own(ctx, actor, community, func(ctx context.Context, viewer Viewer) (err error) {
		found, err = s.store.MessagesAfter(ctx, community, viewer, position, limit)
		return err
	})
	return found, err
}

// Announcement reads one, for every member. Error: NotFound.
func (s *Service) Announcement(ctx context.Context, actor domain.Actor, community, id domain.ID) (a Announcement, err error) {
	err = s.own(ctx, actor, community, func(ctx context.Context, _ Viewer) error {
		found, err := s.store.Announcements(ctx, community, []domain.ID{id})
		if err == nil && len(found) == 0 {
			err = domain.NotFound
		}
		if err == nil {
			a = found[0]
		}
		return err
	})
	return a, err
}

// Announcements lists what was announced in a community, the newest first.
func (s *Service) Announcements(ctx context.Context, actor domain.Actor, community domain.ID, page domain.Page) (found domain.Slice[Announcement], err error) {
	err = s.own(ctx, actor, community, func(ctx context.Context, _ Viewer) (err error) {
		found, err = s.store.ListAnnouncements(ctx, community, page)
		return err
	})
	return found, err
}

// LoadAnnouncements reads announcements inside the caller's transaction.
func (s *Service) LoadAnnouncements(ctx context.Context, community domain.ID, ids []domain.ID) ([]Announcement, error) {
	return s.store.Announcements(ctx, community, ids)
}
