// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"
)

// rules changes a section of the charter, for every community of the program.
func (w *town) rules(section string, rules input) {
	w.t.Helper()
	body, err := json.Marshal(input{section: rules})
	if err == nil {
		_, err = w.owner.Exec(w.t.Context(), `UPDATE charter SET body = body || $1::jsonb`, string(body))
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// offersShares gives the town shares of ten euros, ten of which make a full holder;
// more says what is unusual. It answers who keeps the register.
func (w *town) offersShares(more input) *person {
	w.t.Helper()
	rules := input{"nominal": 1000, "currency": "EUR", "minimum": 10, "lowIncomeMinimum": 1, "instalments": 4}
	maps.Copy(rules, more)
	w.rules("shares", rules)
	treasurer := w.welcome("Thérèse de "+w.slug, "fr")
	w.founder.does("grantRole", input{"memberId": treasurer.member, "role": "TREASURER"})
	return treasurer
}

func (s *scene) treasury() *person {
	s.t.Helper()
	if s.treasurer == nil {
		s.treasurer = s.offersShares(input{"texts": []input{{"code": "STATUTES", "version": "1", "title": input{"fr": "Règles", "en": "Statutes"}, "url": "https://example.org/statuts"}}})
	}
	return s.treasurer
}

// subscribes takes shares, and answers the subscription's id.
func (p *person) subscribes(quantity int) string {
	p.t.Helper()
	return p.does("subscribeShares", input{
		"communityId": p.id, "quantity": quantity, "texts": []input{{"code": "STATUTES", "version": "1"}},
	}).text("subscription.id")
}

// redeems asks for shares back, and answers the redemption's id.
func (p *person) redeems(quantity int) string {
	p.t.Helper()
	return p.does("redeemShares", input{"communityId": p.id, "quantity": quantity}).text("redemption.id")
}

// noted is a payment that the treasurer confirms.
func (p *person) noted(subscription string) thing {
	p.t.Helper()
	return p.does("confirmSharePayment", input{"subscriptionId": subscription, "reference": "VIR 2026-1"}).thing("subscription")
}

// paysOut is a part of a redemption that the treasurer confirms.
func (p *person) paysOut(redemption string) thing {
	p.t.Helper()
	return p.does("confirmShareRedemption", input{"redemptionId": redemption, "reference": "VIR 2026-2"}).thing("redemption")
}

func (s *scene) subscriber(quantity int) (*person, string) {
	s.treasury()
	p := s.newcomer()
	return p, p.subscribes(quantity)
}

func (s *scene) shareholder(quantity int) *person {
	p, subscription := s.subscriber(quantity)
	s.treasury().noted(subscription)
	return p
}

func (s *scene) annasRedemption() string {
	s.treasury().noted(s.anna.subscribes(2))
	return s.anna.redeems(1)
}

// stands is where somebody stands: facet, stage, shares held, leaving and subscribed.
func (p *person) stands() []any {
	p.t.Helper()
	m := p.sees(p.member, "Member { capital stage shares { held leaving subscribed } }")
	return []any{m.text("capital"), m.text("stage"), m.int("shares.held"), m.int("shares.leaving"), m.int("shares.subscribed")}
}

// register is the share register as a treasurer reads it: shares, capital, and what
// each holder has.
func (p *person) register(asOf any) (shares, capital int, holders map[string]int) {
	p.t.Helper()
	r := p.reads(`query($slug: String!, $day: Date) { community(slug: $slug) { shareRegister(asOf: $day) {
		shares capital { minor currency } holders(first: 100) { nodes { shares capital { minor } member { displayName } } } } } }`,
		input{"slug": p.slug, "day": asOf}).thing("community.shareRegister")
	holders = map[string]int{}
	sum := 0
	for _, h := range r.list("holders.nodes") {
		holders[h.text("member.displayName")] = h.int("shares")
		sum += h.int("capital.minor")
	}
	same(p.t, "the holders' capital", sum, r.int("capital.minor"))
	return r.int("shares"), r.int("capital.minor"), holders
}

func (p *person) newsAbout(prefix string) (kinds []string) {
	p.t.Helper()
	for _, n := range p.told() {
		if strings.HasPrefix(n.text("kind"), prefix) {
			kinds = append(kinds, n.text("kind"))
		}
	}
	return kinds
}

// La Louve: ten shares of ten euros make a member of the cooperative, one is enough
// for somebody with a low income, and all are bought back at what they were.
func TestTheFoodCoopsShares(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	none := w.welcome("Nina", "fr")
	none.cannot("subscribeShares", input{"communityId": w.id, "quantity": 1}, "SHARES_NOT_OFFERED", "")
	treasurer := w.offersShares(input{
		"secondAbove": 6000, "tailDays": 1826, "texts": []input{{"code": "STATUTES", "version": "2", "title": input{"fr": "Règles", "en": "Statutes"}, "url": "https://example.org/statuts"}},
		"redemption": []input{{"afterDays": 180, "basisPoints": 5000}, {"afterDays": 540, "basisPoints": 5000}},
	})
	anna, bruno := w.welcome("Anna", "fr"), w.welcome("Bruno", "en")
	terms := []input{{"code": "STATUTES", "version": "2"}}
	anna.cannot("subscribeShares", input{"communityId": w.id, "quantity": 10, "texts": []input{{"code": "STATUTES", "version": "1"}}}, "CONSENT_MISSING", "texts")
	same(t, "what there is to agree to", anna.sees(anna.member, "Member { shares { toAgree { title version } } }").find("shares.toAgree.0"),
		any(map[string]any{"title": "Règles", "version": "2"}))

	sub := anna.does("subscribeShares", input{"communityId": w.id, "quantity": 10, "instalments": 2, "texts": terms}).thing("subscription")
	same(t, "two instalments", []int{sub.int("parts.0.amount.minor"), sub.int("parts.1.amount.minor"), sub.int("parts.0.shares")}, []int{5000, 5000, 5})
	same(t, "Anna subscribed", anna.stands(), []any{"PENDING", "USER", 0, 0, 10})
	same(t, "the treasurer hears", treasurer.newsAbout("SHARE_"), []string{"SHARE_PAYMENT_AWAITED"})
	w.founder.cannot("confirmSharePayment", input{"subscriptionId": sub.text("id"), "reference": "VIR"}, "FORBIDDEN", "")
	treasurer.noted(sub.text("id"))
	same(t, "five are paid", anna.stands(), []any{"INVESTOR", "INVESTOR", 5, 0, 5})
	treasurer.noted(sub.text("id"))
	same(t, "ten make a full holder", anna.stands(), []any{"FULL", "INVESTOR", 10, 0, 0})
	treasurer.cannot("confirmSharePayment", input{"subscriptionId": sub.text("id"), "reference": "VIR"}, "NOTHING_DUE", "subscriptionId")
	same(t, "Anna hears twice", anna.newsAbout("SHARES_"), []string{"SHARES_PAID", "SHARES_PAID"})

	low := bruno.does("subscribeShares", input{"communityId": w.id, "quantity": 1, "lowIncome": true, "texts": terms}).text("subscription.id")
	treasurer.noted(low)
	same(t, "one is enough for Bruno", bruno.stands(), []any{"FULL", "INVESTOR", 1, 0, 0})
	same(t, "Anna does not see his", anna.sees(bruno.member, "Member { shares { held } }")["shares"], nil)

	own := treasurer.does("subscribeShares", input{"communityId": w.id, "quantity": 7, "texts": terms}).text("subscription.id")
	treasurer.cannot("confirmSharePayment", input{"subscriptionId": own, "reference": "VIR"}, "OWN_PAYMENT", "subscriptionId")
	w.founder.does("grantRole", input{"memberId": bruno.member, "role": "TREASURER"})
	w.founder.does("grantRole", input{"memberId": anna.member, "role": "BOARD"})
	same(t, "one word is not enough above the limit", bruno.noted(own).find("parts.0.paidAt"), nil)
	bruno.cannot("confirmSharePayment", input{"subscriptionId": own, "reference": "VIR"}, "CONFIRMED_BEFORE", "subscriptionId")
	same(t, "the board hears", anna.newsAbout("SHARES_SECOND"), []string{"SHARES_SECOND_AWAITED"})
	same(t, "the second is", anna.noted(own).text("state"), "DONE")

	shares, capital, holders := treasurer.register(nil)
	same(t, "the register", []any{shares, capital, holders}, []any{18, 18000, map[string]int{"Anna": 10, "Bruno": 1, treasurer.name: 7}})
	before := w.now().Format(time.DateOnly)
	w.advance(2 * day)

	back := anna.does("redeemShares", input{"communityId": w.id, "quantity": 10}).thing("redemption")
	same(t, "half in six months, half in eighteen", []int{back.int("parts.0.shares"), back.int("parts.1.shares")}, []int{5, 5})
	same(t, "she asked for all", anna.stands(), []any{"REDEEMING", "USER", 10, 10, 0})
	treasurer.cannot("confirmShareRedemption", input{"redemptionId": back.text("id"), "reference": "VIR"}, "NOT_DUE_YET", "redemptionId")
	w.advance(181 * day)
	treasurer.paysOut(back.text("id"))
	same(t, "half is paid out", anna.stands(), []any{"REDEEMING", "USER", 5, 5, 0})
	w.advance(360 * day)
	same(t, "the rest", treasurer.paysOut(back.text("id")).text("state"), "DONE")
	same(t, "Anna holds none", anna.stands(), []any{"REDEEMED", "USER", 0, 0, 0})
	after := anna.sees(anna.member, "Member { shares { liableUntil operations(first: 100) { nodes { kind shares } } } }")
	same(t, "she answers five more years", after.time("shares.liableUntil").Year()-w.now().Year(), 5)
	same(t, "her statement", texts(after.list("shares.operations.nodes"), "kind"), []string{"REDEEM", "REDEEM", "REQUEST", "PAY", "PAY", "SUBSCRIBE"})

	shares, capital, holders = treasurer.register(nil)
	same(t, "the register now", []any{shares, capital, holders}, []any{8, 8000, map[string]int{"Bruno": 1, treasurer.name: 7}})
	shares, _, _ = treasurer.register(before)
	same(t, "and as it was", shares, 18)
	anna.sheetAdds(t, treasurer)
}

// sheetAdds reads the register as a file, which adds up, and which a stranger to the
// books does not get.
func (p *person) sheetAdds(t *testing.T, treasurer *person) {
	t.Helper()
	get := func(who *person) (int, string) {
		got := who.gets("/communities/" + p.id + "/shares.csv")
		defer got.Body.Close()
		body, _ := io.ReadAll(got.Body)
		return got.StatusCode, string(body)
	}
	p.founder.does("revokeRole", input{"memberId": p.member, "role": "BOARD"})
	if status, _ := get(p); status != http.StatusForbidden {
		t.Errorf("a member reads the register: %d", status)
	}
	status, sheet := get(treasurer)
	if status != http.StatusOK || !strings.Contains(sheet, "Versement;;Anna;5;50,00;EUR;VIR 2026-1\r\n") {
		t.Errorf("%d: %s", status, sheet)
	}
}

// Mutum: the same ways lead in from both ends, and out again.
func TestBothWaysToOwnership(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	treasurer := w.offersShares(input{"nominal": 3000, "minimum": 1})

	// From use to a share.
	anna := w.welcome("Anna", "fr")
	treasurer.noted(anna.subscribes(2))
	same(t, "a member who subscribes", anna.stands(), []any{"FULL", "INVESTOR", 2, 0, 0})

	// From a share to use.
	outside := w.register("Olga", "en")
	sub := outside.does("subscribeShares", input{"communityId": w.id, "quantity": 1})
	outside.member = sub.text("subscription.id")
	outside.member = outside.reads(`query($slug: String!) { community(slug: $slug) { membership { id } } }`, input{"slug": w.slug}).text("community.membership.id")
	same(t, "an outsider who subscribes", outside.stands(), []any{"PENDING", "USER", 0, 0, 1})
	same(t, "coordinators hear of them", about(w.founder.told(), "kind", "MEMBER_APPLIED").text("member.displayName"), "Olga")
	treasurer.noted(sub.text("subscription.id"))
	same(t, "an investor", outside.stands(), []any{"FULL", "INVESTOR", 1, 0, 0})
	outside.isRefused("proposeExchange", input{"communityId": w.id, "providerId": anna.member, "minutes": 15, "serviceTypeId": w.types()["102-A-1"]}, "FORBIDDEN", "")
	w.founder.does("admitMember", input{"memberId": outside.member})
	anna.confirms(outside.gave(anna, 60), 60)
	same(t, "and a user", outside.sees(outside.member, "Member { participation capital }").text("participation"), "NEWCOMER")

	// From owning back to use.
	back := anna.redeems(2)
	same(t, "who sells back", anna.stands(), []any{"REDEEMING", "USER", 2, 2, 0})
	treasurer.paysOut(back)
	same(t, "stays a user", anna.stands(), []any{"REDEEMED", "USER", 0, 0, 0})
	anna.confirms(outside.gave(anna, 15), 15)

	shares, capital, holders := treasurer.register(nil)
	same(t, "the register", []any{shares, capital, holders}, []any{1, 3000, map[string]int{"Olga": 1}})

	// And a leaver's shares are asked back by themselves.
	outside.does("leaveCommunity", input{"communityId": w.id})
	w.settle()
	r := treasurer.sees(outside.member, "Member { capital participation shares { leaving redemptions { id quantity state } } }")
	same(t, "a leaver", []any{r.text("capital"), r.text("participation"), r.int("shares.leaving")}, []any{"REDEEMING", "LEFT", 1})
	treasurer.paysOut(r.text("shares.redemptions.0.id"))
	shares, capital, _ = treasurer.register(nil)
	same(t, "the register in the end", []int{shares, capital}, []int{0, 0})
	w.booksAreRight()
}

func TestSharesThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	treasurer := w.offersShares(input{"floor": 3000, "floorBasisPoints": 2500})
	anna, bruno, gone := w.welcome("Anna", "fr"), w.welcome("Bruno", "en"), w.welcome("Gaston", "fr")
	dario := w.register("Dario", "fr")
	dario.applies()
	gone.does("leaveCommunity", input{"communityId": w.id})
	treasurer.noted(anna.subscribes(5))
	for _, quantity := range []int{0, -1, 100_001, 2_147_483_647} {
		for mutation, in := range map[string]input{"subscribeShares": {}, "redeemShares": {}, "transferShares": {"toId": bruno.member}} {
			in["communityId"], in["quantity"] = w.id, quantity
			anna.cannot(mutation, in, "OUT_OF_RANGE", "quantity")
		}
	}
	anna.cannot("subscribeShares", input{"communityId": w.id, "quantity": 1, "instalments": 5}, "OUT_OF_RANGE", "instalments")
	anna.cannot("transferShares", input{"communityId": w.id, "toId": anna.member, "quantity": 1}, "SHARES_TO_ONESELF", "toId")
	anna.cannot("transferShares", input{"communityId": w.id, "toId": gone.member, "quantity": 1}, "MEMBER_STATE", "toId")
	anna.cannot("transferShares", input{"communityId": w.id, "toId": dario.member, "quantity": 1}, "NOT_FOUND", "toId")
	anna.cannot("transferShares", input{"communityId": w.id, "toId": bruno.member, "quantity": 6}, "NOT_ENOUGH_SHARES", "quantity")
	bruno.cannot("redeemShares", input{"communityId": w.id, "quantity": 1}, "NOT_ENOUGH_SHARES", "quantity")
	same(t, "a gift", anna.does("transferShares", input{"communityId": w.id, "toId": bruno.member, "quantity": 1, "gift": true}).text("operation.kind"), "GIFT")
	same(t, "Bruno hears", bruno.newsAbout("SHARES_"), []string{"SHARES_GIVEN"})
	same(t, "and has it", bruno.stands(), []any{"INVESTOR", "INVESTOR", 1, 0, 0})

	// Fifty euros, of which thirty are the floor: twenty may go, in turn.
	first, second := anna.redeems(3), bruno.redeems(1)
	same(t, "in turn", bruno.sees(second, "ShareRedemption { ahead }").int("ahead"), 1)
	treasurer.cannot("confirmShareRedemption", input{"redemptionId": first, "reference": "VIR"}, "CAPITAL_FLOOR", "redemptionId")
	treasurer.cannot("confirmShareRedemption", input{"redemptionId": second, "reference": "VIR"}, "CAPITAL_FLOOR", "redemptionId")
	anna.does("withdrawShareRequest", input{"requestId": first})
	treasurer.paysOut(second)
	anna.cannot("withdrawShareRequest", input{"requestId": second}, "NOT_FOUND", "")
	bruno.cannot("withdrawShareRequest", input{"requestId": second}, "NOTHING_DUE", "requestId")
	shares, capital, _ := treasurer.register(nil)
	same(t, "what is left", []int{shares, capital}, []int{4, 4000})

	// Two treasurers confirm one payment at once.
	w.founder.does("grantRole", input{"memberId": bruno.member, "role": "TREASURER"})
	sub := anna.subscribes(1)
	confirm := input{"subscriptionId": sub, "reference": "VIR"}
	done := make(chan int)
	for _, p := range []*person{treasurer, bruno} {
		go func() { done <- len(p.tries("confirmSharePayment", confirm).problems()) }()
	}
	same(t, "refusals", <-done+<-done, 1)
	shares, _, _ = treasurer.register(nil)
	same(t, "one payment", shares, 5)
}

func TestTheLegalFormsCaps(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	treasurer := w.offersShares(input{"legalForm": "SCIC", "minimum": 1})
	anna, city := w.welcome("Anna", "fr"), w.welcome("Ville", "fr")
	treasurer.does("noteShareholder", input{"memberId": city.member, "category": "PUBLIC_BODY"})
	sub := city.subscribes(3)
	treasurer.cannot("confirmSharePayment", input{"subscriptionId": sub, "reference": "VIR"}, "SCIC_PUBLIC_BODIES", "")
	treasurer.noted(anna.subscribes(3))
	treasurer.noted(sub)
	legal := treasurer.reads(`query($slug: String!) { community(slug: $slug) { shareRegister { legal { rule holds message } } } }`, input{"slug": w.slug}).list("community.shareRegister.legal")
	same(t, "what the law asks", []any{legal[0]["holds"], legal[1]["holds"]}, []any{true, false})
	if !strings.Contains(legal[1].text("message"), "trois catégories") {
		t.Errorf("in words: %s", legal[1].text("message"))
	}
	anna.cannot("transferShares", input{"communityId": w.id, "toId": city.member, "quantity": 1}, "SCIC_PUBLIC_BODIES", "")
}
