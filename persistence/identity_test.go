// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/internal/password"
	"github.com/hora-coop/hora/persistence"
	"github.com/hora-coop/hora/persistence/pgtest"
	"github.com/hora-coop/hora/server/token"
)

const (
	marieEmail    = "marie@example.org"
	mariePassword = "trois petits chats"
	homeNetwork   = "203.0.113.7"
	farNetwork    = "198.51.100.7"
)

// turnedClock is a clock that a test turns.
type turnedClock struct{ now atomic.Int64 }

func (c *turnedClock) Now() time.Time          { return time.UnixMicro(c.now.Load()).UTC() }
func (c *turnedClock) advance(d time.Duration) { c.now.Add(d.Microseconds()) }

// countedPasswords hashes for real, and counts; between may happen something
// while a password is being proven.
type countedPasswords struct {
	*password.Hasher
	verified, hashed atomic.Int64
	between          func()
}

func (p *countedPasswords) Hash(ctx context.Context, text string) (string, error) {
	p.hashed.Add(1)
	return p.Hasher.Hash(ctx, text)
}

func (p *countedPasswords) Verify(ctx context.Context, hash, text string) (right, stale bool, err error) {
	p.verified.Add(1)
	if between := p.between; between != nil {
		p.between = nil
		between()
	}
	return p.Hasher.Verify(ctx, hash, text)
}

// identityNode is one server of those that share a database.
type identityNode struct {
	*identity.Service
	db        *persistence.DB
	keys      *identity.Keyring
	issuer    *token.Issuer
	passwords *countedPasswords
}

type identityBundle struct {
	ctx   context.Context
	clock *turnedClock
	db    *persistence.DB
	*identityNode
}

var cheapPasswords = password.Cost{MemoryKiB: 8, Passes: 1, Threads: 1}

func identitySetup(t *testing.T) *identityBundle {
	t.Helper()
	t.Parallel()
	clock := &turnedClock{}
	clock.now.Store(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC).UnixMicro())
	db, err := persistence.Open(t.Context(), pgtest.URL(t), persistence.Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	b := &identityBundle{ctx: t.Context(), clock: clock, db: db}
	b.identityNode = b.node(cheapPasswords)
	return b
}

// node starts one more server on the same database.
func (b *identityBundle) node(cost password.Cost) *identityNode {
	n := &identityNode{
		db:        b.db,
		keys:      identity.NewKeyring(b.db, persistence.IdentityStore{}, b.clock),
		passwords: &countedPasswords{Hasher: password.New(cost, 4)},
	}
	n.issuer = token.New(n.keys, "https://hora.example", b.clock)
	n.Service = identity.New(b.db, persistence.IdentityStore{}, n.keys, n.passwords, n.issuer, token.NewMemory(b.clock), identity.Doors{})
	return n
}

// marie registers from home.
func (b *identityBundle) marie(t *testing.T) (identity.Person, identity.Tokens) {
	t.Helper()
	person, tokens, err := b.Register(b.ctx, identity.Register{
		Email: marieEmail, Password: mariePassword, DisplayName: "Marie Tremblay", Locale: "fr-CA",
		DeviceName: "téléphone", Network: homeNetwork,
	})
	if err != nil {
		t.Fatal(err)
	}
	return person, tokens
}

func (b *identityBundle) signIn(email, text, network string) (identity.Tokens, error) {
	_, tokens, err := b.SignIn(b.ctx, identity.SignIn{Email: email, Password: text, DeviceName: "ordinateur", Network: network})
	return tokens, err
}

// actor is who the tokens' access token says, or a failed test.
func (n *identityNode) actor(t *testing.T, tokens identity.Tokens) domain.Actor {
	t.Helper()
	actor, err := n.Authenticate(t.Context(), tokens.Access)
	if err != nil {
		t.Fatal(err)
	}
	return actor
}

// one reads one value from the database.
func one[T any](t *testing.T, db *persistence.DB, sql string, args ...any) T {
	t.Helper()
	var value T
	err := db.InPlatform(t.Context(), func(ctx context.Context, _ time.Time) error {
		return persistence.PgxTx(ctx).QueryRow(ctx, sql, args...).Scan(&value)
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func wants(t *testing.T, err error, code domain.Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Errorf("answered %v, want %s", err, code)
	}
}

func TestSomebodyRegistersAndComesBack(t *testing.T) {
	b := identitySetup(t)
	person, tokens := b.marie(t)
	actor := b.actor(t, tokens)
	if actor != (domain.Actor{Person: person.ID, Session: tokens.Session.ID}) {
		t.Errorf("known as %+v", actor)
	}
	if want := b.clock.Now().Add(identity.AccessLife); !tokens.AccessExpiresAt.Equal(want) {
		t.Errorf("the access token lasts until %v, want %v", tokens.AccessExpiresAt, want)
	}
	back, again, err := b.SignIn(b.ctx, identity.SignIn{Email: " MARIE@Example.org ", Password: mariePassword})
	if err != nil {
		t.Fatal(err)
	}
	if back != person || again.Session.ID == tokens.Session.ID {
		t.Errorf("came back as %+v in session %v", back, again.Session.ID)
	}
	if found, err := b.Person(b.ctx, person.ID); err != nil || found != person {
		t.Errorf("found %+v, %v", found, err)
	}
}

func TestAnAddressIsTakenOnce(t *testing.T) {
	b := identitySetup(t)
	b.marie(t)
	_, _, err := b.Register(b.ctx, identity.Register{
		Email: "Marie@EXAMPLE.org", Password: mariePassword, DisplayName: "Marie", Locale: "en",
	})
	problem, ok := errors.AsType[*domain.Error](err)
	if !ok || problem.Code != identity.EmailUnavailable || problem.Field != "email" {
		t.Errorf("answered %v", err)
	}
	if n := one[int](t, b.db, "SELECT count(*) FROM session"); n != 1 {
		t.Errorf("%d sessions, want Marie's only", n)
	}
}

func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	b := identitySetup(t)
	b.marie(t)
	err := b.db.InPlatform(b.ctx, func(ctx context.Context, now time.Time) error {
		return persistence.IdentityStore{}.AddPerson(ctx, identity.Person{
			ID: domain.NewID(), Email: "paul@example.org", DisplayName: "Paul", Locale: "fr", CreatedAt: now, Version: 1,
		}, "")
	})
	if err != nil {
		t.Fatal(err)
	}
	for why, try := range map[string]identity.SignIn{
		"a wrong password":             {Email: marieEmail, Password: "deux petits chats"},
		"an empty password":            {Email: marieEmail},
		"nobody's address":             {Email: "nobody@example.org", Password: mariePassword},
		"somebody without a password":  {Email: "paul@example.org"},
		"no address at all":            {Email: "marie", Password: mariePassword},
		"an address that is a control": {Email: "marie\x00@example.org", Password: mariePassword},
		"a text that is no text":       {Email: "\xff\xfe@example.org", Password: "\xff"},
	} {
		b.passwords.verified.Store(0)
		b.passwords.hashed.Store(0)
		try.Network = farNetwork
		person, tokens, err := b.SignIn(b.ctx, try)
		problem, ok := errors.AsType[*domain.Error](err)
		if !ok || fmt.Sprintf("%+v", problem) != string(identity.InvalidCredentials) || person != (identity.Person{}) || tokens != (identity.Tokens{}) {
			t.Errorf("%s: answered %v, %v, %v", why, person, tokens, err)
		}
		if v, h := b.passwords.verified.Load(), b.passwords.hashed.Load(); v != 1 || h != 0 {
			t.Errorf("%s: %d verifications and %d hashes, want the work of one verification", why, v, h)
		}
	}
}

func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	b := identitySetup(t)
	_, _, err := b.Register(b.ctx, identity.Register{Email: "x", Password: "x", Locale: "x", DeviceName: strings.Repeat("x", 101)})
	problems, _ := domain.Problems(err)
	fields := map[string]domain.Code{}
	for _, p := range problems {
		fields[p.Field] = p.Code
	}
	want := map[string]domain.Code{
		"email": identity.EmailInvalid, "password": identity.PasswordTooWeak, "displayName": domain.Required,
		"locale": domain.ValueUnknown, "deviceName": domain.TextTooLong,
	}
	if fmt.Sprint(fields) != fmt.Sprint(want) {
		t.Errorf("told %v, want %v", fields, want)
	}
	if b.passwords.hashed.Load() != 0 {
		t.Error("a refused registration was hashed")
	}
}

func TestASignInRenewsAHashThatGrewCheap(t *testing.T) {
	b := identitySetup(t)
	b.marie(t)
	kept := func() string { return one[string](t, b.db, "SELECT password_hash FROM person") }
	before := kept()
	dearer := b.node(password.Cost{MemoryKiB: 16, Passes: 1, Threads: 1})
	var both sync.WaitGroup
	for range 2 { // two devices at once: the second finds the hash already renewed
		both.Go(func() {
			if _, _, err := dearer.SignIn(b.ctx, identity.SignIn{Email: marieEmail, Password: mariePassword}); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	renewed := kept()
	if renewed == before || !strings.Contains(renewed, "$m=16,") {
		t.Errorf("kept %s, then %s", before, renewed)
	}
	if _, _, err := dearer.SignIn(b.ctx, identity.SignIn{Email: marieEmail, Password: mariePassword}); err != nil {
		t.Fatal(err)
	}
	if kept() != renewed {
		t.Error("a hash of today's cost was renewed")
	}
}

func TestDevicesAreListedAndSentAway(t *testing.T) {
	b := identitySetup(t)
	_, phone := b.marie(t)
	b.clock.advance(time.Minute)
	laptop, err := b.signIn(marieEmail, mariePassword, homeNetwork)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.advance(time.Minute)
	marie := b.actor(t, phone)
	sessions, err := b.Sessions(b.ctx, marie)
	if err != nil || len(sessions) != 2 || sessions[0] != laptop.Session || sessions[1] != phone.Session {
		t.Fatalf("listed %+v, %v", sessions, err)
	}
	stranger, _, err := b.Register(b.ctx, identity.Register{
		Email: "paul@example.org", Password: mariePassword, DisplayName: "Paul", Locale: "en",
	})
	if err != nil {
		t.Fatal(err)
	}
	wants(t, b.RevokeSession(b.ctx, domain.Actor{Person: stranger.ID}, laptop.Session.ID), domain.NotFound)
	wants(t, b.RevokeSession(b.ctx, marie, domain.NewID()), domain.NotFound)
	wants(t, b.RevokeSession(b.ctx, domain.Actor{}, laptop.Session.ID), domain.Unauthenticated)
	wants(t, b.SignOut(b.ctx, domain.Actor{}), domain.Unauthenticated)

	other := b.node(cheapPasswords)
	b.actor(t, laptop)
	other.actor(t, laptop)
	for range 2 { // twice is as good as once
		if err := b.RevokeSession(b.ctx, marie, laptop.Session.ID); err != nil {
			t.Fatal(err)
		}
	}
	_, err = b.Authenticate(b.ctx, laptop.Access)
	wants(t, err, domain.Unauthenticated)
	b.clock.advance(5 * time.Second)
	_, err = other.Authenticate(b.ctx, laptop.Access)
	wants(t, err, domain.Unauthenticated)
	_, _, err = other.Refresh(b.ctx, laptop.Refresh, homeNetwork)
	wants(t, err, identity.SessionEnded)

	if err := b.SignOut(b.ctx, marie); err != nil {
		t.Fatal(err)
	}
	_, err = b.Authenticate(b.ctx, phone.Access)
	wants(t, err, domain.Unauthenticated)
	if left, err := b.Sessions(b.ctx, marie); err != nil || len(left) != 0 {
		t.Errorf("left %+v, %v", left, err)
	}
	if why := one[string](t, b.db, "SELECT string_agg(ended_why, ' ' ORDER BY ended_why) FROM session"); why != "REVOKED SIGNED_OUT" {
		t.Errorf("they ended as %s", why)
	}
}

func TestASessionEndsByItselfWhenNobodyComes(t *testing.T) {
	b := identitySetup(t)
	_, tokens := b.marie(t)
	var err error
	start := b.clock.Now()
	for b.clock.Now().Sub(start) < identity.AbsoluteLife-identity.IdleLife {
		b.clock.advance(identity.IdleLife - time.Second)
		if _, tokens, err = b.Refresh(b.ctx, tokens.Refresh, homeNetwork); err != nil {
			t.Fatalf("after %v: %v", b.clock.Now().Sub(start), err)
		}
	}
	if want := start.Add(identity.AbsoluteLife); !tokens.Session.ExpiresAt.Equal(want) {
		t.Errorf("a session in use lasts until %v, want %v", tokens.Session.ExpiresAt, want)
	}
	b.clock.advance(tokens.Session.ExpiresAt.Sub(b.clock.Now()))
	_, _, err = b.Refresh(b.ctx, tokens.Refresh, homeNetwork)
	wants(t, err, identity.SessionEnded)
}

func TestOnlyHashesOfRefreshTokensAreKept(t *testing.T) {
	b := identitySetup(t)
	_, tokens := b.marie(t)
	_, next, err := b.Refresh(b.ctx, tokens.Refresh, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{tokens.Refresh, next.Refresh} {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(raw) != 32 {
			t.Fatalf("%q is not 256 bits", text)
		}
		hash := sha256.Sum256(raw)
		if n := one[int](t, b.db, "SELECT count(*) FROM refresh_token WHERE hash = $1", hash[:]); n != 1 {
			t.Errorf("its hash is kept %d times", n)
		}
		if n := one[int](t, b.db, "SELECT count(*) FROM refresh_token WHERE hash = $1", raw); n != 0 {
			t.Error("the token itself is kept")
		}
	}
	for _, text := range []string{"", "garbage", base64.RawURLEncoding.EncodeToString(make([]byte, 32)), tokens.Access} {
		_, _, err := b.Refresh(b.ctx, text, "")
		wants(t, err, identity.SessionEnded)
	}
}

// family is what the text of the promise says of one session's refresh tokens:
// who presents which, when, and what must follow.
type family struct {
	tokens []string
	usedAt []time.Time
	over   bool
}

// present says whether the token must be answered, and that the answer is the
// token after it.
func (f *family) present(held int, now time.Time) bool {
	last := len(f.tokens) - 1
	switch {
	case f.over:
		return false
	case held == last:
		f.tokens, f.usedAt = append(f.tokens, ""), append(f.usedAt, now)
		return true
	case held == last-1 && now.Sub(f.usedAt[held]) <= identity.RetryWindow:
		return true
	}
	f.over = true
	return false
}

func TestALostAnswerIsForgivenAndATheftIsNot(t *testing.T) {
	b := identitySetup(t)
	var registered int
	rapid.Check(t, func(rt *rapid.T) {
		registered++
		_, first, err := b.Register(b.ctx, identity.Register{
			Email: fmt.Sprintf("marie%d@example.org", registered), Password: mariePassword, DisplayName: "Marie", Locale: "fr",
		})
		if err != nil {
			rt.Fatal(err)
		}
		f := &family{tokens: []string{first.Refresh}}
		phone, thief := 0, -1        // which token of the family each holds
		access := first.Access       // the phone's
		stolen, late := false, false // what may excuse the phone's being signed out
		// refresh presents a token, several times at once if asked to.
		refresh := func(held, times int) bool {
			expected := f.present(held, b.clock.Now())
			answers := make([]identity.Tokens, times)
			errs := make([]error, times)
			var all sync.WaitGroup
			for i := range times {
				all.Go(func() { _, answers[i], errs[i] = b.Refresh(b.ctx, f.tokens[held], "") })
			}
			all.Wait()
			for i, err := range errs {
				if expected != (err == nil) || (err != nil && !errors.Is(err, identity.SessionEnded)) {
					rt.Fatalf("token %d of %d: answered %v, want success %v", held, len(f.tokens), err, expected)
				}
				if !expected {
					continue
				}
				if f.tokens[held+1] == "" {
					f.tokens[held+1] = answers[i].Refresh
				}
				if answers[i].Refresh != f.tokens[held+1] {
					rt.Fatal("one token had two successors")
				}
				access = answers[i].Access
			}
			return expected
		}
		rt.Repeat(map[string]func(*rapid.T){
			"the phone refreshes": func(*rapid.T) {
				if refresh(phone, 1) {
					phone++
				}
			},
			"the answer is lost": func(*rapid.T) { refresh(phone, 1) },
			"two screens refresh at once": func(t *rapid.T) {
				if refresh(phone, rapid.IntRange(2, 4).Draw(t, "screens")) {
					phone++
				}
			},
			"time passes": func(t *rapid.T) {
				b.clock.advance(time.Duration(rapid.SampledFrom([]int{1, 20, 60, 61, 600}).Draw(t, "seconds")) * time.Second)
				if phone < len(f.tokens)-1 && b.clock.Now().Sub(f.usedAt[phone]) > identity.RetryWindow {
					late = true // nobody asked again in time
				}
			},
			"a thief copies the phone's token": func(*rapid.T) { thief, stolen = phone, true },
			"the thief refreshes": func(*rapid.T) {
				if thief >= 0 && refresh(thief, 1) {
					thief++
				}
			},
			"": func(*rapid.T) {
				_, err := b.Authenticate(b.ctx, access)
				expired := b.clock.Now().Sub(lastUse(f, first)) > identity.AccessLife
				if f.over && !errors.Is(err, domain.Unauthenticated) {
					rt.Fatalf("the session is over, and access answers %v", err)
				}
				if !f.over && !expired && err != nil {
					rt.Fatalf("the session lives, and access answers %v", err)
				}
				if f.over && !stolen && !late {
					rt.Fatal("a phone that asked again in time was signed out")
				}
			},
		})
	})
}

func lastUse(f *family, first identity.Tokens) time.Time {
	if len(f.usedAt) == 0 {
		return first.Session.CreatedAt
	}
	return f.usedAt[len(f.usedAt)-1]
}

func TestALostAnswerIsForgivenOnAnyNodeWhileKeysChange(t *testing.T) {
	b := identitySetup(t)
	_, tokens := b.marie(t)
	nodes := []*identityNode{b.identityNode, b.node(cheapPasswords), b.node(cheapPasswords)}
	for round := range 40 {
		var answers []string
		for i := range nodes {
			_, next, err := nodes[(round+i)%len(nodes)].Refresh(b.ctx, tokens.Refresh, "")
			if err != nil {
				t.Fatalf("round %d, node %d: %v", round, i, err)
			}
			answers = append(answers, next.Refresh)
			tokens.Access, tokens.Session = next.Access, next.Session
			if round == 10 && i == 0 {
				if err := nodes[0].keys.Rotate(b.ctx, identity.ForRefresh); err != nil {
					t.Fatal(err)
				}
			}
			b.clock.advance(9 * time.Second)
		}
		if answers[0] != answers[1] || answers[1] != answers[2] {
			t.Fatalf("round %d: the nodes answered %v", round, answers)
		}
		tokens.Refresh = answers[0]
	}
	if n := one[int](t, b.db, "SELECT count(*) FROM signing_key WHERE purpose = 'REFRESH'"); n != 2 {
		t.Errorf("%d keys, want 2", n)
	}
}

func TestServersThatStartAtOnceShareTheirKeys(t *testing.T) {
	b := identitySetup(t)
	purposes := []identity.Purpose{identity.ForAccess, identity.ForRefresh}
	for round := range 10 {
		signers := make([]string, 8)
		var all sync.WaitGroup
		for i := range signers {
			node := b.node(cheapPasswords)
			all.Go(func() {
				for _, purpose := range purposes {
					key, err := node.keys.Signer(b.ctx, purpose)
					if err != nil {
						t.Error(err)
					}
					signers[i] += key.ID + string(key.Secret)
				}
			})
		}
		all.Wait()
		for _, signer := range signers {
			if signer != signers[0] {
				t.Fatal("two servers sign with different keys")
			}
		}
		if n := one[int](t, b.db, "SELECT count(*) FROM signing_key WHERE length(secret) = 32"); n != 2*(round+1) {
			t.Fatalf("%d keys, want one more of each purpose", n)
		}
		// As if all keys were gone: whoever starts next must make new ones.
		err := b.db.InPlatform(b.ctx, func(ctx context.Context, now time.Time) (err error) {
			for _, purpose := range purposes {
				err = errors.Join(err, persistence.IdentityStore{}.RetireKeys(ctx, purpose, now))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAKeyIsReplacedAndNobodyNotices(t *testing.T) {
	b := identitySetup(t)
	_, tokens := b.marie(t)
	other := b.node(cheapPasswords)
	other.actor(t, tokens)
	old, err := b.keys.Signer(b.ctx, identity.ForAccess)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.keys.Rotate(b.ctx, identity.ForAccess); err != nil {
		t.Fatal(err)
	}
	fresh := tokens
	for passed := time.Duration(0); passed < 20*time.Minute; passed += 5 * time.Second {
		if passed < identity.AccessLife {
			other.actor(t, tokens)
		}
		if passed%(2*time.Minute) == 0 {
			if _, fresh, err = b.Refresh(b.ctx, fresh.Refresh, ""); err != nil {
				t.Fatal(err)
			}
		}
		other.actor(t, fresh)
		b.actor(t, fresh)
		b.clock.advance(5 * time.Second)
	}
	now, err := b.keys.Signer(b.ctx, identity.ForAccess)
	if err != nil || now.ID == old.ID {
		t.Errorf("the old key still signs, %v", err)
	}
	document, err := other.issuer.JWKS(b.ctx)
	if err != nil || strings.Contains(string(document), old.ID) || !strings.Contains(string(document), now.ID) {
		t.Errorf("published %s, %v", document, err)
	}
}

func TestGuessesAreFewAndRightPasswordsFree(t *testing.T) {
	b := identitySetup(t)
	b.marie(t)
	for range 30 {
		if _, err := b.signIn(marieEmail, mariePassword, ""); err != nil {
			t.Fatalf("whoever knows the password was refused: %v", err)
		}
	}
	var refused, limited atomic.Int64
	var all sync.WaitGroup
	for i := range 30 { // at once: attempts are counted one by one all the same
		all.Go(func() {
			_, err := b.signIn(marieEmail, fmt.Sprint("guess ", i), "")
			switch {
			case errors.Is(err, identity.InvalidCredentials):
				refused.Add(1)
			case errors.Is(err, domain.RateLimited):
				limited.Add(1)
			default:
				t.Errorf("answered %v", err)
			}
		})
	}
	all.Wait()
	if refused.Load() != 10 || limited.Load() != 20 {
		t.Errorf("%d guesses were tried and %d refused, want 10 and 20", refused.Load(), limited.Load())
	}
	b.clock.advance(20 * time.Second)
	_, err := b.signIn(marieEmail, mariePassword, "")
	problem, ok := errors.AsType[*domain.Error](err)
	if !ok || problem.Code != domain.RateLimited || problem.Args["retryAfter"] != 40 {
		t.Errorf("answered %v, want 40 seconds to wait", err)
	}
	b.clock.advance(40 * time.Second)
	if _, err := b.signIn(marieEmail, mariePassword, ""); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

func TestAnUnknownAddressIsLimitedLikeAKnownOne(t *testing.T) {
	b := identitySetup(t)
	for i := range 11 {
		_, err := b.signIn("nobody@example.org", "guess", "")
		want := identity.InvalidCredentials
		if i == 10 {
			want = domain.RateLimited
		}
		wants(t, err, want)
	}
}

func TestStrangersCannotLockSomebodyOut(t *testing.T) {
	b := identitySetup(t)
	b.marie(t) // from home
	for range 12 * 60 {
		_, err := b.signIn(marieEmail, "guess", farNetwork)
		if !errors.Is(err, identity.InvalidCredentials) && !errors.Is(err, domain.RateLimited) {
			t.Fatal(err)
		}
		b.clock.advance(30 * time.Second)
	}
	for _, neighbour := range []string{homeNetwork, "203.0.113.99"} {
		if _, err := b.signIn(marieEmail, mariePassword, neighbour); err != nil {
			t.Errorf("Marie cannot come in from home: %v", err)
		}
	}
	b.clock.advance(100 * 24 * time.Hour) // home is forgotten, the guessing long over
	if _, err := b.signIn(marieEmail, mariePassword, farNetwork); err != nil {
		t.Error(err)
	}
}

func TestANetworkCannotWorkThroughAList(t *testing.T) {
	b := identitySetup(t)
	tried := 0
	for i := range 110 {
		_, err := b.signIn(fmt.Sprintf("person%d@example.org", i), "stolen elsewhere", fmt.Sprint("198.51.100.", i))
		if errors.Is(err, identity.InvalidCredentials) {
			tried++
		} else {
			wants(t, err, domain.RateLimited)
		}
	}
	if tried != 100 {
		t.Errorf("%d were tried, want 100", tried)
	}
	_, err := b.signIn("person@example.org", "stolen elsewhere", homeNetwork)
	wants(t, err, identity.InvalidCredentials) // another network is not touched
}

func TestARegistrationEveningFitsAndARobotDoesNot(t *testing.T) {
	b := identitySetup(t)
	register := func(i int) error {
		_, _, err := b.Register(b.ctx, identity.Register{
			Email: fmt.Sprintf("person%d@example.org", i), Password: mariePassword, DisplayName: "Person", Locale: "en", Network: homeNetwork,
		})
		return err
	}
	for i := range 100 {
		if err := register(i); err != nil {
			t.Fatal(err)
		}
	}
	wants(t, register(100), domain.RateLimited)
	b.clock.advance(10 * time.Second)
	if err := register(100); err != nil {
		t.Error(err)
	}
}

func TestAResetSendsEverybodyOut(t *testing.T) {
	b := identitySetup(t)
	_, phone := b.marie(t)
	b.actor(t, phone)
	wants(t, b.ResetPassword(b.ctx, "nobody@example.org", "quatre petits chats"), domain.NotFound)
	wants(t, b.ResetPassword(b.ctx, marieEmail, "marie tremblay"), identity.PasswordTooWeak)
	b.actor(t, phone)
	if err := b.ResetPassword(b.ctx, " Marie@example.org", "quatre petits chats"); err != nil {
		t.Fatal(err)
	}
	_, err := b.Authenticate(b.ctx, phone.Access)
	wants(t, err, domain.Unauthenticated)
	_, _, err = b.Refresh(b.ctx, phone.Refresh, homeNetwork)
	wants(t, err, identity.SessionEnded)
	_, err = b.signIn(marieEmail, mariePassword, homeNetwork)
	wants(t, err, identity.InvalidCredentials)
	if _, err := b.signIn(marieEmail, "quatre petits chats", homeNetwork); err != nil {
		t.Error(err)
	}
}

func TestAResetBeatsASignInThatIsUnderWay(t *testing.T) {
	b := identitySetup(t)
	b.marie(t)
	b.passwords.between = func() {
		if err := b.ResetPassword(b.ctx, marieEmail, "quatre petits chats"); err != nil {
			t.Error(err)
		}
	}
	_, err := b.signIn(marieEmail, mariePassword, homeNetwork)
	wants(t, err, identity.InvalidCredentials)
	if n := one[int](t, b.db, "SELECT count(*) FROM session WHERE ended_at IS NULL"); n != 0 {
		t.Errorf("%d sessions outlived the reset", n)
	}
}

func TestAnAdministratorIsMadeAtTheCommandLine(t *testing.T) {
	b := identitySetup(t)
	_, err := b.CreateAdministrator(b.ctx, "x", "x", "")
	for _, code := range []domain.Code{identity.EmailInvalid, identity.PasswordTooWeak, domain.Required} {
		wants(t, err, code)
	}
	person, err := b.CreateAdministrator(b.ctx, "Admin@Example.org", "un mot de passe long", "Admin")
	if err != nil || !person.Platform {
		t.Fatalf("made %+v, %v", person, err)
	}
	_, err = b.CreateAdministrator(b.ctx, "admin@example.org", "un mot de passe long", "Admin")
	wants(t, err, identity.EmailUnavailable)
	tokens, err := b.signIn("admin@example.org", "un mot de passe long", "")
	if err != nil {
		t.Fatal(err)
	}
	if actor := b.actor(t, tokens); !actor.Platform || actor.Person != person.ID {
		t.Errorf("known as %+v", actor)
	}
	if _, tokens, err = b.Refresh(b.ctx, tokens.Refresh, ""); err != nil || !b.actor(t, tokens).Platform {
		t.Errorf("after a refresh: %v", err)
	}
}

func TestPersonsAreFoundManyAtOnce(t *testing.T) {
	b := identitySetup(t)
	marie, _ := b.marie(t)
	admin, err := b.CreateAdministrator(b.ctx, "admin@example.org", "un mot de passe long", "Admin")
	if err != nil {
		t.Fatal(err)
	}
	found, err := b.Persons(b.ctx, []domain.ID{admin.ID, domain.NewID(), marie.ID, marie.ID})
	if err != nil || len(found) != 2 || found[marie.ID] != marie || found[admin.ID] != admin {
		t.Errorf("found %+v, %v", found, err)
	}
	if found, err := b.Persons(b.ctx, nil); err != nil || len(found) != 0 {
		t.Errorf("nobody asked for, found %+v, %v", found, err)
	}
	_, err = b.Person(b.ctx, domain.NewID())
	wants(t, err, domain.NotFound)
}

func TestWhatNoLongerMattersIsForgotten(t *testing.T) {
	b := identitySetup(t)
	_, phone := b.marie(t)
	laptop, err := b.signIn(marieEmail, mariePassword, homeNetwork)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.SignOut(b.ctx, b.actor(t, laptop)); err != nil {
		t.Fatal(err)
	}
	if _, phone, err = b.Refresh(b.ctx, phone.Refresh, homeNetwork); err != nil {
		t.Fatal(err)
	}
	counts := func() string {
		return one[string](t, b.db, `SELECT format('%s sessions, %s tokens, %s buckets',
			(SELECT count(*) FROM session), (SELECT count(*) FROM refresh_token), (SELECT count(*) FROM throttle))`)
	}
	prune := func(after time.Duration, want string) {
		t.Helper()
		b.clock.advance(after)
		for range 2 {
			if err := b.Prune(b.ctx); err != nil {
				t.Fatal(err)
			}
			if got := counts(); got != want {
				t.Errorf("kept %s, want %s", got, want)
			}
		}
	}
	prune(time.Hour, "2 sessions, 3 tokens, 1 buckets")       // that Marie is at home is still known
	prune(8*24*time.Hour, "2 sessions, 2 tokens, 1 buckets")  // the used token is forgotten
	prune(23*24*time.Hour, "1 sessions, 1 tokens, 1 buckets") // the laptop, signed out a month ago, too
	prune(30*24*time.Hour, "1 sessions, 1 tokens, 1 buckets") // the phone expired, and may still be asked about
	_, _, err = b.Refresh(b.ctx, phone.Refresh, "")
	wants(t, err, identity.SessionEnded)
	prune(31*24*time.Hour, "0 sessions, 0 tokens, 0 buckets")
}
