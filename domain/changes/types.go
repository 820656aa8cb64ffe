// SPDX-License-Identifier: AGPL-3.0-or-later

// Package changes tells a device what became different in a community since it
// last asked. It keeps nothing of its own: it reads the journal, and shows of each
// object that an event touched what the areas above show of it today.
package changes

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Kind is the type of an object that can be kept on a device.
type Kind string

// The kinds of object.
const (
	Community Kind = "COMMUNITY"
	Member    Kind = "MEMBER"
	Listing   Kind = "LISTING"
	Exchange  Kind = "EXCHANGE"
	Transfer  Kind = "TRANSFER"
	Account   Kind = "ACCOUNT"
	Decision  Kind = "DECISION"
	Cycle     Kind = "CYCLE"
	Project   Kind = "PROJECT"
	Claim     Kind = "CLAIM"
	Session   Kind = "SESSION"
	Activity  Kind = "ACTIVITY"
	Cheque    Kind = "CHEQUE"

	Thanks      Kind = "THANKS"
	Star        Kind = "STAR"
	Endorsement Kind = "ENDORSEMENT"
	Milestone   Kind = "MILESTONE"
	Badge       Kind = "BADGE"
	IssuedBadge Kind = "ISSUED_BADGE"
)

// Object names something in the community.
type Object struct {
	Kind Kind
	ID   domain.ID
}

// Change is one object, as it is for somebody at the moment they ask.
type Change struct {
	Object
	// Value is the area's own value (a membership.Member for a Member); nil for a
	// tombstone: what is kept of the object must go.
	Value any
	// Cursor is how far everything has been told once this change was.
	Cursor Cursor
}

// Page is a stretch of changes, in the journal's order.
type Page struct {
	Changes []Change
	Next    Cursor
	HasMore bool
	// Reset: the cursor leads nowhere. What is kept of the community must go; Next
	// is where to go on from once it has been read anew.
	Reset bool
}

// Mark is how the journal's hash at a position begins: a position in another
// history, after going back to a backup, is not taken for one in this.
type Mark [8]byte

// Place is a point in a community's journal.
type Place struct {
	Position int64
	Mark     Mark
}

// Event is an event with its place.
type Event struct {
	domain.RecordedEvent
	Mark Mark
}

func (e Event) place() Place { return Place{e.Position, e.Mark} }

// Heads says how far a community's journal goes, and how far a reader has come.
type Heads struct{ Position, Read int64 }

// Sight is what somebody sees beyond what every member does. When it changes,
// so does what lies behind the cursor, and a device starts again.
type Sight uint8

// Cursor is up to where somebody knows a community. It is of one member, and
// of what they could see: it serves nobody else.
type Cursor struct {
	Community, Member domain.ID
	Sight             Sight
	Apart             uint32 // of those from whom blocks keep them, 0 for nobody
	Place
}

// cursorForm is the first byte of a cursor; another form gets another byte, and
// devices that hold an old one start again.
const cursorForm = 2

// String is the cursor as devices keep it.
func (c Cursor) String() string {
	raw := append([]byte{cursorForm}, c.Community[:]...)
	raw = append(raw, c.Member[:]...)
	raw = append(raw, byte(c.Sight))
	raw = binary.BigEndian.AppendUint32(raw, c.Apart)
	raw = binary.BigEndian.AppendUint64(raw, uint64(c.Position))
	return base64.RawURLEncoding.EncodeToString(append(raw, c.Mark[:]...))
}

// readCursor reads what String wrote; ok is false for anything else.
func readCursor(text string) (c Cursor, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != 54 || raw[0] != cursorForm {
		return c, false
	}
	copy(c.Community[:], raw[1:17])
	copy(c.Member[:], raw[17:33])
	c.Sight = Sight(raw[33])
	c.Apart = binary.BigEndian.Uint32(raw[34:38])
	c.Position = int64(binary.BigEndian.Uint64(raw[38:46]))
	copy(c.Mark[:], raw[46:])
	return c, c.Position > 0
}

const (
	// Kept is how long a cursor serves. A phone that was away longer reads the
	// community anew, which is quicker than three months of changes.
	Kept = 90 * 24 * time.Hour
	// atOnce bounds the events that one page looks at, most of which may be none of
	// the caller's business.
	atOnce = 1000
)
