// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/identity"
)

// OwnHelper says that nobody is their own helper.
const OwnHelper domain.Code = "OWN_HELPER"

// Helper is a member's consent that another acts for them, until a day or until
// it is withdrawn. It is kept for good: what was done meanwhile rests on it.
type Helper struct {
	Community   domain.ID
	ID          domain.ID
	Member      domain.ID // who is helped
	Helper      domain.ID
	Consent     string // how it was given, where somebody else noted it
	GivenBy     domain.ID
	From        time.Time
	Until       time.Time
	WithdrawnAt time.Time // zero while it stands
}

// NameHelper is a consent to be noted.
type NameHelper struct {
	Community  domain.ID
	Helper     domain.ID
	OnBehalfOf domain.ID // a coordinator notes what somebody without a device said
	Until      time.Time
	Consent    string
	Key        string `json:"-"`
}

// The events of help.
const (
	HelperNamed domain.EventKind = "HELPER_NAMED"
	HelperEnded domain.EventKind = "HELPER_ENDED"
	CardGiven   domain.EventKind = "CARD_GIVEN"
	CardTaken   domain.EventKind = "CARD_TAKEN"
)

// HelpTold is the payload of the events of helpers.
type HelpTold struct {
	Member domain.ID `json:"member"`
	Helper domain.ID `json:"helper"`
}

// NameHelper lets another member act for oneself. A coordinator may note it for
// somebody, with how consent was given; a helper may not pass it on.
//
// Errors: NotFound, Forbidden, OwnHelper, DateInvalid, Required, MemberState,
// domain.ConsentMissing, VettingMissing, IdempotencyKeyReused.
func (s *Service) NameHelper(ctx context.Context, actor domain.Actor, cmd NameHelper) (Member, error) {
	var helped Member
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := s.authorise(ctx, actor, cmd.Community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		member, own := standing.Member, cmd.OnBehalfOf == domain.Nowhere || cmd.OnBehalfOf == standing.Member
		if !own {
			if !standing.May(domain.ActForMember) {
				return domain.Forbidden
			}
			member = cmd.OnBehalfOf
		}
		if helped, err = s.byID(ctx, cmd.Community, member); err != nil {
			return err
		}
		helper, err := s.byID(ctx, cmd.Community, cmd.Helper)
		if err == nil && own && !standing.Sees(helper.ID) {
			err = domain.NotFound
		}
		if err != nil {
			return err
		}
		var c domain.Check
		least := 0
		if !own {
			least = 1
		}
		cmd.Consent = c.Text("consent", cmd.Consent, least, 500)
		c.That(cmd.Until.After(now), DateInvalid, "until")
		c.That(helper.ID != helped.ID, OwnHelper, "helperId")
		// Of a minor nobody learns here that they are one.
		c.That(helper.Participation.InGoodStanding() && !helper.UnderAge(now), MemberState, "helperId")
		if err := c.Err(); err != nil {
			return err
		}
		if err := s.Meet(ctx, helped, helper, "helperId", "helperId", now); err != nil {
			return err
		}
		_, _, err = s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "nameHelper", Input: cmd}, func() (domain.ID, error) {
			if err := s.store.EndHelp(ctx, cmd.Community, helped.ID, helper.ID, now); err != nil {
				return domain.Nowhere, err
			}
			h := Helper{
				Community: cmd.Community, ID: domain.NewID(), Member: helped.ID, Helper: helper.ID, Consent: cmd.Consent,
				GivenBy: actor.Person, From: now, Until: cmd.Until,
			}
			s.tellHelp(ctx, actor, HelperNamed, helped.ID, helper.ID)
			return h.ID, s.store.AddHelper(ctx, h)
		})
		return err
	})
	return helped, err
}

// WithdrawHelper ends it: the one who is helped, the helper, or a coordinator. One
// that does not stand changes nothing.
//
// Errors: NotFound, Forbidden.
func (s *Service) WithdrawHelper(ctx context.Context, actor domain.Actor, community, member, helper domain.ID) (Member, error) {
	var helped Member
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := s.authorise(ctx, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		both, err := s.Load(ctx, community, member, helper)
		if err != nil {
			return err
		}
		helped = both[slices.IndexFunc(both, func(m Member) bool { return m.ID == member })]
		if standing.Member != member && standing.Member != helper && !standing.May(domain.ActForMember) {
			return domain.Forbidden
		}
		all, err := s.store.HelpersOf(ctx, community, []domain.ID{member}, now)
		if err != nil || !helps(all, helper) {
			return err
		}
		s.tellHelp(ctx, actor, HelperEnded, member, helper)
		return s.store.EndHelp(ctx, community, member, helper, now)
	})
	return helped, err
}

// Helpers reads who may act for some members now, for those who already see them.
func (s *Service) Helpers(ctx context.Context, community domain.ID, members []domain.ID) ([]Helper, error) {
	var found []Helper
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) (err error) {
		found, err = s.store.HelpersOf(ctx, community, members, now)
		return err
	})
	return found, err
}

func helps(all []Helper, member domain.ID) bool {
	return slices.ContainsFunc(all, func(h Helper) bool { return h.Helper == member })
}

// ShownHelpers are those that somebody may know of: one's own, those one is, and
// all of them for those who act for members.
func ShownHelpers(standing domain.Standing, all []Helper) []Helper {
	return slices.DeleteFunc(slices.Clone(all), func(h Helper) bool {
		return h.Member != standing.Member && h.Helper != standing.Member && !standing.May(domain.ActForMember)
	})
}

func (s *Service) tellHelp(ctx context.Context, actor domain.Actor, kind domain.EventKind, member, helper domain.ID) {
	s.tx.Record(ctx, domain.Event{
		ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: member, Payload: HelpTold{Member: member, Helper: helper},
	})
}

// Desk gives members without an e-mail address a way to sign in.
type Desk struct {
	tx          domain.Tx
	members     *Service
	communities *community.Service
	people      *identity.Service
}

// NewDesk opens it.
func NewDesk(tx domain.Tx, members *Service, communities *community.Service, people *identity.Service) *Desk {
	return &Desk{tx: tx, members: members, communities: communities, people: people}
}

// Handle names a member's card to the sign-in.
func Handle(community domain.ID, number int) string {
	return community.String() + "/" + strconv.Itoa(number)
}

// GiveCard draws a card for a member without an e-mail address: a PIN and a code,
// shown once, to be handed over on paper. The card they had is worth nothing any
// more, and whoever signed in with it is out.
//
// Errors: NotFound, Forbidden, MemberState, CardNotNeeded.
func (d *Desk) GiveCard(ctx context.Context, actor domain.Actor, where, member domain.ID) (Member, identity.Drawn, error) {
	var m Member
	var drawn identity.Drawn
	err := d.tx.InTx(ctx, where, func(ctx context.Context, _ time.Time) error {
		_, err := d.members.authorise(ctx, actor, where, domain.ActForMember)
		return err
	})
	if err != nil {
		return m, drawn, err
	}
	if drawn, err = d.people.DrawCard(ctx); err != nil {
		return m, drawn, err
	}
	m, err = d.members.change(ctx, actor, where, member, domain.ActForMember, domain.Once{}, func(ctx context.Context, m Member, now time.Time) (Member, error) {
		if !m.Participation.Admitted() {
			return m, domain.NewError(MemberState, "memberId", "state", string(m.Participation))
		}
		c, _, err := d.communities.Rules(ctx, where, now)
		if err != nil {
			return m, err
		}
		holder, err := d.people.GiveCard(ctx, m.Person, m.DisplayName, c.Locale, Handle(where, m.Number), drawn, now)
		if err != nil {
			return m, err
		}
		if m.Person == domain.Nowhere {
			m.Person = holder
			if err := d.members.store.Attach(ctx, m); err != nil {
				return m, err
			}
		}
		d.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: CardGiven, Actor: actor.Person, Subject: m.ID})
		return m, nil
	})
	if err != nil {
		drawn = identity.Drawn{}
	}
	return m, drawn, err
}

// TakeCard ends a lost card, and every session of its holder.
//
// Errors: NotFound, Forbidden, CardNotNeeded.
func (d *Desk) TakeCard(ctx context.Context, actor domain.Actor, where, member domain.ID) (Member, error) {
	return d.members.change(ctx, actor, where, member, domain.ActForMember, domain.Once{}, func(ctx context.Context, m Member, now time.Time) (Member, error) {
		if m.Person == domain.Nowhere {
			return m, nil // there is none
		}
		had, err := d.people.TakeCard(ctx, m.Person, now)
		if had {
			d.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: CardTaken, Actor: actor.Person, Subject: m.ID})
		}
		return m, err
	})
}

// CardOf is a member's card, as those know of it who may act for them.
type CardOf struct {
	Member  domain.ID
	GivenAt time.Time
	Locked  bool // by wrong PINs; the card's code still works
}

// Cards reads who of some members holds a card of this community: all of them for
// those who act for members, else one's own.
func (d *Desk) Cards(ctx context.Context, actor domain.Actor, where domain.ID, members []domain.ID) ([]CardOf, error) {
	var all []CardOf
	err := d.tx.InTx(ctx, where, func(ctx context.Context, _ time.Time) error {
		standing, err := d.members.Standing(ctx, actor, where)
		if err != nil {
			return err
		}
		found, err := d.members.LoadAll(ctx, where, members)
		if err != nil {
			return err
		}
		holders := make(map[domain.ID]Member, len(found))
		var persons []domain.ID
		for _, m := range found {
			if m.Person != domain.Nowhere && (m.ID == standing.Member || standing.May(domain.ActForMember)) {
				holders[m.Person] = m
				persons = append(persons, m.Person)
			}
		}
		cards, err := d.people.CardsOf(ctx, persons)
		for _, c := range cards {
			if m := holders[c.Person]; c.Handle == Handle(where, m.Number) { // no card of another community's
				all = append(all, CardOf{Member: m.ID, GivenAt: c.GivenAt, Locked: c.Locked()})
			}
		}
		return err
	})
	return all, err
}
