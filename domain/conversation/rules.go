// SPDX-License-Identifier: AGPL-3.0-or-later

package conversation

import (
	"bytes"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Between says whether a member is one of the two.
func (t Thread) Between(member domain.ID) bool {
	return member != domain.Nowhere && (member == t.First || member == t.Second)
}

// Other is the one of the two who is not the given member.
func (t Thread) Other(member domain.ID) domain.ID {
	if member == t.First {
		return t.Second
	}
	return t.First
}

// About is the exchange or the listing that it is about; Nowhere for neither.
func (t Thread) About() domain.ID {
	if t.Exchange != domain.Nowhere {
		return t.Exchange
	}
	return t.Listing
}

// open is a new thread between somebody who writes and somebody who will read it.
func open(cmd Send, writer, reader domain.ID, now time.Time) Thread {
	t := Thread{
		Community: cmd.Community, ID: domain.NewID(), Exchange: cmd.Exchange, Listing: cmd.Listing,
		First: writer, Second: reader, CreatedAt: now, UpdatedAt: now,
	}
	// Whoever writes first, the two have one thread about an exchange and one about nothing.
	if cmd.Listing == domain.Nowhere && bytes.Compare(writer[:], reader[:]) > 0 {
		t.First, t.Second = reader, writer
	}
	return t
}

// check tidies a message and says all that is wrong with it.
func (cmd Send) check() (Send, error) {
	var c domain.Check
	cmd.Body = c.Text("body", cmd.Body, 1, LongestMessage)
	return cmd, c.Err()
}

// check tidies an announcement and says all that is wrong with it.
func (cmd Announce) check() (Announce, error) {
	var c domain.Check
	cmd.Title = c.Line("title", cmd.Title, 3, 120)
	cmd.Body = c.Text("body", cmd.Body, 1, LongestMessage)
	c.That(cmd.Audience.Listeners() != nil, domain.ValueUnknown, "audience")
	return cmd, c.Err()
}
