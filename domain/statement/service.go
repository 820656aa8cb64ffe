// SPDX-License-Identifier: AGPL-3.0-or-later

package statement

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
)

// Service is the use cases of statements.
type Service struct {
	tx          domain.Tx
	store       Store
	hours       *ledger.Service
	communities *community.Service
	members     *membership.Service
}

// New makes the room.
func New(tx domain.Tx, store Store, hours *ledger.Service, communities *community.Service, members *membership.Service) *Service {
	return &Service{tx: tx, store: store, hours: hours, communities: communities, members: members}
}

// Totals adds up a period of an account, for those who may see it.
//
// Errors: Unauthenticated, NotFound, Forbidden, PeriodInvalid.
func (s *Service) Totals(ctx context.Context, actor domain.Actor, community, account domain.ID, period ledger.Period) (Totals, error) {
	var t Totals
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		a, err := s.hours.Account(ctx, actor, community, account)
		if err == nil {
			err = check(period)
		}
		if err != nil {
			return err
		}
		t, err = s.totals(ctx, a, period)
		return err
	})
	return t, err
}

func (s *Service) totals(ctx context.Context, a ledger.Account, period ledger.Period) (Totals, error) {
	t, sums, err := s.store.Totals(ctx, a.Community, a.ID, period)
	return t.add(sums), err
}

// Open begins the statement of an account, for its owner and those who keep the
// books; accounts of the whole are for every member. The bounds are days of the
// community's calendar, both included, or moments of RFC 3339; empty for none.
//
// Errors: Unauthenticated, NotFound, Forbidden, PeriodInvalid, TooLong.
func (s *Service) Open(ctx context.Context, actor domain.Actor, community, account domain.ID, from, until string) (Statement, error) {
	var st Statement
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		a, err := s.hours.Account(ctx, actor, community, account)
		if err != nil {
			return err
		}
		st = Statement{Account: a, At: now}
		if st.Community, _, err = s.communities.Rules(ctx, community, now); err != nil {
			return err
		}
		if st.Period, err = within(from, until, st.Community.Zone()); err != nil {
			return err
		}
		if st.Totals, err = s.totals(ctx, a, st.Period); err != nil {
			return err
		}
		if n := st.Totals.Span.Len(); n > MaxLines {
			return domain.NewError(TooLong, "from", "actual", n, "max", MaxLines)
		}
		standing, err := s.members.Standing(ctx, actor, community)
		if err != nil {
			return err
		}
		st.details = a.Owner == standing.Member || standing.May(domain.SeeEveryAccount)
		st, err = s.named(ctx, st)
		return err
	})
	return st, err
}

// named finds whom the account belongs to or stands for.
func (s *Service) named(ctx context.Context, st Statement) (Statement, error) {
	switch st.Account.Kind {
	case ledger.Member:
		holder, err := s.members.Load(ctx, st.Account.Community, st.Account.Owner)
		if err == nil {
			st.Holder = holder[0]
		}
		return st, err
	case ledger.Mirror:
		mirrors, err := s.hours.Mirrors(ctx, st.Account.Community)
		i := slices.IndexFunc(mirrors, func(m ledger.MirrorAccount) bool { return m.Account == st.Account.ID })
		if err != nil || i < 0 {
			return st, err
		}
		partner, err := s.communities.ByIDs(ctx, []domain.ID{mirrors[i].Partner})
		if len(partner) > 0 {
			st.Partner = partner[0]
		}
		return st, err
	default:
		return st, nil
	}
}

// atOnce is how many lines are in memory at a time.
const atOnce = 500

// Lines reads a statement's lines, oldest first, a few hundred at a time: no
// transaction stays open while a slow reader takes them in. Entries never
// change, so the pieces agree with one another and with the totals.
func (s *Service) Lines(ctx context.Context, st Statement) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		for rest := st.Totals.Span; rest.Len() > 0; {
			var lines []Line
			err := s.tx.InTx(ctx, st.Account.Community, func(ctx context.Context, _ time.Time) (err error) {
				lines, err = s.store.Lines(ctx, st.Account.Community, st.Account.ID, rest, atOnce)
				return err
			})
			if err == nil && len(lines) == 0 {
				err = fmt.Errorf("statement: nothing after position %d of %d", rest.After, rest.Last)
			}
			if err != nil {
				yield(Line{}, err)
				return
			}
			for _, l := range lines {
				if !st.details {
					l.ServiceType, l.Exchange, l.Note = "", 0, ""
				}
				if !yield(l, nil) {
					return
				}
				rest.After = l.Position
			}
		}
	}
}
