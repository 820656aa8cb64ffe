// SPDX-License-Identifier: AGPL-3.0-or-later

// Package mail sends letters to people: through an SMTP server, or into an
// outbox that a developer can read.
package mail

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
)

// Message is a letter in plain text to one person.
type Message struct {
	To      string // an address, with or without a name: "Éloïse <eloise@example.org>"
	Subject string
	Text    string
}

// Sender takes charge of a message.
type Sender interface {
	// Send returns when the message is accepted for delivery. The error is
	// ErrRefused when trying again would not help; it never names the recipient.
	Send(ctx context.Context, m Message) error
}

// ErrRefused says that a message will never be accepted as it is.
var ErrRefused = errors.New("mail: refused for good")

// recipient reads the address and refuses what would smuggle a header in: names
// and titles are typed by people. The parser's own words would quote the address.
func (m Message) recipient() (*netmail.Address, error) {
	if strings.ContainsAny(m.To+m.Subject, "\r\n") {
		return nil, fmt.Errorf("%w: a line break in the address or the subject", ErrRefused)
	}
	to, err := netmail.ParseAddress(m.To)
	if err != nil {
		return nil, fmt.Errorf("%w: the address cannot be read", ErrRefused)
	}
	return to, nil
}
