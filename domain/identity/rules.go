// SPDX-License-Identifier: AGPL-3.0-or-later

package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/mail"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hora-coop/hora/domain"
)

// How long things last.
const (
	// AccessLife is short because an access token is believed without asking who
	// stole it; long enough that a phone refreshes rarely.
	AccessLife = 10 * time.Minute
	// IdleLife lets somebody who opens the app every other month stay signed in.
	IdleLife = 60 * 24 * time.Hour
	// AbsoluteLife asks for the password once a year, however busy the device.
	AbsoluteLife = 365 * 24 * time.Hour
	// RetryWindow is how long a device whose answer was lost may ask again.
	// Shorter signs out phones in lifts; longer helps a thief.
	RetryWindow = 60 * time.Second
	// familiarFor is how long a place somebody signed in from is remembered.
	familiarFor = 90 * 24 * time.Hour
)

// Bounds of what people type, in characters.
const (
	minPassword = 10
	maxPassword = 200 // a sentence fits; hashing a novel does not
	maxName     = 100
	maxDevice   = 100
	maxEmail    = 254 // RFC 5321, as errata 1690 counts it
)

// defaultLocale is for persons made at the command line, who chose none.
const defaultLocale = "fr"

// normalEmail is the form in which addresses are kept and compared.
func normalEmail(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

// CheckEmail gives an address the form in which it is kept and compared. Only a
// message that arrives proves more.
//
// Errors: Required, EmailInvalid.
func CheckEmail(c *domain.Check, text string) string {
	email := normalEmail(text)
	if email == "" {
		c.That(false, domain.Required, "email")
		return email
	}
	c.That(isEmail(email), EmailInvalid, "email")
	return email
}

// isEmail accepts what a person would call an e-mail address.
func isEmail(email string) bool {
	unreadable := func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }
	if len(email) > maxEmail || strings.ContainsFunc(email, unreadable) {
		return false
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Name != "" || parsed.Address != email {
		return false
	}
	return isHost(email[strings.LastIndexByte(email, '@')+1:])
}

// isHost wants two labels at least: marie@gmail is a slip, not an address.
func isHost(host string) bool {
	foreign := func(r rune) bool { return r != '-' && !unicode.In(r, unicode.L, unicode.M, unicode.Nd) }
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") ||
			strings.ContainsFunc(label, foreign) {
			return false
		}
	}
	return len(labels) > 1
}

// commonPasswords are those long enough to pass, and tried first by everybody.
var commonPasswords = strings.Fields(`
	0000000000 0123456789 0987654321 1111111111 1122334455 123123123123 1231231234 1234512345 1234567890
	12345678900 12345678910 1234567891 123456789a 123456789q 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc 9876543210
	a123456789 aaaaaaaaaa abc123456789 abcd123456 abcdefghij abcdefghijkl accorderie administrateur
	administrator azerty1234 azerty12345 azerty123456 azertyuiop azertyuiopqsdfghjklm bienvenue1 bienvenue123
	bonjour123 changeme123 chocolat123 doudou1234 football123 iloveyou123 jetaime1234 letmein123 loulou1234
	marseille13 monmotdepasse motdepasse motdepasse1 motdepasse123 motdepasse1234 p@ssw0rd123 passw0rd123
	password10 password12 password123 password1234 password12345 princess123 q1w2e3r4t5 q1w2e3r4t5y6
	qwerty1234 qwerty12345 qwerty123456 qwertyuiop qwertyuiop123 qwertzuiop secret1234 soleil1234 superman123
	timebank123 welcome123 welcome1234`)

func checkPassword(c *domain.Check, password string, of Person) {
	length := utf8.RuneCountInString(password)
	switch {
	case length == 0:
		c.That(false, domain.Required, "password")
	case length > maxPassword:
		c.That(false, domain.TextTooLong, "password", "max", maxPassword, "actual", length)
	default:
		c.That(length >= minPassword && !guessable(password, of), PasswordTooWeak, "password", "min", minPassword)
	}
}

// guessable finds what a stranger who knows the person's name would try first.
func guessable(password string, of Person) bool {
	mailbox, _, _ := strings.Cut(of.Email, "@")
	first := append([]string{of.Email, mailbox, of.DisplayName}, commonPasswords...)
	return slices.ContainsFunc(first, func(guess string) bool { return strings.EqualFold(guess, password) })
}

// newPerson checks all that somebody typed to register, and tells all that is
// wrong with it at once.
func newPerson(c *domain.Check, email, password, displayName, locale string) Person {
	person := Person{
		ID:          domain.NewID(),
		Email:       CheckEmail(c, email),
		DisplayName: c.Line("displayName", displayName, 1, maxName),
		Locale:      locale,
		Version:     1,
	}
	checkPassword(c, password, person)
	c.That(domain.KnownLocale(locale), domain.ValueUnknown, "locale")
	return person
}

// newSession begins a stay on a device.
func newSession(person domain.ID, device string, door Door, now time.Time) Session {
	return Session{ID: domain.NewID(), Person: person, DeviceName: device, CreatedAt: now, OpenedBy: door}.used(now)
}

// used prolongs a session, but never beyond its absolute life.
func (s Session) used(now time.Time) Session {
	s.LastUsedAt = now
	s.ExpiresAt = now.Add(IdleLife)
	if last := s.CreatedAt.Add(AbsoluteLife); s.ExpiresAt.After(last) {
		s.ExpiresAt = last
	}
	return s
}

// ended ends a session; the first reason stays.
func (s Session) ended(now time.Time, why Ending) Session {
	if s.EndedAt.IsZero() {
		s.EndedAt, s.EndedWhy = now, why
	}
	return s
}

// verdict is what becomes of a refresh token somebody presents.
type verdict int

const (
	refused verdict = iota // the session is over
	rotated                // first use: its successor is handed out
	again                  // the answer was lost: the same successor is handed out
	stolen                 // two parties hold it: the session ends for both
)

// judge decides about a presented token, knowing its successor if it has one.
// Whoever repeats a token once the successor was used, or after the time a lost
// answer takes to be noticed, is not the device that was answered.
func judge(session Session, token RefreshToken, successor *RefreshToken, now time.Time) verdict {
	switch {
	case !session.Alive(now):
		return refused
	case token.UsedAt.IsZero():
		return rotated
	case successor != nil && successor.UsedAt.IsZero() && now.Sub(token.UsedAt) <= RetryWindow:
		return again
	}
	return stolen
}

// secret is a refresh token: 256 bits that only its device knows.
type secret [32]byte

// readSecret reads a token as it was handed out; ok is false for anything else.
func readSecret(token string) (s secret, ok bool) {
	if base64.RawURLEncoding.DecodedLen(len(token)) != len(s) {
		return s, false
	}
	n, err := base64.RawURLEncoding.Strict().Decode(s[:], []byte(token))
	return s, err == nil && n == len(s)
}

func (s secret) text() string { return base64.RawURLEncoding.EncodeToString(s[:]) }

func (s secret) hash() TokenHash { return sha256.Sum256(s[:]) }

// successor derives the token that follows. Since it follows from the old token
// and a key, a lost answer can be given again although only hashes are stored.
func (s secret) successor(key Key) secret {
	mac := hmac.New(sha256.New, key.Secret)
	mac.Write(s[:])
	return secret(mac.Sum(nil))
}

const (
	// keySettles is how long a new key waits before it signs, so that every node
	// has read it by then and none meets a token it cannot place.
	keySettles = time.Minute
	// keyRemembered is how long a node believes the list of keys it read.
	keyRemembered = keySettles / 2
	// keyHandover is how long the old key is trusted after that: what it signed
	// last must live its life, and a lost refresh its window.
	keyHandover = AccessLife + 5*time.Minute
)

// trusted keeps the keys, newest first, that are not retired yet.
func trusted(keys []Key, now time.Time) []Key {
	var kept []Key
	for _, key := range keys {
		if key.RetiredAt.IsZero() || now.Before(key.RetiredAt) {
			kept = append(kept, key)
		}
	}
	return kept
}

// signer picks, from trusted keys newest first, the one that signs: the newest
// that settled. The very first key has nobody to wait for.
func signer(keys []Key, now time.Time) Key {
	for _, key := range keys {
		if now.Sub(key.CreatedAt) >= keySettles {
			return key
		}
	}
	return keys[len(keys)-1]
}

// Limit lets Burst attempts through at once, then one per Every.
type Limit struct {
	Burst int
	Every time.Duration
}

var (
	// A person who forgot which password tries a handful; 1440 guesses a day do
	// not find one that passed checkPassword.
	signInPerAccount = Limit{Burst: 10, Every: time.Minute}
	// A whole assembly may sign in behind one address after a power cut, but a
	// list of stolen passwords is not worked through.
	signInPerNetwork = Limit{Burst: 100, Every: 2 * time.Second}
	// A registration evening fits into the burst; a robot gets a few hundred an hour.
	registerPerNetwork = Limit{Burst: 100, Every: 10 * time.Second}
	// A refresh token cannot be guessed; this only keeps strangers from keeping the
	// database busy. Six thousand devices in one building stay below it.
	refreshPerNetwork = Limit{Burst: 600, Every: 100 * time.Millisecond}
)

// Admit is the generic cell rate algorithm: one time says how full a bucket is,
// the "theoretical arrival time" at which it would be empty again. It answers
// that time after one more attempt, or how long to wait when there is no room;
// a refused attempt fills nothing, so knocking does not prolong the wait.
func (l Limit) Admit(full, now time.Time) (next time.Time, wait time.Duration) {
	if full.Before(now) {
		full = now
	}
	next = full.Add(l.Every)
	if room := next.Add(-time.Duration(l.Burst) * l.Every); room.After(now) {
		return full, room.Sub(now)
	}
	return next, 0
}

// GiveBack undoes one admitted attempt.
func (l Limit) GiveBack(full time.Time) time.Time { return full.Add(-l.Every) }

// bucket is one thing attempts are counted for.
type bucket struct {
	key   string
	limit Limit
}

// admitAll asks every bucket: all have room and are filled, or none is.
func admitAll(buckets []bucket, full map[string]time.Time, now time.Time) (next map[string]time.Time, wait time.Duration) {
	next = make(map[string]time.Time, len(buckets))
	for _, b := range buckets {
		filled, w := b.limit.Admit(full[b.key], now)
		next[b.key], wait = filled, max(wait, w)
	}
	return next, wait
}

// bucketKey names a bucket without keeping whose it is.
func bucketKey(purpose string, of ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(of, "\x00")))
	return purpose + ":" + hex.EncodeToString(sum[:])
}

// perNetwork is the bucket of a network, or none when it is not known.
func perNetwork(purpose, network string, limit Limit) []bucket {
	if network == "" {
		return nil
	}
	return []bucket{{bucketKey(purpose, Neighbourhood(network)), limit}}
}

// accountBucket counts guesses at one account. A place the person signed in from
// before has its own: strangers who keep guessing elsewhere fill only theirs and
// cannot lock the person out (OWASP's device cookies, without the cookie).
func accountBucket(email, network string, familiar bool) bucket {
	if familiar {
		return bucket{bucketKey("SIGN_IN_PLACE", email, Neighbourhood(network)), signInPerAccount}
	}
	return bucket{bucketKey("SIGN_IN_ACCOUNT", email), signInPerAccount}
}

// familiarKey marks that a person signed in from a network.
func familiarKey(email, network string) string {
	return bucketKey("FAMILIAR", email, Neighbourhood(network))
}

// Neighbourhood is the network an address is counted with: what one household or
// one attacker is usually given. Anything that is not an address stands for itself.
func Neighbourhood(network string) string {
	address, err := netip.ParseAddr(network)
	if err != nil {
		return network
	}
	address = address.Unmap().WithZone("")
	bits := 64
	if address.Is4() {
		bits = 24
	}
	prefix, _ := address.Prefix(bits) // fails only for more bits than there are
	return prefix.String()
}
