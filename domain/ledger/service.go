// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Service is the hours ledger's use cases. Post, Open, Hold and Release are for
// the rooms above, which authorised their own use case and hold the transaction.
type Service struct {
	tx     domain.Tx
	store  Store
	access domain.Access
}

// New makes the ledger.
func New(tx domain.Tx, store Store, access domain.Access) *Service {
	return &Service{tx: tx, store: store, access: access}
}

// Found opens the accounts that every community has: its own and its pools.
func (s *Service) Found(ctx context.Context, community domain.ID, now time.Time) error {
	accounts := []Account{
		{Kind: Community},
		{Kind: Pool, Purpose: Solidarity},
		{Kind: Pool, Purpose: Projects},
		{Kind: Pool, Purpose: Reserve},
	}
	for _, a := range accounts {
		a.Community, a.ID, a.OpenedAt = community, domain.NewID(), now
		if err := s.store.OpenAccount(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// Open opens a member's account.
func (s *Service) Open(ctx context.Context, community, member domain.ID, limits Limits, now time.Time) (Account, error) {
	a := Account{Community: community, ID: domain.NewID(), Kind: Member, Owner: member, Limits: limits, OpenedAt: now}
	return a, s.store.OpenAccount(ctx, a)
}

// OpenProject opens an account for hours set aside for common projects, or, with the
// purpose of SOLIDARITY, for people who ask: its movements are then not for everybody.
func (s *Service) OpenProject(ctx context.Context, community domain.ID, purpose string, now time.Time) (Account, error) {
	zero := domain.Minutes(0)
	a := Account{Community: community, ID: domain.NewID(), Kind: Project, Purpose: purpose, Limits: Limits{Floor: &zero}, OpenedAt: now}
	return a, s.store.OpenAccount(ctx, a)
}

// Close closes a member's empty account. Error: AccountInUse.
func (s *Service) Close(ctx context.Context, a Account, now time.Time) error {
	return s.store.CloseAccount(ctx, a.Community, a.ID, now)
}

// Post writes a posting with its event. It comes last in a use case: the
// community's head is held from here to the commit.
//
// Errors: InsufficientHours, AccountClosed, IdempotencyKeyReused.
func (s *Service) Post(ctx context.Context, p Posting) (Posted, error) {
	if err := p.Valid(); err != nil {
		return Posted{}, err
	}
	posted, err := s.store.Post(ctx, p)
	if err == nil && len(posted.Low)+len(posted.High) > 0 {
		err = s.warn(ctx, p.Community, posted)
	}
	return posted, err
}

// warn records who now stands below their soft floor or above their ceiling:
// it stays allowed, and people are told.
func (s *Service) warn(ctx context.Context, community domain.ID, posted Posted) error {
	accounts, err := s.store.Accounts(ctx, community, slices.Concat(posted.Low, posted.High))
	for _, a := range accounts {
		kind := BalanceHigh
		if slices.Contains(posted.Low, a.ID) {
			kind = BalanceLow
		}
		s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: kind, Subject: a.ID, Payload: Stands{a.Owner, a.Balance}})
	}
	return err
}

// Hold promises minutes to an exchange, or changes what it promised.
// Error: InsufficientHours.
func (s *Service) Hold(ctx context.Context, h Hold, now time.Time) error {
	return s.store.PlaceHold(ctx, h, now)
}

// Release gives back what holds promised; closed ones are left as they are.
func (s *Service) Release(ctx context.Context, community domain.ID, now time.Time, holds ...domain.ID) error {
	return s.store.CloseHolds(ctx, community, holds, false, now)
}

// ExpireHolds gives back the minutes of promises that nobody came back to.
func (s *Service) ExpireHolds(ctx context.Context, community domain.ID) error {
	const atOnce = 500
	for {
		var due []domain.ID
		err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) (err error) {
			due, err = s.store.ExpiredHolds(ctx, community, now, atOnce)
			if err != nil || len(due) == 0 {
				return err
			}
			return s.store.CloseHolds(ctx, community, due, true, now)
		})
		if err != nil || len(due) < atOnce {
			return err
		}
	}
}

// AccountOf finds a member's account. Error: AccountClosed when there is none.
func (s *Service) AccountOf(ctx context.Context, community, member domain.ID) (Account, error) {
	found, err := s.store.AccountsOf(ctx, community, []domain.ID{member})
	if err != nil {
		return Account{}, err
	}
	if len(found) == 0 {
		return Account{}, domain.NewError(AccountClosed, "")
	}
	return found[0], nil
}

// CommunityAccount finds one of the community's own accounts; purpose names a
// pool and is empty for the community itself.
func (s *Service) CommunityAccount(ctx context.Context, community domain.ID, kind AccountKind, purpose string) (Account, error) {
	all, err := s.store.CommunityAccounts(ctx, community)
	if err != nil {
		return Account{}, err
	}
	for _, a := range all {
		if a.Kind == kind && a.Purpose == purpose {
			return a, nil
		}
	}
	return Account{}, domain.NewError(domain.NotFound, "")
}

// PoolFor finds the pool of a purpose, and opens it where there is none yet.
func (s *Service) PoolFor(ctx context.Context, community domain.ID, purpose string, now time.Time) (Account, error) {
	a, err := s.CommunityAccount(ctx, community, Pool, purpose)
	if !errors.Is(err, domain.NotFound) {
		return a, err
	}
	a = Account{Community: community, ID: domain.NewID(), Kind: Pool, Purpose: purpose, OpenedAt: now}
	return a, s.store.OpenAccount(ctx, a)
}

// Give moves hours of one's own to another account, as a gift. A coordinator
// may do it for a member, or from the community, though never to themselves, nor to their
// own household.
//
// Errors: NotFound, Forbidden, BothSides, EarmarkedHours, InsufficientHours, AccountClosed, IdempotencyKeyReused.
func (s *Service) Give(ctx context.Context, actor domain.Actor, cmd Give) (Transfer, error) {
	var c domain.Check
	cmd.Message = c.Text("message", cmd.Message, 0, 1000)
	c.Minutes("minutes", cmd.Minutes)
	c.That(cmd.Key != "", domain.Required, "idempotencyKey")
	c.That(cmd.From != cmd.To, SameAccount, "to")
	w := wish{cmd.Community, domain.TakePart, domain.Once{Key: cmd.Key, Action: "giveHours", Input: cmd}, c.Err()}
	return s.moves(ctx, actor, w, func(ctx context.Context, standing domain.Standing, now time.Time) (domain.ID, error) {
		found, err := s.store.Accounts(ctx, cmd.Community, []domain.ID{cmd.From, cmd.To})
		if err != nil {
			return domain.Nowhere, err
		}
		from, ok := byID(found, cmd.From)
		to, known := byID(found, cmd.To)
		if !ok || !known || (to.Kind == Member && !standing.Sees(to.Owner)) {
			return domain.Nowhere, domain.NotFound
		}
		if !mayGiveFrom(standing, from) || anyMirror(found) || from.bound() || to.bound() || from.apart() || to.apart() && from.Kind != Pool {
			return domain.Nowhere, domain.Forbidden
		}
		if err := from.Unearmarked("from"); err != nil {
			return domain.Nowhere, err
		}
		if err := s.notToOneself(ctx, standing, from, to); err != nil {
			return domain.Nowhere, err
		}
		leg := Transfer{ID: domain.NewID(), Kind: Gift, Minutes: cmd.Minutes, Debit: cmd.From, Credit: cmd.To}
		_, err = s.Post(ctx, Posting{
			Community: cmd.Community,
			Key:       "gift/" + leg.ID.String(),
			Legs:      []Transfer{leg},
			Event:     domain.Event{ID: domain.NewID(), Kind: HoursGiven, Actor: actor.Person, Subject: leg.ID},
		})
		if err == nil && cmd.Message != "" {
			err = s.store.Note(ctx, Note{cmd.Community, leg.ID, actor.Person, cmd.Message, now})
		}
		return leg.ID, err
	})
}

// notToOneself refuses who acts for another member, or for the whole, and gives to
// themselves, or to who lives with them.
func (s *Service) notToOneself(ctx context.Context, standing domain.Standing, from, to Account) error {
	if to.Kind != Member || from.Kind == Member && from.Owner == standing.Member {
		return nil
	}
	own := to.Owner == standing.Member
	if !own {
		var err error
		if own, err = s.store.Together(ctx, from.Community, standing.Member, to.Owner); err != nil {
			return err
		}
	}
	if own {
		return domain.NewError(domain.BothSides, "from")
	}
	return nil
}

// Give is a gift of hours.
type Give struct {
	Community domain.ID
	From, To  domain.ID // accounts
	Minutes   domain.Minutes
	Message   string // optional
	Key       string `json:"-"`
}

// mayGiveFrom: one's own hours, those of a member one may act for, or the
// community's by who may give from it.
func mayGiveFrom(standing domain.Standing, from Account) bool {
	if from.Kind == Member {
		return from.Owner == standing.Member || standing.May(domain.ActForMember)
	}
	return standing.May(domain.GiveFromCommunity)
}

// Reverse undoes a transfer, once, by an equal and opposite one, and with an
// exchange's the levy that was taken on it. It may cross the other side's floor;
// the result then says so.
//
// Errors: NotFound, Forbidden, AlreadyReversed, IdempotencyKeyReused.
func (s *Service) Reverse(ctx context.Context, actor domain.Actor, cmd Reverse) (Transfer, error) {
	var c domain.Check
	cmd.Reason = c.Text("reason", cmd.Reason, 1, 1000)
	c.That(cmd.Key != "", domain.Required, "idempotencyKey")
	w := wish{cmd.Community, domain.ReverseTransfers, domain.Once{Key: cmd.Key, Action: "reverseTransfer", Input: cmd}, c.Err()}
	return s.moves(ctx, actor, w, func(ctx context.Context, _ domain.Standing, now time.Time) (domain.ID, error) {
		mistake, err := s.mistake(ctx, cmd.Community, cmd.Transfer)
		if err != nil {
			return domain.Nowhere, err
		}
		if err := s.neverAlone(ctx, cmd.Community, mistake.Debit, mistake.Credit); err != nil {
			return domain.Nowhere, err
		}
		leg := mistake.Undo()
		leg.ID = domain.NewID()
		if err := s.amend(ctx, actor, mistake, Transfer{}, TransferReversed, leg); err != nil {
			return domain.Nowhere, err
		}
		return leg.ID, s.store.Note(ctx, Note{cmd.Community, leg.ID, actor.Person, cmd.Reason, now})
	})
}

// Reverse names a transfer to undo and the reason.
type Reverse struct {
	Community domain.ID
	Transfer  domain.ID
	Reason    string
	Key       string `json:"-"`
}

// Statement is a stretch of an account's entries, newest first, for its owner
// and those who keep the books.
//
// Errors: NotFound, Forbidden.
func (s *Service) Statement(ctx context.Context, actor domain.Actor, community, account domain.ID, period Period, page domain.Page) (domain.Slice[Entry], error) {
	var result domain.Slice[Entry]
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		span, err := s.span(ctx, actor, community, account, period)
		if err == nil {
			result, err = s.store.Entries(ctx, community, account, span, page)
		}
		return err
	})
	return result, err
}

// Entries counts an account's entries of a period, for whoever may read them.
func (s *Service) Entries(ctx context.Context, actor domain.Actor, community, account domain.ID, period Period) (int, error) {
	var span Span
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		span, err = s.span(ctx, actor, community, account, period)
		return err
	})
	return span.Len(), err
}

// span is where a period of an account lies, if the actor may see it.
func (s *Service) span(ctx context.Context, actor domain.Actor, community, account domain.ID, period Period) (Span, error) {
	a, err := s.visible(ctx, actor, community, account)
	if err != nil || period == (Period{}) {
		return Span{Last: a.Entries}, err
	}
	return s.store.Span(ctx, community, account, period)
}

// Account reads one account for somebody who may see it.
func (s *Service) Account(ctx context.Context, actor domain.Actor, community, id domain.ID) (Account, error) {
	var a Account
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		a, err = s.visible(ctx, actor, community, id)
		return err
	})
	return a, err
}

// visible loads an account if the actor may see it: their own, the community's
// (transparency), or all of them for those who keep the books.
func (s *Service) visible(ctx context.Context, actor domain.Actor, community, id domain.ID) (Account, error) {
	standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
	if err != nil {
		return Account{}, err
	}
	a, err := s.account(ctx, community, id)
	if err == nil && !MaySee(standing, a) {
		return Account{}, domain.Forbidden
	}
	return a, err
}

func (s *Service) account(ctx context.Context, community, id domain.ID) (Account, error) {
	found, err := s.store.Accounts(ctx, community, []domain.ID{id})
	if err != nil {
		return Account{}, err
	}
	if len(found) == 0 {
		return Account{}, domain.NotFound
	}
	return found[0], nil
}

// open says whether every member sees an account's hours: the community's own, but
// for those set aside for people who ask, and those of people nobody has heard of, who
// would be named by what comes and goes.
func (a Account) open() bool {
	return a.Kind != Member && !a.apart() && (a.Kind != Project || a.Purpose != Solidarity)
}

// MaySee says whether a standing shows an account's hours.
func MaySee(standing domain.Standing, a Account) bool {
	return standing.Admitted && (a.open() || a.Owner == standing.Member || standing.May(domain.SeeEveryAccount))
}

func (s *Service) transfer(ctx context.Context, community, id domain.ID) (Transfer, error) {
	found, err := s.store.Transfers(ctx, community, []domain.ID{id})
	if err != nil {
		return Transfer{}, err
	}
	if len(found) == 0 {
		return Transfer{}, domain.NotFound
	}
	return found[0], nil
}

func byID(accounts []Account, id domain.ID) (Account, bool) {
	for _, a := range accounts {
		if a.ID == id {
			return a, true
		}
	}
	return Account{}, false
}
