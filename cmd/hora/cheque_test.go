// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// phone signs cheques while it is offline. It writes them as docs/cheque-format.md
// tells anybody, with nothing of the program's.
type phone struct {
	owner  *person
	id     string
	prefix []byte
	key    ed25519.PrivateKey
}

// newDeviceKey is a public key that nobody registered.
func newDeviceKey() string {
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(public)
}

func (p *person) registersPhone() *phone {
	p.t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	d := p.does("registerDeviceKey", input{"communityId": p.id, "publicKey": base64.StdEncoding.EncodeToString(public), "name": "Téléphone"}).thing("deviceKey")
	prefix, err := base64.RawURLEncoding.DecodeString(d.text("chequePrefix"))
	if err != nil {
		p.t.Fatal(err)
	}
	return &phone{p, d.text("id"), prefix, private}
}

// signs writes a cheque to whoever gave.
func (ph *phone) signs(provider *person, minutes int, day time.Time) string {
	number := provider.sees(provider.member, "Member { number }").int("number")
	return ph.writes(number, minutes, day, "102-A-1", "Merci !")
}

func (ph *phone) writes(number, minutes int, day time.Time, service, description string) string {
	serial := make([]byte, 12)
	_, _ = rand.Read(serial)
	toronto, err := time.LoadLocation("America/Toronto")
	if err != nil {
		panic(err)
	}
	year, month, date := day.In(toronto).Date()
	days := time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Sub(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)).Hours() / 24
	body := slices.Concat(ph.prefix, serial)
	body = binary.AppendUvarint(body, uint64(number))
	body = binary.AppendUvarint(body, uint64(minutes))
	body = binary.BigEndian.AppendUint16(body, uint16(days))
	body = append(append(body, byte(len(service))), service...)
	body = append(append(body, byte(len(description))), description...)
	signature := ed25519.Sign(ph.key, append([]byte("hora/time-cheque/1"), body...))
	return "HORA1." + base64.RawURLEncoding.EncodeToString(append(body, signature...))
}

func (s *scene) brunosPhone() *phone { return s.bruno.registersPhone() }

// slip is a paper cheque with a number of its own, as somebody keys it in.
func (s *scene) slip(provider, receiver *person, minutes int) input {
	s.turn++
	return s.paper(fmt.Sprintf("A-%s-%d", s.slug, s.turn), provider, receiver, minutes)
}

func (w *town) paper(number string, provider, receiver *person, minutes int) input {
	return input{
		"number": number, "providerId": provider.member, "receiverId": receiver.member, "minutes": minutes,
		"date": w.date(0), "serviceTypeId": w.types()["102-A-1"],
	}
}

// waitingCheque is one of somebody without hours to Anna; they have some again.
func (s *scene) waitingCheque() string {
	poor := s.newcomer()
	s.founder.does("setAccountLimits", input{"accountId": poor.account(), "floor": 900, "softFloor": 900, "reason": "Convenu."})
	waiting := s.anna.does("depositTimeCheque", input{"cheque": poor.registersPhone().signs(s.anna, 15, s.now()), "idempotencyKey": newKey()})
	same(s.t, "the cheque", waiting.text("timeCheque.state"), "PENDING")
	s.founder.does("setAccountLimits", input{"accountId": poor.account(), "floor": -600, "softFloor": -300, "reason": "Convenu."})
	return waiting.text("timeCheque.id")
}

func TestATimeChequeSettlesAtOnce(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA")
	cheque := input{
		"communityId": town.id, "providerId": anna.member, "minutes": 70, "serviceTypeId": town.types()["102-A-1"],
		"description": "Deux pains", "idempotencyKey": newKey(),
	}
	done := bruno.does("writeTimeCheque", cheque)
	same(t, "the exchange", done.text("exchange.state"), "CONFIRMED")
	same(t, "typed, and in quarters of an hour", []int{done.int("timeCheque.minutes"), done.int("timeCheque.settledMinutes")}, []int{70, 75})
	same(t, "its history", texts(done.list("exchange.history"), "action"), []string{"WRITE"})
	same(t, "once more", bruno.does("writeTimeCheque", cheque).text("timeCheque.id"), done.text("timeCheque.id"))
	same(t, "balances", town.balances(), map[string]int{"Anna": 975, "Bruno": 825, "Fatou": 900, "the community": -2700})
	same(t, "Anna is told", texts(anna.told()[:2], "title"), []string{"Votre premier service rendu", "Bruno vous a fait un chèque-temps"})
	if n := len(town.letters(anna.email, "chèque-temps")); n != 1 {
		t.Errorf("Anna gets %d letters", n)
	}

	bruno.cannot("writeTimeCheque", with(with(cheque, "minutes", 1500), "idempotencyKey", newKey()), "INSUFFICIENT_HOURS", "minutes")
	bruno.cannot("writeTimeCheque", with(with(cheque, "providerId", bruno.member), "idempotencyKey", newKey()), "SAME_MEMBER", "providerId")

	// A coordinator writes it for somebody without a device; both are told.
	roy := town.founder.does("registerMember", input{"communityId": town.id, "displayName": "Mme Roy", "kind": "PERSON"}).text("member.id")
	forRoy := with(with(cheque, "onBehalfOf", roy), "idempotencyKey", newKey())
	same(t, "for Mme Roy", town.founder.does("writeTimeCheque", forRoy).text("timeCheque.receiver.displayName"), "Mme Roy")
	town.booksAreRight()
}

func TestAChequeIsSignedWithoutANetwork(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA"), town.welcome("Clara", "fr-CA")
	ph := bruno.registersPhone()
	same(t, "Bruno is told of the device", len(bruno.reads(`query($id: ID!) { node(id: $id) { ... on Member { deviceKeys { id } } } }`, input{"id": bruno.member}).list("node.deviceKeys")), 1)

	cheque := ph.signs(anna, 60, town.now())
	deposit := input{"cheque": cheque, "idempotencyKey": newKey()}
	clara.cannot("depositTimeCheque", deposit, "NOT_A_PARTY", "cheque")
	done := anna.does("depositTimeCheque", deposit)
	same(t, "deposited", []string{done.text("timeCheque.state"), done.text("timeCheque.kind"), done.text("exchange.state")}, []string{"SETTLED", "SIGNED", "CONFIRMED"})
	same(t, "once more", anna.does("depositTimeCheque", deposit).text("timeCheque.id"), done.text("timeCheque.id"))
	anna.cannot("depositTimeCheque", with(deposit, "idempotencyKey", newKey()), "CHEQUE_DEPOSITED", "cheque")
	bruno.cannot("depositTimeCheque", with(deposit, "idempotencyKey", newKey()), "CHEQUE_DEPOSITED", "cheque")
	same(t, "Bruno is told", bruno.told()[0].text("kind"), "TIME_CHEQUE_SETTLED")
	same(t, "balances", town.balances(), map[string]int{"Anna": 960, "Bruno": 840, "Clara": 900, "Fatou": 900, "the community": -3600})

	anna.cannot("depositTimeCheque", input{"cheque": ph.signs(anna, 60, town.now().Add(day)), "idempotencyKey": newKey()}, "CHEQUE_POSTDATED", "cheque")
	old, kept := ph.signs(anna, 60, town.now()), ph.signs(anna, 60, town.now())
	town.advance(60 * day)
	anna.does("depositTimeCheque", input{"cheque": kept, "idempotencyKey": newKey()})
	town.advance(day)
	anna.cannot("depositTimeCheque", input{"cheque": old, "idempotencyKey": newKey()}, "CHEQUE_EXPIRED", "cheque")

	lost := ph.signs(anna, 60, town.now())
	town.founder.does("revokeDeviceKey", input{"deviceKeyId": ph.id})
	anna.cannot("depositTimeCheque", input{"cheque": lost, "idempotencyKey": newKey()}, "CHEQUE_REVOKED", "cheque")
	same(t, "Bruno is told of it", bruno.told()[0].text("kind"), "DEVICE_KEY_REVOKED")
	bruno.does("revokeDeviceKey", input{"deviceKeyId": ph.id}) // it is, already

	longest := ph.writes(2_000_000_000, 600_000, town.now(), strings.Repeat("1", 15), strings.Repeat("é", 40))
	if len(longest) > 300 {
		t.Errorf("the longest cheque has %d bytes", len(longest))
	}
	town.booksAreRight()
}

// Whatever bit changes on its way, a cheque is refused, and nothing moves.
func TestAChequeEditedInOneBit(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA")
	cheque := bruno.registersPhone().signs(anna, 60, town.now())
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(cheque, "HORA1."))
	if err != nil {
		t.Fatal(err)
	}
	town.unchanged("edited cheques", func() {
		for bit := 0; bit < 8*len(raw); bit += 7 { // a step that meets every byte and every place in one
			edited := slices.Clone(raw)
			edited[bit/8] ^= 1 << (bit % 8)
			a := anna.tries("depositTimeCheque", input{"cheque": "HORA1." + base64.RawURLEncoding.EncodeToString(edited), "idempotencyKey": newKey()})
			found := a.problems()
			if len(found) != 1 || !slices.Contains([]string{"CHEQUE_FORGED", "CHEQUE_UNREADABLE", notFound}, found[0].Code) {
				t.Errorf("bit %d of byte %d: %s", bit%8, bit/8, a.raw)
			}
		}
		for _, text := range []string{"", "HORA1.", "HORA2." + cheque[6:], cheque[6:], cheque + "A", cheque[:len(cheque)-1], cheque + "=", strings.ToLower(cheque), strings.Repeat("A", 5000)} {
			anna.cannot("depositTimeCheque", input{"cheque": text, "idempotencyKey": newKey()}, "CHEQUE_UNREADABLE", "cheque")
		}
	})
}

func TestAChequeBeyondTheFloorWaits(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA"), town.welcome("Clara", "fr-CA")
	ph := bruno.registersPhone()
	bruno.does("giveHours", input{"from": bruno.account(), "to": anna.account(), "minutes": 1470, "idempotencyKey": newKey()})
	phones := map[*person]string{anna: "", bruno: "", town.founder: "", clara: ""}
	becomes := func() (seen [][]string) { // what each phone is told of cheques since it last asked
		for _, p := range []*person{anna, bruno, town.founder, clara} {
			told := p.reads(`query($c: ID!, $since: Cursor) { changes(communityId: $c, since: $since, first: 100) { nextCursor items { node { ... on TimeCheque { state } } } } }`,
				input{"c": town.id, "since": phones[p]}).thing("changes")
			seen, phones[p] = append(seen, slices.DeleteFunc(texts(told.list("items"), "node.state"), func(s string) bool { return s == "" })), told.text("nextCursor")
		}
		return seen
	}
	becomes()
	deposit := input{"cheque": ph.signs(anna, 60, town.now()), "idempotencyKey": newKey()}
	waits := anna.does("depositTimeCheque", deposit).thing("timeCheque")
	same(t, "it", waits.text("state"), "PENDING")
	same(t, "once more", anna.does("depositTimeCheque", deposit).text("timeCheque.id"), waits.text("id"))
	same(t, "the phones of both, and of who sees all", becomes(), [][]string{{"PENDING"}, {"PENDING"}, {"PENDING"}, {}})
	for _, p := range []*person{anna, bruno} {
		if (about(p.told(), "kind", "TIME_CHEQUE_PENDING") == nil) != (p == anna) { // who deposited it knows
			t.Errorf("%s is not told", p.name)
		}
		seen := p.reads(`query($slug: String!) { community(slug: $slug) { timeCheques(filter: { states: [PENDING] }) { nodes { id minutes } } } }`, input{"slug": town.slug})
		same(t, "what waits, for "+p.name, texts(seen.list("community.timeCheques.nodes"), "id"), []string{waits.text("id")})
	}
	settle := input{"timeChequeId": waits.text("id"), "idempotencyKey": newKey()}
	bruno.cannot("settleTimeCheque", settle, "INSUFFICIENT_HOURS", "timeChequeId")
	bruno.cannot("withdrawTimeCheque", settle, "NOT_A_PARTY", "timeChequeId")
	anna.does("giveHours", input{"from": anna.account(), "to": bruno.account(), "minutes": 600, "idempotencyKey": newKey()})
	same(t, "settled", bruno.does("settleTimeCheque", settle).text("timeCheque.state"), "SETTLED")
	same(t, "the phones", becomes(), [][]string{{"SETTLED"}, {"SETTLED"}, {"SETTLED"}, {}})
	bruno.cannot("settleTimeCheque", with(settle, "idempotencyKey", newKey()), "CHEQUE_STATE", "timeChequeId")
	same(t, "balances", town.balances(), map[string]int{"Anna": 1830, "Bruno": -30, "Clara": 900, "Fatou": 900, "the community": -3600})
	town.booksAreRight()
}

func TestSlipsAreKeyedInByThePile(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA"), town.welcome("Clara", "fr-CA")
	pile := input{"communityId": town.id, "idempotencyKey": newKey(), "cheques": []input{
		town.paper("a-001", anna, bruno, 60), town.paper("A-002", bruno, clara, 52), town.paper("A-003", clara, anna, 30),
	}}
	start := anna.reads(syncing, input{"c": town.id}).text("changes.nextCursor")
	batch := town.founder.does("enterTimeCheques", pile).thing("batch")
	same(t, "the batch", thing{"count": batch.int("count"), "minutes": batch.int("minutes"), "by": batch.text("enteredBy.displayName")},
		thing{"count": 3, "minutes": 135, "by": "Fatou"})
	same(t, "balances", town.balances(), map[string]int{"Anna": 930, "Bruno": 885, "Clara": 885, "Fatou": 900, "the community": -3600})
	same(t, "both sides are told", []int{len(anna.told()), len(bruno.told()), len(clara.told())}, []int{4, 4, 4}) // and welcomed, and thanked for their first help

	town.unchanged("the same file again", func() {
		same(t, "the same file again", town.founder.does("enterTimeCheques", pile).text("batch.id"), batch.text("id"))
		a := town.founder.tries("enterTimeCheques", with(pile, "idempotencyKey", newKey()))
		if len(a.problems()) != 3 || a.problems()[2].Code != "CHEQUE_NUMBER_TAKEN" || strings.Join(a.problems()[2].Field, ".") != "cheques.2.number" {
			t.Errorf("yesterday's numbers: %s", a.raw)
		}
	})

	status, page := town.http(http.MethodGet, "/cheque-batches/"+batch.text("id")+"/receipt.html", nil, "Authorization", "Bearer "+town.founder.bearer(), "Accept-Language", "fr")
	for _, words := range []string{"Reçu de saisie", "A-001", "Saisi par Fatou", "Initiation à l’ordinateur", "2 h 15"} {
		if !strings.Contains(strings.ReplaceAll(strings.ReplaceAll(string(page), "\u00a0", " "), "\u202f", " "), words) {
			t.Errorf("the receipt (HTTP %d) does not say %q:\n%.3000s", status, words, page)
		}
	}
	if status, _ := town.http(http.MethodGet, "/cheque-batches/"+batch.text("id")+"/receipt.html", nil, "Authorization", "Bearer "+anna.bearer()); status != http.StatusForbidden {
		t.Errorf("Anna prints the receipt: HTTP %d", status)
	}

	undo := input{"batchId": batch.text("id"), "reason": "Pile de l’an dernier.", "idempotencyKey": newKey()}
	same(t, "undone", town.founder.does("undoTimeCheques", undo).text("batch.undoReason"), "Pile de l’an dernier.")
	same(t, "balances again", town.balances(), map[string]int{"Anna": 900, "Bruno": 900, "Clara": 900, "Fatou": 900, "the community": -3600})
	town.founder.cannot("undoTimeCheques", with(undo, "idempotencyKey", newKey()), "BATCH_UNDONE", "batchId")
	same(t, "Anna is told", anna.told()[0].text("kind"), "TIME_CHEQUES_UNDONE")
	slips := anna.reads(`query($c: ID!, $since: Cursor) { changes(communityId: $c, since: $since, first: 100) { items { node { ... on TimeCheque { number state } } } } }`, input{"c": town.id, "since": start})
	same(t, "and her phone, of her own two", []int{len(allAbout(slips.list("changes.items"), "node.state", "UNDONE")), len(allAbout(slips.list("changes.items"), "node.number", "A-002"))}, []int{2, 0})
	town.founder.does("enterTimeCheques", with(pile, "idempotencyKey", newKey())) // rightly, this time
	town.booksAreRight()
}

// Every line's own trouble is told beside it, all at once, and nothing is done.
func TestAPileWithEveryKindOfWrongSlip(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA")
	hill := town.program.town("Accorderie de la Colline", "colline")
	gone := town.welcome("Gaston", "fr-CA")
	gone.does("leaveCommunity", input{"communityId": town.id})
	town.founder.does("enterTimeCheques", input{"communityId": town.id, "idempotencyKey": newKey(), "cheques": []input{town.paper("K-1", anna, bruno, 15)}})
	fine := func(number string) input { return town.paper(number, anna, bruno, 60) }
	pile := []input{
		fine("1"),
		with(fine("2"), "number", "k-1"),
		with(fine("3"), "date", "2026-02-30"),
		with(fine("4"), "minutes", 7),
		with(fine("5"), "receiverId", anna.member),
		with(fine("6"), "providerId", hill.founder.member),
		with(fine("7"), "receiverId", "nonsense"),
		with(fine("8"), "date", town.date(-day)),
		with(fine("9"), "date", town.date(400*day)),
		with(fine("10"), "serviceTypeId", "UzEwMi1BLTk5"),
		with(fine("11"), "providerId", gone.member),
		with(fine("12"), "number", " 1 "),
		with(fine("13"), "number", ""),
		with(fine("14"), "minutes", 1500),
		with(fine("15"), "minutes", -60),
	}
	town.unchanged("a wrong pile", func() {
		a := town.founder.tries("enterTimeCheques", input{"communityId": town.id, "cheques": pile, "idempotencyKey": newKey()})
		var told []string
		for _, p := range a.problems() {
			told = append(told, strings.Join(p.Field, ".")+" "+p.Code)
			if p.Message == "" {
				t.Errorf("%s says nothing to people", p.Code)
			}
		}
		slices.Sort(told)
		want := []string{
			"cheques.1.number CHEQUE_NUMBER_TAKEN", "cheques.2.date DAY_INVALID", "cheques.3.minutes MINUTES_OUT_OF_RANGE",
			"cheques.4.receiverId SAME_MEMBER", "cheques.5.providerId MEMBER_UNKNOWN", "cheques.6.receiverId MEMBER_UNKNOWN",
			"cheques.7.date CHEQUE_POSTDATED", "cheques.8.date CHEQUE_EXPIRED", "cheques.9.serviceTypeId SERVICE_TYPE_UNKNOWN",
			"cheques.10.providerId MEMBER_INACTIVE", "cheques.11.number CHEQUE_NUMBER_TAKEN", "cheques.12.number REQUIRED",
			"cheques.13.minutes INSUFFICIENT_HOURS", "cheques.14.minutes MINUTES_OUT_OF_RANGE",
		}
		slices.Sort(want)
		same(t, "told", told, want)
	})
	for _, none := range [][]input{{}, slices.Repeat([]input{fine("x")}, 5001)} {
		town.founder.cannot("enterTimeCheques", input{"communityId": town.id, "cheques": none, "idempotencyKey": newKey()}, "OUT_OF_RANGE", "cheques")
	}
}

// Five thousand lines, three of them wrong: those three are named, nothing is
// done; put right, all of them settle.
// It runs beside no other test: the race detector makes it take most of its deadline.
func TestFiveThousandSlipsWithThreeWrong(t *testing.T) {
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en-CA")
	pile := make([]input, 5000)
	for i := range pile {
		pile[i] = input{
			"number": fmt.Sprintf("B-%04d", i), "providerId": anna.member, "receiverId": bruno.member, "minutes": 15,
			"date": "2026-01-15", "serviceTypeId": town.types()["102-A-1"],
		}
		if i%2 == 1 {
			pile[i]["providerId"], pile[i]["receiverId"] = bruno.member, anna.member
		}
		pile[i]["date"] = town.date(0)
	}
	right := slices.Clone(pile)
	pile[17], pile[2500], pile[4999] = with(pile[17], "date", "2026-02-30"), with(pile[2500], "minutes", 0), with(pile[4999], "number", "B-0000")
	town.unchanged("5,000 lines with 3 wrong", func() {
		a := town.founder.tries("enterTimeCheques", input{"communityId": town.id, "cheques": pile, "idempotencyKey": newKey()})
		var at []string
		for _, p := range a.problems() {
			at = append(at, strings.Join(p.Field, "."))
		}
		slices.Sort(at)
		same(t, "the wrong ones", at, []string{"cheques.17.date", "cheques.2500.minutes", "cheques.4999.number"})
	})
	town.founder.does("enterTimeCheques", input{"communityId": town.id, "cheques": right, "idempotencyKey": newKey()})
	same(t, "balances", town.balances(), map[string]int{"Anna": 900, "Bruno": 900, "Fatou": 900, "the community": -2700})
	town.booksAreRight()
}

// An evening's work: 500 slips in one commit, and a receipt of all of them.
func TestFiveHundredSlipsSettleInOneCommit(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	people := []*person{town.founder}
	for i := range 9 {
		people = append(people, town.welcome(fmt.Sprintf("Membre %d", i), "fr-CA"))
	}
	pile := make([]input, 500)
	for i := range pile {
		pile[i] = town.paper(fmt.Sprintf("C-%04d", i), people[i%10], people[(i+1)%10], 15)
	}
	before := ask[int](town.program, `SELECT pos::int FROM journal.head WHERE community_id = $1`, town.key())
	in := input{"communityId": town.id, "cheques": pile, "idempotencyKey": newKey()}
	started := time.Now()
	batch := town.founder.does("enterTimeCheques", in).thing("batch")
	t.Logf("500 slips settled in %s", time.Since(started))
	same(t, "minutes", batch.int("minutes"), 7500)
	same(t, "commits", ask[int](town.program, `SELECT count(DISTINCT xmin::text)::int FROM time_cheque WHERE community_id = $1`, town.key()), 1)
	same(t, "events", ask[int](town.program, `SELECT pos::int FROM journal.head WHERE community_id = $1`, town.key())-before, 500)
	town.unchanged("the same file again", func() { town.founder.does("enterTimeCheques", in) })
	_, page := town.http(http.MethodGet, "/cheque-batches/"+batch.text("id")+"/receipt.html", nil, "Authorization", "Bearer "+town.founder.bearer())
	same(t, "rows of the receipt", strings.Count(string(page), `<th scope="row">C-`), 500)
	started = time.Now()
	town.founder.does("undoTimeCheques", input{"batchId": batch.text("id"), "reason": "Pile de l’an dernier.", "idempotencyKey": newKey()})
	t.Logf("undone in %s", time.Since(started))
	same(t, "postings that undid it", ask[int](town.program, `SELECT count(DISTINCT posting_id)::int FROM ledger.transfer WHERE kind = 'REVERSAL'`), 1)
	town.booksAreRight()
}
