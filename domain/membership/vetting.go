// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// What can go wrong with vetting.
const (
	VettingMissing domain.Code = "VETTING_MISSING" // args: kind, what; the charter asks for it of who gives this service
	VettingEnded   domain.Code = "VETTING_ENDED"   // it was withdrawn
	OwnVetting     domain.Code = "OWN_VETTING"     // nobody attests for themselves, or for who lives with them
)

// Vetting is an attestation: somebody saw that a check was made, on which day, and
// until when that holds. What the check says is kept nowhere.
type Vetting struct {
	Community   domain.ID
	ID          domain.ID
	Member      domain.ID
	Kind        string    // as the charter calls it
	SeenBy      domain.ID // the member who saw it
	SeenOn      time.Time // midnight UTC of the day, as the next
	ExpiresOn   time.Time // the last day on which it holds
	EndsAt      time.Time // when that day is over where the community is
	NoticeAt    time.Time // when its member and coordinators are told that it ends
	RecordedAt  time.Time
	WithdrawnAt time.Time
	WithdrawnBy domain.ID
	Reason      string // why it was withdrawn
}

// ValidAt says whether it holds at a moment.
func (v Vetting) ValidAt(at time.Time) bool { return v.WithdrawnAt.IsZero() && at.Before(v.EndsAt) }

// RecordVetting is an attestation to be.
type RecordVetting struct {
	Community domain.ID
	Member    domain.ID
	Kind      string
	SeenOn    time.Time // zero: today
	ExpiresOn time.Time // zero: as long as the charter lets it
	Key       string    `json:"-"`
}

// The events of vetting; their subject is the attestation.
const (
	VettingRecorded  domain.EventKind = "VETTING_RECORDED"
	VettingExpiring  domain.EventKind = "VETTING_EXPIRING"
	VettingWithdrawn domain.EventKind = "VETTING_WITHDRAWN"
)

// VettingTold is their payload.
type VettingTold struct {
	Member domain.ID `json:"member"`
	Due    time.Time `json:"due"` // when it ends by itself
}

// today is the day of a moment where a community is, as midnight UTC.
func today(where community.Community, now time.Time) time.Time {
	year, month, day := now.In(where.Zone()).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// vetting is what a record makes under a charter: nothing is seen in the future, and
// nothing holds for longer than the charter lets it.
func (cmd RecordVetting) vetting(where community.Community, rules community.Safety, by domain.ID, now time.Time) (Vetting, error) {
	kind, known := rules.VettingKind(cmd.Kind)
	if !known {
		return Vetting{}, domain.NewError(domain.ValueUnknown, "kind", "known", rules.VettingCodes())
	}
	seen, last := cmd.SeenOn, cmd.ExpiresOn
	if seen.IsZero() {
		seen = today(where, now)
	}
	longest := seen.AddDate(0, kind.Months, 0)
	if last.IsZero() {
		last = longest
	}
	var c domain.Check
	c.That(!seen.After(today(where, now)), DateInvalid, "seenOn")
	c.That(!last.After(longest) && !last.Before(today(where, now)), DateInvalid, "expiresOn")
	v := Vetting{
		Community: cmd.Community, ID: domain.NewID(), Member: cmd.Member, Kind: kind.Code, SeenBy: by, SeenOn: seen, ExpiresOn: last,
		EndsAt: domain.OnTheWall(last.AddDate(0, 0, 1), 0, where.Zone()), RecordedAt: now,
	}
	v.NoticeAt = v.EndsAt.AddDate(0, 0, -rules.NoticeDays)
	return v, c.Err()
}

// RecordVetting notes that somebody saw a check: never of themselves, nor of who
// lives with them.
//
// Errors: NotFound, Forbidden, ValueUnknown, DateInvalid, OwnVetting, MemberState,
// IdempotencyKeyReused.
func (s *Service) RecordVetting(ctx context.Context, actor domain.Actor, cmd RecordVetting) (Vetting, error) {
	var v Vetting
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := s.authorise(ctx, actor, cmd.Community, domain.VetMembers)
		if err != nil {
			return err
		}
		once := domain.Once{Person: actor.Person, Key: cmd.Key, Action: "recordVetting", Input: cmd}
		id, _, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
			return s.recordVetting(ctx, actor, standing.Member, cmd, now)
		})
		if err == nil {
			v, err = s.vetting(ctx, cmd.Community, id)
		}
		return err
	})
	return v, err
}

func (s *Service) recordVetting(ctx context.Context, actor domain.Actor, by domain.ID, cmd RecordVetting, now time.Time) (domain.ID, error) {
	m, err := s.byID(ctx, cmd.Community, cmd.Member)
	if err != nil {
		return domain.Nowhere, err
	}
	together, err := s.Together(ctx, cmd.Community, m.ID, by)
	if err != nil {
		return domain.Nowhere, err
	}
	if m.ID == by || together {
		return domain.Nowhere, domain.NewError(OwnVetting, "memberId")
	}
	if !m.Participation.Admitted() {
		return domain.Nowhere, domain.NewError(MemberState, "memberId", "state", string(m.Participation))
	}
	where, rules, err := s.communities.Rules(ctx, cmd.Community, now)
	if err != nil {
		return domain.Nowhere, err
	}
	v, err := cmd.vetting(where, rules.Safety, by, now)
	if err != nil {
		return domain.Nowhere, err
	}
	s.tellVetting(ctx, actor, VettingRecorded, v)
	return v.ID, s.store.AddVetting(ctx, v)
}

// WithdrawVetting takes an attestation back for a reason that its member reads: never
// one's own, nor that of who lives with one. What was agreed before stays agreed:
// coordinators talk with the two.
//
// Errors: NotFound, Forbidden, Required, TextTooLong, OwnVetting, VettingEnded.
func (s *Service) WithdrawVetting(ctx context.Context, actor domain.Actor, community, id domain.ID, reason string) (Vetting, error) {
	var c domain.Check
	reason = c.Text("reason", reason, 1, 1000)
	var v Vetting
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := s.authorise(ctx, actor, community, domain.VetMembers)
		if err == nil {
			err = c.Err()
		}
		if err != nil {
			return err
		}
		if v, err = s.vetting(ctx, community, id); err != nil {
			return err
		}
		together, err := s.Together(ctx, community, v.Member, standing.Member)
		if err != nil {
			return err
		}
		if v.Member == standing.Member || together {
			return domain.NewError(OwnVetting, "vettingId")
		}
		v.WithdrawnAt, v.WithdrawnBy, v.Reason = now, standing.Member, reason
		first, err := s.store.WithdrawVetting(ctx, v)
		if err == nil && !first {
			err = domain.NewError(VettingEnded, "vettingId")
		}
		if err == nil {
			s.tellVetting(ctx, actor, VettingWithdrawn, v)
		}
		return err
	})
	return v, err
}

func (s *Service) vetting(ctx context.Context, community, id domain.ID) (Vetting, error) {
	found, err := s.store.Vettings(ctx, community, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NotFound
	}
	if err != nil {
		return Vetting{}, err
	}
	return found[0], nil
}

// Vetting reads one, for its member and for those who vet. Error: NotFound for
// everybody else.
func (s *Service) Vetting(ctx context.Context, actor domain.Actor, community, id domain.ID) (Vetting, error) {
	var v Vetting
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := s.authorise(ctx, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		v, err = s.vetting(ctx, community, id)
		if err == nil && v.Member != standing.Member && !standing.May(domain.VetMembers) {
			err = domain.NotFound
		}
		return err
	})
	return v, err
}

// VettingsOf reads a member's, the last to end first, for themselves and for those
// who vet; nothing for everybody else.
func (s *Service) VettingsOf(ctx context.Context, actor domain.Actor, community, member domain.ID) ([]Vetting, error) {
	var all []Vetting
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := s.authorise(ctx, actor, community, domain.LeaveCommunity)
		if err != nil || (standing.Member != member && !standing.May(domain.VetMembers)) {
			return err
		}
		all, err = s.store.VettingsOf(ctx, community, []domain.ID{member})
		return err
	})
	return all, err
}

// LoadVettings reads those of some members, for those who are shown only whether
// there is a valid one.
func (s *Service) LoadVettings(ctx context.Context, community domain.ID, members []domain.ID) ([]Vetting, error) {
	var all []Vetting
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		all, err = s.store.VettingsOf(ctx, community, members)
		return err
	})
	return all, err
}

// Vetted refuses who lacks one of some kinds of vetting at a moment, inside the
// caller's transaction. Where nothing is asked for it costs nothing.
//
// Error: VettingMissing.
func (s *Service) Vetted(ctx context.Context, in, member domain.ID, asked []community.VettingKind, field string, at time.Time) error {
	if len(asked) == 0 {
		return nil
	}
	all, err := s.store.VettingsOf(ctx, in, []domain.ID{member})
	if err != nil {
		return err
	}
	var c domain.Check
	for _, kind := range asked {
		c.That(HoldsVetting(all, kind.Code, at), VettingMissing, field, "kind", kind, "what", domain.Label(kind.Label))
	}
	return c.Err()
}

// HoldsVetting says whether one of a kind is valid at a moment.
func HoldsVetting(all []Vetting, kind string, at time.Time) bool {
	return slices.ContainsFunc(all, func(v Vetting) bool { return v.Kind == kind && v.ValidAt(at) })
}

// remindOfVettings tells whose attestations end soon, each once.
func (s *Service) remindOfVettings(ctx context.Context, community domain.ID) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		due, err := s.store.TakeExpiringVettings(ctx, community, now, atOnce)
		for _, v := range due {
			s.tellVetting(ctx, domain.System, VettingExpiring, v)
		}
		return err
	})
}

func (s *Service) tellVetting(ctx context.Context, actor domain.Actor, kind domain.EventKind, v Vetting) {
	s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: v.ID, Payload: VettingTold{Member: v.Member, Due: v.EndsAt}})
}
