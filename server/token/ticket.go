// SPDX-License-Identifier: AGPL-3.0-or-later

package token

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/media"
)

// TicketKeys is where the keys that sign upload tickets come from; identity.Keyring is it.
type TicketKeys interface {
	Signer(ctx context.Context, purpose identity.Purpose) (identity.Key, error)
	Trusted(ctx context.Context, purpose identity.Purpose) ([]identity.Key, error)
}

// Tickets implements media.Tickets: community and picture in 32 bytes, and their
// HMAC-SHA256, as one word of an address.
type Tickets struct{ keys TicketKeys }

var _ media.Tickets = (*Tickets)(nil)

// NewTickets makes what signs tickets.
func NewTickets(keys TicketKeys) *Tickets { return &Tickets{keys: keys} }

const ticketLength = 32

// Sign implements media.Tickets.
func (s *Tickets) Sign(ctx context.Context, t media.Ticket) (string, error) {
	key, err := s.keys.Signer(ctx, identity.ForUpload)
	if err != nil {
		return "", err
	}
	said := append(t.Community[:], t.Photo[:]...)
	return base64.RawURLEncoding.EncodeToString(append(said, seal(key, said)...)), nil
}

// Open implements media.Tickets.
func (s *Tickets) Open(ctx context.Context, signed string) (media.Ticket, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(signed)
	if err != nil || len(raw) != ticketLength+sha256.Size {
		return media.Ticket{}, domain.NotFound
	}
	keys, err := s.keys.Trusted(ctx, identity.ForUpload)
	if err != nil {
		return media.Ticket{}, err
	}
	said := raw[:ticketLength]
	for _, key := range keys {
		if hmac.Equal(raw[ticketLength:], seal(key, said)) {
			return media.Ticket{Community: domain.ID(said[:16]), Photo: domain.ID(said[16:])}, nil
		}
	}
	return media.Ticket{}, domain.NotFound
}

func seal(key identity.Key, said []byte) []byte {
	mac := hmac.New(sha256.New, key.Secret)
	mac.Write(said)
	return mac.Sum(nil)
}
