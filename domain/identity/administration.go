// SPDX-License-Identifier: AGPL-3.0-or-later

package identity

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// CreateAdministrator makes a person who administers the server; only the command
// line of the machine itself offers it.
//
// Errors: EmailInvalid, EmailUnavailable, PasswordTooWeak, and those of the texts.
func (s *Service) CreateAdministrator(ctx context.Context, email, password, displayName string) (Person, error) {
	var c domain.Check
	person := newPerson(&c, email, password, displayName, defaultLocale)
	if err := c.Err(); err != nil {
		return Person{}, err
	}
	person.Platform = true
	hash, err := s.passwords.Hash(ctx, password)
	if err != nil {
		return Person{}, err
	}
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		person.CreatedAt = now
		return s.store.AddPerson(ctx, person, hash)
	})
	if err != nil {
		return Person{}, err
	}
	return person, nil
}

// ResetPassword gives somebody a new password and ends all their sessions; only
// the command line of the machine itself offers it.
//
// Errors: NotFound, PasswordTooWeak.
func (s *Service) ResetPassword(ctx context.Context, email, newPassword string) error {
	var found Credentials
	err := s.tx.InPlatform(ctx, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.Credentials(ctx, normalEmail(email))
		return err
	})
	if err != nil {
		return err
	}
	var c domain.Check
	checkPassword(&c, newPassword, found.Person)
	if err := c.Err(); err != nil {
		return err
	}
	hash, err := s.passwords.Hash(ctx, newPassword)
	if err != nil {
		return err
	}
	var ended []domain.ID
	var at time.Time
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) (err error) {
		at = now
		// A sign-in holds the same lock: it is either seen here and ended, or finds
		// that the password moved.
		if _, err := s.store.LockCredentials(ctx, found.Person.ID); err != nil {
			return err
		}
		if err := s.store.SetPasswordHash(ctx, found.Person.ID, hash); err != nil {
			return err
		}
		ended, err = s.store.EndSessions(ctx, found.Person.ID, now, PasswordReset)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range ended {
		s.memory.Keep(id, false, at)
	}
	return nil
}

const (
	// A used token is kept for a week: presented meanwhile, it betrays a thief;
	// afterwards it is merely unknown, and refused as well.
	usedTokensKept = 7 * 24 * time.Hour
	// A session that is over stays for a month, for whoever asks what happened.
	overSessionsKept = 30 * 24 * time.Hour
	// A link or a ceremony is over after minutes.
	doorsKept = 24 * time.Hour
)

// Prune forgets what no longer matters: empty buckets, long used tokens, sessions
// long over, links nobody followed. A nightly job calls it; calling it more often changes nothing.
func (s *Service) Prune(ctx context.Context) error {
	return s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		return s.store.Prune(ctx, now, now.Add(-usedTokensKept), now.Add(-overSessionsKept), now.Add(-doorsKept))
	})
}
