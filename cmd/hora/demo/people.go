// SPDX-License-Identifier: AGPL-3.0-or-later

package demo

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/membership"
)

// neighbour is a member to be, and what the others know of them.
type neighbour struct {
	name, email string // without e-mail, the coordinator acts for them
	kind        membership.Kind
	home        place
	person, id  domain.ID
	state       membership.Participation
	roles       []domain.Role

	comes  time.Time // applies, or is entered at the desk
	since  time.Time // admitted
	rests  time.Time // pauses or leaves; zero for most
	back   time.Time // resumes
	leaves bool      // rests for good
	fades  time.Time // loses interest; zero for those who keep it
	answer answer    // to the application
	played bool      // the visitor may be them
	young  bool      // not of age: whom they meet is for their guardian to say

	energy  float64 // how often they take part; 1 for the busiest
	lean    float64 // above 0 who rather gives, below who rather receives
	listing int     // how many they will write
	notices []*notice
	known   []*neighbour // with whom they exchanged; once per exchange
	balance domain.Minutes
	held    domain.Minutes
}

// answer is what becomes of an application.
type answer int

const (
	welcome answer = iota
	refusal
	silence // nobody has looked at it yet
)

// concentration makes the busiest fifth four fifths of all: energies fall by e
// from one such part of the members to the next.
const concentration = 8.5

// entrusted are the roles that the founder hands on in the first weeks.
var entrusted = [][]domain.Role{
	{domain.Treasurer, domain.Board}, {domain.Moderator}, {domain.Coordinator}, {domain.Board}, {domain.Board}, {domain.Facilitator},
}

// found brings the community into being and plans who comes.
func (l *life) found(ctx context.Context, persons map[string]domain.ID) error {
	founder := l.planCore(persons)
	if founder.person == domain.Nowhere {
		var err error
		if founder.person, err = l.register(ctx, founder.name, founder.email, l.locale); err != nil {
			return err
		}
	}
	actor := domain.Actor{Person: founder.person}
	made, err := l.rooms.Members.Found(ctx, actor, community.Create{
		Name: l.name, Slug: l.slug, Preset: "accorderie", Locale: l.locale, TimeZone: l.zone, Place: &l.centre,
	}, "")
	if err != nil {
		return err
	}
	l.id = made.ID
	member, err := l.rooms.Members.Own(ctx, actor, l.id)
	if err != nil {
		return err
	}
	if err := l.welcomed(ctx, founder, member); err != nil {
		return err
	}
	l.staff = []*neighbour{founder}
	if err := l.agreeOnTurns(ctx, actor); err != nil {
		return err
	}
	l.planOthers()
	l.setEnergies()
	for _, n := range l.people[1:] {
		l.agenda.add(n.comes, func(ctx context.Context) error { return l.come(ctx, n) })
		if !n.rests.IsZero() {
			l.agenda.add(n.rests, func(ctx context.Context) error { return l.rest(ctx, n) })
		}
		if !n.back.IsZero() {
			l.agenda.add(n.back, func(ctx context.Context) error { return l.comeBack(ctx, n) })
		}
	}
	return nil
}

// planCore names the founder, those who help to run the place, and the cast.
func (l *life) planCore(persons map[string]domain.ID) *neighbour {
	var founder, books *neighbour
	var others []*neighbour
	for _, c := range cast {
		if c.slug != l.slug {
			continue
		}
		n := l.somebody(c.name)
		n.played, n.email, n.person, n.comes = true, c.email, persons[c.email], l.soon(l.start, 3, 6)
		n.lean = 0.2 // with some of both on their statement, and hours left
		switch c.part {
		case coordinates:
			founder = n
		case keepsBooks:
			books = n
		case justCame:
			n.comes = l.onDay(l.end.Add(-days(c.days)))
			n.energy = 0.02
			others = append(others, n)
		case takesPart:
			n.energy = 0.6
			others = append(others, n)
		}
	}
	if founder == nil {
		founder = l.withEmail(l.somebody(""))
	}
	founder.comes, founder.energy = l.start, 0.45
	l.people = []*neighbour{founder}
	for i, roles := range entrusted {
		n := books
		if i > 0 || books == nil {
			n = l.withEmail(l.somebody(""))
		}
		n.roles, n.comes = roles, l.soon(l.start, 1, 20)
		n.energy = 0.15 + 0.5*l.rng.Float64()
		l.people = append(l.people, n)
	}
	l.people = append(l.people, others...)
	l.core = len(l.people)
	return founder
}

// planOthers adds everybody else: those who stay, those who pause, come back or
// leave, and those who only applied.
func (l *life) planOthers() {
	span := l.end.Sub(l.start)
	const young = 1 // who comes of age later
	ordinary := l.members + l.left - len(l.people) - young
	for i := range ordinary {
		n := l.somebody("")
		n.comes = l.onDay(l.start.Add(10*day + time.Duration(math.Pow(l.rng.Float64(), 1.2)*float64(span-13*day))))
		if l.rng.Float64() < 0.15 { // those who founded it
			n.comes = l.soon(l.start, 0, 12)
		}
		switch {
		case i < l.left:
			n = l.withEmail(n)
			n.comes = l.soon(l.start, 5, 120)
			n.leaves, n.rests = true, l.within(n.comes.Add(120*day), l.end.Add(-10*day))
		case i < l.left+l.paused:
			n = l.withEmail(n)
			n.comes = l.soon(l.start, 5, 250)
			n.rests = l.soon(l.end.Add(-90*day), 0, 80)
		case i < l.left+l.paused+l.paused/2:
			n = l.withEmail(n)
			n.comes = l.soon(l.start, 5, 120)
			n.rests = l.soon(n.comes, 80, 160)
			n.back = l.soon(n.rests, 20, 70)
		case n.comes.Before(l.end.Add(-40*day)) && l.rng.Float64() < 0.04:
			n = l.withEmail(n)
		}
		l.people = append(l.people, n)
	}
	for i := range l.applying + l.declined {
		n := l.withEmail(l.somebody(""))
		n.comes, n.answer = l.soon(l.end.Add(-11*day), 0, 9), silence
		if i >= l.applying {
			n.comes, n.answer = l.within(l.start.Add(30*day), l.end.Add(-20*day)), refusal
		}
		l.people = append(l.people, n)
	}
}

// somebody is a neighbour, with a name that nobody else here has unless it is given.
func (l *life) somebody(name string) *neighbour {
	n := &neighbour{name: name, kind: membership.Person, state: membership.Applicant, lean: 1.7 * l.rng.NormFloat64(), home: pick(l.rng, library.Places[l.places])}
	for n.name == "" || name == "" && l.names[n.name] {
		family := pick(l.rng, library.FamilyNames[l.language])
		switch chance := l.rng.Float64(); {
		case chance < 0.015:
			n.name, n.kind = pick(l.rng, library.Organisations[l.language]), membership.Organisation
		case chance < 0.055:
			n.name, n.kind = fmt.Sprintf(library.Households[l.language], family), membership.Household
		default:
			n.name, n.kind = pick(l.rng, library.GivenNames[l.language])+" "+family, membership.Person
		}
	}
	l.names[n.name] = true
	return n
}

// withEmail gives somebody an address of their own, and thereby a sign-in.
func (l *life) withEmail(n *neighbour) *neighbour {
	for n.kind != membership.Person {
		other := l.somebody("")
		n.name, n.kind = other.name, other.kind
	}
	n.email = mailbox(n.name) + "@" + l.slug + ".example.org"
	return n
}

// setEnergies ranks people: a few do most, and rather those who came early.
func (l *life) setEnergies() {
	var ranked []*neighbour
	score := map[*neighbour]float64{}
	for _, n := range l.people {
		if n.answer != welcome {
			continue
		}
		if n.energy == 0 {
			ranked = append(ranked, n)
			score[n] = l.rng.Float64() + 0.6*float64(n.comes.Sub(l.start))/float64(l.end.Sub(l.start))
		}
	}
	slices.SortStableFunc(ranked, func(a, b *neighbour) int { return cmp.Compare(score[a], score[b]) })
	for i, n := range ranked {
		n.energy = math.Exp(-concentration * float64(i) / float64(len(ranked)))
		if i > len(ranked)/5 && l.rng.Float64() < 0.85 {
			n.fades = l.soon(n.comes, 60, 330)
		}
	}
}

// come is the first visit: to the desk, or to the form on the screen.
func (l *life) come(ctx context.Context, n *neighbour) error {
	if n.email == "" {
		m, err := l.rooms.Members.Register(ctx, l.desk(), membership.Register{Community: l.id, DisplayName: n.name, Kind: n.kind})
		if err != nil {
			return err
		}
		return l.welcomed(ctx, n, m)
	}
	if n.person == domain.Nowhere {
		var err error
		if n.person, err = l.register(ctx, n.name, n.email, l.locale); err != nil {
			return err
		}
	}
	m, err := l.rooms.Members.Apply(ctx, domain.Actor{Person: n.person}, membership.Apply{Community: l.id, Message: l.say("apply")})
	if err != nil {
		return err
	}
	n.id, n.state = m.ID, m.Participation
	switch n.answer {
	case silence:
	case welcome:
		l.agenda.add(l.soon(n.comes, 1, 4), func(ctx context.Context) error {
			m, err := l.rooms.Members.Admit(ctx, l.desk(), l.id, n.id, "")
			if err != nil {
				return err
			}
			return l.welcomed(ctx, n, m)
		})
	case refusal:
		l.agenda.add(l.soon(n.comes, 3, 10), func(ctx context.Context) error {
			m, err := l.rooms.Members.Decline(ctx, l.desk(), l.id, n.id, l.say("refuse"))
			n.state = m.Participation
			return err
		})
	}
	return nil
}

// welcomed starts somebody's time here: their hours, their roles, what they list.
func (l *life) welcomed(ctx context.Context, n *neighbour, m membership.Member) error {
	n.id, n.state, n.since = m.ID, m.Participation, l.clock.Now()
	err := l.rooms.Tx.InTx(ctx, l.id, func(ctx context.Context, _ time.Time) error {
		account, err := l.rooms.Ledger.AccountOf(ctx, l.id, n.id)
		n.balance = account.Balance
		return err
	})
	if err != nil {
		return err
	}
	for _, role := range n.roles {
		grant := membership.RoleGrant{Community: l.id, Member: n.id, Role: role}
		if role == domain.Board {
			grant.Until = n.since.AddDate(2, 0, 0) // as boards are elected
		}
		if _, err := l.rooms.Members.GrantRole(ctx, l.desk(), grant); err != nil {
			return err
		}
		if role == domain.Moderator || role == domain.Coordinator {
			l.staff = append(l.staff, n)
		}
	}
	l.planToWrite(n)
	return nil
}

// rest is a pause, or the way out.
func (l *life) rest(ctx context.Context, n *neighbour) error {
	self := domain.Actor{Person: n.person}
	if !n.leaves {
		m, err := l.rooms.Members.Pause(ctx, self, l.id)
		n.state = m.Participation
		return err
	}
	m, err := l.rooms.Members.Leave(ctx, self, l.id, "")
	if refused(err, membership.OpenCommitments) {
		l.agenda.add(l.soon(l.clock.Now(), 3, 6), func(ctx context.Context) error { return l.rest(ctx, n) })
		return nil
	}
	if err != nil {
		return err
	}
	n.state = m.Participation
	// What the jobs do when they hear of it.
	if err := l.rooms.Listings.ArchiveOf(ctx, l.id, n.id); err != nil {
		return err
	}
	return l.rooms.Exchanges.CancelProposalsOf(ctx, l.id, n.id)
}

func (l *life) comeBack(ctx context.Context, n *neighbour) error {
	m, err := l.rooms.Members.Resume(ctx, domain.Actor{Person: n.person}, l.id)
	n.state = m.Participation
	return err
}

// willing says whether something new may be asked of somebody. Who is about to
// rest finishes what is open first.
func (l *life) willing(n *neighbour) bool {
	now := l.clock.Now()
	resting := !n.rests.IsZero() && now.After(n.rests.Add(-30*day)) && (n.back.IsZero() || now.Before(n.back))
	return n.state.InGoodStanding() && !resting
}

// eagerness weighs how likely somebody is to be the next to exchange. Newcomers
// are taken by the hand until their first exchange; then it is up to them.
func (l *life) eagerness(n *neighbour) float64 {
	now := l.clock.Now()
	eager := n.energy
	if n.young {
		return 0
	}
	if len(n.known) == 0 && now.Sub(n.since) < 100*day {
		eager += 0.13
	}
	if !n.fades.IsZero() && now.After(n.fades) {
		eager *= 0.05
	}
	return eager
}
