// SPDX-License-Identifier: AGPL-3.0-or-later

package workshop

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Session reads one for the community's members. Error: NotFound.
func (s *Service) Session(ctx context.Context, actor domain.Actor, community, id domain.ID) (Session, error) {
	var found Session
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		_, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err == nil {
			found, err = s.byID(ctx, community, id)
		}
		return err
	})
	return found, err
}

// LoadAll reads sessions by id, for those who see the community.
func (s *Service) LoadAll(ctx context.Context, community domain.ID, ids []domain.ID) ([]Session, error) {
	return s.store.ByIDs(ctx, community, ids)
}

// List reads sessions by their beginning, the latest first.
func (s *Service) List(ctx context.Context, actor domain.Actor, community domain.ID, filter Filter, page domain.Page) (domain.Slice[Session], error) {
	var found domain.Slice[Session]
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		_, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err == nil {
			found, err = s.store.List(ctx, community, filter, page)
		}
		return err
	})
	return found, err
}

// Seats reads those of sessions that the caller already sees.
func (s *Service) Seats(ctx context.Context, community domain.ID, sessions []domain.ID) ([]Seat, error) {
	var seats []Seat
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		seats, err = s.store.Seats(ctx, community, sessions)
		return err
	})
	return seats, err
}

// Shown are the seats that somebody may see: the host's and the staff's are all
// of them, a member's own is one.
func (s Session) Shown(standing domain.Standing, seats []Seat) []Seat {
	if standing.Member == s.Host || standing.May(domain.ActForMember) {
		return seats
	}
	return slices.DeleteFunc(slices.Clone(seats), func(seat Seat) bool { return seat.Member != standing.Member })
}

// Counts says how many sit and how many wait; when it is settled, how many came.
func Counts(seats []Seat) (sit, wait int) {
	for _, s := range seats {
		switch s.State {
		case Joined, Attended:
			sit++
		case Waiting:
			wait++
		default:
		}
	}
	return sit, wait
}
