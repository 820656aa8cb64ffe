// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/hora-coop/hora/graph"
)

// secret is everybody's.
const secret = "une-heure-vaut-une-heure"

// town is a community: hours start at 900 minutes, no account goes below −600,
// times are rounded to a quarter of an hour.
type town struct {
	*program
	id, slug string
	founder  *person // its first member and coordinator
	types    func() map[string]string
}

// person is somebody with a phone, as a member of one town. Somebody without
// tokens is not signed in.
type person struct {
	*town
	name, email string
	tokens      struct {
		AccessToken, RefreshToken string
		ExpiresAt                 time.Time
	}
	member string // their id as a member, from their application on
}

// newTown boots the program with the Accorderie du Port, which Fatou founded.
func newTown(t *testing.T) *town {
	t.Helper()
	return boot(t).town("Accorderie du Port", "port")
}

// town has somebody found a community in Toronto’s time.
func (p *program) town(name, slug string) *town {
	p.t.Helper()
	return p.townIn("America/Toronto", name, slug)
}

func (p *program) townIn(zone, name, slug string) *town {
	return p.townOf("accorderie", zone, name, slug)
}

// townOf is one that starts from a preset.
func (p *program) townOf(preset, zone, name, slug string) *town {
	p.t.Helper()
	founder := "Fatou"
	if slug != "port" {
		founder += " du " + slug
	}
	w := &town{program: p, slug: slug}
	w.types = sync.OnceValue(w.catalogue)
	w.founder = w.register(founder, "fr-CA")
	w.id = w.founder.does("createCommunity", input{
		"name": name, "slug": slug, "preset": preset, "locale": "fr-CA", "timeZone": zone,
	}).text("community.id")
	w.founder.member = w.founder.reads(`query($slug: String!) { community(slug: $slug) { membership { id } } }`, input{"slug": slug}).text("community.membership.id")
	return w
}

// register makes somebody known to the program; their locale is what they read.
func (w *town) register(name, locale string) *person {
	w.t.Helper()
	address := strings.ToLower(strings.ReplaceAll(strings.NewReplacer("É", "e", "é", "e").Replace(name), " ", "."))
	p := &person{town: w, name: name, email: address + "@example.org"}
	p.take(p.does("register", input{"email": p.email, "password": secret, "displayName": name, "locale": locale}))
	return p
}

// stranger is somebody who is not signed in.
func (w *town) stranger() *person { return &person{town: w, name: "a stranger"} }

// welcome makes somebody known and a member.
func (w *town) welcome(name, locale string) *person {
	w.t.Helper()
	p := w.register(name, locale)
	p.applies()
	w.admit(p)
	return p
}

// admit welcomes applicants.
func (w *town) admit(applicants ...*person) {
	w.t.Helper()
	for _, p := range applicants {
		w.founder.does("admitMember", input{"memberId": p.member})
	}
}

// balances are the hours of all that have any, as a coordinator sees them.
func (w *town) balances() map[string]int {
	w.t.Helper()
	seen := w.founder.reads(`query($slug: String!) { community(slug: $slug) {
		account { balance } pools { purpose balance } members(first: 100) { nodes { displayName account { balance } } } } }`, input{"slug": w.slug})
	held, sum := map[string]int{}, 0
	note := func(of string, minutes int) {
		sum += minutes
		if minutes != 0 {
			held[of] = minutes
		}
	}
	note("the community", seen.int("community.account.balance"))
	for _, pool := range seen.list("community.pools") {
		note(pool.text("purpose"), pool.int("balance"))
	}
	for _, m := range seen.list("community.members.nodes") {
		note(m.text("displayName"), m.int("account.balance"))
	}
	same(w.t, "Σ of all balances", sum, 0)
	return held
}

// catalogue is the ids of service types by their codes.
func (w *town) catalogue() map[string]string {
	ids := map[string]string{}
	for _, family := range w.stranger().reads(`{ serviceTypes { children { children { id code } } } }`, nil).list("serviceTypes") {
		for _, sub := range family.list("children") {
			for _, leaf := range sub.list("children") {
				ids[leaf.text("code")] = leaf.text("id")
			}
		}
	}
	return ids
}

// in is the same person in another town.
func (p *person) in(w *town) *person {
	there := *p
	there.town, there.member = w, ""
	return &there
}

// take keeps the tokens of a payload.
func (p *person) take(payload thing) {
	p.t.Helper()
	raw, err := json.Marshal(payload["session"])
	if err == nil {
		err = json.Unmarshal(raw, &p.tokens)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// bearer is a token that holds: as an app does, it refreshes one that ended, and
// asks for the password when that does not help.
func (p *person) bearer() string {
	p.t.Helper()
	p.renewing.Lock()
	defer p.renewing.Unlock()
	if p.tokens.AccessToken == "" || p.app.clock.Now().Before(p.tokens.ExpiresAt) {
		return p.tokens.AccessToken
	}
	renewed := payloadOf(p.gql("", document("refreshSession"), input{"input": input{"refreshToken": p.tokens.RefreshToken}}))
	if renewed["session"] == nil {
		renewed = payloadOf(p.gql("", document("signIn"), input{"input": input{"email": p.email, "password": secret}}))
	}
	p.take(renewed)
	return p.tokens.AccessToken
}

// tries sends a mutation and answers whatever came of it.
func (p *person) tries(mutation string, in input, headers ...string) answer {
	p.t.Helper()
	p.settled.Store(false)
	return p.gql(p.bearer(), document(mutation), input{"input": in}, headers...)
}

// does sends a mutation that must work, and answers its payload.
func (p *person) does(mutation string, in input, headers ...string) thing {
	p.t.Helper()
	a := p.tries(mutation, in, headers...)
	if len(a.problems()) > 0 {
		p.t.Fatalf("%s cannot %s: %s", p.name, mutation, a.raw)
	}
	return payloadOf(a)
}

// reads sends a query that must work.
func (p *person) reads(query string, variables input, headers ...string) thing {
	p.t.Helper()
	a := p.gql(p.bearer(), query, variables, headers...)
	if len(a.Errors) > 0 {
		p.t.Fatalf("%s cannot read: %s", p.name, a.raw)
	}
	return a.Data
}

func (p *person) applies() {
	p.t.Helper()
	p.member = p.does("applyToJoin", input{"communityId": p.id, "message": "Bonjour !"}).text("member.id")
}

// offers publishes an offer of computer help and answers its id.
func (p *person) offers(title string) string {
	p.t.Helper()
	return p.does("createListing", input{
		"communityId": p.id, "kind": "OFFER", "title": title, "serviceTypeId": p.types()["102-A-1"],
	}).text("listing.id")
}

// answers proposes an exchange from a listing and answers its id.
func (p *person) answers(listing string, minutes int) string {
	p.t.Helper()
	return p.does("proposeExchange", input{"communityId": p.id, "listingId": listing, "minutes": minutes}).text("exchange.id")
}

// asks proposes that another gives some minutes, and answers the exchange's id.
func (p *person) asks(giver *person, minutes int) string {
	p.t.Helper()
	return p.does("proposeExchange", input{
		"communityId": p.id, "providerId": giver.member, "receiverId": p.member, "minutes": minutes, "serviceTypeId": p.types()["102-A-1"],
	}).text("exchange.id")
}

func (p *person) accepts(exchange string) thing {
	p.t.Helper()
	return p.does("acceptExchange", input{"exchangeId": exchange}).thing("exchange")
}

func (p *person) completes(exchange string, minutes int) thing {
	p.t.Helper()
	return p.does("completeExchange", input{"exchangeId": exchange, "minutes": minutes}).thing("exchange")
}

func (p *person) confirms(exchange string, minutes int) thing {
	p.t.Helper()
	return p.does("confirmExchange", input{"exchangeId": exchange, "minutes": minutes, "idempotencyKey": newKey()}).thing("exchange")
}

// gave is an exchange that the giver marked done and the other may confirm.
func (p *person) gave(to *person, minutes int) string {
	p.t.Helper()
	x := to.asks(p, minutes)
	p.accepts(x)
	p.completes(x, minutes)
	return x
}

// sees is a node as somebody sees it.
func (p *person) sees(id, fields string) thing {
	p.t.Helper()
	return p.reads(`query($id: ID!) { node(id: $id) { ... on `+fields+` } }`, input{"id": id}).thing("node")
}

// told is what a person reads in their app, newest first.
func (p *person) told(headers ...string) []thing {
	p.t.Helper()
	p.settle()
	return p.reads(`{ viewer { notifications(first: 100) { nodes {
		id kind title body due createdAt member { displayName } exchange { id } thread { id } announcement { id } community { slug } } } } }`,
		nil, headers...).list("viewer.notifications.nodes")
}

var keys atomic.Int64

// newKey is an idempotency key that nobody used.
func newKey() string { return fmt.Sprintf("key-%d", keys.Add(1)) }

// contract is the schema as the program prints it.
var contract = sync.OnceValue(func() *ast.Schema {
	return gqlparser.MustLoadSchema(&ast.Source{Name: "hora schema", Input: graph.SDL()})
})

// shown is what stories want to know of each type.
var shown = map[string]string{
	"Account": "{ id balance held available floor softFloor ceiling }", "Community": "{ id slug name }",
	"Exchange": `{ id number state version minutes { estimated actual settled } provider { displayName } receiver { displayName }
		transfers { id minutes kind } history { action state onBehalf note member { displayName } } expiresAt confirmsAt }`,
	"TimeCheque":      "{ id kind state number date minutes settledMinutes provider { displayName } receiver { displayName } enteredBy { displayName } }",
	"TimeChequeBatch": "{ id count minutes enteredBy { displayName } undoneAt undoReason }", "DeviceKey": "{ id name publicKey chequePrefix revokedAt }",
	"GroupSession": `{ id state title participantCount waitingCount settledMinutes preparationMinutes animationMinutes
		seats { member { displayName } state share } }`,
	"Activity": "{ id state kind compensation rule minutes creditedMinutes onBehalf date reason member { displayName } decidedBy { displayName } }",
	"Photo":    "{ id alt width height placeholder url(size: LARGE) }", "UploadTicket": "{ photoId url expiresAt }",
	"Listing": "{ id kind title state version member { displayName } photos { id alt } }", "Viewer": "{ person { displayName } }",
	"Member": "{ id number displayName participation roles { role until } account { balance } }",
	"Cycle":  "{ id state title }", "Project": "{ id number title stage }", "Claim": "{ id stage minutes transfer { minutes kind } }",
	"Message":          "{ id number body sender { displayName } thread { id with { displayName } } }",
	"Announcement":     "{ id audience title body }",
	"ReinvestmentPlan": `{ id title }`, "SplitAgreement": `{ id title versions { number state } }`, "SplitSettlement": `{ version minutes parts { minutes member { displayName } } }`,
	"DormantHours": "{ state contacts minutes }", "DormantBook": "{ members owed onAccount inUse usable }",
	"CycleBallot": "{ receipt entries { projectId value } }", "AllocationChallenge": "{ reason same }",
	"Thanks":      "{ id message hidden giver { displayName } member { displayName } exchange { id } givenAt }",
	"Charter":     "{ version effectiveFrom reason startingHours }",
	"Suggestion":  "{ id title state reason version suggestedBy }",
	"Star":        "{ id category reason hidden giver { displayName } member { displayName } givenAt }",
	"Endorsement": "{ id serviceType { id } hidden giver { displayName } member { displayName } givenAt withdrawnAt }",
	"Webhook":     "{ id url events state }", "WebhookDelivery": "{ id messageId event outcome tries status failure }",
	"Passkey":       "{ id name createdAt lastUsedAt }",
	"BulkOutcome":   "{ done member { displayName number participation account { balance floor } } refusal { __typename code field message } }",
	"Badge":         "{ id name criteria version validDays }",
	"IssuedBadge":   "{ id hidden evidence badge { id version } giver { displayName } member { displayName } issuedAt expiresAt revokedAt revokeReason }",
	"Admission":     "{ state statutesVersion tacitAt member { displayName } objections { reason member { displayName } } decidedBy { displayName } reasons }",
	"SessionTokens": "{ accessToken refreshToken expiresAt }", "Transfer": "{ id kind minutes note }",
	"Report":            "{ id reason details filedAt answerBy overdue answeredAt member { displayName } }",
	"Complaint":         "{ id filedAt open details complainant { displayName } member { displayName } openings { alone reason member { displayName } } }",
	"ModerationMeasure": "{ id action rule statement text until decidedAt endedAt endReason member { displayName } }",
	"Vetting":           "{ id valid seenOn expiresOn withdrawnAt withdrawReason kind { code label } member { displayName } seenBy { displayName } }",
	"DutyTemplate":      "{ id title week }", "DutyShift": "{ id startsAt placesLeft cancelReason }", "DutyBooking": "{ id outcome owed }", "DutyEntry": "{ id kind points balance reason }",
	"DutySwap": "{ id state }", "DutyLeave": "{ id state kind keepsAccess statement }",
	"BlockedMember":     "{ since resting member { displayName } }",
	"Appeal":            "{ id reason filedAt answerBy overdue mayDecide outcome statement decidedAt member { displayName } measure { id } }",
	"Decision":          `{ id state question turnout quorum roll { size } mySeat { voted } outcome { text owner { displayName } } }`,
	"Delegation":        "{ id from { id } to { id } decision { id } type until endedAt carried { id } }",
	"DecisionBallot":    "{ receipt choice marks { optionId value } reason }",
	"CharterSimulation": "{ members exchanges exchanged refusedExchanges refusedMembers differences { path } before { openings levy communityBalance pools { purpose balance } } after { openings levy communityBalance pools { purpose balance } } }",
	"ShareSubscription": "{ id quantity state parts { number shares amount { minor currency } due paidAt confirmations } member { displayName } }",
	"ShareRedemption":   "{ id quantity state ahead parts { number shares amount { minor currency } due paidAt } member { displayName } }",
	"ShareOperation":    "{ number kind shares amount { minor currency } from { displayName } to { displayName } }",
}

// document is a mutation as an app writes it, made from the contract.
func document(mutation string) string {
	field := contract().Mutation.Fields.ForName(mutation)
	var result strings.Builder
	for _, f := range contract().Types[field.Type.Name()].Fields {
		if f.Name != "userErrors" {
			result.WriteString(f.Name + " " + shown[f.Type.Name()] + " ")
		}
	}
	return fmt.Sprintf(`mutation($input: %s) { %s(input: $input) { %s userErrors {
		__typename code field message retryable ... on InsufficientHours { available required } ... on StaleVersion { currentVersion } } } }`,
		field.Arguments.ForName("input").Type, mutation, result.String())
}

// input is what a mutation takes; thing is what an answer tells.
type (
	input = map[string]any
	thing map[string]any
)

func payloadOf(a answer) thing {
	for _, payload := range a.Data {
		found, _ := payload.(map[string]any)
		return found
	}
	return nil
}

// find follows a path like "community.members.nodes.0"; nil when it ends early.
func (o thing) find(path string) any {
	var at any = map[string]any(o)
	for step := range strings.SplitSeq(path, ".") {
		switch here := at.(type) {
		case map[string]any:
			at = here[step]
		case []any:
			if i, err := strconv.Atoi(step); err == nil && i < len(here) {
				at = here[i]
			} else {
				return nil
			}
		default:
			return nil
		}
	}
	return at
}

func (o thing) text(path string) string { s, _ := o.find(path).(string); return s }

func (o thing) int(path string) int { n, _ := o.find(path).(float64); return int(n) }

func (o thing) thing(path string) thing { m, _ := o.find(path).(map[string]any); return m }

func (o thing) list(path string) []thing {
	list, _ := o.find(path).([]any)
	things := make([]thing, len(list))
	for i, one := range list {
		things[i], _ = one.(map[string]any)
	}
	return things
}

func (o thing) time(path string) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, o.text(path))
	return at
}

// texts are one field of each.
func texts(things []thing, path string) []string {
	all := make([]string, len(things))
	for i, o := range things {
		all[i] = o.text(path)
	}
	return all
}

// allAbout are those that have a value in a field.
func allAbout(things []thing, path, value string) []thing {
	return slices.DeleteFunc(things, func(o thing) bool { return o.text(path) != value })
}

// about finds the first that has a value in a field.
func about(things []thing, path, value string) thing {
	if i := slices.IndexFunc(things, func(o thing) bool { return o.text(path) == value }); i >= 0 {
		return things[i]
	}
	return nil
}
