// SPDX-License-Identifier: AGPL-3.0-or-later

package shares

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// Standing is what a member holds and what follows from it.
type Standing struct {
	Holding
	Holder
	Minimum     int // shares of a full holder in their case
	Currency    string
	LiableUntil time.Time // zero for not
	Orders      []Order   // the oldest first
	Texts       []community.SharesText
	Missing     []community.SharesText // of the charter's, those not agreed to
}

// Of reads a member's shares, for themselves and for those who see every account.
//
// Errors: NotFound, Forbidden.
func (s *Service) Of(ctx context.Context, actor domain.Actor, id, member domain.ID) (Standing, error) {
	var st Standing
	err := s.tx.InTx(ctx, id, func(ctx context.Context, now time.Time) error {
		if err := s.see(ctx, actor, id, member); err != nil {
			return err
		}
		where, charter, err := s.communities.Rules(ctx, id, now)
		if err != nil {
			return err
		}
		rules := charter.Shares
		if st.Holding, err = s.store.HoldingOf(ctx, id, member); err != nil {
			return err
		}
		if st.Holder, err = s.store.Holder(ctx, id, member); err != nil {
			return err
		}
		if st.Orders, err = s.store.OrdersOf(ctx, id, member); err != nil {
			return err
		}
		if st.Texts, err = s.store.Agreed(ctx, id, member); err != nil {
			return err
		}
		st.Texts, st.Missing = told(st.Texts, rules.Texts)
		st.Minimum, st.Currency = rules.MinimumFor(st.LowIncome), rules.Currency
		st.LiableUntil = liable(st.Holding, rules, where)
		return nil
	})
	return st, err
}

// told gives the texts that somebody agreed to the titles they have in the charter,
// and says which of the charter's are missing.
func told(to, texts []community.SharesText) (agreedTo, missing []community.SharesText) {
	for _, t := range texts {
		i := slices.IndexFunc(to, func(a community.SharesText) bool { return a.Code == t.Code && a.Version == t.Version })
		if i < 0 {
			missing = append(missing, t)
		} else {
			to[i] = t
		}
	}
	return to, missing
}

func (s *Service) see(ctx context.Context, actor domain.Actor, id, member domain.ID) error {
	standing, err := domain.Authorise(ctx, s.access, actor, id, domain.LeaveCommunity)
	if err == nil && standing.Member != member && !standing.May(domain.SeeEveryAccount) {
		err = domain.Forbidden
	}
	return err
}

// Order reads one subscription or redemption, for whom it is and for those who see
// every account; for others it does not exist.
func (s *Service) Order(ctx context.Context, actor domain.Actor, id, order domain.ID, kind OrderKind) (Order, error) {
	var o Order
	err := s.tx.InTx(ctx, id, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, id, domain.LeaveCommunity)
		if err != nil {
			return err
		}
		o, err = s.one(ctx, id, order)
		if err == nil && (o.Kind != kind || (o.Member != standing.Member && !standing.May(domain.SeeEveryAccount))) {
			err = domain.NotFound
		}
		return err
	})
	return o, err
}

// Ahead counts the redemptions asked for before this one that are not paid out.
func (s *Service) Ahead(ctx context.Context, o Order) (int, error) {
	var n int
	err := s.tx.InTx(ctx, o.Community, func(ctx context.Context, now time.Time) (err error) {
		_, n, err = s.store.Earlier(ctx, o, now)
		return err
	})
	return n, err
}

// Register is the share register of a community at the end of a day.
type Register struct {
	Community domain.ID
	AsOf      time.Time
	Total
	Currency string
	Floor    int64 // the capital is never paid out below
	Legal    []LegalCheck
	until    time.Time
}

// Register adds the register up at the end of a day of the community's calendar,
// or now when no day is given.
//
// Errors: NotFound, Forbidden.
func (s *Service) Register(ctx context.Context, actor domain.Actor, id domain.ID, day time.Time) (Register, error) {
	r := Register{Community: id}
	err := s.keepers(ctx, actor, id, func(ctx context.Context, now time.Time) error {
		where, charter, err := s.communities.Rules(ctx, id, now)
		if err != nil {
			return err
		}
		if r.until, r.AsOf = endOf(day, where.Zone()), now; !day.IsZero() {
			r.AsOf = r.until
		}
		if r.Total, err = s.store.TotalAt(ctx, id, r.until); err != nil {
			return err
		}
		c, err := s.store.Composition(ctx, id, r.until)
		r.Currency, r.Floor, r.Legal = charter.Shares.Currency, charter.Shares.FloorOf(r.Highest), Law(charter.Shares.LegalForm, c)
		return err
	})
	return r, err
}

// Book is every line of the register until the end of a day, for a file.
type Book struct {
	Lines []Operation
	Names map[domain.ID]string // of those who stand in it
	Zone  *time.Location       // of the community's calendar
}

// Book reads the whole register until the end of a day, or all of it.
//
// Errors: NotFound, Forbidden.
func (s *Service) Book(ctx context.Context, actor domain.Actor, id domain.ID, day time.Time) (Book, error) {
	b := Book{Names: map[domain.ID]string{}}
	err := s.keepers(ctx, actor, id, func(ctx context.Context, now time.Time) error {
		where, _, err := s.communities.Rules(ctx, id, now)
		if err != nil {
			return err
		}
		b.Zone = where.Zone()
		if b.Lines, err = s.store.EveryOperation(ctx, id, endOf(day, b.Zone)); err != nil {
			return err
		}
		var sides []domain.ID
		for _, l := range b.Lines {
			for _, side := range []domain.ID{l.From, l.To} {
				if _, known := b.Names[side]; !known {
					b.Names[side], sides = "", append(sides, side)
				}
			}
		}
		found, err := s.members.LoadAll(ctx, id, sides)
		for _, m := range found {
			b.Names[m.ID] = m.DisplayName
		}
		return err
	})
	return b, err
}

// endOf is the last moment of a day; the zero time for none.
func endOf(day time.Time, zone *time.Location) time.Time {
	if day.IsZero() {
		return day
	}
	return time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, zone).UTC().Add(-time.Microsecond)
}

// Holders reads who held shares at a moment, in the order in which they came.
func (s *Service) Holders(ctx context.Context, actor domain.Actor, r Register, page domain.Page) (domain.Slice[Holding], error) {
	var found domain.Slice[Holding]
	err := s.keepers(ctx, actor, r.Community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.Holders(ctx, r.Community, r.until, page)
		return err
	})
	return found, err
}

// Operations reads a member's lines of the register, newest first; all lines, for
// those who see every account, when no member is named.
func (s *Service) Operations(ctx context.Context, actor domain.Actor, id, member domain.ID, page domain.Page) (domain.Slice[Operation], error) {
	var found domain.Slice[Operation]
	err := s.tx.InTx(ctx, id, func(ctx context.Context, _ time.Time) error {
		err := s.see(ctx, actor, id, member)
		if err == nil {
			found, err = s.store.ListOperations(ctx, id, member, page)
		}
		return err
	})
	return found, err
}

// Quality reads in what quality a member holds shares, for a register just read.
func (s *Service) Quality(ctx context.Context, id, member domain.ID) (Holder, error) {
	var h Holder
	err := s.tx.InTx(ctx, id, func(ctx context.Context, _ time.Time) (err error) {
		h, err = s.store.Holder(ctx, id, member)
		return err
	})
	return h, err
}

func (s *Service) keepers(ctx context.Context, actor domain.Actor, id domain.ID, fn func(context.Context, time.Time) error) error {
	return s.tx.InTx(ctx, id, func(ctx context.Context, now time.Time) error {
		if _, err := domain.Authorise(ctx, s.access, actor, id, domain.SeeEveryAccount); err != nil {
			return err
		}
		return fn(ctx, now)
	})
}
