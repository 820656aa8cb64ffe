// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"fmt"
	"testing"
)

// together asks for one thing to be done with several members.
func (w *town) together(act string, members ...*person) input {
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.member
	}
	return input{"communityId": w.id, "memberIds": ids, "act": act, "idempotencyKey": newKey()}
}

// outcomes tells it in short: who, and what stands against it.
func outcomes(payload thing) []string {
	var all []string
	for _, o := range payload.list("outcomes") {
		said := o.text("member.displayName") + " " + o.text("refusal.code")
		if o["done"] == true {
			said = o.text("member.displayName") + " done"
		}
		all = append(all, said)
	}
	return all
}

// Four wait at the door, and one of them has been answered already. Fatou looks first at
// what would happen, then admits them with one gesture, which a bad network sends twice.
func TestManyAreWelcomedAtOnce(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno, clara := town.register("Anna", "fr"), town.register("Bruno", "en"), town.register("Clara", "fr")
	for _, p := range []*person{anna, bruno, clara} {
		p.applies()
	}
	town.admit(bruno)
	admit := town.together("ADMIT", anna, bruno, clara, anna)
	before := town.balances()
	expected := []string{"Anna done", "Bruno MEMBER_STATE", "Clara done"}
	town.unchanged("a dry run", func() {
		would := town.founder.does("actOnMembers", with(admit, "dryRun", true))
		same(t, "what would happen", outcomes(would), expected)
		same(t, "with how many", []int{would.int("done"), would.int("refused")}, []int{2, 1})
		same(t, "nobody is anything else", would.text("outcomes.0.member.participation"), "APPLICANT")
		why := would.thing("outcomes.1.refusal")
		same(t, "why not, and where", []any{why["__typename"], why["field"]}, []any{"WrongState", []any{"memberIds", "1"}})
	})
	same(t, "no hour moved", town.balances(), before)
	same(t, "and Anna was told nothing", len(anna.told()), 0)

	done := town.founder.does("actOnMembers", admit) // with the key that the dry run did not use up
	same(t, "it happens as was said", outcomes(done), expected)
	same(t, "Anna is in, with her hours", []int{done.int("outcomes.0.member.account.balance"), town.balances()["Clara"]}, []int{900, 900})
	same(t, "and told, as ever", about(anna.told(), "kind", "MEMBER_ADMITTED") != nil, true)
	town.unchanged("the same again", func() {
		same(t, "says the same", town.founder.does("actOnMembers", admit), done)
		same(t, "a dry run says what would happen now", outcomes(town.founder.does("actOnMembers", with(admit, "dryRun", true))),
			[]string{"Anna MEMBER_STATE", "Bruno MEMBER_STATE", "Clara MEMBER_STATE"})
		town.founder.cannot("actOnMembers", with(admit, "act", "NOTE_ORIENTATION"), "IDEMPOTENCY_KEY_REUSED", "idempotencyKey")
	})
	log := town.founder.reads(`{ community(slug: "port") { auditLog(first: 2) { nodes { action } } } }`, nil).list("community.auditLog.nodes")
	same(t, "each is written down", texts(log, "action"), []string{"MEMBER_ADMITTED", "MEMBER_ADMITTED"})
	town.booksAreRight()
}

// Whatever can be done one by one can be done with many, by the same rules.
func TestManyActs(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	clara, dario := town.register("Clara", "fr"), town.register("Dario", "fr")
	clara.applies()
	dario.applies()
	elsewhere := town.program.town("Accorderie de la Colline", "colline")

	limits := with(with(town.together("SET_ACCOUNT_LIMITS", anna, bruno, clara), "floor", -600), "ceiling", 1200)
	town.founder.cannot("actOnMembers", limits, "REQUIRED", "reason")
	limits["reason"] = "Décidé à l’assemblée."
	town.founder.cannot("actOnMembers", with(limits, "floor", 1300), "LIMITS_INVALID", "floor")
	same(t, "the same limits", outcomes(town.founder.does("actOnMembers", limits)), []string{"Anna done", "Bruno done", "Clara MEMBER_STATE"})
	same(t, "Bruno’s floor, and why", bruno.sees(bruno.member, `Member { account { floor limitChanges { nodes { reason } } } }`).text("account.limitChanges.nodes.0.reason"), "Décidé à l’assemblée.")

	gift := town.together("GIVE_HOURS", anna, bruno, clara)
	town.founder.cannot("actOnMembers", with(gift, "minutes", 0), "MINUTES_OUT_OF_RANGE", "minutes")
	gift["minutes"], gift["reason"] = 60, "Merci pour la fête !"
	for range 2 {
		same(t, "an hour from the community", outcomes(town.founder.does("actOnMembers", gift)), []string{"Anna done", "Bruno done", "Clara MEMBER_STATE"})
	}
	same(t, "once", []int{town.balances()["Anna"], town.balances()["Bruno"]}, []int{960, 960})

	same(t, "welcomed in the hall", outcomes(town.founder.does("actOnMembers", town.together("NOTE_ORIENTATION", anna, dario))), []string{"Anna done", "Dario done"})
	no := town.together("DECLINE", clara, dario, anna)
	town.founder.cannot("actOnMembers", no, "REQUIRED", "reason")
	no["reason"] = "Il n’y a plus de place cette année."
	same(t, "one answer to many", outcomes(town.founder.does("actOnMembers", no)), []string{"Clara done", "Dario done", "Anna MEMBER_STATE"})

	anna.does("pauseMembership", input{"communityId": town.id})
	same(t, "nobody is admitted out of a rest", outcomes(town.founder.does("actOnMembers", town.together("ADMIT", anna))), []string{"Anna MEMBER_STATE"})
	bruno.cannot("actOnMembers", town.together("ADMIT", anna), "FORBIDDEN", "")
	town.founder.cannot("actOnMembers", with(town.together("ADMIT", anna), "memberIds", []string{anna.member, elsewhere.founder.member}), notFound, "memberIds")
	town.founder.cannot("actOnMembers", with(town.together("ADMIT"), "memberIds", []string{}), "OUT_OF_RANGE", "memberIds")
	many := town.together("ADMIT")
	for range 201 {
		many["memberIds"] = append(many["memberIds"].([]string), anna.member)
	}
	town.founder.cannot("actOnMembers", many, "OUT_OF_RANGE", "memberIds")
	town.booksAreRight()
}

// Fatou’s role is in doubt just when it is the third one’s turn. She hears that she may
// not, the first two stay in, and later the same sent again does the rest.
func TestWhatWasBrokenOffGoesOn(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	var waiting []*person
	for _, name := range []string{"Anna", "Bruno", "Clara", "Dario"} {
		p := town.register(name, "fr")
		p.applies()
		waiting = append(waiting, p)
	}
	sql := func(statement string) {
		t.Helper()
		if _, err := town.owner.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	sql(`CREATE FUNCTION end_roles() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN UPDATE public.role_grant SET revoked_at = from_at; RETURN NULL; END'`)
	sql(fmt.Sprintf(`CREATE TRIGGER end_roles AFTER INSERT ON bulk_outcome FOR EACH ROW WHEN (NEW.member_id = '%x') EXECUTE FUNCTION end_roles()`, keyOf(waiting[2].member)))
	admit := town.together("ADMIT", waiting...)
	same(t, "she may not", town.founder.tries("actOnMembers", admit).problems()[0].Code, "FORBIDDEN")
	states := func() []string {
		var all []string
		for _, p := range waiting {
			all = append(all, p.reads(`{ viewer { memberships(first: 1) { nodes { participation } } } }`, nil).text("viewer.memberships.nodes.0.participation"))
		}
		return all
	}
	same(t, "two are in", states(), []string{"NEWCOMER", "NEWCOMER", "APPLICANT", "APPLICANT"})
	sql(`DROP TRIGGER end_roles ON bulk_outcome`)
	same(t, "all were admitted by it", outcomes(town.founder.does("actOnMembers", admit)), []string{"Anna done", "Bruno done", "Clara done", "Dario done"})
	same(t, "and are in", states(), []string{"NEWCOMER", "NEWCOMER", "NEWCOMER", "NEWCOMER"})
	same(t, "once each", town.balances()["Anna"], 900)
	town.booksAreRight()
}

// Fifty at once are one document, well within what one may cost and how long it may take.
func TestFiftyMembersAtOnce(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	gift := with(with(town.together("GIVE_HOURS"), "minutes", 15), "reason", "Bonne année !")
	for i := range 50 {
		m := town.founder.does("registerMember", input{"communityId": town.id, "displayName": fmt.Sprintf("Voisin %d", i)})
		gift["memberIds"] = append(gift["memberIds"].([]string), m.text("member.id"))
	}
	same(t, "each in turn", town.founder.does("actOnMembers", gift).int("done"), 50)
	same(t, "from the community", town.balances()["the community"], -51*900-50*15)
	town.booksAreRight()
}
