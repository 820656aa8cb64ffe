// SPDX-License-Identifier: AGPL-3.0-or-later

package moderation

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/conversation"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/domain/workshop"
)

// Service is the use cases of moderation.
type Service struct {
	tx          domain.Tx
	store       Store
	access      domain.Access
	communities *community.Service
	members     *membership.Service
	listings    *listing.Service
	exchanges   *exchange.Service
	said        Said
}

// Said are the rooms whose texts may be reported.
type Said struct {
	Threads   *conversation.Service
	Workshops *workshop.Service
	Cycles    *reinvestment.Service
	Decisions *governance.Service
}

// New makes the moderation room.
func New(tx domain.Tx, store Store, access domain.Access, communities *community.Service, members *membership.Service, listings *listing.Service,
	exchanges *exchange.Service, said Said,
) *Service {
	return &Service{tx: tx, store: store, access: access, communities: communities, members: members, listings: listings, exchanges: exchanges, said: said}
}

// File reports a member, or what one of them wrote or did, that one can see.
//
// Errors: NotFound, Forbidden, ValueUnknown, TextTooLong, OwnReport,
// AlreadyReported, IdempotencyKeyReused.
func (s *Service) File(ctx context.Context, actor domain.Actor, cmd File) (Report, error) {
	cmd, wrong := cmd.check()
	var r Report
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		once := domain.Once{Person: actor.Person, Key: cmd.Key, Action: "reportContent", Input: cmd}
		id, _, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
			if wrong != nil {
				return domain.Nowhere, wrong
			}
			accused, quote, err := s.accused(ctx, actor, standing, cmd.Community, cmd.Subject)
			if err != nil {
				return domain.Nowhere, err
			}
			if accused == standing.Member {
				return domain.Nowhere, domain.NewError(OwnReport, "subjectId")
			}
			r := Report{
				Community: cmd.Community, ID: domain.NewID(), Reporter: standing.Member, Subject: cmd.Subject, Accused: accused,
				Reason: cmd.Reason, Details: cmd.Details, Quote: quote, At: now, AnswerBy: answerBy(cmd.Reason, now),
			}
			s.tell(ctx, actor, Reported, r.ID, Told{Report: r.ID, Reporter: r.Reporter, Member: r.Accused, Reason: r.Reason})
			return r.ID, s.store.AddReport(ctx, r)
		})
		if err == nil {
			r, err = s.report(ctx, cmd.Community, id)
		}
		return err
	})
	return r, err
}

func (s *Service) report(ctx context.Context, community, id domain.ID) (Report, error) {
	found, err := s.store.Reports(ctx, community, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NotFound
	}
	if err != nil {
		return Report{}, err
	}
	return found[0], nil
}

// near lists with whom a member lives, themselves among them: what concerns one of
// them is not for the others either.
func (s *Service) near(ctx context.Context, community, member domain.ID) ([]domain.ID, error) {
	household, err := s.members.LivesWith(ctx, community, member)
	if !slices.Contains(household, member) {
		household = append(household, member)
	}
	return household, err
}

// Report reads one for who filed it and for those who moderate and neither are
// concerned nor live with who is. Error: NotFound for everybody else.
func (s *Service) Report(ctx context.Context, actor domain.Actor, community, id domain.ID) (Report, error) {
	var r Report
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if r, err = s.report(ctx, community, id); err != nil {
			return err
		}
		if r.Reporter == standing.Member {
			return nil
		}
		near, err := s.near(ctx, community, standing.Member)
		if err == nil && (slices.Contains(near, r.Accused) || !standing.May(domain.Moderate)) {
			err = domain.NotFound
		}
		return err
	})
	return r, err
}

// Queue reads the reports that wait, the most urgent first, for those who
// moderate; what concerns a moderator themselves, or who lives with them, is not in
// theirs.
//
// Errors: NotFound, Forbidden.
func (s *Service) Queue(ctx context.Context, actor domain.Actor, community domain.ID, page domain.Page, count bool) (domain.Slice[Report], int, error) {
	var found domain.Slice[Report]
	var waiting int
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.Moderate)
		if err != nil {
			return err
		}
		near, err := s.near(ctx, community, standing.Member)
		if err == nil && count {
			waiting, err = s.store.CountQueue(ctx, community, standing.Member, near)
		}
		if err != nil {
			return err
		}
		found, err = s.store.Queue(ctx, community, standing.Member, near, page)
		return err
	})
	return found, waiting, err
}

func (s *Service) tell(ctx context.Context, actor domain.Actor, kind domain.EventKind, about domain.ID, told Told) {
	s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: about, Payload: told})
}
