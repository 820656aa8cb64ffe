// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/vitality"
	"github.com/hora-coop/hora/persistence"
)

// handshake is an exchange as it stands: after what was put right, and none that was undone.
type handshake struct {
	at              time.Time
	giver, receiver int
	minutes         int
	family          string
}

// fellowship is members with exchanges of more than a year, a third of them put right or undone.
type fellowship struct {
	admitted []time.Time
	stands   []handshake
}

func (v *village) fellowship(t *testing.T, members, exchanges int) fellowship {
	t.Helper()
	chance, all, rows := rand.New(rand.NewPCG(3, 5)), fellowship{}, &pgx.Batch{}
	hours := func(most int) time.Duration { return time.Duration(chance.IntN(most*60)) * time.Minute }
	people, accounts := make([]domain.ID, members), make([]domain.ID, members)
	for i := range people {
		people[i], accounts[i] = domain.NewID(), domain.NewID()
		all.admitted = append(all.admitted, dawn.Add(hours(200*24)))
		rows.Queue(`INSERT INTO member (community_id, id, number, kind, display_name, participation, applied_at, admitted_at)
			VALUES ($1, $2, $3, 'PERSON', 'Membre', 'ACTIVE', $4, $4)`, v.id, people[i], 100+i, all.admitted[i])
		rows.Queue(`INSERT INTO ledger.account (community_id, id, kind, owner_id, opened_at) VALUES ($1, $2, 'MEMBER', $3, $4)`, v.id, accounts[i], people[i], dawn)
	}
	moves := func(kind ledger.TransferKind, minutes, giver, receiver int, exchange, reverses *domain.ID, at time.Time) domain.ID {
		id := domain.NewID()
		rows.Queue(`INSERT INTO ledger.transfer (community_id, id, posting_id, kind, minutes, debit_id, credit_id, exchange_id, reverses_id, at)
			VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9)`, v.id, id, string(kind), minutes, accounts[receiver], accounts[giver], exchange, reverses, at)
		return id
	}
	for n := range exchanges {
		giver, receiver := chance.IntN(members), chance.IntN(members)
		x, id := handshake{giver: giver, receiver: receiver, minutes: 15 * (1 + chance.IntN(8)), family: []string{"100", "102", "103"}[chance.IntN(3)]}, domain.NewID()
		if x.giver == x.receiver {
			continue
		}
		x.at = slices.MaxFunc([]time.Time{all.admitted[giver], all.admitted[receiver]}, time.Time.Compare).Add(hours(300 * 24))
		rows.Queue(`INSERT INTO exchange (community_id, id, number, state, provider_id, receiver_id, service_type, level, terms_version, terms_by,
			    estimated, travel, preparation, place, costs, message, settled, created_at, updated_at)
			VALUES ($1, $2, $3, 'CONFIRMED', $4, $5, $6, 'INDIVIDUAL', 1, $4, 15, 0, 0, '', '', '', $7, $8, $8)`,
			v.id, id, n+1, people[giver], people[receiver], x.family+"-A-1", x.minutes, x.at)
		last, later := moves(ledger.Exchange, x.minutes, giver, receiver, &id, nil, x.at), x.at.Add(40*24*time.Hour)
		undo := func() {
			mistake := last
			moves(ledger.Reversal, x.minutes, x.receiver, x.giver, nil, &mistake, later)
		}
		switch fate := chance.IntN(9); fate {
		case 0: // undone
			undo()
			continue
		case 1, 2: // put right, and then perhaps undone
			undo()
			x.minutes, x.giver = 7, (x.receiver+1)%members
			last = moves(ledger.Corrected, x.minutes, x.giver, x.receiver, &id, nil, later)
			if fate == 2 {
				undo()
				continue
			}
		}
		all.stands = append(all.stands, x)
	}
	if err := v.root.SendBatch(v.ctx, rows).Close(); err != nil {
		t.Fatal(err)
	}
	return all
}

// flow counts by hand what lies between two moments.
func (c fellowship) flow(from, until time.Time, zone *time.Location, firsts bool) (f vitality.Flow) {
	gave, received, began := map[int]bool{}, map[int]bool{}, map[int]time.Time{}
	for _, x := range c.stands {
		for _, side := range []int{x.giver, x.receiver} {
			if at, known := began[side]; !known || x.at.Before(at) {
				began[side] = x.at
			}
		}
		if x.at.Before(from) || !x.at.Before(until) {
			continue
		}
		gave[x.giver], received[x.receiver] = true, true
		f.Exchanges, f.Minutes = f.Exchanges+1, f.Minutes+domain.Minutes(x.minutes)
	}
	var days []float64
	for i := range c.admitted {
		switch {
		case gave[i] && received[i]:
			f.Both++
		case gave[i]:
			f.GaveOnly++
		case received[i]:
			f.ReceivedOnly++
		}
		if at, did := began[i]; did && firsts && !at.Before(from) && at.Before(until) {
			days = append(days, dateOf(at, zone).Sub(dateOf(c.admitted[i], zone)).Hours()/24)
		}
	}
	slices.Sort(days)
	if f.Firsts = len(days); f.Firsts > 0 {
		f.FirstDays = (days[(len(days)-1)/2] + days[len(days)/2]) / 2
	}
	return f
}

func dateOf(at time.Time, zone *time.Location) time.Time {
	year, month, day := at.In(zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// families counts by hand what each family of services brought.
func (c fellowship) families(from, until time.Time) (all []vitality.FamilyFlow) {
	people := map[string]map[int]bool{}
	sums := map[string]vitality.FamilyFlow{}
	for _, x := range c.stands {
		if x.at.Before(from) || !x.at.Before(until) {
			continue
		}
		if people[x.family] == nil {
			people[x.family] = map[int]bool{}
		}
		people[x.family][x.giver], people[x.family][x.receiver] = true, true
		sum := sums[x.family]
		sums[x.family] = vitality.FamilyFlow{
			Code: x.family, Members: len(people[x.family]), Exchanges: sum.Exchanges + 1, Minutes: sum.Minutes + domain.Minutes(x.minutes),
		}
	}
	for _, sum := range sums {
		all = append(all, sum)
	}
	slices.SortFunc(all, func(a, b vitality.FamilyFlow) int { return cmp.Compare(a.Code, b.Code) })
	return all
}

// isolated counts by hand who has come before a moment and exchanged nothing since.
func (c fellowship) isolated(since time.Time) (n int) {
	for i, at := range c.admitted {
		did := slices.ContainsFunc(c.stands, func(x handshake) bool { return !x.at.Before(since) && (x.giver == i || x.receiver == i) })
		if at.Before(since) && !did {
			n++
		}
	}
	return n
}

// The figures are those that a patient person would count from the books, wherever the
// period begins and whatever was put right or undone in it.
func TestVitalityIsWhatAHandCounts(t *testing.T) {
	v := aCountry(t).village(t)
	c, store := v.fellowship(t, 30, 400), persistence.VitalityStore{}
	zone, err := time.LoadLocation("America/Montreal")
	if err != nil {
		t.Fatal(err)
	}
	for _, start := range []int{0, 37, 120, 260} {
		bounds := []time.Time{dawn.AddDate(0, 0, start)}
		for _, days := range []int{90, 11, 30, 31, 18} { // the period before, and four months
			bounds = append(bounds, bounds[len(bounds)-1].AddDate(0, 0, days))
		}
		last := bounds[len(bounds)-1]
		want := vitality.Flows{Before: c.flow(bounds[0], bounds[1], zone, true), Period: c.flow(bounds[1], last, zone, true)}
		for i, from := range bounds[1 : len(bounds)-1] {
			want.Months = append(want.Months, c.flow(from, bounds[i+2], zone, false))
		}
		v.in(t, func(ctx context.Context, _ time.Time) error {
			flows, err := store.Flows(ctx, v.id, bounds, zone.String())
			if err != nil {
				return err
			}
			if diff := gocmp.Diff(want, flows); diff != "" {
				t.Errorf("from day %d, (− by hand, + told):\n%s", start, diff)
			}
			families, err := store.Families(ctx, v.id, ledger.Period{From: bounds[1], Until: last})
			if err != nil {
				return err
			}
			if diff := gocmp.Diff(c.families(bounds[1], last), families); diff != "" {
				t.Errorf("families from day %d (− by hand, + told):\n%s", start, diff)
			}
			today, err := store.Today(ctx, v.id, last, last)
			if want := c.isolated(last) + 1; err == nil && today.Isolated != want { // and Éloïse
				t.Errorf("%d are isolated since day %d, want %d", today.Isolated, start, want)
			}
			return err
		})
	}
}
