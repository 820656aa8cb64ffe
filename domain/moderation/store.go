// SPDX-License-Identifier: AGPL-3.0-or-later

package moderation

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Store is what moderation needs kept. Every call runs inside InTx of the community.
type Store interface {
	// AddReport keeps one. Error: AlreadyReported.
	AddReport(ctx context.Context, r Report) error
	Reports(ctx context.Context, community domain.ID, ids []domain.ID) ([]Report, error)
	// Queue are the reports that nobody answered, whose answer is due first, less
	// those by somebody and those about them or who lives with them.
	Queue(ctx context.Context, community, reader domain.ID, near []domain.ID, page domain.Page) (domain.Slice[Report], error)
	CountQueue(ctx context.Context, community, reader domain.ID, near []domain.ID) (int, error)
	// Answer notes that a report was answered; false when it had been.
	Answer(ctx context.Context, r Report) (bool, error)
	// TakeLate marks the reports whose answer is late and answers them, each once.
	TakeLate(ctx context.Context, community domain.ID, now time.Time, limit int) ([]Report, error)

	AddMeasure(ctx context.Context, m Measure) error
	Measures(ctx context.Context, community domain.ID, ids []domain.ID) ([]Measure, error)
	// MeasureFor is the answer to a report; NotFound while there is none.
	MeasureFor(ctx context.Context, community, report domain.ID) (Measure, error)
	// MeasuresOf are those against a member, newest first.
	MeasuresOf(ctx context.Context, community, member domain.ID) ([]Measure, error)
	// MeasuresIn are all that were asked for, newest first; none against the reader and
	// who lives with them.
	MeasuresIn(ctx context.Context, community domain.ID, near []domain.ID, filter MeasureFilter, page domain.Page) (domain.Slice[Measure], error)
	CountMeasures(ctx context.Context, community domain.ID, near []domain.ID, filter MeasureFilter) (int, error)
	// End notes how a measure ended; false when it had ended.
	End(ctx context.Context, m Measure) (bool, error)
	// HandOver notes who gave a measure's statement to its member and when; false when
	// somebody had.
	HandOver(ctx context.Context, m Measure) (bool, error)
	// TakeLapsed ends the measures whose time is over and answers them, each once.
	TakeLapsed(ctx context.Context, community domain.ID, now time.Time, limit int) ([]Measure, error)

	// AddAppeal keeps one. Error: AlreadyAppealed.
	AddAppeal(ctx context.Context, a Appeal) error
	Appeals(ctx context.Context, community domain.ID, ids []domain.ID) ([]Appeal, error)
	AppealsAgainst(ctx context.Context, community domain.ID, measures []domain.ID) ([]Appeal, error)
	// AppealsIn are all, in the order of their place; none by the reader and who lives
	// with them.
	AppealsIn(ctx context.Context, community domain.ID, near []domain.ID, page domain.Page) (domain.Slice[Appeal], error)
	// CountAppeals counts those of them that wait.
	CountAppeals(ctx context.Context, community domain.ID, near []domain.ID) (int, error)
	// DecideAppeal keeps an answer; false when there was one.
	DecideAppeal(ctx context.Context, a Appeal) (bool, error)
	// TakeLateAppeals marks those whose answer is late and answers them, each once.
	TakeLateAppeals(ctx context.Context, community domain.ID, now time.Time, limit int) ([]Appeal, error)

	AddComplaint(ctx context.Context, c Complaint) error
	// Complaints reads complaints with who opened and closed them.
	Complaints(ctx context.Context, community domain.ID, ids []domain.ID) ([]Complaint, error)
	// ComplaintsFor are those that are neither by somebody nor about them or who lives
	// with them, newest first.
	ComplaintsFor(ctx context.Context, community, reader domain.ID, near []domain.ID, page domain.Page) (domain.Slice[Complaint], error)
	AddOpening(ctx context.Context, o Opening) error
	// AddClosing keeps the next turn of a complaint. Error: ComplaintState, where
	// somebody else was first.
	AddClosing(ctx context.Context, c Closing) error

	// Acts reads the journal's events that were asked for, newest first.
	Acts(ctx context.Context, community domain.ID, asked Acts, page domain.Page) (domain.Slice[Act], error)
}
