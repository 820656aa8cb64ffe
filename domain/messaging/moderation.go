// SPDX-License-Identifier: AGPL-3.0-or-later

package messaging

import (
	"context"
	"slices"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/moderation"
)

// stuck is what waits for an answer for too long. Where each of those who moderate has
// a part in it, or lives with who has, nobody may give one.
type stuck struct {
	waits domain.ID   // who waits for the answer
	sides []domain.ID // who may not give it
}

// unanswerable are whom it concerns that nobody may answer what waits: who waits for it,
// and the board, less those with a part in it. Nobody where somebody may.
func (s *Service) unanswerable(ctx context.Context, community domain.ID, c stuck) (waits, board []membership.Member, err error) {
	apart := slices.Clone(c.sides)
	for _, side := range c.sides {
		household, err := s.members.LivesWith(ctx, community, side)
		if err != nil {
			return nil, nil, err
		}
		apart = append(apart, household...)
	}
	free := func(role domain.Role) ([]membership.Member, error) {
		all, err := s.members.Holders(ctx, community, role)
		return slices.DeleteFunc(all, func(m membership.Member) bool {
			return m.Participation == membership.Suspended || !m.Participation.Admitted() || slices.Contains(apart, m.ID)
		}), err
	}
	for _, role := range domain.Entrusted(domain.Moderate) {
		if may, err := free(role); err != nil || len(may) > 0 {
			return nil, nil, err
		}
	}
	if waits, err = s.members.Load(ctx, community, c.waits); err != nil {
		return nil, nil, err
	}
	board, err = free(domain.Board)
	return waits, board, err
}

// tellModeration: those who moderate hear what waits, and never of what concerns
// themselves or who lives with them; whom a measure concerns hears of it, and who reported that there is
// an answer. Neither hears of the other.
func tellModeration(e domain.RecordedEvent) (t told, ok bool, err error) {
	var m moderation.Told
	if err := payload(e, &m); err != nil {
		return t, false, err
	}
	t.spared, t.sparedHome = []domain.ID{m.Member, m.Reporter}, m.Member
	switch e.Kind {
	case moderation.Reported:
		t.toModerators, t.whom = ReportFiled, m.Member
		if m.Reason == moderation.UnsafeNow {
			t.toModerators = ReportUrgent
		}
	case moderation.ReportLate:
		t.toModerators, t.whom, t.stuck = ReportOverdue, m.Member, &stuck{m.Reporter, []domain.ID{m.Member, m.Reporter}}
	default:
		if (moderation.Measure{Action: m.Action}).ToldMember() && m.Appeal == domain.Nowhere { // an appeal tells what became of it
			t.kind, t.members = Kind(e.Kind), []domain.ID{m.Member}
		}
		if e.Kind == moderation.MeasureTaken {
			t.also, t.alsoKind = m.Reporter, ReportAnswered
		}
	}
	return t, true, nil
}

// tellAppeal: those who moderate hear that an appeal waits, also who took the measure,
// so that they find somebody else; both of them hear what became of it.
func tellAppeal(e domain.RecordedEvent) (t told, ok bool, err error) {
	var a moderation.AppealTold
	if err := payload(e, &a); err != nil {
		return t, false, err
	}
	t.spared, t.whom, t.about = []domain.ID{a.Member, a.Reporter}, a.Member, map[domain.ID]domain.ID{a.Against: a.Member}
	t.sparedHome = a.Member
	switch e.Kind {
	case moderation.Appealed:
		t.toModerators = AppealFiled
	case moderation.AppealLate:
		t.toModerators, t.stuck = AppealOverdue, &stuck{a.Member, []domain.ID{a.Member, a.Reporter, a.Against}}
	default:
		t.kind, t.members = MeasureUpheld, []domain.ID{a.Member}
		if a.Outcome == moderation.Overturned {
			t.kind = MeasureOver
		}
		t.also, t.alsoKind = a.Against, AppealDecided
	}
	return t, true, nil
}

// tellComplaint: those who may open a complaint hear that there is one, or that
// somebody opens or closes it, but for whom it concerns; who complained hears when it
// was opened by one alone, closed or reopened.
func tellComplaint(e domain.RecordedEvent) (t told, ok bool, err error) {
	var c moderation.ComplaintTold
	if err := payload(e, &c); err != nil {
		return t, false, err
	}
	t.toModerators, t.spared, t.sparedHome = Kind(e.Kind), []domain.ID{c.By, c.About}, c.About
	switch e.Kind {
	case moderation.ComplaintAlone, moderation.ComplaintClosed, moderation.ComplaintReopened:
		t.kind, t.members = Kind(e.Kind), []domain.ID{c.By}
	}
	return t, true, nil
}

// tellReview: whose listing was sent back hears what to change; those who review
// hear that it was filed again, unless it waits for nobody.
func tellReview(e domain.RecordedEvent) (t told, ok bool, err error) {
	var l listing.Told
	if err := payload(e, &l); err != nil {
		return t, false, err
	}
	t.thing = l.Review
	if e.Kind == listing.EventSentBack {
		t.kind, t.members = ListingSentBack, []domain.ID{l.Member}
		return t, true, nil
	}
	t.actedFor, t.whom, t.spared = l.Member, l.Member, []domain.ID{l.Member}
	if l.State == listing.PendingReview {
		t.toModerators = ListingToReview
	}
	return t, true, nil
}
