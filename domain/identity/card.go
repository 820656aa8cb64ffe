// SPDX-License-Identifier: AGPL-3.0-or-later

package identity

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
)

// What can go wrong with a card.
const (
	CardLocked    domain.Code = "CARD_LOCKED"     // too many wrong PINs; the card's code still works, or a new card
	CardNotNeeded domain.Code = "CARD_NOT_NEEDED" // somebody with an address signs in by themselves
)

// Card is how somebody without an e-mail address signs in: by a number and a PIN,
// or by showing the card. Only hashes are kept.
type Card struct {
	Person   domain.ID
	Handle   string // where and which number, in the words of whoever gave it
	PINHash  string
	Secret   TokenHash
	Failures int // wrong PINs in a row
	GivenAt  time.Time
}

// HeldCard is what others may know of a card: nothing that opens anything.
type HeldCard struct {
	Person   domain.ID
	Handle   string
	Failures int
	GivenAt  time.Time
}

// Locked says whether too many wrong PINs were tried.
func (c HeldCard) Locked() bool { return c.Failures >= wrongPINs }

// CardStore keeps cards. Absent ones are answered as NotFound.
type CardStore interface {
	// KeepCard replaces whatever card the person had.
	KeepCard(ctx context.Context, c Card) error
	DropCard(ctx context.Context, person domain.ID) (had bool, err error)
	CardByHandle(ctx context.Context, handle string) (Card, error)
	CardBySecret(ctx context.Context, secret TokenHash) (Card, error)
	CardsOf(ctx context.Context, persons []domain.ID) ([]HeldCard, error)
	// CountFailure adds a wrong PIN and answers how many there were in a row;
	// ForgetFailures starts anew.
	CountFailure(ctx context.Context, person domain.ID) (int, error)
	ForgetFailures(ctx context.Context, person domain.ID) error
}

const (
	cardMark  = "HORACARD1." // what a scanner knows it by
	pinDigits = 6
	wrongPINs = 10 // a guesser finds one card in a hundred thousand
)

// Drawn is a new card's secrets, to be handed over on paper and then forgotten.
type Drawn struct {
	PIN    string // six digits
	Code   string // for a QR code
	hash   string
	secret TokenHash
}

// DrawCard makes a card's secrets. It takes long, so no transaction should be open.
func (s *Service) DrawCard(ctx context.Context) (Drawn, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return Drawn{}, err
	}
	var code secret
	_, _ = rand.Read(code[:]) // never fails: without randomness the program stops
	d := Drawn{PIN: fmt.Sprintf("%0*d", pinDigits, n), Code: cardMark + code.text(), secret: code.hash()}
	d.hash, err = s.passwords.Hash(ctx, d.PIN)
	return d, err
}

// GiveCard keeps a card, inside the caller's transaction. A holder that is Nowhere
// becomes a person without an address; one that had a card loses it, with every
// session it opened.
//
// Errors: NotFound, CardNotNeeded.
func (s *Service) GiveCard(ctx context.Context, holder domain.ID, name, locale, handle string, d Drawn, now time.Time) (domain.ID, error) {
	if holder == domain.Nowhere {
		person := Person{ID: domain.NewID(), DisplayName: name, Locale: locale, CreatedAt: now, Version: 1}
		if err := s.store.AddPerson(ctx, person, ""); err != nil {
			return domain.Nowhere, err
		}
		holder = person.ID
	} else if _, err := s.TakeCard(ctx, holder, now); err != nil {
		return domain.Nowhere, err
	}
	return holder, s.store.KeepCard(ctx, Card{Person: holder, Handle: handle, PINHash: d.hash, Secret: d.secret, GivenAt: now})
}

// TakeCard ends a card and every session of its holder; had says whether there
// was one.
//
// Errors: NotFound, CardNotNeeded.
func (s *Service) TakeCard(ctx context.Context, holder domain.ID, now time.Time) (had bool, err error) {
	found, err := s.store.Persons(ctx, []domain.ID{holder})
	if err != nil {
		return false, err
	}
	if len(found) == 0 {
		return false, domain.NotFound
	}
	if found[0].Email != "" || found[0].Platform {
		return false, domain.NewError(CardNotNeeded, "memberId")
	}
	ended, err := s.store.EndSessions(ctx, holder, now, Revoked)
	if err != nil {
		return false, err
	}
	for _, id := range ended {
		s.memory.Keep(id, false, now)
	}
	return s.store.DropCard(ctx, holder)
}

// CardsOf reads who of some persons has a card, inside the caller's transaction.
func (s *Service) CardsOf(ctx context.Context, persons []domain.ID) ([]HeldCard, error) {
	return s.store.CardsOf(ctx, persons)
}

// SignInByNumber opens a session for whoever knows a card's PIN. Guesses are
// counted per card and per network; after ten in a row the PIN is locked until a
// new card is given, while the card's own code still works.
//
// Errors: InvalidCredentials, CardLocked, RateLimited, TextTooLong.
func (s *Service) SignInByNumber(ctx context.Context, handle, pin, device, network string) (Person, Tokens, error) {
	device, err := deviceName(device)
	if err != nil {
		return Person{}, Tokens{}, err
	}
	buckets := append(perNetwork("CARD_NETWORK", network, signInPerNetwork), bucket{bucketKey("CARD", handle, Neighbourhood(network)), signInPerAccount})
	if err := s.admit(ctx, buckets); err != nil {
		return Person{}, Tokens{}, err
	}
	card, err := s.card(ctx, func(ctx context.Context) (Card, error) { return s.store.CardByHandle(ctx, handle) })
	if err != nil {
		return Person{}, Tokens{}, err
	}
	right, _, err := s.passwords.Verify(ctx, card.PINHash, pin)
	switch {
	case err != nil:
		return Person{}, Tokens{}, err
	case card.Failures >= wrongPINs:
		return Person{}, Tokens{}, domain.NewError(CardLocked, "")
	case !right:
		return Person{}, Tokens{}, s.wrongPIN(ctx, card)
	}
	return s.openByCard(ctx, card, device)
}

// SignInByCard opens a session for whoever shows a card.
//
// Errors: InvalidCredentials, RateLimited, TextTooLong.
func (s *Service) SignInByCard(ctx context.Context, code, device, network string) (Person, Tokens, error) {
	device, err := deviceName(device)
	if err != nil {
		return Person{}, Tokens{}, err
	}
	if err := s.admit(ctx, perNetwork("CARD_NETWORK", network, signInPerNetwork)); err != nil {
		return Person{}, Tokens{}, err
	}
	shown, ok := readSecret(strings.TrimPrefix(strings.TrimSpace(code), cardMark))
	if !ok {
		return Person{}, Tokens{}, domain.NewError(InvalidCredentials, "")
	}
	card, err := s.card(ctx, func(ctx context.Context) (Card, error) { return s.store.CardBySecret(ctx, shown.hash()) })
	if err == nil && card.Person == domain.Nowhere {
		err = domain.NewError(InvalidCredentials, "")
	}
	if err != nil {
		return Person{}, Tokens{}, err
	}
	return s.openByCard(ctx, card, device)
}

func deviceName(text string) (string, error) {
	var c domain.Check
	name := c.Line("deviceName", text, 0, maxDevice)
	return name, c.Err()
}

// card finds one; nobody's is empty, so that an unknown number costs the same
// work and gets the same answer as a wrong PIN.
func (s *Service) card(ctx context.Context, find func(context.Context) (Card, error)) (Card, error) {
	var card Card
	err := s.tx.InPlatform(ctx, func(ctx context.Context, _ time.Time) (err error) {
		if card, err = find(ctx); errors.Is(err, domain.NotFound) {
			card, err = Card{}, nil
		}
		return err
	})
	return card, err
}

// wrongPIN counts a wrong one for good.
func (s *Service) wrongPIN(ctx context.Context, card Card) error {
	if card.Person == domain.Nowhere {
		return domain.NewError(InvalidCredentials, "")
	}
	said := domain.NewError(InvalidCredentials, "")
	err := s.tx.InPlatform(ctx, func(ctx context.Context, _ time.Time) error {
		n, err := s.store.CountFailure(ctx, card.Person)
		if n >= wrongPINs {
			said = domain.NewError(CardLocked, "")
		}
		return err
	})
	return errors.Join(err, said)
}

// openByCard opens the session, if the card is still the one that was proved.
func (s *Service) openByCard(ctx context.Context, proved Card, device string) (Person, Tokens, error) {
	var person Person
	var session Session
	var refresh secret
	err := s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		holder, err := s.store.LockCredentials(ctx, proved.Person)
		if err != nil {
			return err
		}
		card, err := s.store.CardByHandle(ctx, proved.Handle)
		if err != nil || card.Secret != proved.Secret {
			return errors.Join(err, domain.NewError(InvalidCredentials, ""))
		}
		if err := s.store.ForgetFailures(ctx, proved.Person); err != nil {
			return err
		}
		person = holder.Person
		session, refresh, err = s.open(ctx, person, device, ByCard, now)
		return err
	})
	if err != nil {
		return Person{}, Tokens{}, err
	}
	tokens, err := s.tokens(ctx, person, session, refresh)
	return person, tokens, err
}
