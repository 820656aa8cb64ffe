// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/persistence"
)

// neighbours are two villages that keep a mirror of one another. Marie is of the
// north, Paul of the south.
type neighbours struct {
	*country
	north, south *village
	marie, paul  resident
}

// trust is a limit of some minutes each way.
func trust(they, we domain.Minutes) ledger.Bilateral {
	return ledger.Bilateral{TheyMayOwe: &they, WeMayOwe: &we}
}

func (c *country) neighbours(t failer, north, south ledger.Bilateral) *neighbours {
	t.Helper()
	n := &neighbours{country: c, north: c.village(t), south: c.village(t)}
	n.marie, n.paul = n.north.joins(t, "Marie"), n.south.joins(t, "Paul")
	n.mirrors(t, n.north, n.south, north)
	n.mirrors(t, n.south, n.north, south)
	return n
}

func (n *neighbours) mirrors(t failer, v, partner *village, limits ledger.Bilateral) ledger.MirrorAccount {
	t.Helper()
	m, err := n.hours.OpenMirror(n.ctx, v.id, partner.id, limits)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// northward is Paul's time, given to Marie.
func (n *neighbours) northward(minutes domain.Minutes) ledger.Crossing {
	return ledger.Crossing{
		ID: domain.NewID(), Minutes: minutes, Actor: n.marie.Person,
		Receiver: ledger.Party{Community: n.north.id, Account: n.marie.account},
		Provider: ledger.Party{Community: n.south.id, Account: n.paul.account},
	}
}

// southward is Marie's time, given to Paul.
func (n *neighbours) southward(minutes domain.Minutes) ledger.Crossing {
	c := n.northward(minutes)
	c.Receiver, c.Provider, c.Actor = c.Provider, c.Receiver, n.paul.Person
	return c
}

// movesAMirror posts on one as only half of a pair may.
func (v *village) movesAMirror(t failer, minutes domain.Minutes, from, to domain.ID) {
	t.Helper()
	p := v.posting(domain.NewID().String(), leg(minutes, from, to))
	p.Crossing = true
	if _, err := v.post(p); err != nil {
		t.Fatal(err)
	}
}

// half reads what a village kept of a pair.
func (v *village) half(t failer, id domain.ID) (p ledger.Pair, known bool) {
	t.Helper()
	v.in(t, func(ctx context.Context, _ time.Time) error {
		found, err := persistence.LedgerStore{}.Pairs(ctx, v.id, []domain.ID{id})
		if known = len(found) == 1; known {
			p = found[0]
		}
		return err
	})
	return p, known
}

// stand fails unless the mirrors stand at this many minutes in the north and the
// opposite in the south, both ledgers are right, and nothing is under way.
func (n *neighbours) stand(t failer, minutes domain.Minutes) {
	t.Helper()
	found := n.compare(t)
	if len(found.Differences)+len(found.Open) > 0 || found.A.Balance != minutes || found.B.Balance != -minutes {
		t.Errorf("the mirrors stand at %v and %v, want %v: %q, open %v", found.A.Balance, found.B.Balance, minutes, found.Differences, found.Open)
	}
	n.north.clean(t)
	n.south.clean(t)
}

func (n *neighbours) compare(t failer) ledger.Agreement {
	t.Helper()
	found, err := n.hours.MirrorsAgree(n.ctx, n.north.id, n.south.id)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// told are the kinds of what a village's journal tells of a pair, in order.
func (v *village) told(t failer, pair domain.ID) (kinds []string) {
	t.Helper()
	for _, e := range v.events(t) {
		if e.Subject == pair {
			kinds = append(kinds, string(e.Kind))
		}
	}
	return kinds
}

func TestHoursCrossAndBothLedgersStillSumToZero(t *testing.T) {
	n := aCountry(t).neighbours(t, trust(600, 600), trust(600, 600))
	c := n.northward(60)
	pair, err := n.hours.Cross(n.ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	want := ledger.Pair{
		Community: n.north.id, ID: c.ID, Partner: n.south.id, Side: ledger.ReceiverSide, State: ledger.PairCompleted,
		Account: n.marie.account, PartnerAccount: n.paul.account, Minutes: 60, Actor: n.marie.Person, OpenedAt: dawn, ClosedAt: dawn,
	}
	if diff := cmp.Diff(want, pair, cmpopts.IgnoreFields(want, "Transfer")); diff != "" {
		t.Errorf("crossed as (-want +got):\n%s", diff)
	}
	n.north.balances(t, map[domain.ID]domain.Minutes{n.marie.account: 840})
	n.south.balances(t, map[domain.ID]domain.Minutes{n.paul.account: 960})
	n.stand(t, 60)
	want.Community, want.Partner, want.Side = want.Partner, want.Community, ledger.ProviderSide
	want.Account, want.PartnerAccount = want.PartnerAccount, want.Account
	theirs, _ := n.south.half(t, c.ID)
	if diff := cmp.Diff(want, theirs, cmpopts.IgnoreFields(want, "Transfer")); diff != "" {
		t.Errorf("the south keeps (-want +got):\n%s", diff)
	}
	if told := fmt.Sprint(n.north.told(t, c.ID), n.south.told(t, c.ID)); told != "[CROSSING_OPENED CROSSING_COMPLETED] [CROSSING_COMPLETED]" {
		t.Errorf("the journals tell %s", told)
	}

	if again, err := n.hours.Cross(n.ctx, c); err != nil || again != pair {
		t.Errorf("sent again, it answers %+v, %v", again, err)
	}
	for name, change := range map[string]func(*ledger.Crossing){
		"other minutes":  func(c *ledger.Crossing) { c.Minutes = 61 },
		"other receiver": func(c *ledger.Crossing) { c.Receiver.Account = n.north.eloise.account },
		"other provider": func(c *ledger.Crossing) { c.Provider.Account = n.south.eloise.account },
	} {
		other := c
		change(&other)
		if _, err := n.hours.Cross(n.ctx, other); !errors.Is(err, domain.IdempotencyKeyReused) {
			t.Errorf("sent again with %s, it answers %v", name, err)
		}
	}
	if _, err := n.hours.Cross(n.ctx, n.southward(100)); err != nil {
		t.Fatal(err)
	}
	n.north.balances(t, map[domain.ID]domain.Minutes{n.marie.account: 940})
	n.south.balances(t, map[domain.ID]domain.Minutes{n.paul.account: 860})
	n.stand(t, -40)
}

// What the provider's ledger refuses comes back to the receiver, for good.
func TestWhatIsRefusedElsewhereComesBack(t *testing.T) {
	country := aCountry(t)
	for name, story := range map[string]struct {
		trouble func(*neighbours)
		reason  ledger.PairReason
		code    domain.Code
		mended  func(*neighbours)
	}{
		"the provider left": {
			func(n *neighbours) {
				if _, err := n.members.Leave(n.ctx, n.paul.Actor, n.south.id, ""); err != nil {
					t.Fatal(err)
				}
			}, ledger.ProviderClosed, ledger.AccountClosed, nil,
		},
		"the provider is nobody": {
			func(n *neighbours) { n.paul.account = domain.NewID() }, ledger.ProviderClosed, ledger.AccountClosed, nil,
		},
		"the provider is the north's own mirror": {
			func(n *neighbours) { n.paul.account = n.compare(t).B.Account }, ledger.ProviderClosed, ledger.AccountClosed, nil,
		},
		"the provider is a third community": {
			func(n *neighbours) { n.paul.account = n.mirrors(t, n.south, n.village(t), trust(600, 600)).Account },
			ledger.ProviderClosed, ledger.AccountClosed, nil,
		},
		"beyond what the south lets the north owe": {
			func(n *neighbours) { n.limit(t, n.south, n.north, trust(59, 600)) }, ledger.PartnerLimit, ledger.InsufficientHours,
			func(n *neighbours) { n.limit(t, n.south, n.north, trust(600, 600)) },
		},
		"the south keeps no mirror": {
			func(n *neighbours) {
				n.south = n.village(t)
				n.paul = n.south.joins(t, "Paul")
				n.mirrors(t, n.north, n.south, trust(600, 600))
			},
			ledger.NoMirror, ledger.AccountClosed,
			func(n *neighbours) { n.mirrors(t, n.south, n.north, trust(600, 600)) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := country.neighbours(t, trust(600, 600), trust(600, 600))
			story.trouble(n)
			c := n.northward(60)
			pair, err := n.hours.Cross(n.ctx, c)
			wants(t, err, story.code)
			if pair.State != ledger.PairUndone || pair.Reason != story.reason || pair.Undo == domain.Nowhere {
				t.Errorf("it ended as %+v", pair)
			}
			n.north.balances(t, map[domain.ID]domain.Minutes{n.marie.account: 900})
			n.stand(t, 0)
			theirs, known := n.south.half(t, c.ID)
			if !known || theirs.State != ledger.PairUndone || theirs.Reason != story.reason || theirs.Transfer != domain.Nowhere {
				t.Errorf("the south keeps %+v", theirs)
			}
			if told := fmt.Sprint(n.north.told(t, c.ID), n.south.told(t, c.ID)); told != "[CROSSING_OPENED CROSSING_UNDONE] [CROSSING_REFUSED]" {
				t.Errorf("the journals tell %s", told)
			}
			// Undone is undone, whatever has changed since; another one may pass.
			if story.mended != nil {
				story.mended(n)
			}
			again, err := n.hours.Cross(n.ctx, c)
			wants(t, err, story.code)
			if again != pair {
				t.Errorf("sent again, it answers %+v", again)
			}
			if story.mended != nil {
				if _, err := n.hours.Cross(n.ctx, n.northward(60)); err != nil {
					t.Errorf("mended: %v", err)
				}
				n.stand(t, 60)
			}
		})
	}
}

func (n *neighbours) limit(t failer, v, partner *village, limits ledger.Bilateral) ledger.MirrorAccount {
	t.Helper()
	m, err := n.hours.LimitMirror(n.ctx, ledger.MirrorChange{
		Community: v.id, Partner: partner.id, Limits: limits, Reason: "convenu à deux", Actor: v.eloise.Person,
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestWhatIsRefusedAtHomeNeverLeaves(t *testing.T) {
	n := aCountry(t).neighbours(t, trust(600, 120), trust(6000, 6000))
	mirror := n.compare(t).A.Account
	_, err := n.hours.Cross(n.ctx, n.northward(121))
	short(t, err, mirror, 120, 121)
	n.limit(t, n.north, n.south, ledger.Bilateral{})
	_, err = n.hours.Cross(n.ctx, n.northward(1501)) // 900 to start, −600 the floor
	short(t, err, n.marie.account, 1500, 1501)
	stranger := n.northward(60)
	stranger.Receiver.Account = domain.NewID()
	_, err = n.hours.Cross(n.ctx, stranger)
	wants(t, err, ledger.AccountClosed)
	afar := n.northward(60)
	afar.Provider.Community = n.village(t).id
	_, err = n.hours.Cross(n.ctx, afar)
	wants(t, err, ledger.AccountClosed)
	home := n.northward(60)
	home.Provider = ledger.Party{Community: n.north.id, Account: n.north.eloise.account}
	_, err = n.hours.Cross(n.ctx, home)
	wants(t, err, domain.ValueUnknown)
	_, err = n.hours.Cross(n.ctx, n.northward(0))
	wants(t, err, domain.MinutesOutOfRange)
	if kept := n.count(t, `SELECT count(*) FROM ledger.pair`); kept != 0 {
		t.Errorf("%d halves were kept", kept)
	}
	n.stand(t, 0)
	// Its id is as good as new.
	stranger.Receiver.Account = n.marie.account
	if _, err = n.hours.Cross(n.ctx, stranger); err != nil {
		t.Error(err)
	}
	n.stand(t, 60)
}

// Marie opened an exchange with the south and left before it answered: what comes
// back for her is the whole's.
func TestWhatComesBackForALeaverIsTheWholes(t *testing.T) {
	n := aCountry(t).neighbours(t, trust(600, 600), trust(0, 0))
	c := n.northward(60)
	if _, err := n.hours.OpenPair(n.ctx, c); err != nil {
		t.Fatal(err)
	}
	if found := n.compare(t); len(found.Differences) != 0 || len(found.Open) != 1 || found.A.Balance != 60 || found.B.Balance != 0 {
		t.Errorf("under way, the mirrors answer %+v", found)
	}
	if _, err := n.members.Leave(n.ctx, n.marie.Actor, n.north.id, ""); err != nil {
		t.Fatal(err)
	}
	pair, err := n.hours.SettlePair(n.ctx, n.north.id, c.ID)
	wants(t, err, ledger.InsufficientHours)
	if pair.State != ledger.PairUndone || pair.Reason != ledger.PartnerLimit {
		t.Errorf("it ended as %+v", pair)
	}
	var reserve ledger.Account
	n.north.in(t, func(ctx context.Context, _ time.Time) (err error) {
		reserve, err = n.hours.CommunityAccount(ctx, n.north.id, ledger.Pool, ledger.Reserve)
		return err
	})
	if reserve.Balance != 60 {
		t.Errorf("the reserve has %v", reserve.Balance)
	}
	n.stand(t, 0)
}

func TestOnePairSentByManyIsPostedOnce(t *testing.T) {
	n := aCountry(t).neighbours(t, trust(600, 600), trust(600, 600))
	c := n.northward(60)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if pair, err := n.hours.Cross(n.ctx, c); err != nil || pair.State != ledger.PairCompleted {
				t.Errorf("%+v, %v", pair, err)
			}
		})
	}
	all.Wait()
	if moved := n.count(t, `SELECT count(*) FROM ledger.transfer WHERE kind = 'INTERCOMMUNITY'`); moved != 2 {
		t.Errorf("%d transfers", moved)
	}
	if told := fmt.Sprint(n.north.told(t, c.ID), n.south.told(t, c.ID)); told != "[CROSSING_OPENED CROSSING_COMPLETED] [CROSSING_COMPLETED]" {
		t.Errorf("the journals tell %s", told)
	}
	n.stand(t, 60)
}

// An id is an intention. Two of them under one id is somebody's mistake: the
// second is refused, and no hour of either is lost.
func TestAnIDServesOneCrossing(t *testing.T) {
	n := aCountry(t).neighbours(t, trust(600, 600), trust(600, 600))
	east := n.village(t)
	n.mirrors(t, east, n.south, trust(600, 600))
	n.mirrors(t, n.south, east, trust(600, 600))
	first := n.northward(60)
	if _, err := n.hours.Cross(n.ctx, first); err != nil {
		t.Fatal(err)
	}
	elsewhere := first
	elsewhere.Receiver = ledger.Party{Community: east.id, Account: east.eloise.account}
	pair, err := n.hours.Cross(n.ctx, elsewhere)
	wants(t, err, domain.IdempotencyKeyReused)
	if pair.State != ledger.PairUndone || pair.Reason != ledger.PairIDReused {
		t.Errorf("from the east it ended as %+v", pair)
	}
	back := n.southward(60)
	back.ID = first.ID
	_, err = n.hours.Cross(n.ctx, back)
	wants(t, err, domain.IdempotencyKeyReused)
	n.stand(t, 60)

	// Both ways at the same moment, each halfway: each finds the other's record.
	there, yonder := n.northward(30), n.southward(30)
	yonder.ID = there.ID
	for _, c := range []ledger.Crossing{there, yonder} {
		if _, err := n.hours.OpenPair(n.ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range []*village{n.north, n.south} {
		_, err := n.hours.SettlePair(n.ctx, v.id, there.ID)
		wants(t, err, domain.IdempotencyKeyReused)
	}
	n.stand(t, 60)
	east.clean(t)
	if found, err := n.hours.MirrorsAgree(n.ctx, east.id, n.south.id); err != nil || len(found.Differences) > 0 || found.A.Balance != 0 {
		t.Errorf("east and south: %+v, %v", found, err)
	}
}

func TestWhatWasLeftOpenIsFinishedAfterAShortWhile(t *testing.T) {
	n := aCountry(t).neighbours(t, trust(600, 600), trust(100, 600))
	passes, refused := n.northward(60), n.northward(61)
	for _, c := range []ledger.Crossing{passes, refused} {
		if pair, err := n.hours.OpenPair(n.ctx, c); err != nil || pair.State != ledger.PairOpen {
			t.Fatal(pair, err)
		}
	}
	states := func() (all []string) {
		for _, c := range []ledger.Crossing{passes, refused} {
			p, _ := n.north.half(t, c.ID)
			all = append(all, strings.TrimSpace(string(p.State)+" "+string(p.Reason)))
		}
		return all
	}
	settle := func() {
		t.Helper()
		if err := n.hours.SettlePairs(n.ctx, n.north.id); err != nil {
			t.Fatal(err)
		}
	}
	n.clock.advance(29 * time.Second)
	settle()
	if got := states(); !slices.Equal(got, []string{"OPEN", "OPEN"}) {
		t.Errorf("before, they are %q", got)
	}
	if found := n.compare(t); len(found.Open) != 2 || len(found.Differences) != 0 {
		t.Errorf("under way, the mirrors answer %+v", found)
	}
	n.clock.advance(time.Second)
	var all sync.WaitGroup
	for range 6 { // as many servers
		all.Go(settle)
	}
	all.Wait()
	if got := states(); !slices.Equal(got, []string{"COMPLETED", "UNDONE PARTNER_LIMIT"}) {
		t.Errorf("afterwards, they are %q", got)
	}
	n.north.balances(t, map[domain.ID]domain.Minutes{n.marie.account: 840})
	n.south.balances(t, map[domain.ID]domain.Minutes{n.paul.account: 960})
	if moved := n.count(t, `SELECT count(*) FROM ledger.transfer WHERE kind IN ('INTERCOMMUNITY', 'REVERSAL')`); moved != 4 {
		t.Errorf("%d transfers", moved)
	}
	n.stand(t, 60)
}

// The server's caller gave up, or the server died, after each of a crossing's
// three commits.
func TestACrossingBrokenOffGoesOnWhereItStood(t *testing.T) {
	c := aCountry(t)
	for after, want := range []string{"COMPLETED COMPLETED", "OPEN -", "OPEN COMPLETED", "COMPLETED COMPLETED"} {
		n := c.neighbours(t, trust(600, 600), trust(600, 600))
		ctx, cancel := context.WithCancel(n.ctx)
		defer cancel()
		db, commits := c.open(t, persistence.Options{Clock: c.clock}), 0
		db.Committed = func(domain.ID) {
			if commits++; commits == after {
				cancel()
			}
		}
		x := n.northward(60)
		pair, err := ledger.New(db, persistence.LedgerStore{}, persistence.MemberStore{}).Cross(ctx, x)
		if broken := strings.HasPrefix(want, "OPEN"); broken != (pair.State == ledger.PairOpen) || broken != errors.Is(err, context.Canceled) {
			t.Errorf("broken off after commit %d it answers %s, %v", after, pair.State, err)
		}
		ours, _ := n.north.half(t, x.ID)
		theirs, known := n.south.half(t, x.ID)
		if !known {
			theirs.State = "-"
		}
		if got := fmt.Sprint(ours.State, " ", theirs.State); got != want {
			t.Errorf("broken off after commit %d the halves are %s, want %s", after, got, want)
		}
		if found := n.compare(t); len(found.Differences) > 0 {
			t.Errorf("broken off after commit %d: %q", after, found.Differences)
		}
		if again, err := n.hours.Cross(n.ctx, x); err != nil || again.State != ledger.PairCompleted {
			t.Errorf("sent again after commit %d it answers %+v, %v", after, again, err)
		}
		n.stand(t, 60)
	}
}

// The limit was lowered while the south owed, then an hour on its way north
// comes back: that takes the mirror below its floor, and nobody's hour is stuck.
func TestWhatComesBackCrossesAnyLimit(t *testing.T) {
	n := aCountry(t).neighbours(t, trust(600, 600), trust(600, 600))
	if _, err := n.hours.Cross(n.ctx, n.southward(120)); err != nil {
		t.Fatal(err)
	}
	n.limit(t, n.north, n.south, trust(0, 600))
	c := n.northward(60)
	if _, err := n.hours.OpenPair(n.ctx, c); err != nil {
		t.Fatal(err)
	}
	if _, err := n.members.Leave(n.ctx, n.paul.Actor, n.south.id, ""); err != nil {
		t.Fatal(err)
	}
	_, err := n.hours.SettlePair(n.ctx, n.north.id, c.ID)
	wants(t, err, ledger.AccountClosed)
	n.north.balances(t, map[domain.ID]domain.Minutes{n.marie.account: 1020})
	n.stand(t, -120)
	_, err = n.hours.SettlePair(n.ctx, n.north.id, domain.NewID())
	wants(t, err, domain.NotFound)
}
