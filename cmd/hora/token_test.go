// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/persistence"
	"github.com/hora-coop/hora/server/token"
)

// opens asks for what only somebody who is signed in may have.
func (p *program) opens(token string) bool {
	p.t.Helper()
	a := p.gql(token, `{ community(slug: "port") { members { nodes { id } } } }`, nil)
	switch {
	case len(a.Errors) == 0:
		return true
	case a.problems()[0].Code != "UNAUTHENTICATED":
		p.t.Errorf("a token answers %s", a.raw)
	}
	return false
}

// isNoKey checks that a token opens nothing, in both languages.
func (w *town) isNoKey(what, token string) {
	w.t.Helper()
	if w.opens(token) {
		w.t.Errorf("%s opens the door", what)
	}
	somebody := w.stranger()
	somebody.tokens.AccessToken, somebody.tokens.ExpiresAt = token, w.now().Add(day)
	somebody.cannot("createListing", input{"communityId": w.id, "kind": "OFFER", "title": "Pain", "serviceTypeId": w.types()["102-A-1"]}, "UNAUTHENTICATED", "")
	if me := w.gql(token, `{ viewer { person { id } } }`, nil); me.Data["viewer"] != nil {
		w.t.Errorf("%s is somebody: %s", what, me.raw)
	}
}

func TestTokensThatOpenNothing(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	real := anna.bearer()
	if !town.opens(real) {
		t.Fatal("Anna’s own token opens nothing")
	}
	var claims jwt.MapClaims
	parsed, _, err := jwt.NewParser().ParseUnverified(real, &claims)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(method jwt.SigningMethod, key any) string {
		forgery := jwt.NewWithClaims(method, claims)
		forgery.Header["kid"] = parsed.Header["kid"]
		signed, err := forgery.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	_, ofAnother, _ := ed25519.GenerateKey(nil)
	_, jwks := town.http("GET", "/.well-known/jwks.json", nil)
	parts := strings.Split(real, ".")
	for what, forged := range map[string]string{
		"a token of another key":         sign(jwt.SigningMethodEdDSA, ofAnother),
		"a token without a signature":    sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
		"one signed with the public key": sign(jwt.SigningMethodHS256, jwks),
		"its signature left out":         parts[0] + "." + parts[1] + ".",
		"another’s signature":            parts[0] + "." + parts[1] + "." + strings.Split(town.founder.bearer(), ".")[2],
		"garbage":                        "garbage",
		"three dots":                     "...",
		"a hundred kilobytes":            strings.Repeat("a", 20_000),
	} {
		town.isNoKey(what, forged)
	}
}

func TestATokenOfAnotherServer(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	person, session := ask[[16]byte](town.program, `SELECT id FROM person WHERE email = $1`, anna.email),
		ask[[16]byte](town.program, `SELECT s.id FROM session s JOIN person p ON p.id = s.person_id WHERE p.email = $1`, anna.email)
	keys := identity.NewKeyring(town.app.db, persistence.IdentityStore{}, town.app.clock)
	signed := func(server string, from, until time.Duration) string {
		now := town.app.clock.Now()
		text, err := token.New(keys, server, town.app.clock).Sign(t.Context(), identity.Claims{
			Person: domain.ID(person), Session: domain.ID(session), IssuedAt: now.Add(from), ExpiresAt: now.Add(until),
		})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if !town.opens(signed(town.app.cfg.PublicURL, 0, time.Minute)) {
		t.Error("a token of this server opens nothing")
	}
	town.isNoKey("a token of another server", signed("https://hora.example.org", 0, time.Minute))
	town.isNoKey("a token from tomorrow", signed(town.app.cfg.PublicURL, day, day+time.Minute))
	town.isNoKey("a token of yesterday", signed(town.app.cfg.PublicURL, -day, -day+time.Minute))
}

func TestATokenEnds(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	before := anna.bearer()
	town.advance(9*time.Minute + 50*time.Second)
	if !town.opens(before) {
		t.Error("a token ends before its ten minutes")
	}
	town.advance(20 * time.Second)
	town.isNoKey("a token after ten minutes", before)
	if after := anna.bearer(); after == before || !town.opens(after) {
		t.Error("refreshing the session does not open the door again")
	}

	elsewhere := anna.onAnotherDevice()
	anna.does("revokeSession", input{"sessionId": elsewhere.session()})
	town.isNoKey("the token of a lost phone", elsewhere.tokens.AccessToken)
	elsewhere.cannot("refreshSession", input{"refreshToken": elsewhere.tokens.RefreshToken}, "SESSION_ENDED", "")
	anna.does("signOut", input{})
	town.isNoKey("a token after signing out", anna.tokens.AccessToken)
}

func TestAnAddressInOtherCase(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.register("Anna", "fr")
	again := input{"email": " ANNA@Example.ORG ", "password": secret, "displayName": "Anna bis", "locale": "en"}
	town.stranger().cannot("register", again, "EMAIL_UNAVAILABLE", "email")
	found := town.stranger().does("signIn", input{"email": "Anna@EXAMPLE.org", "password": secret})
	same(t, "who signed in", found.text("viewer.person.displayName"), "Anna")
	same(t, "her address", anna.reads(`{ viewer { person { email } } }`, nil).text("viewer.person.email"), "anna@example.org")
	town.stranger().cannot("signIn", input{"email": "ANNA@example.org", "password": secret + "!"}, "INVALID_CREDENTIALS", "")
	town.stranger().cannot("signIn", input{"email": "nobody@example.org", "password": secret}, "INVALID_CREDENTIALS", "")
}
