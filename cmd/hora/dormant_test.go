// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment"
)

// fallsAsleep: nobody hears of somebody any more.
func (p *person) fallsAsleep() {
	p.t.Helper()
	ask[int](p.program, `WITH w AS (UPDATE member SET participation = 'DORMANT' WHERE id = $1 RETURNING 1) SELECT count(*)::int FROM w`, keyOf(p.member))
}

const dormantFields = `dormantHours { state contacts minutes quietSince nextAt endedAt }`

func (p *person) asleep() thing {
	return p.sees(p.member, `Member { `+dormantFields+` }`).thing("dormantHours")
}

// apart is what lies apart in the town, added up.
func (w *town) apart() thing {
	w.t.Helper()
	return w.founder.reads(`query ($s: String!) { community(slug: $s) { dormantHours { members owed onAccount inUse usable account { id purpose balance } } } }`,
		input{"s": w.slug}).thing("community.dormantHours")
}

func (w *town) reclaim(key string) input { return input{"communityId": w.id, "idempotencyKey": key} }

// silent is a town where nobody has heard of Anna, Clara and Dario for two years; they
// were asked three times, and what they have lies apart.
func silent(t *testing.T) (w *town, anna, clara, dario, noe *person) {
	t.Helper()
	w = newTown(t)
	w.withoutReserve()
	anna, clara, dario, noe = w.welcome("Anna", "fr"), w.welcome("Clara", "en"), w.welcome("Dario", "fr"), w.welcome("Noé", "fr")
	for _, p := range []*person{anna, clara, dario} {
		p.fallsAsleep()
	}
	w.advance(740 * day)
	for range 3 {
		w.advance(31 * day)
	}
	return w, anna, clara, dario, noe
}

// Members nobody has heard of for two years are asked three times, and coordinators hear
// of it. One answers, and keeps what is his. The hours of the other lie apart, once,
// though two servers come at the same time.
func TestHoursOfWhomNobodyHearsLieApart(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	anna, bruno, noe := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr"), w.welcome("Noé", "fr")
	same(t, "the charter of a new community", w.charter("dormancy { months contacts days years safePart }").thing("dormancy"),
		thing{"months": 24.0, "contacts": 3.0, "days": 30.0, "years": 5.0, "safePart": 5000.0})
	anna.fallsAsleep()
	bruno.fallsAsleep()
	w.advance(700 * day)
	same(t, "not yet two years", anna.asleep() == nil, true)
	w.twoServersCome(20 * day) // each of them that much later
	asked := anna.asleep()
	same(t, "she is asked", []any{asked["state"], asked["contacts"], asked["minutes"], asked["endedAt"]}, []any{"CONTACTED", 1.0, 0.0, nil})
	same(t, "she and the coordinator are told, once each", []int{anna.heard("DORMANT_CONTACTED"), w.founder.heard("MEMBER_UNHEARD")}, []int{1, 2})
	same(t, "nobody else knows", []any{noe.sees(anna.member, `Member { `+dormantFields+` }`)["dormantHours"], w.founder.sees(anna.member, `Member { dormantHours { state } }`).text("dormantHours.state")}, []any{nil, "CONTACTED"})
	noe.isRefused("reclaimDormantHours", w.reclaim(newKey()), "NOTHING_DORMANT", anyField)
	bruno.does("reclaimDormantHours", w.reclaim(newKey()))
	same(t, "Bruno is there, and keeps what is his", []any{bruno.asleep()["state"], w.balances()["Bruno"]}, []any{"KEPT", 900})
	w.advance(31 * day)
	w.advance(31 * day)
	same(t, "three times, and nothing moved", []any{anna.asleep()["contacts"], w.balances()["Anna"]}, []any{3.0, 900})
	w.twoServersCome(16 * day)
	held := anna.asleep()
	same(t, "her hours lie apart", []any{held["state"], held["minutes"], w.balances()["Anna"]}, []any{"HELD", 900.0, 0})
	same(t, "for five years", held.time("nextAt").Sub(w.now()) > 1820*day, true)
	same(t, "she is told once", anna.heard("DORMANT_HELD"), 1)
	same(t, "Bruno’s stay", w.balances()["Bruno"], 900)
	book := w.apart()
	same(t, "in all", []int{book.int("members"), book.int("owed"), book.int("onAccount"), book.int("inUse"), book.int("usable")}, []int{1, 900, 900, 0, 450})
	w.booksAreRight()
	w.theirsOnly(book.text("account.id"), noe)
	next, last, err := w.app.jobs.Calendar(t.Context(), 200)
	if err != nil {
		t.Fatal(err)
	}
	steps := func(of []domain.Periodic) (names []string) {
		for _, p := range of {
			if strings.HasPrefix(p.What, "dormant/") {
				names = append(names, p.Period)
			}
		}
		slices.Sort(names)
		return names
	}
	same(t, "who looks after the jobs sees what was done, and what comes", [][]string{steps(last), steps(next)},
		[][]string{{"CONTACTED 1", "CONTACTED 1", "CONTACTED 2", "CONTACTED 3", "HELD", "KEPT"}, {"HELD"}})
}

// A safe part of what lies apart is used meanwhile, and no more. One member reclaims
// hers, one exchanges again: both have all of it back, what is in use from the reserve.
// One never comes, and after five years the whole has his.
func TestWhatLiesApartIsUsedAndComesBack(t *testing.T) {
	t.Parallel()
	w, anna, clara, dario, noe := silent(t)
	use := func(minutes int) input {
		return input{"communityId": w.id, "poolId": w.poolFor("PROJECTS"), "minutes": minutes, "idempotencyKey": newKey()}
	}
	w.unchanged("more than is safe", func() { w.founder.isRefused("useDormantHours", use(1351), "BEYOND_SAFE_PART", "minutes") })
	noe.cannot("useDormantHours", use(1), "FORBIDDEN", anyField)
	w.founder.isRefused("useDormantHours", with(use(1), "poolId", w.poolFor("RESERVE")), "RESERVE_INDIVISIBLE", "poolId")
	half, book := use(1350), thing{}
	for range 2 { // sent twice, used once
		book = w.founder.does("useDormantHours", half).thing("dormantHours")
	}
	same(t, "half of it is in use", []int{book.int("owed"), book.int("onAccount"), book.int("inUse"), book.int("usable")}, []int{2700, 1350, 1350, 0})
	w.founder.isRefused("useDormantHours", use(1), "BEYOND_SAFE_PART", "minutes")
	w.founder.does("giveHours", input{"from": w.poolFor("PROJECTS"), "to": w.poolFor("DORMANT"), "minutes": 100, "idempotencyKey": newKey()})
	same(t, "the pool gives some of it back", w.apart().int("inUse"), 1250)

	key := newKey()
	for range 2 {
		same(t, "Clara’s come back", clara.does("reclaimDormantHours", w.reclaim(key)).text("dormantHours.state"), "RETURNED")
	}
	noe.confirms(anna.gave(noe, 60), 60)
	w.settle()
	w.twoServersCome(2 * time.Minute)
	same(t, "Anna exchanges, and has hers", []any{anna.asleep()["state"], anna.heard("DORMANT_RETURNED")}, []any{"RETURNED", 1})
	now := w.balances()
	same(t, "what was in use the reserve lent", []int{now["Anna"], now["Clara"], now["DORMANT"], now["PROJECTS"], now["RESERVE"]}, []int{960, 900, 0, 1250, -350})
	w.booksAreRight()

	w.advance(1700 * day)
	same(t, "not yet five years", dario.asleep()["state"], any("HELD"))
	w.twoServersCome(140 * day)
	same(t, "Dario’s are the whole’s", []any{dario.asleep()["state"], dario.heard("DORMANT_LAPSED"), w.balances()["Dario"]}, []any{"LAPSED", 1, 0})
	book = w.apart()
	same(t, "nothing is owed", []int{book.int("members"), book.int("owed")}, []int{0, 0})
	dario.isRefused("reclaimDormantHours", w.reclaim(newKey()), "NOTHING_DORMANT", anyField)
	w.booksAreRight()
}

// theirsOnly: what lies apart is nobody's to give, to open a cycle over, or to undo.
func (w *town) theirsOnly(apart string, noe *person) {
	w.t.Helper()
	give := func(from, to string) input {
		return input{"from": from, "to": to, "minutes": 10, "idempotencyKey": newKey()}
	}
	if a := noe.gql(noe.bearer(), `query($id: ID!) { node(id: $id) { ... on Account { entries { nodes { minutes } } } } }`, input{"id": apart}); len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != "FORBIDDEN" {
		w.t.Errorf("Noé reads whose hours lie apart: %s", a.raw)
	}
	w.unchanged("what lies apart stays there", func() {
		w.founder.cannot("giveHours", give(apart, w.poolFor("PROJECTS")), "FORBIDDEN", anyField)
		noe.cannot("giveHours", give(noe.account(), apart), "FORBIDDEN", anyField)
		w.founder.isRefused("openCycle", input{"communityId": w.id, "poolId": apart, "title": "Printemps", "minutes": 10, "calendar": input{"feasibilityAt": w.now().Add(7 * day)}}, "NOT_FOUND", "poolId")
		w.founder.isRefused("recordSponsorHours", input{"communityId": w.id, "poolId": apart, "minutes": 10, "sponsor": "Ville", "idempotencyKey": newKey()}, "NOT_FOUND", "poolId")
		moved := w.founder.sees(apart, `Account { entries { nodes { transfer { id } } } }`).text("entries.nodes.0.transfer.id")
		w.founder.cannot("reverseTransfer", input{"transferId": moved, "reason": "Par erreur.", "idempotencyKey": newKey()}, "FORBIDDEN", anyField)
	})
}

// A member who leaves while their hours lie apart leaves them to the whole, as they
// would have left what was on their account.
func TestWhoLeavesLeavesWhatLiesApart(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	anna := w.welcome("Anna", "fr")
	anna.fallsAsleep()
	for range 27 {
		w.advance(31 * day)
	}
	same(t, "apart", []any{anna.asleep()["state"], w.balances()["DORMANT"]}, []any{"HELD", 900})
	anna.does("leaveCommunity", input{"communityId": w.id})
	w.advance(2 * time.Minute)
	same(t, "as a leaver’s", []int{w.balances()["DORMANT"], w.balances()["SOLIDARITY"]}, []int{0, 900})
	w.booksAreRight()
}

// Nobody's hours lapse while a suspension keeps them from coming back, and whoever may
// come again has some time to.
func TestWhoIsSuspendedLosesNoHoursMeanwhile(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.withoutReserve()
	anna := w.welcome("Anna", "fr")
	anna.fallsAsleep()
	for range 27 {
		w.advance(31 * day)
	}
	ask[int](w.program, `WITH w AS (UPDATE member SET participation = 'SUSPENDED' WHERE id = $1 RETURNING 1) SELECT count(*)::int FROM w`, keyOf(anna.member))
	w.advance(1900 * day)
	same(t, "more than five years later", w.balances()["DORMANT"], 900)
	anna.fallsAsleep()
	w.advance(2 * time.Minute)
	same(t, "she may come again", []any{anna.asleep()["state"], w.balances()["DORMANT"]}, []any{"HELD", 900})
	w.advance(31 * day)
	same(t, "and did not", []any{anna.asleep()["state"], w.balances()["SOLIDARITY"]}, []any{"LAPSED", 900})
	w.booksAreRight()
}

// quietly has hours of somebody be asked about, or lie apart, at once.
func (p *person) quietly(state string, minutes int) {
	p.t.Helper()
	p.fallsAsleep()
	ask[int](p.program, `WITH w AS (INSERT INTO dormant (community_id, id, member_id, quiet_since, state, contacts, minutes, next_at)
		VALUES ($1, gen_random_uuid(), $2, now(), $3, 1, $4, now() + interval '100 years') RETURNING 1) SELECT count(*)::int FROM w`, keyOf(p.id), keyOf(p.member), state, minutes)
}

// apartAccount is where hours lie apart, opened when it is not there yet.
func (w *town) apartAccount() string {
	w.t.Helper()
	ask[int](w.program, `WITH w AS (INSERT INTO ledger.account (community_id, id, kind, purpose, opened_at) SELECT $1, gen_random_uuid(), 'POOL', 'DORMANT', now()
		WHERE NOT EXISTS (SELECT FROM ledger.account WHERE community_id = $1 AND purpose = 'DORMANT') RETURNING 1) SELECT count(*)::int FROM w`, keyOf(w.id))
	return w.poolFor("DORMANT")
}

// judgeDormant: whoever nobody hears of was asked as often as the charter says, each time
// once, then their hours were put apart, once; and what lies apart is all of theirs.
func (b *chaos) judgeDormant(w *chaosTown) {
	b.t.Helper()
	const told = `(SELECT count(*) FROM journal.event e WHERE e.community_id = d.community_id AND e.subject_id = d.id AND e.kind = $2)`
	if asked := list[int64](b, `SELECT `+told+` - contacts FROM dormant d WHERE community_id = $1`, w.id, string(reinvestment.DormantContacted)); len(asked) == 0 || slices.ContainsFunc(asked, func(n int64) bool { return n != 0 }) {
		b.t.Errorf("attempts that nobody was told of, or twice: %v", asked)
	}
	held := list[int64](b, `SELECT `+told+` FROM dormant d WHERE community_id = $1 AND state = 'HELD'`, w.id, string(reinvestment.DormantHeld))
	if len(held) == 0 || slices.ContainsFunc(held, func(n int64) bool { return n != 1 }) {
		b.t.Errorf("hours were put apart %v times", held)
	}
	wrong := list[int64](b, `
		SELECT (SELECT balance FROM ledger.account a WHERE a.community_id = $1 AND a.kind = 'POOL' AND a.purpose = 'DORMANT')
		       - (SELECT sum(minutes) FROM dormant WHERE community_id = $1 AND state = 'HELD')`, w.id)
	if !slices.Equal(wrong, []int64{0}) {
		b.t.Errorf("what lies apart differs from what is owed by %v minutes", wrong)
	}
}
