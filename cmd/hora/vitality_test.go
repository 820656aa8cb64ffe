// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"fmt"
	"testing"
	"time"
)

const vitalityOf = `query($slug: String!, $period: PeriodInput) { community(slug: $slug) { vitality(period: $period) {
	period { ...figures } before { ...figures } months { month joined active exchanges minutes }
	families { serviceType { code } members exchanges minutes } today { at members withoutListing isolated unmetRequests } } } }
	fragment figures on VitalityFigures { from until members joined left active exchanges minutes firstExchangeDays
		reciprocity { gaveOnly { members share } receivedOnly { members share } both { members share } } }`

// lives reads how a town lives in a period; a zero time is no bound.
func (p *person) lives(from, until time.Time) thing {
	p.t.Helper()
	period := input{}
	for bound, at := range map[string]time.Time{"from": from, "until": until} {
		if !at.IsZero() {
			period[bound] = at.Format(time.RFC3339)
		}
	}
	return p.reads(vitalityOf, input{"slug": p.slug, "period": period}).thing("community.vitality")
}

// chequeFrom has the coordinator note what one member gave another, and answers the exchange.
func (w *town) chequeFrom(receiver, provider string, minutes int, kind string) string {
	w.t.Helper()
	return w.founder.does("writeTimeCheque", input{
		"communityId": w.id, "onBehalfOf": receiver, "providerId": provider, "minutes": minutes, "serviceTypeId": w.types()[kind], "idempotencyKey": newKey(),
	}).text("exchange.id")
}

// transferOf is the movement that settled an exchange.
func (w *town) transferOf(exchange string) string {
	w.t.Helper()
	return w.founder.sees(exchange, "Exchange { transfers { id } }").text("transfers.0.id")
}

// reaches moves the clock on to a moment.
func (w *town) reaches(at time.Time) {
	w.t.Helper()
	w.advance(at.Sub(w.now()))
}

// neighbours are members whom the coordinator registered.
func (w *town) neighbours(name string, n int) []string {
	w.t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = w.registers(fmt.Sprintf("%s %d", name, i))
	}
	return ids
}

// sums are a period's totals: members, joined, left, active, exchanges, minutes.
func sums(figures thing) []int {
	var all []int
	for _, field := range []string{"members", "joined", "left", "active", "exchanges", "minutes"} {
		all = append(all, figures.int(field))
	}
	return all
}

// spread is who gave only, received only, and did both; nil where it is not told.
func spread(figures thing) []any {
	return []any{figures.find("reciprocity.gaveOnly.members"), figures.find("reciprocity.receivedOnly.members"), figures.find("reciprocity.both.members")}
}

// exchangedBy is what each family tells; nil where it is not told.
func exchangedBy(lives thing) map[string][]any {
	all := map[string][]any{}
	for _, f := range lives.list("families") {
		all[f.text("serviceType.code")] = []any{f["members"], f["exchanges"], f["minutes"]}
	}
	return all
}

// lived is a town with two months behind it that are known to the minute.
type lived struct {
	*town
	month func(later, day int) time.Time // the beginning of a day, from the first month on
	ring  []string                       // six who help one another
}

// twoMonths pass in the Accorderie du Port. In the first, six in a ring help one another
// and five more help the first of them. In the second, few do anything.
func twoMonths(t *testing.T) lived {
	t.Helper()
	w := lived{town: newTown(t)}
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	w.into(10)
	start := w.now().In(zone)
	w.month = func(later, day int) time.Time {
		return time.Date(start.Year(), start.Month()+time.Month(later), day, 0, 0, 0, 0, zone)
	}
	w.ring = w.neighbours("Ronde", 6)
	givers, quiet, clara := w.neighbours("Donneuse", 5), w.neighbours("Discret", 2), w.welcome("Clara", "fr")
	clara.does("pauseMembership", input{"communityId": w.id})
	w.founder.offers("Informatique")
	request := input{"communityId": w.id, "kind": "REQUEST", "title": "Une échelle", "serviceTypeId": w.types()["102-A-1"]}
	w.founder.does("createListing", request)
	answered := w.founder.does("createListing", with(request, "onBehalfOf", w.ring[0])).text("listing.id")
	x := w.founder.does("proposeExchange", input{"communityId": w.id, "listingId": answered, "minutes": 15, "onBehalfOf": w.ring[1]}).text("exchange.id")
	w.founder.does("acceptExchange", input{"exchangeId": x, "onBehalfOf": w.ring[0]})

	w.reaches(w.month(0, 17).Add(12 * time.Hour))
	for i, giver := range w.ring {
		w.chequeFrom(w.ring[(i+1)%6], giver, 30, "101-A-1")
	}
	w.reaches(w.month(0, 19).Add(12 * time.Hour))
	var last string
	for _, giver := range givers {
		last = w.chequeFrom(w.ring[0], giver, 60, "102-A-1")
	}
	w.founder.does("correctTransfer", input{"transferId": w.transferOf(last), "minutes": 45, "reason": "Moins long.", "idempotencyKey": newKey()})
	w.takesBack(w.chequeFrom(quiet[1], quiet[0], 120, "102-A-2"))
	w.reaches(w.month(1, 1).Add(-30 * time.Minute)) // in UTC the month is over
	w.chequeFrom(w.ring[1], w.ring[0], 15, "102-A-1")

	w.reaches(w.month(1, 1).Add(time.Minute))
	w.chequeFrom(w.ring[0], w.ring[1], 15, "102-A-1")
	bruno := w.welcome("Bruno", "fr")
	w.reaches(w.month(1, 9).Add(12 * time.Hour))
	w.chequeFrom(quiet[0], w.ring[1], 15, "103-A-1")
	w.chequeFrom(quiet[1], w.ring[2], 15, "103-A-1")
	w.founder.does("createListing", request)
	bruno.does("leaveCommunity", input{"communityId": w.id})
	w.reaches(w.month(2, 2).Add(12 * time.Hour))
	return w
}

// takesBack has the coordinator reverse what settled an exchange.
func (w *town) takesBack(exchange string) {
	w.t.Helper()
	w.founder.does("reverseTransfer", input{"transferId": w.transferOf(exchange), "reason": "Par erreur.", "idempotencyKey": newKey()})
}

// onTheWall is a moment as the clocks of the place show it.
func (l lived) onTheWall(at time.Time) string {
	return at.In(l.month(0, 1).Location()).Format(time.DateTime)
}

func TestHowACommunityLives(t *testing.T) {
	t.Parallel()
	w := twoMonths(t)
	month := w.month

	first := w.founder.lives(month(0, 1), month(1, 1))
	same(t, "the first month", sums(first.thing("period")), []int{15, 14, 0, 11, 12, 480})
	same(t, "the month before, when Fatou founded it", sums(first.thing("before")), []int{1, 1, 0, 0, 0, 0})
	same(t, "it begins", w.onTheWall(first.time("before.from")), w.onTheWall(month(-1, 1)))
	same(t, "nobody only received", spread(first.thing("period")), []any{5.0, nil, 6.0})
	same(t, "shares", []any{first.find("period.reciprocity.gaveOnly.share"), first.find("period.reciprocity.both.share")}, []any{5.0 / 11, 6.0 / 11})
	same(t, "six began after seven days, five after nine", first.find("period.firstExchangeDays"), any(7.0))
	same(t, "families", exchangedBy(first), map[string][]any{"101": {6.0, 6.0, 180.0}, "102": {7.0, 6.0, 300.0}})

	second := w.founder.lives(month(1, 1), month(2, 1))
	same(t, "the second month", sums(second.thing("period")), []int{15, 1, 1, 5, 3, 45})
	same(t, "the month before is the first", second.thing("before"), first.thing("period"))
	same(t, "too few for anything", append(spread(second.thing("period")), second.find("period.firstExchangeDays")), []any{nil, nil, nil, nil})
	same(t, "and of any family", exchangedBy(second), map[string][]any{"102": {nil, nil, nil}, "103": {nil, nil, nil}})

	both := w.founder.lives(month(0, 1), month(2, 1))
	same(t, "both", sums(both.thing("period")), []int{15, 15, 1, 13, 15, 525})
	same(t, "two only received, and the fewest of the others go with them", spread(both.thing("period")), []any{nil, nil, 6.0})
	same(t, "so it is with families", exchangedBy(both), map[string][]any{"101": {nil, nil, nil}, "102": {7.0, 7.0, 315.0}, "103": {nil, nil, nil}})
	same(t, "the seventh of thirteen", both.find("period.firstExchangeDays"), any(9.0))
	same(t, "by month", both.list("months"), []thing{
		{"month": month(0, 1).Format(time.DateOnly), "joined": 14.0, "active": 11.0, "exchanges": 12.0, "minutes": 480.0},
		{"month": month(1, 1).Format(time.DateOnly), "joined": 1.0, "active": 5.0, "exchanges": 3.0, "minutes": 45.0},
	})

	year := w.founder.lives(time.Time{}, time.Time{})
	same(t, "twelve whole months, unless somebody asks for others", []string{w.onTheWall(year.time("period.from")), w.onTheWall(year.time("period.until"))},
		[]string{w.onTheWall(month(-10, 1)), w.onTheWall(month(2, 1))})
	same(t, "with all that happened", sums(year.thing("period")), []int{15, 16, 1, 13, 15, 525})
	same(t, "twelve months", len(year.list("months")), 12)
	w.booksAreRight()
}

// What waits for somebody's care is counted, and those it speaks of can be found.
func TestWhatWaitsForCareToday(t *testing.T) {
	t.Parallel()
	w := twoMonths(t)
	today := func() []int {
		seen := w.founder.lives(time.Time{}, time.Time{}).thing("today")
		return []int{seen.int("members"), seen.int("withoutListing"), seen.int("isolated"), seen.int("unmetRequests")}
	}
	alone := 0 // where the story begins on a month's first day, the town was founded more than ninety days before its end
	if w.founder.sees(w.founder.member, "Member { admittedAt }").time("admittedAt").Before(w.now().AddDate(0, 0, -90)) {
		alone = 1
	}
	same(t, "Clara rests, two show something, and one request is old", today(), []int{15, 12, alone, 1})
	w.advance(100 * day)
	again := w.chequeFrom(w.ring[1], w.ring[0], 15, "102-A-1")
	same(t, "a hundred days later, who exchanges nothing is alone", today(), []int{15, 12, 12, 2})
	takePart := input{"participation": []string{"NEWCOMER", "ACTIVE", "ENGAGED", "AT_RISK", "DORMANT"}}
	lately := func() time.Time { return w.now().Add(-90 * day) }
	w.settle()
	same(t, "who they are", len(w.founder.finds(with(takePart, "quietSince", lately()))), 12)
	same(t, "who shows nothing", len(w.founder.finds(with(takePart, "withoutListing", true))), 12)
	w.takesBack(again)
	w.settle()
	same(t, "and the two whose exchange was none", []int{today()[2], len(w.founder.finds(with(takePart, "quietSince", lately())))}, []int{14, 14})
	w.booksAreRight()
}

// finds are the names of those who are found in a directory.
func (p *person) finds(filter input) []string {
	p.t.Helper()
	seen := p.reads(`query($slug: String!, $filter: MemberFilter) { community(slug: $slug) { members(first: 100, filter: $filter) { totalCount nodes { displayName } } } }`,
		input{"slug": p.slug, "filter": filter}).thing("community.members")
	names := texts(seen.list("nodes"), "displayName")
	same(p.t, "counted", seen.int("totalCount"), len(names))
	return names
}

func TestMembersAreFoundByWhatTheyDo(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna, bruno := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr")
	anna.offers("Informatique")
	w.founder.does("grantRole", input{"memberId": bruno.member, "role": "TREASURER", "until": w.now().Add(30 * day)})
	same(t, "who keeps the books", anna.finds(input{"role": "TREASURER"}), []string{"Bruno"})
	same(t, "who coordinates and shows nothing", anna.finds(input{"role": "COORDINATOR", "withoutListing": true}), []string{"Fatou"})
	same(t, "who shows nothing", anna.finds(input{"withoutListing": true}), []string{"Bruno", "Fatou"})
	same(t, "nobody asked", anna.finds(input{"withoutListing": false}), []string{"Anna", "Bruno", "Fatou"})
	same(t, "everybody came just now", bruno.finds(input{"quietSince": w.now().Add(-day)}), []string{})
	w.advance(31 * day)
	same(t, "a term that is over", anna.finds(input{"role": "TREASURER"}), []string{})
	anna.helps(bruno)
	w.settle()
	same(t, "who exchanged nothing since", w.founder.finds(input{"quietSince": w.now().Add(-day)}), []string{"Fatou"})

	for what, c := range map[string]struct {
		by     *person
		filter input
		said   []any
	}{
		"exchanges of others are not a member’s": {anna, input{"quietSince": w.now()}, []any{forbidden, nil, nil}},
		"a role that the charter does not know":  {anna, input{"role": "MAYOR"}, []any{"BAD_USER_INPUT", "ROLE_UNKNOWN", "filter.role"}},
	} {
		a := c.by.gql(c.by.bearer(), `query($filter: MemberFilter) { community(slug: "port") { members(filter: $filter) { totalCount } } }`, input{"filter": c.filter})
		if len(a.Errors) != 1 {
			t.Fatalf("%s: %s", what, a.raw)
		}
		e := a.Errors[0].Extensions
		same(t, what, []any{e["code"], e["reason"], e["field"]}, c.said)
	}
}

// Those who answer for the whole read it: not members, nor those who only moderate.
func TestWhoReadsHowACommunityLives(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	anna, bruno, clara, dario := w.welcome("Anna", "fr"), w.welcome("Bruno", "fr"), w.welcome("Clara", "en"), w.welcome("Dario", "fr")
	for p, role := range map[*person]string{bruno: "TREASURER", clara: "BOARD", dario: "MODERATOR"} {
		w.founder.does("grantRole", input{"memberId": p.member, "role": role})
	}
	hill := w.program.town("Accorderie de la Colline", "colline")
	w.advance(10 * day)
	refused := func(p *person, period input) []any {
		a := p.gql(p.bearer(), vitalityOf, input{"slug": "port", "period": period})
		if len(a.Errors) != 1 {
			return nil
		}
		return []any{a.Errors[0].Extensions["code"], a.Errors[0].Extensions["reason"], a.Errors[0].Extensions["field"]}
	}
	for p, code := range map[*person]string{anna: forbidden, dario: forbidden, hill.founder: notFound, w.stranger(): signIn} {
		same(t, p.name, refused(p, nil), []any{code, nil, nil})
	}
	w.founder.helps(bruno)
	for _, p := range []*person{w.founder, bruno, clara} {
		same(t, p.name, p.lives(w.now().Add(-day), w.now().Add(day)).int("period.exchanges"), 1)
	}
	same(t, "the hill’s own is another", hill.founder.lives(w.now().Add(-day), time.Time{}).int("period.exchanges"), 0)
	same(t, "what is to come is left out", w.founder.lives(w.now().Add(-day), w.now().Add(day)).time("period.until").After(w.now()), false)

	at := func(ago time.Duration) string { return w.now().Add(-ago).Format(time.RFC3339) }
	for what, c := range map[string]struct {
		period input
		reason string
		field  string
	}{
		"an end before the beginning":   {input{"from": at(day), "until": at(2 * day)}, "PERIOD_INVALID", "period.from"},
		"a beginning to come":           {input{"from": at(-day)}, "PERIOD_INVALID", "period.from"},
		"an end before it was founded":  {input{"until": at(11 * day)}, "PERIOD_INVALID", "period.until"},
		"the beginning of time":         {input{"until": "1970-01-01T00:00:00Z"}, "PERIOD_INVALID", "period.until"},
		"more than sixty months":        {input{"from": at(61 * 31 * day)}, "OUT_OF_RANGE", "period.from"},
		"since there have been figures": {input{"from": "1970-01-01T00:00:00Z"}, "OUT_OF_RANGE", "period.from"},
	} {
		same(t, what, refused(w.founder, c.period), []any{"BAD_USER_INPUT", c.reason, c.field})
	}
}

// helps settles one exchange.
func (p *person) helps(whom *person) { whom.confirms(p.gave(whom, 30), 30) }
