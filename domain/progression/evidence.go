// SPDX-License-Identifier: AGPL-3.0-or-later

package progression

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/duty"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/recognition"
	"github.com/hora-coop/hora/domain/workshop"
)

// Derive keeps what events say of members, inside the relay's transaction, and
// brings back at once those who were quiet and exchange again. Seeing an event
// twice changes nothing. Log-ins, reading and liking are no events, so they never count.
func (s *Service) Derive(ctx context.Context, events []domain.RecordedEvent) error {
	for _, e := range events {
		if err := s.derive(ctx, e); err != nil {
			return fmt.Errorf("evidence of event %d: %w", e.Position, err)
		}
	}
	return nil
}

func (s *Service) derive(ctx context.Context, e domain.RecordedEvent) error {
	if e.Kind == membership.Resumed {
		return s.spare(ctx, e)
	}
	found, err := s.evidence(ctx, e)
	if err != nil || len(found) == 0 {
		return err
	}
	if err := s.store.Append(ctx, found); err != nil {
		return err
	}
	return s.restore(ctx, e.Community, found)
}

// evidence is what one event says of members.
func (s *Service) evidence(ctx context.Context, e domain.RecordedEvent) ([]Contribution, error) {
	c := Contribution{Community: e.Community, Source: e.Subject, At: e.At, NotedAt: e.At, Position: e.Position}
	switch e.Kind {
	case exchange.Confirm.EventKind(), exchange.Resolve.EventKind():
		c.Kind = Exchanged
		return s.moved(ctx, e, c, ledger.Exchange)
	case workshop.SettledItAt:
		c.Kind = Attended
		return s.moved(ctx, e, c, ledger.GroupShare)
	case activity.Granted:
		return s.worked(ctx, c)
	case duty.Noted, duty.Corrected:
		return s.onDuty(ctx, e, c)
	case recognition.Endorsed:
		var told recognition.Told
		err := said(e, &told)
		c.ID, c.Kind, c.Member, c.Partner = identify(e.Subject, "endorsed"), Endorsed, told.Member, told.Giver
		return []Contribution{c}, err
	case recognition.Withdrawn:
		return s.undone(ctx, e, identify(e.Subject, "endorsed"))
	case membership.OrientationNoted:
		c.ID, c.Kind, c.Member = identify(e.ID, "orientation"), Orientation, e.Subject
		return []Contribution{c}, nil
	case membership.RoleGiven:
		c.ID, c.Kind, c.Member = identify(e.ID, "mandate"), Mandate, e.Subject
		return []Contribution{c}, nil
	case ledger.TransferReversed, ledger.TransferCorrected, cheque.BatchIsUndone:
		return s.corrected(ctx, e)
	}
	return nil, nil
}

// identify makes the id of a contribution follow from what it comes from.
func identify(source domain.ID, role string) domain.ID { return domain.DerivedID(source, role) }

// The roles in a transfer.
const gave, received, undid = "gave", "received", "undone"

// moved is the evidence of a posting: for each leg of a kind, what its creditor
// gave, and that its debtor received.
func (s *Service) moved(ctx context.Context, e domain.RecordedEvent, c Contribution, kind ledger.TransferKind) ([]Contribution, error) {
	var posted ledger.PostedLegs
	if err := payload(e, &posted); err != nil {
		return nil, err
	}
	var legs []ledger.Leg
	for _, leg := range posted.Legs {
		if leg.Kind == kind {
			legs = append(legs, leg)
		}
	}
	return s.sides(ctx, c, legs)
}

// sides says of each member on either side of legs what they did.
func (s *Service) sides(ctx context.Context, c Contribution, legs []ledger.Leg) ([]Contribution, error) {
	var ids []domain.ID
	for _, leg := range legs {
		ids = append(ids, leg.Debit, leg.Credit)
	}
	accounts, err := s.ledger.Accounts(ctx, c.Community, ids)
	if err != nil {
		return nil, err
	}
	owner := map[domain.ID]domain.ID{}
	for _, a := range accounts {
		if a.Kind == ledger.Member {
			owner[a.ID] = a.Owner
		}
	}
	var all []Contribution
	for _, leg := range legs {
		giver, receiver := owner[leg.Credit], owner[leg.Debit]
		if giver != domain.Nowhere {
			c.ID, c.Member, c.Partner, c.Minutes = identify(leg.ID, gave), giver, receiver, leg.Minutes
			all = append(all, c)
		}
		if receiver != domain.Nowhere {
			c.ID, c.Member, c.Partner, c.Minutes = identify(leg.ID, received), receiver, giver, 0
			all = append(all, c)
		}
	}
	return all, nil
}

// worked is the evidence of work for the whole, whether it brought hours or not. What
// must bring nothing but recognition brings no stage either.
func (s *Service) worked(ctx context.Context, c Contribution) ([]Contribution, error) {
	found, err := s.activities.LoadAll(ctx, c.Community, []domain.ID{c.Source})
	if err != nil || len(found) == 0 || found[0].Compensation == community.RecognitionOnly {
		return nil, err
	}
	a := found[0]
	c.ID, c.Kind, c.Member, c.Minutes, c.At = identify(a.ID, "worked"), Worked, a.Member, a.Minutes, a.Day
	if a.Compensation == community.ByDuty {
		c.Kind = OnDuty
	}
	if a.Credited > 0 {
		c.Minutes = a.Credited
	}
	return []Contribution{c}, nil
}

// onDuty is the evidence of a shift that somebody came to, and of one that was noted
// by mistake.
func (s *Service) onDuty(ctx context.Context, e domain.RecordedEvent, c Contribution) ([]Contribution, error) {
	var told duty.Told
	if err := said(e, &told); err != nil {
		return nil, err
	}
	if told.Undoes != domain.Nowhere {
		return s.undone(ctx, e, identify(told.Undoes, "shift"))
	}
	if told.Minutes == 0 {
		return nil, nil
	}
	c.ID, c.Kind, c.Member, c.Minutes, c.At = identify(e.Subject, "shift"), OnDuty, told.Member, told.Minutes, told.Due
	return []Contribution{c}, nil
}

// OfShift says whether a contribution comes from a shift of duty; its source is the
// counter's entry then, and else the activity.
func (c Contribution) OfShift() bool { return c.Kind == OnDuty && c.ID == identify(c.Source, "shift") }

// corrected undoes the evidence of transfers that were reversed; of one that was
// corrected, what is right takes its place, on the day it was.
func (s *Service) corrected(ctx context.Context, e domain.RecordedEvent) ([]Contribution, error) {
	var posted ledger.PostedLegs
	if err := payload(e, &posted); err != nil {
		return nil, err
	}
	var ids []domain.ID
	for _, leg := range posted.Legs {
		ids = append(ids, leg.ID)
	}
	transfers, err := s.ledger.Transfers(ctx, e.Community, ids)
	if err != nil {
		return nil, err
	}
	var mistakes []domain.ID
	for _, t := range transfers {
		if t.Reverses != domain.Nowhere {
			mistakes = append(mistakes, identify(t.Reverses, gave), identify(t.Reverses, received))
		}
	}
	all, err := s.undone(ctx, e, mistakes...)
	if err != nil || len(all) == 0 {
		return all, err
	}
	right := all[0]
	right.Undoes, right.NotedAt, right.Position = domain.Nowhere, e.At, e.Position
	for _, leg := range posted.Legs {
		if leg.Kind != ledger.Corrected {
			continue
		}
		instead, err := s.sides(ctx, right, []ledger.Leg{leg})
		if err != nil {
			return nil, err
		}
		all = append(all, instead...)
	}
	return all, nil
}

// undone takes back what is there of some contributions.
func (s *Service) undone(ctx context.Context, e domain.RecordedEvent, ids ...domain.ID) ([]Contribution, error) {
	found, err := s.store.Contributions(ctx, e.Community, ids)
	for i := range found {
		found[i].Undoes = found[i].ID
		found[i].ID = identify(found[i].Undoes, undid)
		found[i].NotedAt, found[i].Position = e.At, e.Position
	}
	return found, err
}

// restore brings back members who were quiet: one exchange is enough.
func (s *Service) restore(ctx context.Context, where domain.ID, found []Contribution) error {
	with := map[domain.ID]domain.ID{}
	var members []domain.ID
	for _, c := range found {
		if (c.Kind == Exchanged || c.Kind == Attended) && c.Undoes == domain.Nowhere && c.Partner != domain.Nowhere {
			members, with[c.Member] = append(members, c.Member), c.Partner
		}
	}
	quiet, err := s.store.Quiet(ctx, where, members)
	if err != nil || len(quiet) == 0 {
		return err
	}
	return s.tx.InTx(ctx, where, func(ctx context.Context, now time.Time) error {
		var night night
		if night.where, night.rules, err = s.communities.Rules(ctx, where, now); err != nil {
			return err
		}
		night.now = now
		for _, standing := range quiet {
			together, err := s.members.Together(ctx, where, standing.Member, with[standing.Member])
			if err != nil {
				return err
			}
			if !together {
				back := outcome{To: regained(standing), Restored: true, Lift: standing.Notice != nil}
				night.found = append(night.found, finding{standing, back})
			}
		}
		return s.settle(ctx, night)
	})
}

// spare gives somebody who comes back from a pause time to find their way.
func (s *Service) spare(ctx context.Context, e domain.RecordedEvent) error {
	where, rules, err := s.communities.Rules(ctx, e.Community, e.At)
	if err != nil {
		return err
	}
	return s.store.Spare(ctx, e.Community, e.Subject, where.After(e.At, rules.Progression.GraceDays))
}

// said reads what the room that recorded an event said in it, also when the event
// came with a posting.
func said(e domain.RecordedEvent, into any) error {
	var posted struct {
		About json.RawMessage `json:"about"`
	}
	if err := payload(e, &posted); err != nil {
		return err
	}
	if len(posted.About) > 0 {
		e.Payload = posted.About
	}
	return payload(e, into)
}

func payload(e domain.RecordedEvent, into any) error {
	if len(e.Payload) == 0 {
		return nil
	}
	return json.Unmarshal(e.Payload, into)
}
