// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// hoursMove are the mutations that never go without a key.
var hoursMove = []string{
	"confirmExchange", "giveHours", "recordSponsorHours", "takeBackHours", "reverseTransfer", "correctTransfer", "writeTimeCheque", "depositTimeCheque", "enterTimeCheques",
	"actOnMembers",
}

// harmless says of each mutation without a key why sending it again does nothing
// more; a test sends each twice. Whatever creates or posts takes a key instead.
var harmless = map[string]string{
	"cancelDuty": "a booking ends once", "cancelDutyShift": "a shift is called off once", "closeDutyDay": "a day is closed once",
	"decideLeave": "leave is decided on once", "endDutyTemplate": "it ends once", "endLeave": "leave ends once",
	"recordAttendance": "a booking is noted once", "setDutyPattern": "it stays as it is", "withdrawDutySwap": "an offer is taken back once",
	"register":                  "an address registers once",
	"simulateCharter":           "it writes nothing",
	"signIn":                    "a session more is nobody’s loss, and shows in their list",
	"refreshSession":            "a minute long the same token gives the same pair",
	"signOut":                   "who is signed out is signed out",
	"revokeSession":             "as for signOut",
	"markRead":                  "read is read",
	"noteOrientation":           "who was welcomed, was welcomed",
	"objectToAdmission":         "who objected has objected",
	"decideAdmission":           "an admission ends once",
	"declineApplication":        "an application is answered once",
	"pauseMembership":           "who rests, rests",
	"resumeMembership":          "who is back, is back",
	"revokeRole":                "a role that is not held stays so",
	"updateListing":             "its version is of before",
	"markListingMet":            "it is met",
	"archiveListing":            "it is gone",
	"approveListing":            "it is published",
	"signInWithNumber":          "as for signIn",
	"signInWithCard":            "as for signIn",
	"revokeCard":                "a lost card is lost",
	"revokeDeviceKey":           "a device that may sign no more, may not",
	"withdrawHelper":            "a consent ends once",
	"confirmUpload":             "the picture is there",
	"cancelCycle":               "it is cancelled",
	"reviseSplit":               "the new wording waits already",
	"signSplit":                 "signed is signed",
	"refuseSplit":               "it is refused",
	"endPlan":                   "it is ended",
	"reviewProject":             "the same word on it changes nothing",
	"withdrawProject":           "it is withdrawn",
	"withdrawSuggestion":        "it is withdrawn",
	"declineSuggestion":         "a suggestion is answered once",
	"removeSuggestion":          "it is out of sight",
	"castBudgetBallot":          "the last ballot counts, and it is the same",
	"approveClaim":              "nobody approves twice",
	"declineClaim":              "a claim is answered once",
	"requestSignInLink":         "a letter more is nobody’s loss, and there are five at most",
	"signInWithLink":            "a link works once",
	"removePasskey":             "a lost key is lost",
	"enableWebhook":             "who is told, is told",
	"removeWebhook":             "who is told nothing, is told nothing",
	"testWebhook":               "a test more says as little",
	"redeliverWebhook":          "receivers tell by its id",
	"beginPasskeyRegistration":  "what no device answers is forgotten",
	"finishPasskeyRegistration": "a ceremony is answered once",
	"beginPasskeySignIn":        "what no device answers is forgotten",
	"finishPasskeySignIn":       "a ceremony is answered once",

	"openDraft":        "a draft opens once",
	"castBallot":       "the last ballot counts, and it is the same",
	"revokeDelegation": "it has ended",
	"declareConflict":  "who left the denominator has left it",
	"withdrawDecision": "it is withdrawn",
	"setOutcome":       "the same words change nothing",

	"hideThanks":          "what is hidden is hidden",
	"showRecognition":     "what is shown is shown",
	"withdrawEndorsement": "its end has a date",
	"reviseBadge":         "its version is of before",
	"revokeBadge":         "its end has a date and a reason",
	"undoMeasure":         "it has ended",
	"noteHandedOver":      "the first time counts",
	"withdrawVetting":     "it was withdrawn",
	"removeMinor":         "nothing is noted any more",
	"blockMember":         "who is blocked, is blocked",
	"unblockMember":       "who is blocked no more, is blocked no more",
	"noteHousehold":       "who lives together lives together",

	"withdrawGuardianConsent": "it was withdrawn",

	"acceptShareTerms":     "what was agreed to is agreed to",
	"withdrawShareRequest": "what was taken back is taken back",
	"noteShareholder":      "the same word on somebody changes nothing",
}

// renewing are those whose repetition makes a new secret: one is never told twice.
var renewing = []string{"giveCard", "rotateWebhookSecret"}

func hasKey(mutation string) bool {
	return slices.Contains(fieldsOf(mutation, "String"), "idempotencyKey")
}

// keyed are the mutations that take a key.
func keyed(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(mutations(t), func(m string) bool { return !hasKey(m) })
}

func TestWhateverCreatesOrPostsTakesAKey(t *testing.T) {
	t.Parallel()
	for _, mutation := range mutations(t) {
		switch why, known := harmless[mutation]; {
		case hasKey(mutation) && known:
			t.Errorf("%s takes a key; strike it from harmless, where it says: %s", mutation, why)
		case slices.Contains(renewing, mutation):
		case !hasKey(mutation) && !known:
			t.Errorf("%s takes no idempotencyKey. If it creates or posts, give its input one and its use case a Tx.Once; "+
				"else say in harmless why doing it twice does no harm", mutation)
		}
		if slices.Contains(hoursMove, mutation) && !slices.Contains(requiredOf(mutation), "idempotencyKey") {
			t.Errorf("%s moves hours: its idempotencyKey must be required", mutation)
		}
	}
	for mutation := range harmless {
		if contract().Mutation.Fields.ForName(mutation) == nil {
			t.Errorf("harmless speaks of %s, which is no mutation", mutation)
		}
	}
}

// requiredOf are the fields that a mutation's input cannot leave out.
func requiredOf(mutation string) []string {
	var names []string
	for _, f := range contract().Types[contract().Mutation.Fields.ForName(mutation).Arguments.ForName("input").Type.Name()].Fields {
		if f.Type.NonNull && f.DefaultValue == nil {
			names = append(names, f.Name)
		}
	}
	return names
}

func TestWhatTakesNoKeyDoesNothingTheSecondTime(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	for _, mutation := range mutations(t) {
		if hasKey(mutation) || slices.Contains(renewing, mutation) {
			continue
		}
		c := calls[mutation](s)
		c.by.does(mutation, c.in)
		s.unchanged(mutation+" once more", func() { c.by.tries(mutation, c.in) })
	}
}

// What a phone sends fifty times at once happens as if it had been sent once, and
// each time the answer is the same; all but one say that it is a repetition.
func TestFiftySendsOfOneKeyAreOne(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	s.helped() // Anna’s first help is a milestone, and adds rows of its own
	first := calls["giveDutyPoints"](s)
	first.by.does("giveDutyPoints", first.in) // the common counter is there from then on
	for _, mutation := range keyed(t) {
		alone, c := calls[mutation](s), calls[mutation](s)
		once := s.grows(func() { alone.by.does(mutation, alone.in) })
		var answers []answer
		fifty := s.grows(func() { answers = c.by.atOnce(mutation, slices.Repeat([]input{c.in}, 50)...) })
		same(t, mutation+": the rows it adds", fifty, once)
		if len(answers[0].problems()) > 0 {
			t.Errorf("%s: %s", mutation, answers[0].raw)
		}
		repeated := 0
		for i, a := range answers {
			same(t, fmt.Sprintf("%s: answer %d", mutation, i), a.Data, answers[0].Data)
			repeated += len(a.Extensions.Replayed)
		}
		same(t, mutation+": answers that say they are repeated", repeated, 49)
	}
	s.booksAreRight()
}

// grows does something and says how many rows each table has more after it.
func (p *program) grows(do func()) map[string]int {
	p.t.Helper()
	rows := func() map[string]int {
		p.settle()
		all := map[string]int{}
		for table, content := range p.snapshot() {
			n, _, _ := strings.Cut(content, " ")
			all[table], _ = strconv.Atoi(n)
		}
		return all
	}
	before := rows()
	do()
	p.settled.Store(false)
	more := rows()
	for table, n := range more {
		if more[table] = n - before[table]; more[table] == 0 {
			delete(more, table)
		}
	}
	return more
}

// The note of a key lies in the database: a phone that sends its drafts again to a
// server that was started anew gets the first results.
func TestAKeySurvivesARestart(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	sent, first := map[string]call{}, map[string]thing{}
	for _, mutation := range keyed(t) {
		sent[mutation] = calls[mutation](s)
		sent[mutation].by.does(mutation, sent[mutation].in)
	}
	for mutation, c := range sent { // what they answer now, after all of them
		first[mutation] = c.by.does(mutation, c.in)
	}
	s.settle()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	later := &clock{}
	later.Advance(time.Until(s.now())) // the scene's own time
	restarted, err := Open(t.Context(), serverConfig{Listen: "localhost:0"}, s.app.url, quiet, later)
	if err != nil {
		t.Fatal(err)
	}
	defer restarted.Close()
	front := httptest.NewServer(restarted.Handler)
	defer front.Close()
	s.address = front.URL
	s.unchanged("every draft once more", func() {
		for mutation, c := range sent {
			a := c.by.tries(mutation, c.in)
			same(t, mutation+" after a restart", payloadOf(a), first[mutation])
			same(t, mutation+" is told as repeated", a.Extensions.Replayed, []string{mutation})
		}
	})
}

// An app with several drafts learns which of them had already happened.
func TestARepetitionIsNamedAsInTheDocument(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	gifts := func(first, second string) answer {
		return anna.gql(anna.bearer(), `mutation($from: ID!, $to: ID!, $first: String!, $second: String!) {
			one: giveHours(input: { from: $from, to: $to, minutes: 5, idempotencyKey: $first }) { transfer { id } }
			two: giveHours(input: { from: $from, to: $to, minutes: 6, idempotencyKey: $second }) { transfer { id } } }`,
			input{"from": anna.account(), "to": bruno.account(), "first": first, "second": second})
	}
	same(t, "both are new", gifts("a", "b").Extensions.Replayed, nil)
	same(t, "the first is known", gifts("a", "c").Extensions.Replayed, []string{"one"})
	same(t, "both are known", gifts("a", "b").Extensions.Replayed, []string{"one", "two"})
	same(t, "Bruno’s hours", town.balances()["Bruno"], 900+5+6+6)
}

// One key, drawn for one intention, does for no other of the same person.
func TestAKeyDoesForNoOtherMutation(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	used := map[*person]string{}
	tried := 0
	for _, mutation := range keyed(t) {
		c := calls[mutation](s)
		key, known := used[c.by]
		switch {
		case mutation == "createCommunity": // a key is of one community, and this one is yet to be
		case known:
			tried++
			c.by.cannot(mutation, with(c.in, "idempotencyKey", key), "IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
		default:
			used[c.by] = c.in["idempotencyKey"].(string)
			c.by.does(mutation, c.in)
		}
	}
	if tried < 12 {
		t.Errorf("only %d mutations were tried", tried)
	}
}

// Every mutation that takes a key: the same again changes nothing and answers the
// same, and the key of one thing does for no other, whatever differs.
func TestAKeyIsForOneThing(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	varied := 0
	for _, mutation := range keyed(t) {
		c, other := calls[mutation](s), calls[mutation](s)
		first := c.by.does(mutation, c.in)
		before := varied
		s.unchanged(mutation+" once more", func() {
			same(t, mutation+" answers the second time", c.by.does(mutation, c.in), first)
			for _, field := range slices.Sorted(maps.Keys(c.in)) {
				if changed := differently(mutation, field, c.in[field], other.in[field]); changed != nil {
					varied++
					c.by.isRefused(mutation, with(c.in, field, changed), "IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
				}
			}
		})
		if varied == before && len(c.in) > 2 {
			t.Errorf("%s: the tests know no other input to send under its key", mutation)
		}
	}
	if varied < 35 {
		t.Errorf("only %d fields were varied", varied)
	}
}

// differently is another value that a field could have had; nil when there is none.
func differently(mutation, field string, value, other any) any {
	switch {
	case field == "bearer":
		return nil // the community is not charged by everybody, which is refused before the key is looked at
	case field == "kind" && mutation == "requestUpload":
		return nil // there is one
	}
	of := contract().Types[contract().Mutation.Fields.ForName(mutation).Arguments.ForName("input").Type.Name()].Fields.ForName(field).Type
	for _, v := range contract().Types[of.Name()].EnumValues {
		if of.Elem == nil && v.Name != value {
			return v.Name
		}
	}
	switch {
	case field == "communityId" || field == "idempotencyKey":
		return nil // each community keeps its own keys
	case field == "cheques":
		return other // of the other call: a slip with another number
	case field == "activityKind":
		return "COMMITTEE"
	case field == "firstOn" || field == "comesOfAgeOn":
		return time.Now().AddDate(1, 0, 0).Format(time.DateOnly) // which is still to come
	case field == "until" && mutation == "requestLeave":
		return time.Now().AddDate(0, 0, 50).Format(time.DateOnly) // between its two days
	case field == "date" || field == "seenOn" || field == "expiresOn":
		return "2026-01-15"
	case field == "locale":
		return "en"
	case field == "language":
		return "en-CA"
	case field == "timeZone":
		return "Europe/Paris"
	case field == "preset":
		return "commons"
	case field == "email":
		return "autre@example.org"
	case field == "serviceTypeId":
		return "UzEwMi1BLTI" // 102-A-2
	case field == "contentType":
		return "image/png"
	case field == "availability":
		return []string{"SUNDAY"}
	case field == "place" && mutation == "createListing":
		return input{"latitude": 46, "longitude": -73.6}
	case slices.Contains([]string{"providerId", "receiverId", "from", "to", "helperId", "bearer"}, field):
		return nil // of other people, which is refused before the key is looked at
	}
	switch v := value.(type) {
	case int:
		return v + 15
	case float64:
		return v + 1
	case bool:
		return !v
	case time.Time:
		return v.Add(time.Hour)
	case string:
		switch {
		case other != value:
			return other // of the other call: an id, or a text of its own
		case strings.HasSuffix(field, "Id"):
			return nil
		}
		return v + " autrement"
	}
	return nil
}

func TestAKeyIsKeptForThirtyDays(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	gift := input{"from": anna.account(), "to": bruno.account(), "minutes": 15, "idempotencyKey": "a gift"}
	anna.does("giveHours", gift)
	town.advance(29 * day)
	anna.does("giveHours", gift)
	same(t, "Bruno’s hours", town.balances()["Bruno"], 915)
	town.advance(2 * day)
	anna.does("giveHours", gift)
	same(t, "Bruno’s hours a month later", town.balances()["Bruno"], 930)
}
