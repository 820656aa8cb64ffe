// SPDX-License-Identifier: AGPL-3.0-or-later

package identity

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
)

// What can go wrong with passkeys.
const (
	PasskeyRefused domain.Code = "PASSKEY_REFUSED" // what the device answered does not hold, or came too late
	PasskeyLimit   domain.Code = "PASSKEY_LIMIT"   // as many as anybody may have; args: max
	// StepUpRequired asks somebody who has a passkey to show it again.
	StepUpRequired domain.Code = "STEP_UP_REQUIRED"
)

// Passkey is a key pair whose private half a device or a password manager keeps.
type Passkey struct {
	ID         domain.ID
	Person     domain.ID
	Credential []byte // as the authenticator names it
	Record     []byte // the public half and what belongs to it, in the words of Ceremonies
	Name       string
	CreatedAt  time.Time
	LastUsedAt time.Time // zero until it was
}

// Ceremony is what the server remembers between asking a device and its answer.
// It works once.
type Ceremony struct {
	ID        domain.ID
	Person    domain.ID // who registers; Nowhere at a sign-in, which finds out
	Name      string    // what the passkey shall be called
	State     []byte
	CreatedAt time.Time
}

// PasskeyStore keeps passkeys. Absent ones are answered as NotFound.
type PasskeyStore interface {
	AddPasskey(ctx context.Context, p Passkey) error
	// Passkeys are a person's, the oldest first.
	Passkeys(ctx context.Context, person domain.ID) ([]Passkey, error)
	// SavePasskey keeps its record and its use.
	SavePasskey(ctx context.Context, p Passkey) error
	DropPasskey(ctx context.Context, person, id domain.ID) (had bool, err error)

	AddCeremony(ctx context.Context, c Ceremony) error
	// TakeCeremony answers a ceremony and forgets it.
	TakeCeremony(ctx context.Context, id domain.ID) (Ceremony, error)
}

// Ceremonies speaks Web Authentication. Options are what a browser or a phone is
// handed, answers what it gives back, both as JSON; what does not hold is
// PasskeyRefused.
type Ceremonies interface {
	BeginRegistration(who Person, known []Passkey) (options, state []byte, err error)
	FinishRegistration(who Person, known []Passkey, state, answer []byte) (credential, record []byte, err error)
	BeginSignIn() (options, state []byte, err error)
	// FinishSignIn asks whose passkeys to compare with, and answers which was used
	// and its new record.
	FinishSignIn(state, answer []byte, passkeysOf func(person domain.ID) (Person, []Passkey, error)) (used Passkey, err error)
}

const (
	maxPasskeys = 20
	// CeremonyLife is how long somebody may look for their finger.
	CeremonyLife = 5 * time.Minute
	// ProofLife is how long a passkey that was shown lets somebody do what asks for
	// it: entrust a role, credit a pile of slips.
	ProofLife = 15 * time.Minute
)

var passkeyPerNetwork = Limit{Burst: 100, Every: 2 * time.Second}

// BeginPasskeyRegistration asks a device of somebody who is signed in to make a
// passkey.
//
// Errors: Unauthenticated, PasskeyLimit, TextTooLong.
func (s *Service) BeginPasskeyRegistration(ctx context.Context, actor domain.Actor, name string) (ceremony domain.ID, options json.RawMessage, err error) {
	if actor.Person == domain.Nowhere {
		return domain.Nowhere, nil, domain.Unauthenticated
	}
	var c domain.Check
	name = c.Line("name", name, 0, maxDevice)
	if err := c.Err(); err != nil {
		return domain.Nowhere, nil, err
	}
	made := Ceremony{ID: domain.NewID(), Person: actor.Person, Name: name}
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		person, known, err := s.passkeysOf(ctx, actor.Person)
		if err != nil {
			return err
		}
		if len(known) >= maxPasskeys {
			return domain.NewError(PasskeyLimit, "", "max", maxPasskeys)
		}
		if options, made.State, err = s.doors.Ceremonies.BeginRegistration(person, known); err != nil {
			return err
		}
		made.CreatedAt = now
		return s.store.AddCeremony(ctx, made)
	})
	return made.ID, options, err
}

// FinishPasskeyRegistration keeps the passkey that the device made.
//
// Errors: Unauthenticated, PasskeyRefused.
func (s *Service) FinishPasskeyRegistration(ctx context.Context, actor domain.Actor, ceremony domain.ID, answer []byte) (Passkey, error) {
	if actor.Person == domain.Nowhere {
		return Passkey{}, domain.Unauthenticated
	}
	begun, err := s.takeCeremony(ctx, ceremony, actor.Person)
	if err != nil {
		return Passkey{}, err
	}
	made := Passkey{ID: domain.NewID(), Person: actor.Person, Name: begun.Name}
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		person, known, err := s.passkeysOf(ctx, actor.Person)
		if err != nil {
			return err
		}
		if made.Credential, made.Record, err = s.doors.Ceremonies.FinishRegistration(person, known, begun.State, answer); err != nil {
			return err
		}
		made.CreatedAt = now
		return s.store.AddPasskey(ctx, made)
	})
	return made, err
}

// BeginPasskeySignIn asks a device for whichever passkey it has for this server.
//
// Errors: RateLimited.
func (s *Service) BeginPasskeySignIn(ctx context.Context, network string) (ceremony domain.ID, options json.RawMessage, err error) {
	if err := s.admit(ctx, perNetwork("PASSKEY_NETWORK", network, passkeyPerNetwork)); err != nil {
		return domain.Nowhere, nil, err
	}
	made := Ceremony{ID: domain.NewID()}
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		if options, made.State, err = s.doors.Ceremonies.BeginSignIn(); err != nil {
			return err
		}
		made.CreatedAt = now
		return s.store.AddCeremony(ctx, made)
	})
	return made.ID, options, err
}

// FinishPasskeySignIn opens a session for whoever holds a passkey.
//
// Errors: PasskeyRefused, TextTooLong.
func (s *Service) FinishPasskeySignIn(ctx context.Context, ceremony domain.ID, answer []byte, device string) (Person, Tokens, error) {
	device, err := deviceName(device)
	if err != nil {
		return Person{}, Tokens{}, err
	}
	begun, err := s.takeCeremony(ctx, ceremony, domain.Nowhere)
	if err != nil {
		return Person{}, Tokens{}, err
	}
	var person Person
	var session Session
	var refresh secret
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		used, err := s.doors.Ceremonies.FinishSignIn(begun.State, answer, func(id domain.ID) (who Person, known []Passkey, err error) {
			who, known, err = s.passkeysOf(ctx, id)
			person = who
			return who, known, err
		})
		if err != nil {
			return err
		}
		used.LastUsedAt = now
		if err := s.store.SavePasskey(ctx, used); err != nil {
			return err
		}
		session, refresh, err = s.open(ctx, person, device, ByPasskey, now)
		return err
	})
	if err != nil {
		return Person{}, Tokens{}, err
	}
	tokens, err := s.tokens(ctx, person, session, refresh)
	return person, tokens, err
}

// takeCeremony ends a ceremony for good, whatever comes of the answer.
func (s *Service) takeCeremony(ctx context.Context, id, of domain.ID) (Ceremony, error) {
	var begun Ceremony
	fresh := false
	err := s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) (err error) {
		begun, err = s.store.TakeCeremony(ctx, id)
		fresh = now.Before(begun.CreatedAt.Add(CeremonyLife))
		return err
	})
	if errors.Is(err, domain.NotFound) || err == nil && (!fresh || begun.Person != of) {
		return Ceremony{}, domain.NewError(PasskeyRefused, "")
	}
	return begun, err
}

// passkeysOf reads a person, held still, with their passkeys.
func (s *Service) passkeysOf(ctx context.Context, person domain.ID) (Person, []Passkey, error) {
	known, err := s.store.LockCredentials(ctx, person)
	if err != nil {
		return Person{}, nil, err
	}
	passkeys, err := s.store.Passkeys(ctx, person)
	return known.Person, passkeys, err
}

// Passkeys lists the actor's own, the oldest first.
func (s *Service) Passkeys(ctx context.Context, actor domain.Actor) ([]Passkey, error) {
	if actor.Person == domain.Nowhere {
		return nil, domain.Unauthenticated
	}
	var passkeys []Passkey
	err := s.tx.InPlatform(ctx, func(ctx context.Context, _ time.Time) (err error) {
		passkeys, err = s.store.Passkeys(ctx, actor.Person)
		return err
	})
	return passkeys, err
}

// RemovePasskey forgets one of the actor's own: a lost key opens nothing any more.
//
// Errors: Unauthenticated, NotFound.
func (s *Service) RemovePasskey(ctx context.Context, actor domain.Actor, id domain.ID) error {
	if actor.Person == domain.Nowhere {
		return domain.Unauthenticated
	}
	return s.tx.InPlatform(ctx, func(ctx context.Context, _ time.Time) error {
		had, err := s.store.DropPasskey(ctx, actor.Person, id)
		if err == nil && !had {
			return domain.NewError(domain.NotFound, "")
		}
		return err
	})
}

// Proved says whether the actor's session may do what asks for proof again.
// Whoever has a passkey has shown it in the last quarter of an hour: they sign in
// with it once more. Nobody is asked for what they do not have.
//
// Errors: StepUpRequired.
func (s *Service) Proved(ctx context.Context, actor domain.Actor) error {
	if actor.Person == domain.Nowhere {
		return domain.Unauthenticated
	}
	return s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		session, err := s.store.Session(ctx, actor.Session)
		if err != nil {
			return err
		}
		if session.provedBy(ByPasskey, now) {
			return nil
		}
		passkeys, err := s.store.Passkeys(ctx, actor.Person)
		if err != nil || len(passkeys) == 0 {
			return err
		}
		return domain.NewError(StepUpRequired, "")
	})
}

func (s Session) provedBy(door Door, now time.Time) bool {
	return s.OpenedBy == door && now.Before(s.CreatedAt.Add(ProofLife))
}
