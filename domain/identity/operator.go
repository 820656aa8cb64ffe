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
	"time"

	"github.com/hora-coop/hora/domain"
)

// PassLife is how long a browser stays on the operators' pages: a working day.
const PassLife = 8 * time.Hour

// OperatorLink makes a link by which somebody who administers the server comes to
// the operators' pages, once; only the command line of the machine itself offers it.
// It opens nothing else, and no letter's link opens those pages.
//
// Errors: NotFound, also for somebody who does not administer the server.
func (s *Service) OperatorLink(ctx context.Context, email string) (token string, err error) {
	key, err := s.keys.Signer(ctx, ForLink)
	if err != nil {
		return "", err
	}
	var nobody secret // the digits of this link work on no device
	_, _ = rand.Read(nobody[:])
	link := Link{ID: domain.NewID(), Device: nobody.hash()}
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		found, err := s.store.Credentials(ctx, normalEmail(email))
		if err != nil {
			return err
		}
		if !found.Person.Platform {
			return domain.NotFound
		}
		link.Person, link.CreatedAt = found.Person.ID, now
		return s.store.AddLink(ctx, link)
	})
	return linkToken(key, operatorLink, link.ID), err
}

// EnterByLink opens a session for whoever follows an operator's link, and answers the
// pass that their browser keeps.
//
// Errors: LinkInvalid, RateLimited, TextTooLong.
func (s *Service) EnterByLink(ctx context.Context, token, device, network string) (pass string, err error) {
	id, err := s.readLink(ctx, operatorLink, token)
	if err != nil {
		return "", err
	}
	_, tokens, err := s.openByLink(ctx, device, network, func(ctx context.Context) (Link, error) { return s.operatorsLink(ctx, id) }, nil)
	if err != nil {
		return "", err
	}
	return s.pass(ctx, ofItsOwn, tokens.Session.ID, tokens.Session.CreatedAt)
}

// operatorsLink locks a link of somebody who administers the server still; it is not there
// for others.
func (s *Service) operatorsLink(ctx context.Context, id domain.ID) (Link, error) {
	link, err := s.store.LockLink(ctx, id)
	if err != nil {
		return Link{}, err
	}
	holder, err := s.store.Persons(ctx, []domain.ID{link.Person})
	if err == nil && (len(holder) == 0 || !holder[0].Platform) {
		err = domain.NotFound
	}
	return link, err
}

// EnterSignedIn answers a pass for whoever is signed in already and administers the
// server. It ends with their session.
//
// Errors: Unauthenticated, also for somebody who does not administer the server;
// StepUpRequired.
func (s *Service) EnterSignedIn(ctx context.Context, actor domain.Actor) (pass string, err error) {
	var at time.Time
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		at = now
		_, err := s.operator(ctx, actor.Session, now)
		return err
	})
	if err != nil {
		return "", err
	}
	if err := s.Proved(ctx, actor); err != nil {
		return "", err
	}
	return s.pass(ctx, ofTheApp, actor.Session, at)
}

// Operator tells who holds a pass. It asks the database each time, so that whoever
// signed out, or does not administer the server any more, is out at once.
//
// Errors: Unauthenticated.
func (s *Service) Operator(ctx context.Context, pass string) (domain.Actor, error) {
	_, session, until, err := s.readPass(ctx, pass)
	if err != nil {
		return domain.Actor{}, err
	}
	var who domain.Actor
	err = s.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) (err error) {
		if !now.Before(until) {
			return domain.Unauthenticated
		}
		who, err = s.operator(ctx, session, now)
		return err
	})
	return who, err
}

// operator finds the administrator of the server whose session lives.
func (s *Service) operator(ctx context.Context, id domain.ID, now time.Time) (domain.Actor, error) {
	session, err := s.store.Session(ctx, id)
	if errors.Is(err, domain.NotFound) || err == nil && !session.Alive(now) {
		return domain.Actor{}, domain.Unauthenticated
	}
	if err != nil {
		return domain.Actor{}, err
	}
	holder, err := s.store.Persons(ctx, []domain.ID{session.Person})
	if err != nil {
		return domain.Actor{}, err
	}
	if len(holder) == 0 || !holder[0].Platform {
		return domain.Actor{}, domain.Unauthenticated
	}
	return domain.Actor{Person: session.Person, Session: id, Platform: true}, nil
}

// Leave ends the session that a link opened for a pass. Somebody who came from the app
// stays signed in there.
//
// Errors: Unauthenticated.
func (s *Service) Leave(ctx context.Context, pass string) error {
	who, err := s.Operator(ctx, pass)
	if err != nil {
		return err
	}
	if whose, _, _, err := s.readPass(ctx, pass); err != nil || whose == ofTheApp {
		return err
	}
	return s.SignOut(ctx, who)
}

// Whose session a pass goes by: one that a link opened for it alone, or the app's.
const (
	ofItsOwn byte = 1
	ofTheApp byte = 2
)

// pass names a session, whose it is and until when, signed; nothing of it is kept.
func (s *Service) pass(ctx context.Context, whose byte, session domain.ID, now time.Time) (string, error) {
	key, err := s.keys.Signer(ctx, ForLink)
	if err != nil {
		return "", err
	}
	says := append(binary.BigEndian.AppendUint64(session[:], uint64(now.Add(PassLife).Unix())), whose)
	return base64.RawURLEncoding.EncodeToString(append(says, passMAC(key, says)...)), nil
}

func (s *Service) readPass(ctx context.Context, pass string) (whose byte, session domain.ID, until time.Time, err error) {
	const length = len(session) + 8 + 1
	raw, err := base64.RawURLEncoding.Strict().DecodeString(pass)
	if err != nil || len(raw) != length+sha256.Size {
		return 0, domain.Nowhere, until, domain.Unauthenticated
	}
	keys, err := s.keys.Trusted(ctx, ForLink)
	if err != nil {
		return 0, domain.Nowhere, until, err
	}
	for _, key := range keys {
		if hmac.Equal(raw[length:], passMAC(key, raw[:length])) {
			seconds := binary.BigEndian.Uint64(raw[len(session):])
			return raw[length-1], domain.ID(raw[:len(session)]), time.Unix(int64(seconds), 0), nil
		}
	}
	return 0, domain.Nowhere, until, domain.Unauthenticated
}

// passMAC signs what a pass says; what links are made of is shorter.
func passMAC(key Key, says []byte) []byte {
	mac := hmac.New(sha256.New, key.Secret)
	mac.Write([]byte("operator's pass"))
	mac.Write(says)
	return mac.Sum(nil)
}
