// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/internal/i18n"
)

// defines writes down a badge, and answers its id.
func (p *person) defines(name string, validDays int) string {
	p.t.Helper()
	return p.does("defineBadge", input{
		"communityId": p.id, "name": name, "description": "Accueille les nouveaux membres.", "criteria": "Trois ateliers animés.", "validDays": validDays,
	}).text("badge.id")
}

// issues gives somebody a badge, and answers the issued one's id.
func (p *person) issues(to *person, badge string) string {
	p.t.Helper()
	return p.does("issueBadge", input{"memberId": to.member, "badgeId": badge, "evidence": "Ateliers du 3, du 10 et du 17 mars."}).text("issuedBadge.id")
}

const badgesOf = "Member { recognition { badges { id hidden badge { name version criteria } evidence expiresAt revokedAt revokeReason giver { displayName } } } }"

func TestABadgeIsEarnedShownAndRevoked(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, clara := town.welcome("Anna", "fr"), town.welcome("Clara", "en")
	badge := town.founder.defines("Accueil", 0)
	id := town.founder.issues(anna, badge)
	news := about(anna.told(), "kind", "BADGE_ISSUED")
	same(t, "Anna is told", []string{news.text("title"), news.text("member.displayName")}, []string{i18n.Text(i18n.French, "notification.BADGE_ISSUED.title", nil), "Fatou"})

	same(t, "it is hers alone", len(clara.sees(anna.member, badgesOf).list("recognition.badges")), 0)
	same(t, "by its id, too", clara.looksFor(id), notFound)
	same(t, "Anna sees it", texts(anna.sees(anna.member, badgesOf).list("recognition.badges"), "badge.name"), []string{"Accueil"})
	same(t, "those who issue do", len(town.founder.sees(anna.member, badgesOf).list("recognition.badges")), 1)
	anna.does("showRecognition", input{"recognitionId": id, "shown": true})
	same(t, "until she shows it", texts(clara.sees(anna.member, badgesOf).list("recognition.badges"), "giver.displayName"), []string{"Fatou"})

	revised := town.founder.does("reviseBadge", input{"badgeId": badge, "version": 1, "criteria": "Cinq ateliers animés."})
	same(t, "new criteria are another version", revised.int("badge.version"), 2)
	town.founder.cannot("reviseBadge", input{"badgeId": badge, "version": 1, "criteria": "Six."}, "STALE_VERSION", "version")
	held := anna.sees(anna.member, badgesOf).thing("recognition.badges.0")
	same(t, "Anna’s stays what it was", []string{held.text("badge.criteria")}, []string{"Trois ateliers animés."})

	for _, reason := range []string{"", "   ", strings.Repeat("é", 1001)} {
		code := "REQUIRED"
		if len(reason) > 3 {
			code = "TEXT_TOO_LONG"
		}
		town.founder.cannot("revokeBadge", input{"issuedBadgeId": id, "reason": reason}, code, "reason")
	}
	anna.cannot("revokeBadge", input{"issuedBadgeId": id, "reason": "Je n’en veux plus."}, "FORBIDDEN", "")
	town.founder.does("revokeBadge", input{"issuedBadgeId": id, "reason": "Les ateliers n’ont pas eu lieu."})
	again := town.founder.does("revokeBadge", input{"issuedBadgeId": id, "reason": "Autre chose."})
	same(t, "the first reason stays", again.text("issuedBadge.revokeReason"), "Les ateliers n’ont pas eu lieu.")
	same(t, "Anna reads why", texts(anna.sees(anna.member, badgesOf).list("recognition.badges"), "revokeReason"), []string{"Les ateliers n’ont pas eu lieu."})
	told := slices.DeleteFunc(texts(anna.told(), "kind"), func(kind string) bool { return kind != "BADGE_REVOKED" })
	same(t, "Anna is told once", len(told), 1)
	same(t, "others see it no more", len(clara.sees(anna.member, badgesOf).list("recognition.badges")), 0)

	town.founder.issues(anna, badge) // a revoked one may be earned again
	town.booksAreRight()
}

func TestToWhomNoBadgeIsIssued(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	badge := town.founder.defines("Accueil", 30)
	issue := func(to *person, badge, evidence string) input {
		return input{"memberId": to.member, "badgeId": badge, "evidence": evidence}
	}
	town.founder.cannot("issueBadge", issue(town.founder, badge, "Moi."), "ONESELF", "memberId")
	town.founder.cannot("issueBadge", issue(anna, badge, " "), "REQUIRED", "evidence")
	anna.cannot("issueBadge", issue(bruno, badge, "Il est gentil."), "FORBIDDEN", "")
	town.founder.does("noteHousehold", input{"memberIds": []string{town.founder.member, bruno.member}})
	town.founder.cannot("issueBadge", issue(bruno, badge, "Chez nous."), "OWN_HOUSEHOLD", "memberId")
	town.founder.cannot("defineBadge", input{"communityId": town.id, "name": "X", "description": "X", "criteria": "X", "validDays": -1}, "OUT_OF_RANGE", "validDays")

	town.founder.issues(anna, badge)
	town.founder.cannot("issueBadge", issue(anna, badge, "Encore."), "BADGE_HELD", "badgeId")
	town.advance(31 * day)
	town.founder.issues(anna, badge) // the first has expired
	for i, a := range town.founder.atOnce("issueBadge", issue(bruno, badge, "A"), issue(anna, badge, "B"), issue(anna, badge, "C")) {
		if len(a.problems()) == 0 {
			t.Errorf("issued twice at once, %d: %s", i, a.raw)
		}
	}
	anna.does("leaveCommunity", input{"communityId": town.id})
	town.founder.cannot("issueBadge", issue(anna, town.founder.defines("Adieu", 0), "Merci."), "MEMBER_INACTIVE", "memberId")
}

// openToken takes a token apart; check says whether a key of a set signed it.
func openToken(t *testing.T, token string) (header, payload thing, check func(keys thing) bool) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("no token: %q", token)
	}
	for i, into := range []*thing{&header, &payload} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(raw, into) != nil {
			t.Fatalf("part %d cannot be read: %q", i, parts[i])
		}
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	return header, payload, func(keys thing) bool {
		for _, key := range keys.list("keys") {
			public, err := base64.RawURLEncoding.DecodeString(key.text("x"))
			if err == nil && key.text("kid") == header.text("kid") {
				return ed25519.Verify(public, []byte(parts[0]+"."+parts[1]), signature)
			}
		}
		return false
	}
}

// findsNo says that a question about an id is answered as if nobody had given it out.
func (p *person) findsNo(query, id string) {
	p.t.Helper()
	a := p.gql(p.bearer(), query, input{"id": id})
	if len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != notFound {
		p.t.Errorf("%s reads %s", p.name, a.raw)
	}
}

// fetches reads a public document, with its type.
func (w *town) fetches(url string) (status int, as, body string) {
	w.t.Helper()
	res, err := http.Get(w.address + strings.TrimPrefix(url, w.app.cfg.PublicURL))
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	read, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), string(read)
}

func TestACredentialOutlivesItsKey(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, clara := town.welcome("Anna", "fr"), town.welcome("Clara", "en")
	badge := town.founder.defines("Accueil", 365)
	id := town.founder.issues(anna, badge)
	const taken = `query($id: ID!) { badgeCredential(id: $id) { token keysUrl statusListUrl } }`
	clara.findsNo(taken, id)
	anna.does("showRecognition", input{"recognitionId": id, "shown": true})
	clara.findsNo(taken, id) // shown or not, it is Anna who takes it along

	mine := anna.reads(taken, input{"id": id}).thing("badgeCredential")
	header, payload, signed := openToken(t, mine.text("token"))
	same(t, "to whom, by whom, for what", []string{
		payload.text("credentialSubject.identifier.0.identityHash"), payload.text("issuer.name"), payload.text("credentialSubject.achievement.name"),
		payload.text("credentialSubject.achievement.version"), payload.text("evidence.0.narrative"), header.text("alg"),
	}, []string{"Anna", "Accorderie du Port", "Accueil", "1", "Ateliers du 3, du 10 et du 17 mars.", "EdDSA"})
	until, err := time.Parse(time.RFC3339, payload.text("validUntil"))
	same(t, "until", int64(payload.int("exp")), until.Unix())
	if err != nil {
		t.Fatal(err)
	}

	if err := town.app.keys.Rotate(t.Context(), identity.ForBadge); err != nil {
		t.Fatal(err)
	}
	town.advance(2 * time.Minute)
	var keys, key thing
	_, as, set := town.fetches(mine.text("keysUrl"))
	same(t, "a set of keys", as, "application/jwk-set+json")
	if err := json.Unmarshal([]byte(set), &keys); err != nil {
		t.Fatal(err)
	}
	same(t, "the old key and the new", len(keys.list("keys")), 2)
	same(t, "the old key still verifies", signed(keys), true)
	_, _, one := town.fetches(header.text("kid"))
	if err := json.Unmarshal([]byte(one), &key); err != nil {
		t.Fatal(err)
	}
	same(t, "its name is its address", key.text("kid"), header.text("kid"))
	anew, _, signedAnew := openToken(t, anna.reads(taken, input{"id": id}).text("badgeCredential.token"))
	same(t, "the new key signs now", anew.text("kid") != header.text("kid") && signedAnew(keys), true)

	status, _, profile := town.fetches(payload.text("issuer.id"))
	same(t, "the issuer says who they are", status == http.StatusOK && strings.Contains(profile, "Accorderie du Port"), true)
	for _, gone := range []string{"/badges/keys/none", "/badges/issuers/none", "/badges/status/none", "/badges/status/00000000-0000-0000-0000-000000000001"} {
		status, _, _ := town.fetches(gone)
		same(t, gone, status, http.StatusNotFound)
	}
}
