// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// posts writes lines in one commit.
func (v *village) posts(lines ...ledger.Posting) (posted []ledger.Posted, err error) {
	err = v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
		posted, err = v.hours.PostBatch(ctx, v.id, lines)
		return err
	})
	return posted, err
}

// A coordinator keys in a pile of slips: it is as if each had been posted alone,
// and the same pile again changes nothing.
func TestAPileOfSlipsPostsOnce(t *testing.T) {
	v := aCountry(t).village(t)
	a := v.opens(t, 3, floor(-600))
	pile := []ledger.Posting{
		v.posting("slip/1", leg(60, a[0], a[1])),
		v.posting("slip/2", leg(90, a[1], a[2]), leg(5, a[1], a[0])),
		v.posting("slip/3", leg(600, a[2], a[0])),
	}
	first, err := v.posts(pile...)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []domain.Minutes{545, -35, -510} {
		if got := v.account(t, a[i]).Balance; got != want {
			t.Errorf("account %d stands at %d, want %d", i, got, want)
		}
	}
	for i := range pile { // ids are drawn anew by a retry
		for j := range pile[i].Legs {
			pile[i].Legs[j].ID = domain.NewID()
		}
		pile[i].Event.ID = domain.NewID()
	}
	again, err := v.posts(append(pile, v.posting("slip/4", leg(15, a[0], a[1])))...)
	if err != nil {
		t.Fatal(err)
	}
	for i := range first {
		if again[i].Posting != first[i].Posting || !again[i].Replayed {
			t.Errorf("line %d is answered %v, first %v", i, again[i], first[i])
		}
	}
	if again[3].Replayed || v.account(t, a[0]).Balance != 530 {
		t.Error("the one new slip of the pile was not posted")
	}
	v.clean(t)
}

// One slip that cannot be refuses the pile, and says which and why.
func TestAPileWithAWrongSlipLeavesNothing(t *testing.T) {
	v := aCountry(t).village(t)
	a := v.opens(t, 2, floor(-100))
	if _, err := v.posts(v.posting("known", leg(10, a[0], a[1]))); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		wrong ledger.Posting
		code  domain.Code
	}{
		"beyond the floor":      {v.posting("far", leg(81, a[0], a[1])), ledger.InsufficientHours},
		"nobody's account":      {v.posting("lost", leg(10, a[0], domain.NewID())), ledger.AccountClosed},
		"another slip's key":    {v.posting("known", leg(11, a[0], a[1])), domain.IdempotencyKeyReused},
		"the same number twice": {v.posting("fine", leg(10, a[0], a[1])), domain.IdempotencyKeyReused},
		"no minutes":            {v.posting("none", leg(0, a[0], a[1])), domain.MinutesOutOfRange},
		"oneself":               {v.posting("self", leg(10, a[0], a[0])), ledger.SameAccount},
	} {
		before := v.verify(t)
		_, err := v.posts(v.posting("fine", leg(10, a[0], a[1])), c.wrong, v.posting("after", leg(1, a[1], a[0])))
		problem, ok := errors.AsType[*domain.Error](err)
		if !ok || problem.Code != c.code || problem.Field != "lines.1" {
			t.Errorf("%s: %v", name, err)
		}
		if c.code == ledger.InsufficientHours && (problem.Args["available"] != domain.Minutes(80) || problem.Args["required"] != domain.Minutes(81)) {
			t.Errorf("%s: %v", name, problem.Args)
		}
		if after := v.verify(t); !cmp.Equal(before, after) {
			t.Errorf("%s: something was left: %v, before %v", name, after, before)
		}
	}
}

// Whatever the pile, posting it at once or slip by slip comes to the same.
func TestABatchIsItsLinesOneAfterAnother(t *testing.T) {
	c := aCountry(t)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		once, singly := c.village(t), c.village(t)
		limits := floor(domain.Minutes(rapid.IntRange(-200, 0).Draw(t, "floor")))
		here, there := once.opens(t, 4, limits), singly.opens(t, 4, limits)
		var pile []ledger.Posting
		refused := -1
		for i := range rapid.IntRange(1, 12).Draw(t, "slips") {
			var ours, theirs []ledger.Transfer
			for range rapid.IntRange(1, 3).Draw(t, "legs") {
				from := rapid.IntRange(0, 3).Draw(t, "from")
				to := (from + rapid.IntRange(1, 3).Draw(t, "to")) % 4
				minutes := domain.Minutes(rapid.IntRange(1, 120).Draw(t, "minutes"))
				ours, theirs = append(ours, leg(minutes, here[from], here[to])), append(theirs, leg(minutes, there[from], there[to]))
			}
			key := fmt.Sprintf("slip/%d", i)
			pile = append(pile, once.posting(key, ours...))
			if refused < 0 {
				if _, err := singly.post(singly.posting(key, theirs...)); errors.Is(err, ledger.InsufficientHours) {
					refused = i
				} else if err != nil {
					t.Fatal(err)
				}
			}
		}
		_, err := once.posts(pile...)
		if refused < 0 {
			if err != nil {
				t.Fatal(err)
			}
			for i := range here {
				if a, b := once.account(t, here[i]), singly.account(t, there[i]); a.Balance != b.Balance || a.Entries != b.Entries {
					t.Fatalf("account %d: %d in %d entries at once, %d in %d singly", i, a.Balance, a.Entries, b.Balance, b.Entries)
				}
			}
		} else if problem, ok := errors.AsType[*domain.Error](err); !ok || problem.Field != fmt.Sprintf("lines.%d", refused) {
			t.Fatalf("refused with %v, singly line %d", err, refused)
		}
		once.clean(t)
	})
}
