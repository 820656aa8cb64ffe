// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// BulkAct is one thing that staff do with many members at once. Each is a use case of
// its own that they could do member by member.
type BulkAct string

// The acts.
const (
	BulkAdmit  BulkAct = "ADMIT"
	BulkRefuse BulkAct = "DECLINE"
	BulkOrient BulkAct = "NOTE_ORIENTATION"
	BulkLimit  BulkAct = "SET_ACCOUNT_LIMITS"
	BulkGive   BulkAct = "GIVE_HOURS" // from the community
)

// BulkActs lists every act, in the order of the SDL enum.
func BulkActs() []BulkAct { return []BulkAct{BulkAdmit, BulkRefuse, BulkOrient, BulkLimit, BulkGive} }

// LargestBulk is with how many members one thing is done at once, at most.
const LargestBulk = 200

// Bulk is one thing to be done with many members.
type Bulk struct {
	Community domain.ID
	Members   []domain.ID
	Act       BulkAct
	Reason    string         // told to who is declined, kept with limits, a word with a gift
	Minutes   domain.Minutes // for a gift, to each
	Limits    ledger.Limits  // for SET_ACCOUNT_LIMITS
	DryRun    bool           `json:"-"`
	Key       string         `json:"-"`
}

// BulkOutcome says what became of one member: it was done, or why not.
type BulkOutcome struct {
	Place  int         // among those named
	Member domain.ID   // as they were named
	Code   domain.Code // why it was not done; empty when it was
	State  string      // of the membership, where that is why
}

// Refusal is why it was not done; nil when it was.
func (o BulkOutcome) Refusal(field string) *domain.Error {
	switch {
	case o.Code == "":
		return nil
	case o.State != "":
		return domain.NewError(o.Code, field, "state", o.State)
	}
	return domain.NewError(o.Code, field)
}

// check tidies what holds for all of them, so that what is wrong with it is said
// before anything is done with anybody. Who is named twice is named once.
func (cmd Bulk) check() (Bulk, error) {
	var c domain.Check
	c.That(cmd.DryRun || cmd.Key != "", domain.Required, "idempotencyKey")
	c.That(slices.Contains(BulkActs(), cmd.Act), domain.ValueUnknown, "act")
	c.That(len(cmd.Members) > 0 && len(cmd.Members) <= LargestBulk, domain.OutOfRange, "memberIds", "min", 1, "max", LargestBulk)
	least := 0
	if cmd.Act == BulkRefuse || cmd.Act == BulkLimit {
		least = 1
	}
	cmd.Reason = c.Text("reason", cmd.Reason, least, 1000)
	cmd.Limits.Check(&c)
	if cmd.Act == BulkGive || cmd.Minutes != 0 {
		c.Minutes("minutes", cmd.Minutes)
	}
	return cmd, c.Err()
}

// errRehearsed ends a transaction that was only to show what would happen.
var errRehearsed = errors.New("rehearsed")

// ActOnMany does one thing with many members, each in a transaction of its own: what
// can be done is done, and what cannot is told with the reason. A dry run takes the
// same way with each and takes it back. The same key again answers what came of it
// the first time, and goes on where that was broken off.
//
// Errors: NotFound, Forbidden, Required, TextTooLong, OutOfRange, ValueUnknown,
// MinutesOutOfRange, ledger.LimitsInvalid, IdempotencyKeyReused.
func (s *Service) ActOnMany(ctx context.Context, actor domain.Actor, cmd Bulk) ([]BulkOutcome, []Member, error) {
	cmd, wrong := cmd.check()
	run, err := s.beginBulk(ctx, actor, cmd, wrong)
	if err != nil {
		return nil, nil, err
	}
	var outcomes []BulkOutcome
	for place, member := range cmd.Members {
		if slices.Index(cmd.Members, member) < place {
			continue
		}
		o, err := s.actOnOne(ctx, actor, cmd, run, BulkOutcome{Place: place, Member: member})
		if err != nil {
			return nil, nil, err
		}
		outcomes = append(outcomes, o)
	}
	var now []Member
	err = s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, _ time.Time) error {
		now, err = s.store.ByIDs(ctx, cmd.Community, cmd.Members)
		return err
	})
	return outcomes, now, err
}

// beginBulk says no to whoever may not and to what holds for nobody, and answers under
// what the outcomes are kept: Nowhere for a dry run.
func (s *Service) beginBulk(ctx context.Context, actor domain.Actor, cmd Bulk, wrong error) (domain.ID, error) {
	run := domain.Nowhere
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, _ time.Time) error {
		if _, err := s.authorise(ctx, actor, cmd.Community, domain.AdmitMembers); err != nil {
			return err
		}
		begin := func() (domain.ID, error) {
			if wrong != nil {
				return domain.Nowhere, wrong
			}
			found, err := s.store.ByIDs(ctx, cmd.Community, cmd.Members)
			for _, member := range cmd.Members {
				if err == nil && !slices.ContainsFunc(found, func(m Member) bool { return m.ID == member }) {
					err = domain.NewError(domain.NotFound, "memberIds")
				}
			}
			return domain.NewID(), err
		}
		if cmd.DryRun || cmd.Key == "" {
			_, err := begin()
			return err
		}
		var err error
		run, _, err = s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "actOnMembers", Input: cmd}, begin)
		return err
	})
	return run, err
}

// actOnOne does it with one member, together with the note of it, or notes why not.
func (s *Service) actOnOne(ctx context.Context, actor domain.Actor, cmd Bulk, run domain.ID, o BulkOutcome) (BulkOutcome, error) {
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		if run != domain.Nowhere {
			// First, so that the same sent twice at once waits here.
			known, err := s.store.NoteBulk(ctx, cmd.Community, run, o, now)
			if known != nil {
				o = known.at(o.Place)
			}
			if known != nil || err != nil {
				return err
			}
		}
		err := s.act(ctx, actor, cmd, run, o.Member)
		if err == nil && run == domain.Nowhere {
			err = errRehearsed
		}
		return err
	})
	refused, ok := refusal(err)
	switch {
	case err == nil || errors.Is(err, errRehearsed):
		return o, nil
	case !ok:
		return o, err
	}
	o.Code = refused.Code
	o.State, _ = refused.Args["state"].(string)
	if run == domain.Nowhere || errors.Is(err, domain.StaleVersion) { // somebody was quicker: the same again tries again
		return o, nil
	}
	err = s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		known, err := s.store.NoteBulk(ctx, cmd.Community, run, o, now)
		if known != nil {
			o = known.at(o.Place)
		}
		return err
	})
	return o, err
}

func (o BulkOutcome) at(place int) BulkOutcome {
	o.Place = place
	return o
}

// refusal is what stands against doing it with one member; what stands against all of
// it, such as a role that ended meanwhile, is none.
func refusal(err error) (*domain.Error, bool) {
	problems, ok := domain.Problems(err)
	if !ok {
		return nil, false
	}
	for _, whole := range []domain.Code{domain.Unauthenticated, domain.Forbidden, domain.NotFound, domain.RateLimited, domain.Internal} {
		if errors.Is(err, whole) {
			return nil, false
		}
	}
	return problems[0], true
}

// act is the one use case that anybody would call for one member.
func (s *Service) act(ctx context.Context, actor domain.Actor, cmd Bulk, run, member domain.ID) error {
	var err error
	switch cmd.Act {
	case BulkAdmit:
		_, err = s.Admit(ctx, actor, cmd.Community, member, "")
	case BulkRefuse:
		_, err = s.Decline(ctx, actor, cmd.Community, member, cmd.Reason)
	case BulkOrient:
		_, err = s.NoteOrientation(ctx, actor, cmd.Community, member)
	case BulkLimit:
		var account ledger.Account
		if account, err = s.accountFor(ctx, cmd.Community, member); err == nil {
			_, err = s.ledger.SetLimits(ctx, actor, ledger.LimitChange{Community: cmd.Community, Account: account.ID, Limits: cmd.Limits, Reason: cmd.Reason})
		}
	case BulkGive:
		err = s.giveFromCommunity(ctx, actor, cmd, run, member)
	}
	return err
}

func (s *Service) giveFromCommunity(ctx context.Context, actor domain.Actor, cmd Bulk, run, member domain.ID) error {
	whole, err := s.ledger.CommunityAccount(ctx, cmd.Community, ledger.Community, "")
	if err != nil {
		return err
	}
	account, err := s.accountFor(ctx, cmd.Community, member)
	if err != nil {
		return err
	}
	_, err = s.ledger.Give(ctx, actor, ledger.Give{
		Community: cmd.Community, From: whole.ID, To: account.ID, Minutes: cmd.Minutes, Message: cmd.Reason,
		Key: domain.DerivedID(member, "actOnMembers/"+run.String()).String(),
	})
	return err
}

// accountFor is a member's account; who has none is not in a state to have one.
func (s *Service) accountFor(ctx context.Context, community, member domain.ID) (ledger.Account, error) {
	m, err := s.byID(ctx, community, member)
	if err != nil {
		return ledger.Account{}, err
	}
	if !m.Participation.Admitted() {
		return ledger.Account{}, domain.NewError(MemberState, "memberId", "state", string(m.Participation))
	}
	return s.ledger.AccountOf(ctx, community, member)
}
