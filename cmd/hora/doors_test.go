// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// authenticator is a passkey as a telephone keeps one, made of what the
// specification says and not of the library under test.
type authenticator struct {
	id         string // as the server names it
	credential []byte
	handle     string // whose it is
	key        *ecdsa.PrivateKey
	uses       uint32
	origin     string
}

// base64url is how Web Authentication writes bytes in JSON.
var base64url = base64.RawURLEncoding

// data is what an authenticator says of itself: where, that a person was there and
// proved it, and how often it was used.
func (a *authenticator) data(attested []byte) []byte {
	place := sha256.Sum256([]byte("localhost"))
	flags := byte(0x01 | 0x04) // present, verified
	if attested != nil {
		flags |= 0x40
	}
	a.uses++
	return append(binary.BigEndian.AppendUint32(append(place[:], flags), a.uses), attested...)
}

func (a *authenticator) clientData(kind, challenge string) []byte {
	said, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	return said
}

func (a *authenticator) answer(response input) input {
	id := base64url.EncodeToString(a.credential)
	return input{"id": id, "rawId": id, "type": "public-key", "clientExtensionResults": input{}, "response": response}
}

// makesPasskey has the person's telephone make one; in is what it answers.
func (p *person) makesPasskey() (*authenticator, input) {
	p.t.Helper()
	begun := p.does("beginPasskeyRegistration", input{"name": "téléphone"})
	a := &authenticator{credential: make([]byte, 16), handle: begun.text("options.user.id"), origin: p.app.cfg.PublicURL}
	_, _ = rand.Read(a.credential)
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		p.t.Fatal(err)
	}
	point, err := a.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		p.t.Fatal(err)
	}
	public, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		p.t.Fatal(err)
	}
	attested := append(make([]byte, 16), 0, byte(len(a.credential)))
	attested = append(append(attested, a.credential...), public...)
	attestation, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": a.data(attested)})
	if err != nil {
		p.t.Fatal(err)
	}
	return a, input{"ceremony": begun.text("ceremony"), "response": a.answer(input{
		"clientDataJSON":    base64url.EncodeToString(a.clientData("webauthn.create", begun.text("options.challenge"))),
		"attestationObject": base64url.EncodeToString(attestation),
	})}
}

// passkey is one that the server knows.
func (p *person) passkey() *authenticator {
	p.t.Helper()
	a, in := p.makesPasskey()
	a.id = p.does("finishPasskeyRegistration", in).text("passkey.id")
	return a
}

// signs answers a sign-in that somebody begins.
func (a *authenticator) signs(by *person) input {
	by.t.Helper()
	begun := by.does("beginPasskeySignIn", input{})
	said, data := a.clientData("webauthn.get", begun.text("options.challenge")), a.data(nil)
	of := sha256.Sum256(said)
	digest := sha256.Sum256(append(data, of[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		by.t.Fatal(err)
	}
	return input{"ceremony": begun.text("ceremony"), "response": a.answer(input{
		"clientDataJSON": base64url.EncodeToString(said), "authenticatorData": base64url.EncodeToString(data),
		"signature": base64url.EncodeToString(signature), "userHandle": a.handle,
	})}
}

// posted is what a letter with a link says, and what the device that asked keeps.
type posted struct{ token, code, request string }

// readBefore are the tokens of letters that were read.
var readBefore sync.Map

// link asks for a letter and reads it.
func (p *person) link() posted {
	p.t.Helper()
	request := p.stranger().does("requestSignInLink", input{"email": p.email, "deviceName": "Tablette"}).text("requestToken")
	opens := regexp.MustCompile(`(?s)/sign-in\?token=(\S+).*\n(\d{3} \d{3})\n`)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var all []letter
		_, said := p.http(http.MethodGet, "/dev/mail", nil, "Accept", "application/json")
		if err := json.Unmarshal(said, &all); err != nil {
			p.t.Fatal(err)
		}
		for _, l := range all { // the newest first; this one is not read yet
			if found := opens.FindStringSubmatch(l.Text); l.To == p.email && found != nil {
				if _, before := readBefore.LoadOrStore(found[1], true); before {
					continue
				}
				return posted{found[1], found[2], request}
			}
		}
	}
	p.t.Fatal("no letter with a link and six digits came")
	return posted{}
}

func TestALinkSignsInOnce(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr-CA")
	letter := anna.link()
	page := "/sign-in?token=" + letter.token
	for range 3 { // as mail scanners do
		status, shown := town.http(http.MethodGet, page, nil)
		same(t, "the page", status, http.StatusOK)
		if !strings.Contains(string(shown), `method="post"`) {
			t.Errorf("the page has no button:\n%s", shown)
		}
	}
	there := town.stranger()
	session := there.does("signInWithLink", input{"token": letter.token})
	same(t, "who", session.text("viewer.person.displayName"), "Anna")
	there.take(session)
	same(t, "called", there.reads(`{ viewer { sessions { deviceName } } }`, nil).text("viewer.sessions.0.deviceName"), "Tablette")
	for what, again := range map[string]input{
		"the link again": {"token": letter.token}, "the code after the link": {"requestToken": letter.request, "code": letter.code},
		"half a link": {"token": letter.token[:30]}, "nothing": {}, "a code alone": {"code": letter.code},
	} {
		if found := there.tries("signInWithLink", again).problems(); len(found) != 1 || found[0].Code != "LINK_INVALID" {
			t.Errorf("%s: %v", what, found)
		}
	}

	late := anna.link()
	town.advance(15 * time.Minute)
	there.cannot("signInWithLink", input{"token": late.token}, "LINK_INVALID", "")
}

func TestThePageOfALinkSignsTheBrowserIn(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	letter := town.welcome("Anna", "fr-CA").link()
	press := func(headers ...string) (int, []byte) {
		return town.http(http.MethodPost, "/sign-in", []byte(url.Values{"token": {letter.token}}.Encode()),
			append(headers, "Content-Type", "application/x-www-form-urlencoded")...)
	}
	status, _ := press("Sec-Fetch-Site", "cross-site")
	same(t, "another site's button", status, http.StatusForbidden)
	status, said := press()
	same(t, "the button", status, http.StatusOK)
	if !strings.Contains(string(said), "Vous êtes en ligne") {
		t.Errorf("the page says\n%s", said)
	}
	status, _ = press()
	same(t, "pressed twice", status, http.StatusBadRequest)
}

func TestSixDigitsWorkWhereTheyWereAskedFor(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en")
	letter, theirs := anna.link(), bruno.link()
	there := town.stranger()
	there.cannot("signInWithLink", input{"requestToken": theirs.request, "code": letter.code}, "LINK_INVALID", "")
	there.take(there.does("signInWithLink", input{"requestToken": letter.request, "code": letter.code}))
	there.cannot("signInWithLink", input{"token": letter.token}, "LINK_INVALID", "")

	// Four more wrong ones, and Bruno's letter is worth nothing.
	for range 4 {
		there.cannot("signInWithLink", input{"requestToken": theirs.request, "code": "12345"}, "LINK_INVALID", "")
	}
	there.cannot("signInWithLink", input{"requestToken": theirs.request, "code": theirs.code}, "LINK_INVALID", "")
	there.cannot("signInWithLink", input{"token": theirs.token}, "LINK_INVALID", "")
}

func TestNobodyLearnsWhoHasAnAddress(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	there := town.stranger()
	kept := there.does("requestSignInLink", input{"email": "personne@example.org"}).text("requestToken")
	same(t, "letters", len(town.letters("personne@example.org", "")), 0)
	there.cannot("signInWithLink", input{"requestToken": kept, "code": "123456"}, "LINK_INVALID", "")
	there.cannot("requestSignInLink", input{"email": "personne"}, "EMAIL_INVALID", "email")
	for range 4 {
		there.does("requestSignInLink", input{"email": "personne@example.org"})
	}
	there.cannot("requestSignInLink", input{"email": "personne@example.org"}, "RATE_LIMITED", "")
}

func TestAPasskeySignsIn(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en")
	key := anna.passkey()
	there := town.stranger()
	in := key.signs(there)
	same(t, "who", there.does("finishPasskeySignIn", in).text("viewer.person.displayName"), "Anna")
	there.cannot("finishPasskeySignIn", in, "PASSKEY_REFUSED", "") // its ceremony is over

	refused := func(what string, in input) {
		t.Helper()
		if found := there.tries("finishPasskeySignIn", in).problems(); len(found) != 1 || found[0].Code != "PASSKEY_REFUSED" {
			t.Errorf("%s: %v", what, found)
		}
	}
	elsewhere := *key
	elsewhere.origin = "http://localhost.example.org"
	refused("another site's", elsewhere.signs(there))
	borrowed := *key
	borrowed.handle = bruno.passkey().handle
	refused("Bruno's handle", borrowed.signs(there))
	behind := *key
	behind.uses = 0
	refused("a copy of it", behind.signs(there))
	late := key.signs(there)
	town.advance(5 * time.Minute)
	refused("too late", late)
	refused("nothing", input{"ceremony": "", "response": input{}})

	// Another's registration, and one that was begun by somebody else.
	_, made := anna.onAnotherDevice().mayMakePasskey(key)
	bruno.cannot("finishPasskeyRegistration", made, "PASSKEY_REFUSED", "")

	there.take(there.does("finishPasskeySignIn", key.signs(there)))
	there.does("removePasskey", input{"passkeyId": key.id})
	refused("a lost key", key.signs(there))
}

// mayMakePasskey signs in with the passkey there is, which another one asks for.
func (p *person) mayMakePasskey(key *authenticator) (*authenticator, input) {
	p.t.Helper()
	p.take(p.does("finishPasskeySignIn", key.signs(p)))
	return p.makesPasskey()
}

// Who has a passkey shows it for what matters; who has none is not asked.
func TestWhatMattersAsksForThePasskeyAgain(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr-CA")
	grant := input{"memberId": anna.member, "role": "FACILITATOR"}
	town.founder.does("grantRole", grant)
	key := town.founder.passkey()
	asked := func(mutation string, in input) {
		t.Helper()
		a := town.founder.tries(mutation, in)
		if len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != forbidden || a.Errors[0].Extensions["reason"] != "STEP_UP_REQUIRED" {
			t.Errorf("%s: %s", mutation, a.raw)
		}
	}
	asked("revokeRole", grant)
	asked("grantRole", grant)
	asked("enterTimeCheques", input{"communityId": town.id, "cheques": []input{}, "idempotencyKey": newKey()})
	asked("beginPasskeyRegistration", input{})
	asked("removePasskey", input{"passkeyId": key.id})
	town.founder.take(town.founder.does("finishPasskeySignIn", key.signs(town.founder)))
	town.founder.does("revokeRole", grant)
	town.advance(15 * time.Minute)
	town.founder.take(town.founder.does("refreshSession", input{"refreshToken": town.founder.tokens.RefreshToken}))
	asked("grantRole", grant)
	town.founder.does("admitMember", input{"memberId": func() string {
		p := town.register("Jo", "fr")
		p.applies()
		return p.member
	}()})
}
