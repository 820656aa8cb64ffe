// SPDX-License-Identifier: AGPL-3.0-or-later

// Package identity knows who somebody is: persons, how they prove it, and the
// sessions their devices hold. It knows nothing of communities; what a person
// may do in one is membership's to say.
package identity

import (
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
)

// What can go wrong when somebody says who they are.
const (
	EmailInvalid       domain.Code = "EMAIL_INVALID"       // not an address mail could reach
	EmailUnavailable   domain.Code = "EMAIL_UNAVAILABLE"   // somebody registered with it
	PasswordTooWeak    domain.Code = "PASSWORD_TOO_WEAK"   // short, common, or one's own name; args: min characters
	InvalidCredentials domain.Code = "INVALID_CREDENTIALS" // e-mail or password; which of them is never said
	SessionEnded       domain.Code = "SESSION_ENDED"       // the refresh token is unknown, expired or revoked
)

// ErrTokenExpired is why an access token that was good is Unauthenticated now: a
// refresh gets the next. It is a cause, not for people.
var ErrTokenExpired = errors.New("the access token has expired")

// Person is somebody who can sign in. Names and roles inside a community belong
// to the member, of whom one person may be several.
type Person struct {
	ID          domain.ID
	Email       string // lower case; empty for somebody who has none
	DisplayName string
	Locale      string // BCP 47, of the fr or en family
	Platform    bool   // administers the server
	CreatedAt   time.Time
	Version     int
}

// Session is one device's stay. It is at once the family of its refresh tokens:
// all of them fall with it.
type Session struct {
	ID         domain.ID
	Person     domain.ID
	DeviceName string
	CreatedAt  time.Time
	LastUsedAt time.Time // the last sign-in or refresh
	ExpiresAt  time.Time // moves with use, within the session's absolute life
	EndedAt    time.Time // zero while nobody ended it
	EndedWhy   Ending
	OpenedBy   Door
}

// Door is how somebody proved who they are when they came in.
type Door string

// The doors.
const (
	ByPassword Door = "PASSWORD"
	ByCard     Door = "CARD"
	ByLink     Door = "LINK"
	ByPasskey  Door = "PASSKEY"
)

// Ending says why a session was ended before its time.
type Ending string

// The reasons a session ends.
const (
	SignedOut     Ending = "SIGNED_OUT"     // on the device itself
	Revoked       Ending = "REVOKED"        // by its person, from another device
	TokenReused   Ending = "TOKEN_REUSED"   // two parties held the same refresh token
	PasswordReset Ending = "PASSWORD_RESET" // whoever knew the old password is out
)

// Alive says whether the session still opens the door.
func (s Session) Alive(now time.Time) bool {
	return s.EndedAt.IsZero() && now.Before(s.ExpiresAt)
}

// Tokens is what a device keeps: the access token opens every request for ten
// minutes, the refresh token gets the next pair, once.
type Tokens struct {
	Access          string
	Refresh         string
	AccessExpiresAt time.Time
	Session         Session
}

// Claims is what an access token says.
type Claims struct {
	Person    domain.ID
	Session   domain.ID
	Platform  bool
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// Credentials is a person with what proves them.
type Credentials struct {
	Person       Person
	PasswordHash string // PHC text; empty when the person has no password
}

// TokenHash is all that is kept of a refresh token.
type TokenHash [32]byte

// RefreshToken is the memory of one refresh token that was handed out.
type RefreshToken struct {
	Hash     TokenHash
	Session  domain.ID
	IssuedAt time.Time
	UsedAt   time.Time // zero until it was exchanged for its successor
}

// Key is a secret that all nodes of the server share.
type Key struct {
	ID        string
	Purpose   Purpose
	Secret    []byte // 32 random bytes: an Ed25519 seed, or a MAC key
	CreatedAt time.Time
	RetiredAt time.Time // zero, or from when it is no longer trusted
}

// Purpose is the one thing a key is used for.
type Purpose string

// The purposes of keys.
const (
	ForAccess  Purpose = "ACCESS"  // signs access tokens
	ForRefresh Purpose = "REFRESH" // derives a refresh token's successor
	ForSeal    Purpose = "SEAL"    // signs checkpoints of journals; what it signed is believed for good
	ForUpload  Purpose = "UPLOAD"  // signs tickets to hand in a picture
	ForBadge   Purpose = "BADGE"   // signs badges; what it signed is believed for good
	ForLink    Purpose = "LINK"    // derives what a letter with a sign-in link says
)
