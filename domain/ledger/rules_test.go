// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
)

func sum(parts []domain.Minutes) (total domain.Minutes) {
	for _, p := range parts {
		total += p
	}
	return total
}

func TestSharesAddUp(t *testing.T) {
	for _, c := range []struct {
		name    string
		total   domain.Minutes
		weights []int64
		want    []domain.Minutes
	}{
		{"ten hours among three, which cost another program an hour", 600, []int64{1, 1, 1}, []domain.Minutes{200, 200, 200}},
		{"ten hours and a minute among three", 601, []int64{1, 1, 1}, []domain.Minutes{201, 200, 200}},
		{"a workshop of 3 h and 1 h of preparation for seven", 240, []int64{1, 1, 1, 1, 1, 1, 1}, []domain.Minutes{35, 35, 34, 34, 34, 34, 34}},
		{"one who stayed twice as long", 100, []int64{2, 1}, []domain.Minutes{67, 33}},
		{"the largest remainder first, not the first", 10, []int64{1, 1, 3}, []domain.Minutes{2, 2, 6}},
		{"the largest remainder is last", 11, []int64{30, 30, 40}, []domain.Minutes{3, 3, 5}},
		{"less than a minute each", 2, []int64{1, 1, 1, 1}, []domain.Minutes{1, 1, 0, 0}},
		{"somebody who came and did not stay", 61, []int64{0, 1, 1}, []domain.Minutes{0, 31, 30}},
		{"an agreement in basis points", 999, []int64{8000, 1500, 500}, []domain.Minutes{799, 150, 50}},
		{"alone", 45, []int64{7}, []domain.Minutes{45}},
		{"nothing to share", 0, []int64{1, 1}, []domain.Minutes{0, 0}},
		{"nobody to share with", 60, nil, []domain.Minutes{}},
		{"nobody who counts", 60, []int64{0, 0}, []domain.Minutes{0, 0}},
	} {
		if got := Shares(c.total, c.weights); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestSharesAreAsFairAsWholeMinutesCanBe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64Range(0, int64(domain.MaxMinutes)).Draw(t, "total")
		weights := rapid.SliceOfN(rapid.Int64Range(0, 10_000), 1, 40).Draw(t, "weights")
		var whole int64
		for _, w := range weights {
			whole += w
		}
		parts := Shares(domain.Minutes(total), weights)
		if whole == 0 {
			return
		}
		if sum(parts) != domain.Minutes(total) {
			t.Fatalf("the parts add up to %d of %d", sum(parts), total)
		}
		for i, w := range weights {
			// Between the whole part of the exact share and a minute more; nothing for nothing.
			low, remainder := total*w/whole, total*w%whole
			if p := int64(parts[i]); p != low && (p != low+1 || remainder == 0) {
				t.Fatalf("weight %d of %d gets %d of %d", w, whole, p, total)
			}
			for j := range i {
				extra := func(k int) bool { return int64(parts[k]) > total*weights[k]/whole }
				before := total * weights[j] % whole
				if extra(i) && !extra(j) && before >= remainder {
					t.Fatalf("position %d was passed over by %d, whose remainder is no larger", j, i)
				}
				if extra(j) && !extra(i) && before < remainder {
					t.Fatalf("position %d has a minute that %d, with a larger remainder, lacks", j, i)
				}
			}
		}
	})
}

// A retry mints new ids, so only what would happen counts.
func TestTheFingerprintIsOfWhatWouldHappen(t *testing.T) {
	marie, paul, exchange, mistake := domain.NewID(), domain.NewID(), domain.NewID(), domain.NewID()
	posting := func(change func(*Posting)) []byte {
		p := Posting{
			Community: domain.NewID(), Key: "exchange/1",
			Legs: []Transfer{
				{ID: domain.NewID(), Posting: domain.NewID(), Kind: Exchange, Minutes: 60, Debit: marie, Credit: paul, Exchange: exchange},
				{ID: domain.NewID(), Kind: Levy, Minutes: 3, Debit: marie, Credit: paul},
			},
			Event: domain.Event{ID: domain.NewID(), Kind: HoursGiven},
		}
		change(&p)
		return p.Fingerprint()
	}
	first := posting(func(*Posting) {})
	same := map[string]func(*Posting){
		"minted again":   func(*Posting) {},
		"another event":  func(p *Posting) { p.Event = domain.Event{Kind: LimitsSet} },
		"a hold with it": func(p *Posting) { p.Holds = []domain.ID{domain.NewID()} },
	}
	for name, change := range same {
		if !bytes.Equal(posting(change), first) {
			t.Errorf("%s: the fingerprint differs", name)
		}
	}
	differs := map[string]func(*Posting){
		"a minute more":        func(p *Posting) { p.Legs[0].Minutes++ },
		"another kind":         func(p *Posting) { p.Legs[0].Kind = Gift },
		"the other way":        func(p *Posting) { p.Legs[0].Debit, p.Legs[0].Credit = paul, marie },
		"another exchange":     func(p *Posting) { p.Legs[0].Exchange = domain.NewID() },
		"undoing something":    func(p *Posting) { p.Legs[0].Reverses = mistake },
		"a leg less":           func(p *Posting) { p.Legs = p.Legs[:1] },
		"in another order":     func(p *Posting) { slices.Reverse(p.Legs) },
		"paid by somebody new": func(p *Posting) { p.Legs[1].Debit = domain.NewID() },
	}
	for name, change := range differs {
		if bytes.Equal(posting(change), first) {
			t.Errorf("%s: the fingerprint is the same", name)
		}
	}
}

func TestUndoIsEqualAndOppositeAndNamesTheMistake(t *testing.T) {
	mistake := Transfer{
		Community: domain.NewID(), ID: domain.NewID(), Posting: domain.NewID(), Kind: Exchange, Minutes: 45,
		Debit: domain.NewID(), Credit: domain.NewID(), Exchange: domain.NewID(),
	}
	undone := mistake.Undo()
	want := Transfer{
		Community: mistake.Community, Kind: Reversal, Minutes: 45, Debit: mistake.Credit, Credit: mistake.Debit, Reverses: mistake.ID,
	}
	if undone != want {
		t.Errorf("undone by %+v, want %+v", undone, want)
	}
}

func TestLimitsMakeSenseTogether(t *testing.T) {
	at := func(m domain.Minutes) *domain.Minutes { return &m }
	for _, c := range []struct {
		floor, soft, ceiling *domain.Minutes
		valid                bool
	}{
		{nil, nil, nil, true},
		{at(-600), at(-300), at(1200), true}, // the field's −10 h with a warning at −5
		{at(-600), at(-600), at(-600), true},
		{at(0), nil, at(0), true},
		{nil, at(-300), nil, true},
		{at(-300), at(-600), nil, false},
		{at(-300), at(-301), at(0), false},
		{at(1), nil, at(0), false},
		{nil, at(1), at(0), false},
		{at(-600), at(-300), at(-400), false},
	} {
		l := Limits{Floor: c.floor, SoftFloor: c.soft, Ceiling: c.ceiling}
		if l.Valid() != c.valid {
			t.Errorf("%s answers %v", readable(l), !c.valid)
		}
	}
}

func readable(l Limits) string {
	read := func(m *domain.Minutes) string {
		if m == nil {
			return "none"
		}
		return m.String()
	}
	return fmt.Sprintf("floor %s, soft floor %s, ceiling %s", read(l.Floor), read(l.SoftFloor), read(l.Ceiling))
}

func TestAPostingThatCouldNotBeWritten(t *testing.T) {
	marie, paul := domain.NewID(), domain.NewID()
	leg := func(m domain.Minutes, debit, credit domain.ID) Transfer {
		return Transfer{Minutes: m, Debit: debit, Credit: credit}
	}
	for name, c := range map[string]struct {
		legs []Transfer
		want domain.Code
	}{
		"no leg":                         {nil, domain.Required},
		"no minutes":                     {[]Transfer{leg(0, marie, paul)}, domain.MinutesOutOfRange},
		"minutes below nothing":          {[]Transfer{leg(-5, marie, paul)}, domain.MinutesOutOfRange},
		"more than ten thousand hours":   {[]Transfer{leg(domain.MaxMinutes+1, marie, paul)}, domain.MinutesOutOfRange},
		"to oneself":                     {[]Transfer{leg(5, marie, marie)}, SameAccount},
		"a good leg and one to oneself":  {[]Transfer{leg(5, marie, paul), leg(5, paul, paul)}, SameAccount},
		"ten thousand hours, which pass": {[]Transfer{leg(domain.MaxMinutes, marie, paul)}, ""},
	} {
		err := Posting{Legs: c.legs}.Valid()
		if (c.want == "") != (err == nil) || (err != nil && !errors.Is(err, c.want)) {
			t.Errorf("%s answers %v, want %q", name, err, c.want)
		}
	}
}

func TestAvailableIsWhatMayStillBePromised(t *testing.T) {
	floor := domain.Minutes(-600)
	a := Account{Balance: 120, Held: 90, Limits: Limits{Floor: &floor}}
	if m, ok := a.Available(); !ok || m != 630 {
		t.Errorf("%v available, %v; want 10 h 30", m, ok)
	}
	if _, ok := (Account{Balance: 120}).Available(); ok {
		t.Error("an account without a floor has a limit")
	}
}
