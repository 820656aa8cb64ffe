// SPDX-License-Identifier: AGPL-3.0-or-later

package messaging

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/reinvestment"
)

// Service is the use cases of telling people.
type Service struct {
	tx        domain.Tx
	store     Store
	members   *membership.Service
	decisions *governance.Service
	cycles    *reinvestment.Service
}

// New makes the messaging room.
func New(tx domain.Tx, store Store, members *membership.Service, decisions *governance.Service, cycles *reinvestment.Service) *Service {
	return &Service{tx: tx, store: store, members: members, decisions: decisions, cycles: cycles}
}

// Derive keeps the notifications that events give rise to, inside the relay's
// transaction, and returns those that are new.
func (s *Service) Derive(ctx context.Context, events []domain.RecordedEvent) ([]Notification, error) {
	var all []Notification
	for _, e := range events {
		t, ok, err := tell(e)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		theirs, err := s.address(ctx, e, t)
		if err != nil {
			return nil, err
		}
		all = append(all, theirs...)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return s.store.Add(ctx, all)
}

// address turns members into persons. Somebody without an account of their own
// is told by the coordinator who acts for them; whoever acted needs no telling.
func (s *Service) address(ctx context.Context, e domain.RecordedEvent, t told) ([]Notification, error) {
	var notes []Notification
	heard := map[domain.ID]bool{domain.Nowhere: true, e.Actor: true}
	tell := func(kind Kind, speaksOf func(domain.ID) domain.ID, members []membership.Member, err error) error {
		for _, m := range members {
			if heard[m.Person] {
				continue
			}
			heard[m.Person] = true
			notes = append(notes, Notification{
				Community: e.Community, ID: domain.NewID(), Person: m.Person, Kind: kind, Exchange: t.exchange,
				Member: speaksOf(m.ID), About: t.thing, Minutes: t.minutes + t.each[m.ID], Due: t.due, Position: e.Position, CreatedAt: e.At,
			})
		}
		return err
	}
	other := func(member domain.ID) domain.ID { return t.about[member] }
	if t.voters != domain.Nowhere {
		waiting, err := s.decisions.Undecided(ctx, e.Community, t.voters)
		if err != nil {
			return nil, err
		}
		t.members = append(t.members, waiting...)
	}
	if t.cycle != domain.Nowhere {
		waiting, err := s.cycles.Awaited(ctx, e.Community, t.cycle, t.waiting)
		if err != nil {
			return nil, err
		}
		t.members = append(t.members, waiting...)
	}
	members, err := s.members.Load(ctx, e.Community, slices.Concat(t.members, t.others())...)
	guarded := slices.DeleteFunc(slices.Clone(members), func(m membership.Member) bool { return !t.guards(m, e.At) })
	members = slices.DeleteFunc(members, func(m membership.Member) bool { return !slices.Contains(t.members, m.ID) })
	if err := tell(t.kind, other, members, err); err != nil {
		return nil, err
	}
	if t.suggested != domain.Nowhere {
		g, ok, err := s.cycles.Behind(ctx, e.Community, t.suggested)
		if err != nil {
			return nil, err
		}
		if t.thing = g.ID; ok { // no member, perhaps: known by nothing but their account
			_ = tell(t.suggestedKind, other, []membership.Member{{Person: g.Person}}, nil)
		}
	}
	for _, m := range guarded {
		guardian, err := s.members.LoadAll(ctx, e.Community, []domain.ID{m.Guarded.Guardian})
		if err := tell(WardExchange, func(domain.ID) domain.ID { return m.ID }, guardian, err); err != nil {
			return nil, err
		}
	}
	if t.actedFor != domain.Nowhere {
		members, err := s.members.Load(ctx, e.Community, t.actedFor)
		if err := tell(ActedForYou, other, members, err); err != nil {
			return nil, err
		}
	}
	if t.many != "" {
		listeners, err := s.members.InStates(ctx, e.Community, t.many.Listeners())
		if err := tell(t.kind, func(domain.ID) domain.ID { return t.whom }, listeners, err); err != nil {
			return nil, err
		}
	}
	if t.also != domain.Nowhere {
		members, err := s.members.Load(ctx, e.Community, t.also)
		if err := tell(t.alsoKind, other, members, err); err != nil {
			return nil, err
		}
	}
	if t.toModerators != "" {
		staff, err := s.moderators(ctx, e.Community, t.sparedHome, t.spared)
		if err := tell(t.toModerators, func(domain.ID) domain.ID { return t.whom }, staff, err); err != nil {
			return nil, err
		}
	}
	if t.stuck != nil {
		waits, board, err := s.unanswerable(ctx, e.Community, *t.stuck)
		nobody := func(domain.ID) domain.ID { return domain.Nowhere }
		if err := tell(CaseStuck, nobody, waits, err); err != nil {
			return nil, err
		}
		if err := tell(ModeratorNeeded, nobody, board, nil); err != nil {
			return nil, err
		}
	}
	if t.toStaff != "" {
		if len(t.staff) == 0 {
			t.staff = []domain.Role{domain.Coordinator}
		}
		for _, role := range t.staff {
			staff, err := s.members.Holders(ctx, e.Community, role)
			if err := tell(t.toStaff, func(domain.ID) domain.ID { return t.whom }, staff, err); err != nil {
				return nil, err
			}
		}
	}
	return notes, nil
}

// moderators are those who may answer a report, less those whose case it is and who
// live with whom it is about.
func (s *Service) moderators(ctx context.Context, community, about domain.ID, spared []domain.ID) ([]membership.Member, error) {
	household, err := s.members.LivesWith(ctx, community, about)
	if err != nil {
		return nil, err
	}
	spared = slices.Concat(spared, household)
	var all []membership.Member
	for _, role := range []domain.Role{domain.Coordinator, domain.Moderator} {
		holders, err := s.members.Holders(ctx, community, role)
		if err != nil {
			return nil, err
		}
		all = append(all, holders...)
	}
	return slices.DeleteFunc(all, func(m membership.Member) bool { return slices.Contains(spared, m.ID) }), nil
}

// List reads what a person was told in one community, newest first.
func (s *Service) List(ctx context.Context, actor domain.Actor, community domain.ID, page domain.Page) (domain.Slice[Notification], error) {
	var found domain.Slice[Notification]
	err := s.own(ctx, actor, community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.List(ctx, community, actor.Person, page)
		return err
	})
	return found, err
}

// Everywhere reads what a person was told in several communities as one list,
// newest first. One person belongs to few, so each gives a page and the newest
// of all are kept.
func (s *Service) Everywhere(ctx context.Context, actor domain.Actor, communities []domain.ID, page domain.Page) (domain.Slice[Notification], error) {
	type line struct {
		note   Notification
		cursor string
	}
	var lines []line
	var merged domain.Slice[Notification]
	for _, c := range communities {
		found, err := s.List(ctx, actor, c, page)
		if err != nil {
			return merged, err
		}
		merged.HasMore = merged.HasMore || found.HasMore
		for i, n := range found.Items {
			lines = append(lines, line{n, found.Cursor(i)})
		}
	}
	slices.SortFunc(lines, func(a, b line) int {
		return cmp.Or(b.note.CreatedAt.Compare(a.note.CreatedAt), bytes.Compare(b.note.ID[:], a.note.ID[:]))
	})
	if len(lines) > page.Limit {
		merged.HasMore = true
		lines = lines[:page.Limit]
	}
	for _, l := range lines {
		merged.Items = append(merged.Items, l.note)
	}
	merged.Cursor = func(i int) string { return lines[i].cursor }
	return merged, nil
}

// Notification reads one of one's own. Error: NotFound.
func (s *Service) Notification(ctx context.Context, actor domain.Actor, community, id domain.ID) (Notification, error) {
	var n Notification
	err := s.own(ctx, actor, community, func(ctx context.Context, _ time.Time) (err error) {
		n, err = s.store.ByID(ctx, community, actor.Person, id)
		return err
	})
	return n, err
}

// After reads what a person was told of events after a position, in the journal's
// order.
func (s *Service) After(ctx context.Context, actor domain.Actor, community domain.ID, position int64, limit int) ([]Notification, error) {
	var found []Notification
	err := s.own(ctx, actor, community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.After(ctx, community, actor.Person, position, limit)
		return err
	})
	return found, err
}

// Unread counts what a person has not read yet.
func (s *Service) Unread(ctx context.Context, actor domain.Actor, community domain.ID) (int, error) {
	var n int
	err := s.own(ctx, actor, community, func(ctx context.Context, _ time.Time) (err error) {
		n, err = s.store.Unread(ctx, community, actor.Person)
		return err
	})
	return n, err
}

// MarkRead notes that a person has read some of what they were told.
// Error: NotFound, when one of them was told to somebody else; none is then marked.
func (s *Service) MarkRead(ctx context.Context, actor domain.Actor, community domain.ID, ids []domain.ID) error {
	ids = slices.Compact(slices.SortedFunc(slices.Values(ids), func(a, b domain.ID) int { return bytes.Compare(a[:], b[:]) }))
	return s.own(ctx, actor, community, func(ctx context.Context, now time.Time) error {
		found, err := s.store.MarkRead(ctx, community, actor.Person, ids, now)
		if err == nil && found < len(ids) {
			err = domain.NewError(domain.NotFound, "notificationIds")
		}
		return err
	})
}

// Letters reads notifications with the names their texts need, for a job.
func (s *Service) Letters(ctx context.Context, community domain.ID, ids []domain.ID) ([]Letter, error) {
	var letters []Letter
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		letters, err = s.store.Letters(ctx, community, ids)
		return err
	})
	return letters, err
}

// own is the frame of reading one's own: the store asks for the person, so a
// stranger finds nothing.
func (s *Service) own(ctx context.Context, actor domain.Actor, community domain.ID, fn func(context.Context, time.Time) error) error {
	if actor.Person == domain.Nowhere {
		return domain.Unauthenticated
	}
	return s.tx.InTx(ctx, community, fn)
}
