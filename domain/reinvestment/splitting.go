// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// ProposeSplit is what a member says to divide at the source what several give.
type ProposeSplit struct {
	Community  domain.ID
	OnBehalfOf domain.ID
	Title      string
	Parts      []SplitPart
	Key        string `json:"-"`
}

// ProposeSplit words an agreement; it is in force when every party has signed.
//
// Errors: NotFound, Forbidden, SplitIncomplete, SplitPartyTwice, NotInSplit, OutOfRange, IdempotencyKeyReused.
func (s *Service) ProposeSplit(ctx context.Context, actor domain.Actor, cmd ProposeSplit) (Agreement, error) {
	var a Agreement
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		by, err := s.members.ActingAs(ctx, actor, cmd.Community, cmd.OnBehalfOf, domain.TakePart)
		if err != nil {
			return err
		}
		var c domain.Check
		title := c.Line("title", cmd.Title, 3, 100)
		checkParts(&c, cmd.Parts)
		c.That(slices.ContainsFunc(cmd.Parts, func(p SplitPart) bool { return p.Member == by }), NotInSplit, "parts")
		if err := c.Err(); err != nil {
			return err
		}
		if err := s.parties(ctx, cmd.Community, cmd.Parts); err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "proposeSplit", Input: cmd}, func() (domain.ID, error) {
			made := Agreement{Community: cmd.Community, ID: domain.NewID(), Title: title, CreatedAt: now}
			if err := s.store.AddAgreement(ctx, made); err != nil {
				return made.ID, err
			}
			s.tell(ctx, actor, SplitWorded, made.ID, Told{Member: by})
			return made.ID, s.store.AddSplitVersion(ctx, made, made.next(cmd.Parts, by, now))
		})
		if err != nil {
			return err
		}
		a, err = s.agreement(ctx, cmd.Community, id)
		return err
	})
	return a, err
}

// parties checks that all are members here.
func (s *Service) parties(ctx context.Context, community domain.ID, parts []SplitPart) error {
	ids := make([]domain.ID, len(parts))
	for i, p := range parts {
		ids[i] = p.Member
	}
	found, err := s.members.LoadAll(ctx, community, ids)
	if err != nil {
		return err
	}
	for _, m := range found {
		if !m.Participation.Admitted() {
			return domain.NewError(domain.NotFound, "parts")
		}
	}
	if len(found) != len(ids) {
		return domain.NewError(domain.NotFound, "parts")
	}
	return nil
}

// ReviseSplit words the agreement anew. What is in force stays so until every old
// and every new party has signed, and what was divided before stays divided.
//
// Errors: NotFound, SplitIncomplete, SplitPartyTwice, NotInSplit, SplitWaits, OutOfRange.
func (s *Service) ReviseSplit(ctx context.Context, actor domain.Actor, community, id domain.ID, parts []SplitPart) (Agreement, error) {
	return s.asParty(ctx, actor, community, id, func(ctx context.Context, a Agreement, by domain.ID, now time.Time) error {
		var c domain.Check
		checkParts(&c, parts)
		_, waits := a.in(SplitProposed)
		c.That(!waits, SplitWaits, "splitId")
		if err := c.Err(); err != nil {
			return err
		}
		if err := s.parties(ctx, community, parts); err != nil {
			return err
		}
		s.tell(ctx, actor, SplitWorded, a.ID, Told{Member: by})
		return s.keepSplit(ctx, a, a.next(parts, by, now), s.store.AddSplitVersion)
	})
}

// keepSplit keeps a version; when it is in force, the one before is replaced.
func (s *Service) keepSplit(ctx context.Context, a Agreement, v SplitVersion, keep func(context.Context, Agreement, SplitVersion) error) error {
	if old, was := a.in(SplitInForce); was && v.State == SplitInForce {
		old.State = SplitReplaced
		if err := s.store.SaveSplitVersion(ctx, a, old); err != nil {
			return err
		}
	}
	return keep(ctx, a, v)
}

// SignSplit signs the version that waits. The last signature puts it in force.
//
// Errors: NotFound, NotInSplit, SplitAnswered.
func (s *Service) SignSplit(ctx context.Context, actor domain.Actor, community, id domain.ID, number int) (Agreement, error) {
	return s.asParty(ctx, actor, community, id, func(ctx context.Context, a Agreement, by domain.ID, now time.Time) error {
		v, ok := a.version(number)
		switch {
		case !ok:
			return domain.NewError(domain.NotFound, "version")
		case slices.Contains(v.SignedBy, by):
			return nil // signed is signed
		case v.State != SplitProposed:
			return domain.NewError(SplitAnswered, "version")
		case !slices.Contains(v.Signers, by):
			return domain.NewError(NotInSplit, "splitId")
		}
		s.tell(ctx, actor, SplitSigned, a.ID, Told{Member: by})
		return s.keepSplit(ctx, a, v.signed(by, now), s.store.SaveSplitVersion)
	})
}

// RefuseSplit refuses the version that waits, with a reason; what was in force stays.
//
// Errors: NotFound, NotInSplit, SplitAnswered, Required.
func (s *Service) RefuseSplit(ctx context.Context, actor domain.Actor, community, id domain.ID, number int, reason string) (Agreement, error) {
	return s.asParty(ctx, actor, community, id, func(ctx context.Context, a Agreement, by domain.ID, _ time.Time) error {
		v, ok := a.version(number)
		if !ok {
			return domain.NewError(domain.NotFound, "version")
		}
		var c domain.Check
		v.Reason = c.Text("reason", reason, 1, 1000)
		c.That(v.State == SplitProposed, SplitAnswered, "version")
		if err := c.Err(); err != nil {
			return err
		}
		if !slices.Contains(v.Signers, by) {
			return domain.NewError(NotInSplit, "splitId")
		}
		v.State = SplitRefused
		s.tell(ctx, actor, SplitDeclined, a.ID, Told{Member: by})
		return s.store.SaveSplitVersion(ctx, a, v)
	})
}

// asParty is the frame of what a party does to an agreement. Its row is taken
// first, so that of two who sign at once the second sees the first.
func (s *Service) asParty(ctx context.Context, actor domain.Actor, community, id domain.ID,
	do func(ctx context.Context, a Agreement, by domain.ID, now time.Time) error,
) (Agreement, error) {
	var a Agreement
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.TakePart)
		if err != nil {
			return err
		}
		if err := s.store.TakeAgreement(ctx, community, id); err != nil {
			return err
		}
		if a, err = s.agreement(ctx, community, id); err != nil {
			return err
		}
		if !a.concerns(standing.Member) {
			return domain.NewError(NotInSplit, "splitId")
		}
		if err := do(ctx, a, standing.Member, now); err != nil {
			return err
		}
		a, err = s.agreement(ctx, community, id)
		return err
	})
	return a, err
}

// SettleSplit is what a receiver says to have given hours divided.
type SettleSplit struct {
	Community, Agreement domain.ID
	OnBehalfOf           domain.ID // who received; Nowhere for oneself
	Minutes              domain.Minutes
	Description          string
	Key                  string `json:"-"`
}

// SettleSplit credits every party with their part of what somebody received, in one
// posting, by the version in force. Nothing goes anywhere else.
//
// Errors: NotFound, Forbidden, SplitNotInForce, BothSides, InsufficientHours, MinutesOutOfRange, Required, IdempotencyKeyReused.
func (s *Service) SettleSplit(ctx context.Context, actor domain.Actor, cmd SettleSplit) (SplitSettlement, error) {
	var made SplitSettlement
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		receiver, err := s.members.ActingAs(ctx, actor, cmd.Community, cmd.OnBehalfOf, domain.TakePart)
		if err != nil {
			return err
		}
		var c domain.Check
		c.Minutes("minutes", cmd.Minutes)
		said := cmd
		cmd.Description = c.Text("description", cmd.Description, 1, 1000)
		c.That(cmd.Key != "", domain.Required, "idempotencyKey")
		if err := c.Err(); err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "settleSplit", Input: said}, func() (domain.ID, error) {
			return s.settleSplit(ctx, actor, receiver, cmd, now)
		})
		if err != nil {
			return err
		}
		found, err := s.store.SplitSettlements(ctx, cmd.Community, cmd.Agreement)
		if i := slices.IndexFunc(found, func(x SplitSettlement) bool { return x.ID == id }); i >= 0 {
			made = found[i]
		}
		return err
	})
	return made, err
}

func (s *Service) settleSplit(ctx context.Context, actor domain.Actor, receiver domain.ID, cmd SettleSplit, now time.Time) (domain.ID, error) {
	a, err := s.agreement(ctx, cmd.Community, cmd.Agreement)
	if err != nil {
		return domain.Nowhere, err
	}
	v, ok := a.in(SplitInForce)
	if !ok {
		return domain.Nowhere, domain.NewError(SplitNotInForce, "splitId")
	}
	owners := []domain.ID{receiver}
	for _, p := range v.Parts {
		if p.Member == receiver {
			return domain.Nowhere, domain.NewError(domain.BothSides, "splitId")
		}
		owners = append(owners, p.Member)
	}
	found, err := s.hours.AccountsOf(ctx, cmd.Community, owners)
	if err != nil {
		return domain.Nowhere, err
	}
	accounts := map[domain.ID]ledger.Account{}
	for _, account := range found {
		accounts[account.Owner] = account
	}
	if len(accounts) != len(owners) {
		return domain.Nowhere, domain.NewError(ledger.AccountClosed, "splitId")
	}
	made := SplitSettlement{
		Community: cmd.Community, ID: domain.NewID(), Agreement: a.ID, Version: v.Number, Receiver: receiver, Minutes: cmd.Minutes,
		Description: cmd.Description, Parts: v.divide(cmd.Minutes, accounts), At: now,
	}
	var legs []ledger.Transfer
	for _, part := range made.Parts {
		if part.Minutes > 0 {
			legs = append(legs, ledger.Transfer{
				ID: domain.NewID(), Kind: ledger.GroupShare, Minutes: part.Minutes, Debit: accounts[receiver].ID, Credit: accounts[part.Member].ID,
			})
		}
	}
	if err := s.store.AddSplitSettlement(ctx, made); err != nil {
		return made.ID, err
	}
	_, err = s.hours.Post(ctx, ledger.Posting{
		Community: cmd.Community, Key: "split/" + made.ID.String(), Legs: legs,
		Event: domain.Event{ID: domain.NewID(), Kind: SplitSettled, Actor: actor.Person, Subject: a.ID, Payload: Told{Member: receiver, Minutes: made.Minutes}},
	})
	return made.ID, err
}

func (s *Service) agreement(ctx context.Context, community, id domain.ID) (Agreement, error) {
	found, err := s.store.Agreements(ctx, community, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NewError(domain.NotFound, "splitId")
	}
	if err != nil {
		return Agreement{}, err
	}
	return found[0], nil
}

// Agreement reads one agreement for a member. Errors: NotFound, Unauthenticated.
func (s *Service) Agreement(ctx context.Context, actor domain.Actor, community, id domain.ID) (Agreement, error) {
	var a Agreement
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		_, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err == nil {
			a, err = s.agreement(ctx, community, id)
		}
		return err
	})
	return a, err
}

// Settlements lists what an agreement divided, the latest first, for its parties and
// those who keep the books; others see none.
func (s *Service) Settlements(ctx context.Context, actor domain.Actor, a Agreement) (found []SplitSettlement, err error) {
	err = s.tx.InTx(ctx, a.Community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, a.Community, domain.SeeCommunity)
		if err == nil && (a.concerns(standing.Member) || standing.May(domain.SeeEveryAccount)) {
			found, err = s.store.SplitSettlements(ctx, a.Community, a.ID)
		}
		return err
	})
	return found, err
}

// Agreements lists a community's agreements, the newest first.
func (s *Service) Agreements(ctx context.Context, actor domain.Actor, community domain.ID) ([]Agreement, error) {
	var found []Agreement
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		_, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err == nil {
			found, err = s.store.ListAgreements(ctx, community)
		}
		return err
	})
	return found, err
}
