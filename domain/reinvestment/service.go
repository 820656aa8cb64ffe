// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/media"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// Service is the use cases of reinvestment.
type Service struct {
	tx          domain.Tx
	store       Store
	periods     domain.Periods
	access      domain.Access
	communities *community.Service
	members     *membership.Service
	hours       *ledger.Service
	photos      *media.Service
}

// New makes the room.
func New(tx domain.Tx, store Store, periods domain.Periods, access domain.Access, communities *community.Service, members *membership.Service, hours *ledger.Service, photos *media.Service) *Service {
	return &Service{tx: tx, store: store, periods: periods, access: access, communities: communities, members: members, hours: hours, photos: photos}
}

// Open is what somebody says to open a cycle.
type Open struct {
	Community         domain.ID
	Pool              domain.ID // the account the envelope is taken from
	Title             string
	Minutes           domain.Minutes // the envelope
	Method            allocation.Method
	Rule              allocation.Rule
	TwoApproversAbove domain.Minutes // 0: twenty hours
	Calendar          Calendar
	Key               string `json:"-"`
}

// Open sets an envelope aside from a pool and announces a cycle: its method, its
// dates, and the commitment to the seed that will break the last ties.
//
// Errors: NotFound, Forbidden, InsufficientHours, CalendarInvalid, MethodNotForVote, RuleInvalid, Required, NotWithMethod, BeyondItsTenth,
// ReserveIndivisible, IdempotencyKeyReused.
func (s *Service) Open(ctx context.Context, actor domain.Actor, cmd Open) (Cycle, error) {
	var c Cycle
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		if _, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.RunCycles); err != nil {
			return err
		}
		where, _, err := s.communities.Rules(ctx, cmd.Community, now)
		if err != nil {
			return err
		}
		said := cmd
		cmd, err := cmd.check(where.Zone(), now)
		if err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "openCycle", Input: said}, func() (domain.ID, error) {
			return s.open(ctx, actor, cmd, now)
		})
		if err != nil {
			return err
		}
		c, err = s.cycle(ctx, cmd.Community, id)
		return err
	})
	return c, err
}

func (s *Service) open(ctx context.Context, actor domain.Actor, cmd Open, now time.Time) (domain.ID, error) {
	pool, err := s.account(ctx, cmd.Community, cmd.Pool, "poolId")
	if err == nil {
		err = divisible(pool, "poolId")
	}
	if err != nil {
		return domain.Nowhere, err
	}
	c := Cycle{
		Community: cmd.Community, ID: domain.NewID(), Title: cmd.Title, Pool: cmd.Pool, Envelope: cmd.Minutes,
		Method: cmd.Method, Rule: cmd.Rule, TwoApproversAbove: cmd.TwoApproversAbove, Calendar: cmd.Calendar,
		OpenedBy: actor.Person, CreatedAt: now,
	}
	return c.ID, s.begin(ctx, actor, c)
}

// begin sets a cycle's envelope aside on an account of its own and commits to its
// seed. It comes last.
func (s *Service) begin(ctx context.Context, actor domain.Actor, c Cycle) error {
	purpose := ""
	if c.Method == allocation.SolidarityDraw {
		purpose = ledger.Solidarity // its single movements are nobody else's business
	}
	envelope, err := s.hours.OpenProject(ctx, c.Community, purpose, c.CreatedAt)
	if err != nil {
		return err
	}
	c.Account, c.State, c.Seed, c.Version = envelope.ID, Draft, rand.Text(), 1
	c.Commitment = allocation.Commitment(c.ID.String(), c.Seed)
	if !c.Calendar.CallAt.After(c.CreatedAt) {
		c.State = OpenCall
	}
	first := Step{Community: c.Community, Cycle: c.ID, Step: 1, State: c.State, Person: actor.Person, Due: c.Calendar.CallAt, At: c.CreatedAt}
	if err := s.store.AddCycle(ctx, c, first); err != nil {
		return err
	}
	if err := s.move(ctx, c, "envelope", CycleOpened, actor, c.Pool, c.Account, c.Envelope); err != nil {
		return err
	}
	after, err := s.account(ctx, c.Community, c.Pool, "poolId") // nobody takes from the pool meanwhile
	if err == nil {
		err = c.withinTenth(after.Balance + c.Envelope)
	}
	if err != nil {
		return err
	}
	return s.covered(ctx, c.Community, c.Pool, c.Envelope)
}

// covered refuses what a pool did not have. The head is held once hours moved: what
// is left is what nobody else takes meanwhile. The community's own account is what the
// whole owes its members, and may.
func (s *Service) covered(ctx context.Context, community, pool domain.ID, taken domain.Minutes) error {
	after, err := s.account(ctx, community, pool, "poolId")
	if err == nil && after.Kind == ledger.Pool && after.Balance-after.Held < 0 {
		err = domain.NewError(ledger.InsufficientHours, "minutes", "available", max(0, after.Balance-after.Held+taken), "required", taken)
	}
	return err
}

// move posts hours of the cycle, once under its name; it comes last.
func (s *Service) move(ctx context.Context, c Cycle, name string, kind domain.EventKind, actor domain.Actor, from, to domain.ID, minutes domain.Minutes) error {
	return s.post(ctx, c, name, grant(minutes, from, to), domain.Event{
		ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: c.ID, Payload: Told{Cycle: c.ID, State: string(c.State), Minutes: minutes},
	})
}

func (s *Service) post(ctx context.Context, c Cycle, name string, leg ledger.Transfer, event domain.Event) error {
	_, err := s.hours.Post(ctx, ledger.Posting{
		Community: c.Community, Key: "cycle/" + c.ID.String() + "/" + name, Legs: []ledger.Transfer{leg}, Event: event,
	})
	return err
}

// Cancel ends a cycle before anything was paid; the envelope returns to its pool.
//
// Errors: NotFound, Forbidden, CycleState, Required.
func (s *Service) Cancel(ctx context.Context, actor domain.Actor, community, id domain.ID, reason string) (Cycle, error) {
	return s.change(ctx, actor, community, id, domain.RunCycles, func(ctx context.Context, c Cycle, now time.Time) error {
		var check domain.Check
		reason = check.Text("reason", reason, 1, 1000)
		if err := check.Err(); err != nil {
			return err
		}
		switch c.State {
		case Draft, OpenCall, Feasibility, Voting, Tallied, Challenge:
		case Paying, Reporting, Closed, Cancelled:
			return domain.NewError(CycleState, "cycleId", "state", string(c.State))
		}
		c.State = Cancelled
		c, err := s.store.MoveCycle(ctx, c, Step{Person: actor.Person, Note: reason, Due: now, At: now})
		if err == nil {
			err = s.endCall(ctx, c, now)
		}
		if err != nil {
			return err
		}
		return s.move(ctx, c, "back", CycleMoved, actor, c.Account, c.Pool, c.Envelope)
	})
}

// change authorises, loads, does, and reads again: the frame of every act on a cycle.
func (s *Service) change(ctx context.Context, actor domain.Actor, community, id domain.ID, p domain.Permission,
	do func(ctx context.Context, c Cycle, now time.Time) error,
) (Cycle, error) {
	var c Cycle
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		_, err := domain.Authorise(ctx, s.access, actor, community, p)
		if err != nil {
			return err
		}
		if c, err = s.cycle(ctx, community, id); err != nil {
			return err
		}
		if err = do(ctx, c, now); err != nil {
			return err
		}
		c, err = s.cycle(ctx, community, id)
		return err
	})
	return c, err
}

func (s *Service) cycle(ctx context.Context, community, id domain.ID) (Cycle, error) {
	found, err := s.store.Cycles(ctx, community, []domain.ID{id})
	if err != nil {
		return Cycle{}, err
	}
	if len(found) == 0 {
		return Cycle{}, domain.NewError(domain.NotFound, "cycleId")
	}
	return found[0], nil
}

// held reads a cycle that stays as it is until the end of the transaction.
func (s *Service) held(ctx context.Context, community, id domain.ID) (Cycle, error) {
	if err := s.store.HoldCycle(ctx, community, id); err != nil {
		return Cycle{}, err
	}
	return s.cycle(ctx, community, id)
}

// Cycle reads one cycle for a member. Errors: NotFound, Unauthenticated.
func (s *Service) Cycle(ctx context.Context, actor domain.Actor, community, id domain.ID) (Cycle, error) {
	return s.change(ctx, actor, community, id, domain.SeeCommunity, func(context.Context, Cycle, time.Time) error { return nil })
}

// List reads a community's cycles, the newest first.
func (s *Service) List(ctx context.Context, actor domain.Actor, community domain.ID, page domain.Page) (domain.Slice[Cycle], error) {
	var found domain.Slice[Cycle]
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		_, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err == nil {
			found, err = s.store.ListCycles(ctx, community, page)
		}
		return err
	})
	return found, err
}

// Steps reads what cycles went through, for a page of them at once.
func (s *Service) Steps(ctx context.Context, community domain.ID, cycles []domain.ID) (steps []Step, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		steps, err = s.store.Steps(ctx, community, cycles)
		return err
	})
	return steps, err
}

// Cycles reads cycles by id inside the caller's transaction, for a page at once.
func (s *Service) Cycles(ctx context.Context, community domain.ID, ids []domain.ID) ([]Cycle, error) {
	return s.store.Cycles(ctx, community, ids)
}

// Claims reads claims by id inside the caller's transaction.
func (s *Service) Claims(ctx context.Context, community domain.ID, ids []domain.ID) ([]Claim, error) {
	return s.store.Claims(ctx, community, ids)
}

// Projects reads projects by id inside the caller's transaction.
func (s *Service) Projects(ctx context.Context, community domain.ID, ids []domain.ID) ([]Project, error) {
	return s.store.Projects(ctx, community, ids)
}
