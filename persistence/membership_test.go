// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/persistence"
)

func (v *village) member(t failer, id domain.ID) (m membership.Member) {
	t.Helper()
	v.in(t, func(ctx context.Context, _ time.Time) error {
		found, err := v.members.Load(ctx, v.id, id)
		if err == nil {
			m = found[0]
		}
		return err
	})
	return m
}

func (v *village) standing(t failer, person domain.ID) (s domain.Standing) {
	t.Helper()
	v.in(t, func(ctx context.Context, _ time.Time) (err error) {
		s, err = persistence.MemberStore{}.Standing(ctx, person, v.id)
		return err
	})
	return s
}

func TestTwentyAreAdmittedAtOnceAndNumberedWithoutAGap(t *testing.T) {
	v := aCountry(t).village(t)
	applicants := make([]membership.Member, 20)
	for i := range applicants {
		var err error
		if applicants[i], err = v.members.Apply(v.ctx, v.person(t, fmt.Sprint("Member ", i)), membership.Apply{Community: v.id}); err != nil {
			t.Fatal(err)
		}
	}
	errs := together(40, func(i int) error { // two coordinators' screens, each with all twenty
		_, err := v.members.Admit(v.ctx, v.eloise.Actor, v.id, applicants[i%20].ID, "")
		return err
	})
	refused := 0
	for _, err := range errs {
		if err != nil {
			refused++
			if !errors.Is(err, membership.MemberState) && !errors.Is(err, domain.StaleVersion) {
				t.Error(err)
			}
		}
	}
	if refused != 20 {
		t.Errorf("%d of forty were refused", refused)
	}
	numbers := []int{v.member(t, v.eloise.member).Number}
	for _, a := range applicants {
		numbers = append(numbers, v.member(t, a.ID).Number)
		if got := v.accountOf(t, a.ID).Balance; got != 900 {
			t.Errorf("number %d starts with %v", numbers[len(numbers)-1], got)
		}
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		if n != i+1 {
			t.Fatalf("the numbers are %v", numbers)
		}
	}
	v.balances(t, map[domain.ID]domain.Minutes{v.whole: -21 * 900})
	v.clean(t)
}

func TestAMemberIsKeptWholeAndGuardedByTheirVersion(t *testing.T) {
	v := aCountry(t).village(t)
	marie := v.joins(t, "Marie")
	m := v.member(t, marie.member)
	if m.Number != 2 || m.DisplayName != "Marie" || m.Participation != membership.Newcomer || !m.AdmittedAt.Equal(dawn) || m.Person != marie.Person {
		t.Errorf("joined as %+v", m)
	}
	save := func(m membership.Member) (saved membership.Member, err error) {
		err = v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
			saved, err = persistence.MemberStore{}.Save(ctx, m)
			return err
		})
		return saved, err
	}
	changed := m
	changed.DisplayName, changed.Email, changed.Participation, changed.ResumesAs = "Marie-Ève", "", membership.Paused, membership.Newcomer
	changed.Capital, changed.Governance = membership.Full, membership.Voter
	saved, err := save(changed)
	if err != nil {
		t.Fatal(err)
	}
	changed.Version++
	changed.Governance = m.Governance // a vote is moved by govern alone, with what it rests on
	if diff := cmp.Diff(changed, v.member(t, m.ID)); diff != "" || saved.Version != changed.Version {
		t.Errorf("saved otherwise (-want +got):\n%s", diff)
	}
	_, err = save(m)
	wants(t, err, domain.StaleVersion)
	won := 0
	for _, err := range together(8, func(i int) error {
		m := saved
		m.DisplayName = fmt.Sprint("Marie ", i)
		_, err := save(m)
		return err
	}) {
		if err == nil {
			won++
		} else {
			wants(t, err, domain.StaleVersion)
		}
	}
	if won != 1 {
		t.Errorf("%d of eight saved over one another", won)
	}
}

func TestSomebodyBelongsOnceAndMayComeBack(t *testing.T) {
	v := aCountry(t).village(t)
	person := v.person(t, "Marie")
	joined := 0
	for i, err := range together(8, func(i int) error {
		_, err := v.members.Apply(v.ctx, person, membership.Apply{Community: v.id, Key: fmt.Sprint("try ", i)})
		return err
	}) {
		if err == nil {
			joined++
		} else if !errors.Is(err, membership.AlreadyMember) {
			t.Errorf("number %d: %v", i, err)
		}
	}
	if joined != 1 {
		t.Fatalf("applied %d times", joined)
	}
	first, err := v.members.Own(v.ctx, person, v.id)
	if err == nil {
		_, err = v.members.Admit(v.ctx, v.eloise.Actor, v.id, first.ID, "")
	}
	if err == nil {
		_, err = v.members.Leave(v.ctx, person, v.id, "")
	}
	if err != nil {
		t.Fatal(err)
	}
	if s := v.standing(t, person.Person); s.Member != domain.Nowhere {
		t.Errorf("gone, and stands as %+v", s)
	}
	again, err := v.members.Apply(v.ctx, person, membership.Apply{Community: v.id})
	if err != nil || again.ID == first.ID {
		t.Fatalf("back as %+v, %v", again, err)
	}
	if m := v.member(t, first.ID); m.Participation != membership.Left || m.Number != 2 {
		t.Errorf("the first membership is now %+v", m)
	}
	places, err := v.members.Memberships(v.ctx, person)
	if err != nil || len(places) != 1 || places[0].ID != again.ID {
		t.Errorf("belongs to %+v, %v", places, err)
	}
	v.clean(t)
}

func TestALeaversHoursStayWithTheWhole(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	v.gives(t, 1200, paul.account, marie.account) // 2,100 and −300
	pools := func() (solidarity, reserve domain.Minutes) {
		v.in(t, func(ctx context.Context, _ time.Time) error {
			s, err := v.hours.CommunityAccount(ctx, v.id, ledger.Pool, ledger.Solidarity)
			if err != nil {
				return err
			}
			r, err := v.hours.CommunityAccount(ctx, v.id, ledger.Pool, ledger.Reserve)
			solidarity, reserve = s.Balance, r.Balance
			return err
		})
		return solidarity, reserve
	}
	for _, r := range []resident{marie, paul} {
		if _, err := v.members.Leave(v.ctx, r.Actor, v.id, ""); err != nil {
			t.Fatal(err)
		}
		if a := v.account(t, r.account); a.Balance != 0 || a.ClosedAt.IsZero() {
			t.Errorf("the account is left as %+v", a)
		}
	}
	if s, r := pools(); s != 2100 || r != -300 {
		t.Errorf("solidarity has %v, the reserve %v", s, r)
	}
	_, err := v.members.Leave(v.ctx, v.eloise.Actor, v.id, "")
	wants(t, err, membership.LastCoordinator)
	v.clean(t)
}

// What was accepted and then discussed anew is still promised.
func TestNobodyLeavesOthersWithAPromise(t *testing.T) {
	v := aCountry(t).village(t)
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	x := v.proposed(t, paul, marie, 60)
	act := exchange.Act{Community: v.id, Exchange: x.ID, Reason: "partie"}
	if _, err := v.exchanges.Accept(v.ctx, paul.Actor, act); err != nil {
		t.Fatal(err)
	}
	_, err := v.members.Leave(v.ctx, marie.Actor, v.id, "")
	wants(t, err, membership.OpenCommitments)
	if _, err := v.exchanges.Revise(v.ctx, paul.Actor, act, exchange.Terms{Estimated: 90}); err != nil {
		t.Fatal(err)
	}
	if held := v.account(t, marie.account).Held; held != 60 {
		t.Errorf("%v is promised while the terms are discussed", held)
	}
	_, err = v.members.Leave(v.ctx, marie.Actor, v.id, "")
	wants(t, err, membership.OpenCommitments)
	if _, err := v.exchanges.Cancel(v.ctx, marie.Actor, act); err != nil {
		t.Fatal(err)
	}
	if _, err := v.members.Leave(v.ctx, marie.Actor, v.id, ""); err != nil {
		t.Errorf("free of promises, she cannot leave: %v", err)
	}
	v.clean(t)
}

func TestARoleLastsForItsTerm(t *testing.T) {
	v := aCountry(t).village(t)
	marie := v.joins(t, "Marie")
	grant := membership.RoleGrant{Community: v.id, Member: marie.member, Role: domain.Treasurer, Until: dawn.Add(time.Hour)}
	if _, err := v.members.GrantRole(v.ctx, v.eloise.Actor, grant); err != nil {
		t.Fatal(err)
	}
	if s := v.standing(t, marie.Person); !slices.Equal(s.Roles, []domain.Role{domain.Treasurer}) || !s.May(domain.ReverseTransfers) {
		t.Errorf("treasurer Marie stands as %+v", s)
	}
	v.clock.advance(time.Hour)
	if s := v.standing(t, marie.Person); len(s.Roles) != 0 {
		t.Errorf("when the term ends she is still %v", s.Roles)
	}
	grant.Until = time.Time{}
	if _, err := v.members.GrantRole(v.ctx, v.eloise.Actor, grant); err != nil {
		t.Errorf("another term: %v", err)
	}
	v.breaks(t, `UPDATE member SET participation = 'SUSPENDED' WHERE id = $1`, marie.member)
	if s := v.standing(t, marie.Person); len(s.Roles) != 0 || s.Active || !s.Admitted {
		t.Errorf("suspended, she stands as %+v", s)
	}
	if s := v.standing(t, domain.NewID()); s.Member != domain.Nowhere || s.Admitted {
		t.Errorf("a stranger stands as %+v", s)
	}
	if s := v.standing(t, domain.Nowhere); s.Member != domain.Nowhere {
		t.Errorf("nobody stands as %+v", s)
	}
}

func TestTheDirectoryReadsByNameAsPeopleLookForPeople(t *testing.T) {
	v := aCountry(t).village(t)
	for _, name := range []string{"Élodie", "elodie", "Zoé", "André", "Andrea", "100 % laine", "O'Brien", "Ève_Marie", "Éric", "Éric", "Éric"} {
		v.joins(t, name)
	}
	v.person(t, "nobody's member")
	if _, err := v.members.Apply(v.ctx, v.person(t, "Applicant"), membership.Apply{Community: v.id}); err != nil {
		t.Fatal(err)
	}
	read := func(f membership.Filter) func(domain.Page) (domain.Slice[membership.Member], error) {
		return func(p domain.Page) (domain.Slice[membership.Member], error) {
			found, total, err := v.members.List(v.ctx, v.eloise.Actor, v.id, f, p, p.Limit == 100)
			if p.Limit == 100 && total != len(found.Items) {
				t.Errorf("%+v counts %d and finds %d", f, total, len(found.Items))
			}
			return found, err
		}
	}
	names := func(list []membership.Member) (all []string) {
		for _, m := range list {
			all = append(all, m.DisplayName)
		}
		return all
	}
	for text, want := range map[string][]string{
		"elo":  {"Élodie", "Éloïse Gagnon", "elodie"},
		"ÉLOD": {"Élodie", "elodie"}, "andr": {"Andrea", "André"}, "zoe": {"Zoé"}, "é": {"Andrea", "André", "Zoé", "Élodie", "Éloïse Gagnon", "Éric", "Éric", "Éric", "elodie", "Ève_Marie", "O'Brien", "100 % laine"},
		"%": {"100 % laine"}, "_": {"Ève_Marie"}, "'": {"O'Brien"}, `\`: nil, "nobody": nil, "applicant": nil,
	} {
		got := names(walk(t, 100, false, read(membership.Filter{Text: text})))
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %q, want %q", text, got, want)
		}
	}
	whole := walk(t, 100, false, read(membership.Filter{}))
	if len(whole) != 12 {
		t.Errorf("the directory has %q", names(whole))
	}
	for _, size := range []int{1, 2, 5} {
		for _, backward := range []bool{false, true} {
			if diff := cmp.Diff(whole, walk(t, size, backward, read(membership.Filter{}))); diff != "" {
				t.Errorf("by pages of %d, backward %v:\n%s", size, backward, diff)
			}
		}
	}
	applicants := walk(t, 100, false, read(membership.Filter{Participations: []membership.Participation{membership.Applicant}}))
	if got := names(applicants); !slices.Equal(got, []string{"Applicant"}) {
		t.Errorf("applicants are %q", got)
	}
}
