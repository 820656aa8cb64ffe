// SPDX-License-Identifier: AGPL-3.0-or-later

package identity

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
)

// LinkInvalid is a sign-in link or code that is wrong, used or too old; which of
// them is never said.
const LinkInvalid domain.Code = "LINK_INVALID"

// Link is one letter that lets somebody in. What opens it, an address to follow or
// six digits to type, is derived from its id and a key whenever the letter is
// written, and kept nowhere.
type Link struct {
	ID         domain.ID
	Person     domain.ID // Nowhere when nobody has the address: no letter is sent
	Device     TokenHash // of what the device that asked keeps; only there the six digits work
	DeviceName string
	Tries      int // wrong digits so far
	CreatedAt  time.Time
	UsedAt     time.Time // zero while it opens
}

// LinkStore keeps links. Absent ones are answered as NotFound.
type LinkStore interface {
	AddLink(ctx context.Context, l Link) error
	// LockLink and LockLinkOf hold a link still until the transaction ends.
	LockLink(ctx context.Context, id domain.ID) (Link, error)
	LockLinkOf(ctx context.Context, device TokenHash) (Link, error)
	// SaveLink keeps its tries and its use.
	SaveLink(ctx context.Context, l Link) error
}

// Post has a letter with a link written, once the running transaction commits.
type Post interface {
	PostLink(ctx context.Context, link domain.ID) error
}

const (
	// LinkLife is long enough for a slow mail server, short enough that a mailbox
	// read tomorrow opens nothing.
	LinkLife  = 15 * time.Minute
	linkTries = 5 // a guesser finds one code in two hundred thousand
)

var (
	// Letters are a nuisance to whoever did not ask for them.
	linkPerAccount = Limit{Burst: 5, Every: 3 * time.Minute}
	linkPerNetwork = Limit{Burst: 100, Every: 10 * time.Second}
)

// AskLink is what somebody gives to be sent a link.
type AskLink struct {
	Email      string
	DeviceName string // may be empty
	Network    string // the address the request came from; empty when it is not known
}

// RequestLink sends a letter with a link, if somebody has the address, and answers
// what the asking device keeps to use the letter's six digits. The answer and the
// work are the same when nobody has it.
//
// Errors: Required, EmailInvalid, RateLimited, TextTooLong.
func (s *Service) RequestLink(ctx context.Context, cmd AskLink) (requestToken string, err error) {
	var c domain.Check
	email := CheckEmail(&c, cmd.Email)
	device := c.Line("deviceName", cmd.DeviceName, 0, maxDevice)
	if err := c.Err(); err != nil {
		return "", err
	}
	buckets := append(perNetwork("LINK_NETWORK", cmd.Network, linkPerNetwork), bucket{bucketKey("LINK_ACCOUNT", email), linkPerAccount})
	if err := s.admit(ctx, buckets); err != nil {
		return "", err
	}
	var kept secret
	_, _ = rand.Read(kept[:]) // never fails: without randomness the program stops
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		found, err := s.store.Credentials(ctx, email)
		if err != nil && !errors.Is(err, domain.NotFound) {
			return err
		}
		link := Link{ID: domain.NewID(), Person: found.Person.ID, Device: kept.hash(), DeviceName: device, CreatedAt: now}
		if err := s.store.AddLink(ctx, link); err != nil {
			return err
		}
		return s.doors.Post.PostLink(ctx, link.ID)
	})
	return kept.text(), err
}

// LinkLetter is what a letter with a link says.
type LinkLetter struct {
	To         Person
	DeviceName string
	Token      string // to follow
	Code       string // six digits, for the device that asked
}

// LinkLetter reads what to write; it answers NotFound when there is no longer
// anything to send, or nobody to send it to.
func (s *Service) LinkLetter(ctx context.Context, id domain.ID) (LinkLetter, error) {
	key, err := s.keys.Signer(ctx, ForLink)
	if err != nil {
		return LinkLetter{}, err
	}
	var letter LinkLetter
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		link, err := s.store.LockLink(ctx, id)
		if err != nil {
			return err
		}
		if !link.open(now) || link.Person == domain.Nowhere {
			return domain.NotFound
		}
		person, err := s.Person(ctx, link.Person)
		letter = LinkLetter{To: person, DeviceName: link.DeviceName, Token: linkToken(key, letterLink, link.ID), Code: linkCode(key, link.ID)}
		return err
	})
	return letter, err
}

// FollowLink opens a session for whoever follows a link. It works once.
//
// Errors: LinkInvalid, RateLimited, TextTooLong.
func (s *Service) FollowLink(ctx context.Context, token, device, network string) (Person, Tokens, error) {
	id, err := s.readLink(ctx, letterLink, token)
	if err != nil {
		return Person{}, Tokens{}, err
	}
	return s.openByLink(ctx, device, network, func(ctx context.Context) (Link, error) { return s.store.LockLink(ctx, id) }, nil)
}

// TypeCode opens a session on the device that asked, for whoever types the six
// digits of the letter. After five wrong ones the letter opens nothing any more.
//
// Errors: LinkInvalid, RateLimited, TextTooLong.
func (s *Service) TypeCode(ctx context.Context, requestToken, code, device, network string) (Person, Tokens, error) {
	kept, ok := readSecret(requestToken)
	if !ok {
		return Person{}, Tokens{}, domain.NewError(LinkInvalid, "")
	}
	keys, err := s.keys.Trusted(ctx, ForLink)
	if err != nil {
		return Person{}, Tokens{}, err
	}
	right := func(l Link) bool {
		typed := strings.ReplaceAll(code, " ", "")
		for _, key := range keys {
			if hmac.Equal([]byte(typed), []byte(linkCode(key, l.ID))) {
				return true
			}
		}
		return false
	}
	return s.openByLink(ctx, device, network, func(ctx context.Context) (Link, error) { return s.store.LockLinkOf(ctx, kept.hash()) }, right)
}

// openByLink takes the link before it opens the session; a wrong code is counted
// for good.
func (s *Service) openByLink(ctx context.Context, device, network string, lock func(context.Context) (Link, error), right func(Link) bool) (Person, Tokens, error) {
	device, err := deviceName(device)
	if err != nil {
		return Person{}, Tokens{}, err
	}
	if err := s.admit(ctx, perNetwork("LINK_USE_NETWORK", network, signInPerNetwork)); err != nil {
		return Person{}, Tokens{}, err
	}
	var person Person
	var session Session
	var refresh secret
	opened := false
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		opened = false
		link, err := lock(ctx)
		if errors.Is(err, domain.NotFound) {
			return nil
		}
		if err != nil || !link.open(now) || link.Person == domain.Nowhere {
			return err
		}
		if right != nil && !right(link) {
			link.Tries++
			return s.store.SaveLink(ctx, link)
		}
		link.UsedAt = now
		if err := s.store.SaveLink(ctx, link); err != nil {
			return err
		}
		holder, err := s.store.LockCredentials(ctx, link.Person)
		if err != nil {
			return err
		}
		if err := s.makeFamiliar(ctx, holder.Person.Email, network, now); err != nil {
			return err
		}
		if device == "" {
			device = link.DeviceName
		}
		person, opened = holder.Person, true
		session, refresh, err = s.open(ctx, person, device, ByLink, now)
		return err
	})
	switch {
	case err != nil:
		return Person{}, Tokens{}, err
	case !opened:
		return Person{}, Tokens{}, domain.NewError(LinkInvalid, "")
	}
	tokens, err := s.tokens(ctx, person, session, refresh)
	return person, tokens, err
}

// open says whether a link still opens.
func (l Link) open(now time.Time) bool {
	return l.UsedAt.IsZero() && l.Tries < linkTries && now.Before(l.CreatedAt.Add(LinkLife))
}

// What a link opens is in what signs it, so that none opens what another does.
const (
	letterLink   = "link"
	operatorLink = "operator"
)

// readLink finds which link a token is of, if it is one of ours.
func (s *Service) readLink(ctx context.Context, opens, token string) (domain.ID, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != 16+sha256.Size {
		return domain.Nowhere, domain.NewError(LinkInvalid, "")
	}
	keys, err := s.keys.Trusted(ctx, ForLink)
	if err != nil {
		return domain.Nowhere, err
	}
	id := domain.ID(raw[:16])
	for _, key := range keys {
		if hmac.Equal(raw[16:], linkMAC(key, opens, id)) {
			return id, nil
		}
	}
	return domain.Nowhere, domain.NewError(LinkInvalid, "")
}

func linkToken(key Key, opens string, id domain.ID) string {
	return base64.RawURLEncoding.EncodeToString(append(id[:], linkMAC(key, opens, id)...))
}

func linkCode(key Key, id domain.ID) string {
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(linkMAC(key, "code", id))%1_000_000)
}

func linkMAC(key Key, what string, id domain.ID) []byte {
	mac := hmac.New(sha256.New, key.Secret)
	mac.Write([]byte(what))
	mac.Write(id[:])
	return mac.Sum(nil)
}
