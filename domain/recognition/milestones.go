// SPDX-License-Identifier: AGPL-3.0-or-later

package recognition

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
)

// Reached says which milestone somebody passed.
type Reached string

// The milestones: two by confirmed exchanges with other households, one by time.
const (
	FirstHelp   Reached = "FIRST_HELP"
	TenPartners Reached = "TEN_PARTNERS"
	AYear       Reached = "A_YEAR"
)

// Partners is how many different ones make a milestone.
const Partners = 10

// Milestone is something that a member reached; nobody gives it. It is theirs
// alone until they show it.
type Milestone struct {
	Given
	Reached Reached
}

// MilestoneReached is recorded once for each member and milestone.
const MilestoneReached domain.EventKind = "MILESTONE_REACHED"

// MilestoneTold is its payload.
type MilestoneTold struct {
	Member  domain.ID `json:"member"`
	Reached Reached   `json:"reached"`
}

// reached are the milestones that confirmed exchanges make: in how many somebody
// gave, and with how many different partners.
func reached(gave, partners int) (all []Reached) {
	if gave > 0 {
		all = append(all, FirstHelp)
	}
	if partners >= Partners {
		all = append(all, TenPartners)
	}
	return all
}

// Derive notes the milestones that events lead to, inside the relay's
// transaction. Seeing an event twice changes nothing.
func (s *Service) Derive(ctx context.Context, events []domain.RecordedEvent) error {
	for _, e := range events {
		if e.Kind != exchange.Confirm.EventKind() && e.Kind != exchange.Resolve.EventKind() {
			continue
		}
		found, err := s.exchanges.LoadAll(ctx, e.Community, []domain.ID{e.Subject})
		if err != nil {
			return err
		}
		for _, x := range found {
			if x.State != exchange.Confirmed {
				continue
			}
			for _, side := range []domain.ID{x.Provider, x.Receiver} {
				if err := s.pass(ctx, e.Community, side, e.At); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *Service) pass(ctx context.Context, community, member domain.ID, at time.Time) error {
	gave, partners, err := s.store.Exchanged(ctx, community, member)
	if err != nil {
		return err
	}
	for _, r := range reached(gave, partners) {
		if err := s.note(ctx, community, member, r, at); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) note(ctx context.Context, community, member domain.ID, r Reached, at time.Time) error {
	m := Milestone{Given: Given{Community: community, ID: domain.NewID(), Member: member, Hidden: true, At: at}, Reached: r}
	first, err := s.store.AddMilestone(ctx, m)
	if err == nil && first {
		s.tx.Record(ctx, domain.Event{
			ID: domain.NewID(), Kind: MilestoneReached, Subject: m.ID, Payload: MilestoneTold{Member: member, Reached: r},
		})
	}
	return err
}

// PassTime notes who has been here for a year, by the community's calendar.
func (s *Service) PassTime(ctx context.Context, community domain.ID) error {
	for {
		n := 0
		err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
			where, _, err := s.communities.Rules(ctx, community, now)
			if err != nil {
				return err
			}
			due, err := s.store.Anniversaries(ctx, community, now.In(where.Zone()).AddDate(-1, 0, 0), 200)
			n = len(due)
			for _, member := range due {
				if err == nil {
					err = s.note(ctx, community, member, AYear, now)
				}
			}
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// MilestonesOf reads what a member reached, oldest first, as the actor sees it.
func (s *Service) MilestonesOf(ctx context.Context, actor domain.Actor, community, member domain.ID) ([]Milestone, error) {
	found, _, err := look(ctx, s, actor, community, member, domain.Page{}, false, OfMilestones,
		func(ctx context.Context, l Look, _ domain.Page) (domain.Slice[Milestone], error) {
			all, err := s.store.MilestonesOf(ctx, l)
			return domain.Slice[Milestone]{Items: all}, err
		})
	return found.Items, err
}

// Milestone reads one for whoever sees it. Error: NotFound for everybody else.
func (s *Service) Milestone(ctx context.Context, actor domain.Actor, community, id domain.ID) (Milestone, error) {
	return see(ctx, s, actor, community, id, s.store.Milestones, Milestone.VisibleTo)
}
