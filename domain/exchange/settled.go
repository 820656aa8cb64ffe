// SPDX-License-Identifier: AGPL-3.0-or-later

package exchange

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
)

// How an exchange comes that was over before it was written down here: by a time
// cheque.
const (
	Write   Action = "WRITE"   // the receiver wrote the cheque
	Deposit Action = "DEPOSIT" // signed on a phone without network, brought later
	Enter   Action = "ENTER"   // on paper, keyed in
)

// cheque is the action when it is by a time cheque, else nothing.
func (a Action) cheque() Action {
	switch a {
	case Write, Deposit, Enter:
		return a
	default:
		return ""
	}
}

// Given is a service that was already given: what a time cheque says.
type Given struct {
	Provider    domain.ID
	Receiver    domain.ID
	ServiceType string
	Minutes     domain.Minutes // as written
	On          time.Time      // the day, at any hour
	Message     string
	Reference   string // the cheque's number, for the history
}

// SettleOne keeps one exchange that already took place and moves its hours, in
// the caller's transaction; whatever the caller saves comes before. The side is
// the member who says so, Nowhere when it is neither.
//
// Errors: SameMember, ServiceTypeUnknown, MinutesOutOfRange, membership.MemberInactive,
// membership.VettingMissing, domain.ConsentMissing, InsufficientHours, AccountClosed.
func (s *Service) SettleOne(ctx context.Context, actor domain.Actor, where domain.ID, a Action, side domain.ID, given Given, now time.Time,
	before func(context.Context, Exchange) error,
) (Exchange, error) {
	_, rules, err := s.communities.Rules(ctx, where, now)
	if err != nil {
		return Exchange{}, err
	}
	all, _, err := s.born(ctx, actor, where, a, side, []Given{given}, now, rules, &domain.Check{})
	if err != nil {
		return Exchange{}, discreet(plain(err), side == given.Receiver)
	}
	if err := before(ctx, all[0]); err != nil {
		return Exchange{}, err
	}
	return all[0], discreet(s.settle(ctx, actor, all[0], a, side, rules.Levy), side == given.Receiver)
}

// SettleAll keeps exchanges that already took place and moves their hours, as if
// one after another and all or none. Every line that cannot be is told at once,
// its problems under "lines.<position from 0>", with those that the caller found.
//
// Errors: those of SettleOne.
func (s *Service) SettleAll(ctx context.Context, actor domain.Actor, where domain.ID, a Action, side domain.ID, given []Given, now time.Time,
	found *domain.Check, before func(context.Context, []Exchange) error,
) error {
	_, rules, err := s.communities.Rules(ctx, where, now)
	if err != nil {
		return err
	}
	all, accounts, err := s.born(ctx, actor, where, a, side, given, now, rules, found)
	if err != nil {
		return err
	}
	to, err := s.levied(ctx, where, rules.Levy)
	if err != nil {
		return err
	}
	if err := before(ctx, all); err != nil {
		return err
	}
	moved := funds{}
	for start := 0; start < len(all); start += ledger.LargestBatch {
		part := all[start:min(start+ledger.LargestBatch, len(all))]
		postings := make([]ledger.Posting, len(part))
		for i, x := range part {
			provider := accounts[x.Provider]
			provider.Balance += moved[provider.ID] // what the lines before it did
			legs := legsOf(x, accounts[x.Receiver], provider, to)
			for _, leg := range legs {
				moved[leg.Debit] -= leg.Minutes
				moved[leg.Credit] += leg.Minutes
			}
			postings[i] = posting(actor, x, a, side, legs)
		}
		if _, err := s.ledger.PostBatch(ctx, where, postings); err != nil {
			return laterBy(start, err)
		}
	}
	return nil
}

// born makes exchanges that are over, checks them all, and keeps them.
func (s *Service) born(ctx context.Context, actor domain.Actor, where domain.ID, a Action, side domain.ID, given []Given, now time.Time,
	rules community.Charter, c *domain.Check,
) ([]Exchange, map[domain.ID]ledger.Account, error) {
	people, accounts, err := s.sides(ctx, where, given)
	if err != nil {
		return nil, nil, err
	}
	all, steps := make([]Exchange, len(given)), make([]Step, len(given))
	left := funds{}
	for i, g := range given {
		line := at(i)
		x := Exchange{
			Community: where, ID: domain.NewID(), State: Confirmed, Provider: g.Provider, Receiver: g.Receiver,
			ServiceType: g.ServiceType, Level: listing.Individual,
			Terms:        Terms{Estimated: g.Minutes, ScheduledAt: g.On, Message: g.Message},
			TermsVersion: 1, TermsBy: g.Receiver, Typed: g.Minutes, DoneBy: g.Receiver, DoneAt: now,
			CreatedAt: now, UpdatedAt: now, Version: 1,
		}
		x.Settled = g.check(c, line, rules, people)
		met := s.met(ctx, c, line, people[g.Provider], people[g.Receiver], side, now)
		if met != nil {
			return nil, nil, met
		}
		x.Actual = x.Settled
		left.spend(c, line, accounts[g.Receiver], accounts[g.Provider], x.Settled)
		all[i], steps[i] = x, stepOf(x, a, actor, side, g.Minutes, g.Reference, now)
	}
	if err := c.Err(); err != nil {
		return nil, nil, err
	}
	all, err = s.store.AddAll(ctx, all, steps)
	return all, accounts, err
}

// met says what a minor and an adult may not have settled between them. Who enters the
// cheques of others learns no more of it than the adult does.
func (s *Service) met(ctx context.Context, c *domain.Check, line string, provider, receiver membership.Member, side domain.ID, now time.Time) error {
	own, other, field := receiver, provider, "providerId"
	if side == provider.ID {
		own, other, field = provider, receiver, "receiverId"
	}
	if own.ID != side && own.Awaits(now) {
		own, other, field = other, own, "receiverId"
	}
	if own.ID == domain.Nowhere || other.ID == domain.Nowhere {
		return nil // wrong already
	}
	err := s.members.Meet(ctx, own, other, line+"serviceTypeId", line+field, now)
	if _, ok := domain.Problems(err); err != nil && !ok {
		return err
	}
	c.Also(err)
	return nil
}

// sides reads the members and accounts that exchanges name, once each.
func (s *Service) sides(ctx context.Context, where domain.ID, given []Given) (map[domain.ID]membership.Member, map[domain.ID]ledger.Account, error) {
	people := map[domain.ID]membership.Member{}
	accounts := map[domain.ID]ledger.Account{}
	var ids []domain.ID
	for _, g := range given {
		for _, id := range []domain.ID{g.Provider, g.Receiver} {
			if _, named := people[id]; !named {
				people[id] = membership.Member{}
				ids = append(ids, id)
			}
		}
	}
	found, err := s.members.LoadAll(ctx, where, ids)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range found {
		people[m.ID] = m
	}
	held, err := s.ledger.AccountsOf(ctx, where, ids)
	for _, a := range held {
		accounts[a.Owner] = a
	}
	return people, accounts, err
}

// check says all that is wrong with a line and answers its minutes in the
// charter's unit. Whoever paused or is suspended may still settle what was given;
// whoever left may not.
func (g Given) check(c *domain.Check, line string, rules community.Charter, people map[domain.ID]membership.Member) domain.Minutes {
	for _, side := range []struct {
		field string
		id    domain.ID
	}{{"providerId", g.Provider}, {"receiverId", g.Receiver}} {
		m := people[side.id]
		switch {
		case m.ID == domain.Nowhere:
			c.That(false, MemberUnknown, line+side.field)
		case !m.Participation.Admitted():
			c.That(false, membership.MemberInactive, line+side.field, "name", m.DisplayName, "state", string(m.Participation))
		}
	}
	c.That(g.Provider != g.Receiver, SameMember, line+"receiverId")
	t, known := listing.TypeByCode(g.ServiceType)
	c.That(known && t.Leaf(), listing.ServiceTypeUnknown, line+"serviceTypeId")
	rounded, err := settleable(line+"minutes", g.Minutes, rules)
	c.Also(err)
	return rounded
}

// funds is what each account would still have, line after line; the ledger has
// the last word, this one tells every line at once.
type funds map[domain.ID]domain.Minutes

func (f funds) spend(c *domain.Check, line string, from, to ledger.Account, m domain.Minutes) {
	if m == 0 || from.ID == to.ID {
		return // wrong already
	}
	if left, bounded := from.Available(); bounded && left+f[from.ID] < m {
		c.That(false, ledger.InsufficientHours, line+"minutes", "account", from.ID, "available", left+f[from.ID], "required", m)
		return
	}
	f[from.ID] -= m
	f[to.ID] += m
}

// at is where the fields of a line lie.
func at(line int) string { return "lines." + strconv.Itoa(line) + "." }

// plain takes a single exchange's problems out of their line.
func plain(err error) error {
	problems, _ := domain.Problems(err)
	for _, p := range problems {
		p.Field = strings.TrimPrefix(p.Field, at(0))
		if p.Code == MemberUnknown {
			p.Code = domain.NotFound
		}
	}
	return err
}

// laterBy moves a batch's line to its place among all.
func laterBy(start int, err error) error {
	problems, ok := domain.Problems(err)
	if !ok || start == 0 {
		return err
	}
	for _, p := range problems {
		if n, bad := strconv.Atoi(strings.TrimPrefix(p.Field, "lines.")); bad == nil {
			p.Field = "lines." + strconv.Itoa(n+start)
		}
	}
	return err
}
