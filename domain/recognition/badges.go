// SPDX-License-Identifier: AGPL-3.0-or-later

package recognition

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// BadgeHeld is a badge that its member holds already: not revoked, not expired.
const BadgeHeld domain.Code = "BADGE_HELD"

// longestValidity bounds how many days a badge holds: ten years.
const longestValidity = 3650

// Badge is what a community lets its members earn by criteria that it writes down.
type Badge struct {
	Community   domain.ID
	ID          domain.ID
	Name        string
	Description string
	Version     int    // of the criteria, from 1
	Criteria    string // what somebody did who holds it
	ValidDays   int    // how long it holds once issued; 0: for good
	CreatedAt   time.Time
}

// IssuedBadge is a badge that a member earned. It is theirs alone until they show
// it, and stays what it was when the criteria change.
type IssuedBadge struct {
	Given
	Badge     Badge  // with the criteria under which it was issued
	Evidence  string // how its member met them
	Index     int    // its bit in the community's public status list
	ExpiresAt time.Time
	RevokedAt time.Time // zero while it stands
	RevokedBy domain.ID
	Reason    string // why it was revoked
}

// Stands says whether a badge is neither revoked nor expired.
func (b IssuedBadge) Stands(now time.Time) bool {
	return b.RevokedAt.IsZero() && (b.ExpiresAt.IsZero() || now.Before(b.ExpiresAt))
}

// expiry is when a badge issued now stops to hold, by the community's calendar;
// zero for never.
func (b Badge) expiry(where community.Community, now time.Time) time.Time {
	if b.ValidDays == 0 {
		return time.Time{}
	}
	return where.After(now, b.ValidDays)
}

// DefineBadge is a badge to be.
type DefineBadge struct {
	Community   domain.ID
	Name        string
	Description string
	Criteria    string
	ValidDays   int
	Key         string `json:"-"`
}

// ReviseBadge gives a badge new criteria; whoever holds it keeps the old ones.
type ReviseBadge struct {
	Community domain.ID
	Badge     domain.ID
	Version   int // that is replaced
	Criteria  string
	ValidDays int
}

// IssueBadge is a badge for a member.
type IssueBadge struct {
	Community domain.ID
	Member    domain.ID
	Badge     domain.ID
	Evidence  string
	Key       string `json:"-"`
}

func checkCriteria(c *domain.Check, criteria string, validDays int) string {
	c.That(validDays >= 0 && validDays <= longestValidity, domain.OutOfRange, "validDays", "min", 0, "max", longestValidity)
	return c.Text("criteria", criteria, 1, 2000)
}

func (cmd DefineBadge) check() (DefineBadge, error) {
	var c domain.Check
	cmd.Name = c.Line("name", cmd.Name, 1, 100)
	cmd.Description = c.Text("description", cmd.Description, 1, 500)
	cmd.Criteria = checkCriteria(&c, cmd.Criteria, cmd.ValidDays)
	return cmd, c.Err()
}

// The events of badges.
const (
	BadgeDefined domain.EventKind = "BADGE_DEFINED"
	BadgeRevised domain.EventKind = "BADGE_REVISED"
	BadgeIssued  domain.EventKind = "BADGE_ISSUED"
	BadgeRevoked domain.EventKind = "BADGE_REVOKED"
)

// BadgeTold is the payload of the last two.
type BadgeTold struct {
	Badge   domain.ID `json:"badge"`
	Version int       `json:"version"`
	Giver   domain.ID `json:"giver"` // who issued it, or revoked it
	Member  domain.ID `json:"member"`
}

// Credential is an issued badge with all that a stranger needs to read it.
type Credential struct {
	IssuedBadge
	Community community.Community
	Holder    string // what the member is called
}

// Signed is a credential as strangers take it, and where they find the rest.
type Signed struct {
	Token         string
	KeysURL       string // the public keys
	StatusListURL string // what was revoked
}

// StatusList says of all badges that a community issued which are revoked, by
// their bits and nothing else.
type StatusList struct {
	Community community.Community
	Revoked   []int
	Length    int // bits in use
	At        time.Time
}

// Signer writes what strangers verify without asking anybody. It is asked outside
// a transaction.
type Signer interface {
	Credential(ctx context.Context, c Credential) (Signed, error)
	StatusList(ctx context.Context, l StatusList) (string, error)
}
