// SPDX-License-Identifier: AGPL-3.0-or-later

package media

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
)

// Service is the use cases of pictures.
type Service struct {
	tx       domain.Tx
	store    Store
	access   domain.Access
	members  *membership.Service
	files    Files
	darkroom Darkroom
	tickets  Tickets

	mu     sync.Mutex
	coming map[domain.ID]int // pictures that come in now, by person
}

// New makes the pictures' room.
func New(tx domain.Tx, store Store, access domain.Access, members *membership.Service, files Files, darkroom Darkroom, tickets Tickets) *Service {
	return &Service{tx: tx, store: store, access: access, members: members, files: files, darkroom: darkroom, tickets: tickets, coming: map[domain.ID]int{}}
}

// Request gives out a ticket to hand in one picture, as its id and its signed text.
//
// Errors: NotFound, Forbidden, ValueUnknown, TypeRefused, TooLarge, TooMany, IdempotencyKeyReused.
func (s *Service) Request(ctx context.Context, actor domain.Actor, cmd Request) (Photo, string, error) {
	var p Photo
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		owner, err := s.members.ActingAs(ctx, actor, cmd.Community, cmd.OnBehalfOf, domain.TakePart)
		if err != nil {
			return err
		}
		if err := cmd.check(); err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "requestUpload", Input: cmd}, func() (domain.ID, error) {
			unused, err := s.store.Unused(ctx, cmd.Community, actor.Person)
			if err == nil && unused >= perPerson {
				err = domain.NewError(TooMany, "", "max", perPerson)
			}
			if err != nil {
				return domain.Nowhere, err
			}
			p = Photo{
				Community: cmd.Community, ID: domain.NewID(), Member: owner, Person: actor.Person, State: Requested,
				Type: cmd.Type, Bytes: cmd.Bytes, ExpiresAt: now.Add(ticketLife), UnusedSince: now, CreatedAt: now,
			}
			return p.ID, s.store.Add(ctx, p)
		})
		if err == nil {
			p, err = s.load(ctx, cmd.Community, id)
		}
		return err
	})
	if err != nil {
		return p, "", err
	}
	signed, err := s.tickets.Sign(ctx, Ticket{p.Community, p.ID})
	return p, signed, err
}

// Receive takes the bytes that a ticket was given for. They are read whole before
// the ticket is spent, so a broken connection can try again; a picture that is
// refused spends it. What is kept is drawn anew: nothing of the file itself.
//
// Errors: NotFound for a ticket that is not ours, WrongState when it is spent or
// expired, RateLimited, TooLarge, and those of Darkroom.
func (s *Service) Receive(ctx context.Context, ticket string, body io.Reader) error {
	t, err := s.tickets.Open(ctx, ticket)
	if err != nil {
		return err
	}
	p, err := s.awaited(ctx, t)
	if err != nil {
		return err
	}
	leave, err := s.enter(p.Person)
	if err != nil {
		return err
	}
	defer leave()
	data, err := io.ReadAll(io.LimitReader(body, int64(p.Bytes)+1))
	switch {
	case len(data) > p.Bytes:
		return domain.NewError(TooLarge, "size", "max", MaxBytes>>20)
	case err != nil:
		return domain.NewError(Unreadable, "").Because(err)
	}
	if p.Address == "" { // else an earlier try began to write there
		p.Address = newAddress()
	}
	if err := s.move(ctx, p, Claimed, Requested); err != nil {
		return err
	}
	made, err := s.develop(ctx, p, data)
	if _, refused := domain.Problems(err); refused {
		return err
	}
	if err != nil { // our fault: the same ticket may try again
		return errors.Join(err, s.move(context.WithoutCancel(ctx), p, Requested, Claimed))
	}
	p.Width, p.Height, p.Placeholder = made.Width, made.Height, made.Placeholder
	return s.move(ctx, p, Stored, Claimed)
}

// enter takes one of a person's places.
func (s *Service) enter(person domain.ID) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.coming[person] >= abreast {
		return nil, domain.NewError(domain.RateLimited, "", "retryAfter", 5)
	}
	s.coming[person]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.coming[person]--; s.coming[person] == 0 {
			delete(s.coming, person)
		}
	}, nil
}

// awaited reads the picture that a ticket is for.
func (s *Service) awaited(ctx context.Context, t Ticket) (p Photo, err error) {
	err = s.tx.InTx(ctx, t.Community, func(ctx context.Context, now time.Time) error {
		if p, err = s.load(ctx, t.Community, t.Photo); err != nil {
			return err
		}
		return p.awaits(now)
	})
	return p, err
}

func (s *Service) develop(ctx context.Context, p Photo, data []byte) (Pictures, error) {
	made, err := s.darkroom.Develop(ctx, data, p.Type)
	for size, file := range made.Files {
		if err == nil {
			err = s.files.Put(ctx, FileName(p.Address, size), file)
		}
	}
	return made, err
}

func (s *Service) move(ctx context.Context, p Photo, to, from State) error {
	p.State = to
	return s.tx.InTx(ctx, p.Community, func(ctx context.Context, _ time.Time) error { return s.store.Move(ctx, p, from) })
}

// Confirm says that the picture is handed in, and what it shows. Said again, it
// changes what it shows.
//
// Errors: NotFound, Forbidden, Required, TextTooLong, WrongState.
func (s *Service) Confirm(ctx context.Context, actor domain.Actor, community, id domain.ID, alt string) (Photo, error) {
	var p Photo
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		_, err := domain.Authorise(ctx, s.access, actor, community, domain.TakePart)
		if err != nil {
			return err
		}
		if p, err = s.load(ctx, community, id); err != nil {
			return err
		}
		if p.Person != actor.Person {
			return domain.NewError(domain.NotFound, "photoId")
		}
		from := p.State
		if p, err = p.describe(alt); err != nil {
			return err
		}
		return s.store.Move(ctx, p, from)
	})
	return p, err
}

// Show makes a listing of a member's show these pictures and no others, inside
// the caller's transaction.
//
// Errors: NotFound, WrongState, InUse, OutOfRange.
func (s *Service) Show(ctx context.Context, community, member, listing domain.ID, photos []domain.ID, now time.Time) error {
	if err := s.fit(ctx, community, member, listing, photos); err != nil {
		return err
	}
	return s.store.Show(ctx, community, listing, photos, now)
}

// Prove has a member's pictures show that what a claim says was done, for good, inside
// the caller's transaction: they are for those who approve it.
//
// Errors: NotFound, WrongState, InUse, OutOfRange.
func (s *Service) Prove(ctx context.Context, community, member, claim domain.ID, photos []domain.ID) error {
	if err := s.fit(ctx, community, member, domain.Nowhere, photos); err != nil || len(photos) == 0 {
		return err
	}
	return s.store.Prove(ctx, community, claim, photos)
}

// ProofsOf reads the pictures of claims, in order, inside the caller's transaction: who
// may see them is the caller's to say.
func (s *Service) ProofsOf(ctx context.Context, community domain.ID, claims []domain.ID) ([]Photo, error) {
	return s.store.ProofsOf(ctx, community, claims)
}

func (s *Service) fit(ctx context.Context, community, member, listing domain.ID, photos []domain.ID) error {
	if len(photos) > PerListing {
		return domain.NewError(domain.OutOfRange, "photoIds", "min", 0, "max", PerListing)
	}
	found, err := s.store.ByIDs(ctx, community, photos)
	if err != nil {
		return err
	}
	for i, id := range photos {
		at := slices.IndexFunc(found, func(p Photo) bool { return p.ID == id })
		if at < 0 || slices.Contains(photos[:i], id) {
			return domain.NewError(domain.NotFound, "photoIds")
		}
		if err := found[at].fit(member, listing); err != nil {
			return err
		}
	}
	return nil
}

// Of reads the pictures of listings, in order.
func (s *Service) Of(ctx context.Context, community domain.ID, listings []domain.ID) (found []Photo, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		found, err = s.store.Of(ctx, community, listings)
		return err
	})
	return found, err
}

// Photo reads one: what a listing shows is for the members of the community, but for
// those from whom a block keeps its owner; what proves a claim is for those who approve
// claims as well; the rest for whose it is and who handed it in.
func (s *Service) Photo(ctx context.Context, actor domain.Actor, community, id domain.ID) (p Photo, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if p, err = s.load(ctx, community, id); err != nil {
			return err
		}
		theirs := p.Member == standing.Member || p.Person == actor.Person
		shown := p.Listing != domain.Nowhere || p.Claim != domain.Nowhere && standing.May(domain.ApproveClaims)
		if p.State != Ready || !shown && !theirs || !standing.Sees(p.Member) {
			return domain.NotFound
		}
		return nil
	})
	return p, err
}

func (s *Service) load(ctx context.Context, community, id domain.ID) (Photo, error) {
	found, err := s.store.ByIDs(ctx, community, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NotFound
	}
	if err != nil {
		return Photo{}, err
	}
	return found[0], nil
}

// File opens a version of a picture for whoever knows its address. Error: NotFound.
func (s *Service) File(ctx context.Context, address string, size Size) ([]byte, error) {
	return s.files.Open(ctx, FileName(address, size))
}

// Sweep removes the pictures that nothing has shown for a day: tickets nobody
// used, uploads nobody confirmed, and what its listing no longer shows. A picture
// is marked first, so that no listing takes it while its files go.
func (s *Service) Sweep(ctx context.Context, community domain.ID) error {
	for {
		var doomed []Photo
		err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) (err error) {
			doomed, err = s.store.Doom(ctx, community, now.Add(-kept), 100)
			return err
		})
		if err != nil || len(doomed) == 0 {
			return err
		}
		for _, p := range doomed {
			if err := s.erase(ctx, p); err != nil {
				return err
			}
		}
	}
}

func (s *Service) erase(ctx context.Context, p Photo) error {
	if p.Address != "" {
		for _, size := range Sizes {
			if err := s.files.Remove(ctx, FileName(p.Address, size)); err != nil {
				return err
			}
		}
	}
	return s.tx.InTx(ctx, p.Community, func(ctx context.Context, _ time.Time) error { return s.store.Forget(ctx, p.Community, p.ID) })
}

const addressLength = 26

// newAddress has 130 random bits, written so that no file system confuses two.
func newAddress() string { return strings.ToLower(rand.Text()) }
