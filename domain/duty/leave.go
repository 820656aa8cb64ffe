// SPDX-License-Identifier: AGPL-3.0-or-later

package duty

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/membership"
)

// LeaveKind says why somebody is not on duty for a time.
type LeaveKind string

// The kinds of leave.
const (
	Illness  LeaveKind = "ILLNESS"
	Parental LeaveKind = "PARENTAL"
	Care     LeaveKind = "CARE"
	Away     LeaveKind = "AWAY" // they use no service meanwhile, and nobody decides on it
)

// KeepsAccess says whether somebody keeps their service meanwhile.
func (k LeaveKind) KeepsAccess() bool { return k != Away }

// LeaveIs is where a leave stands.
type LeaveIs string

// The states of leave.
const (
	LeaveRequested LeaveIs = "REQUESTED"
	LeaveGranted   LeaveIs = "GRANTED"
	LeaveRefused   LeaveIs = "DECLINED"
	LeaveOver      LeaveIs = "ENDED" // before its time
)

// longestLeave is the most at once, in days: two years, as for a child.
const longestLeave = 731

// Leave is a time in which somebody owes no duty: their counter stands still.
type Leave struct {
	Community domain.ID
	ID        domain.ID
	Member    domain.ID
	Kind      LeaveKind
	State     LeaveIs
	From      time.Time // the first day, at midnight UTC
	Until     time.Time // the last
	StartsAt  time.Time // when the first begins there
	EndsAt    time.Time // when the last is over, or it was ended
	Reason    string    // why it is asked for; for those who decide
	At        time.Time
	DecidedBy domain.ID
	DecidedAt time.Time
	Statement string // of who decided
}

// AskLeave is a leave to be.
type AskLeave struct {
	Community   domain.ID
	Kind        LeaveKind
	From, Until time.Time
	Reason      string
	OnBehalfOf  domain.ID
	Key         string `json:"-"`
}

// leastAway is how many days a leave takes on which nobody decides: half a cycle.
func leastAway(rules community.Duty) int { return max(1, 7*rules.CycleWeeks/2) }

// spared says whether leave takes at least half of a cycle, which then is not charged.
func spared(leaves []Leave, begins, ends time.Time) bool {
	var away time.Duration
	for _, l := range leaves {
		from, until := l.StartsAt, l.EndsAt
		if from.Before(begins) {
			from = begins
		}
		if until.After(ends) {
			until = ends
		}
		away += max(0, until.Sub(from))
	}
	return 2*away >= ends.Sub(begins)
}

// postponed is when service is suspended for who is behind and takes leave: the days
// that they had left stay theirs.
func postponed(due time.Time, l Leave, now time.Time) time.Time {
	from := l.StartsAt
	if from.Before(now) {
		from = now
	}
	if due.IsZero() || !due.After(from) {
		return due
	}
	return due.Add(max(0, l.EndsAt.Sub(from)))
}

// resumed is when service is suspended once leave ended before its time: what of it was
// not taken gives no more days, and what an extension promised stays.
func resumed(a Account, l Leave, ended time.Time, given []Extension) time.Time {
	from := l.StartsAt
	for _, known := range []time.Time{l.At, l.DecidedAt, a.AlertAt} { // it was postponed when both were known
		if from.Before(known) {
			from = known
		}
	}
	if a.DueAt.IsZero() || !a.DueAt.After(from) {
		return a.DueAt // it was not postponed
	}
	if ended.Before(from) {
		ended = from
	}
	due := a.DueAt.Add(-max(0, l.EndsAt.Sub(ended)))
	for _, x := range given {
		if !x.At.Before(a.AlertAt) && due.Before(x.Until) && !x.Until.After(a.DueAt) {
			due = x.Until
		}
	}
	return due
}

func (cmd AskLeave) check(at setting, side domain.ID) (Leave, error) {
	var c domain.Check
	most := cmd.From.AddDate(0, 0, longestLeave)
	c.That(!cmd.From.Before(at.today()) && !cmd.From.After(at.today().AddDate(1, 0, 0)), domain.OutOfRange, "from", "min", 0, "max", 366)
	least := 1
	if !cmd.Kind.KeepsAccess() { // nobody decides on it, so it is no way round a single shift
		least = leastAway(at.duty())
	}
	c.That(!cmd.Until.Before(cmd.From.AddDate(0, 0, least-1)) && cmd.Until.Before(most), domain.OutOfRange, "until", "min", least, "max", longestLeave)
	zone := at.where.Zone()
	return Leave{
		Community: cmd.Community, ID: domain.NewID(), Member: side, Kind: cmd.Kind, State: LeaveRequested, From: cmd.From, Until: cmd.Until,
		StartsAt: domain.OnTheWall(cmd.From, 0, zone), EndsAt: domain.OnTheWall(cmd.Until.AddDate(0, 0, 1), 0, zone),
		Reason: c.Text("reason", cmd.Reason, 0, 1000), At: at.now,
	}, c.Err()
}

// RequestLeave asks for a time without duty. AWAY is taken at once, since it keeps no
// service; the others are decided on.
//
// Errors: NotFound, Forbidden, Off, OutOfRange, TextTooLong, LeaveOverlaps, IdempotencyKeyReused.
func (s *Service) RequestLeave(ctx context.Context, actor domain.Actor, cmd AskLeave) (Leave, error) {
	id, err := s.act(ctx, actor, cmd.Community, cmd.OnBehalfOf, domain.Once{Key: cmd.Key, Action: "requestLeave", Input: cmd},
		func(ctx context.Context, at setting, side domain.ID) (domain.ID, error) {
			l, err := cmd.check(at, side)
			if err != nil {
				return domain.Nowhere, err
			}
			if _, err := s.store.LockAccount(ctx, cmd.Community, side, at.next()); err != nil {
				return domain.Nowhere, err
			}
			others, err := s.store.LeavesOf(ctx, cmd.Community, side)
			if err != nil {
				return domain.Nowhere, err
			}
			if slices.ContainsFunc(others, func(o Leave) bool {
				return o.State != LeaveRefused && o.StartsAt.Before(l.EndsAt) && l.StartsAt.Before(o.EndsAt)
			}) {
				return domain.Nowhere, domain.NewError(LeaveOverlaps, "from")
			}
			kind := LeaveAsked
			if !l.Kind.KeepsAccess() {
				kind, l.State = LeaveBegins, LeaveGranted
			}
			if err := s.store.AddLeave(ctx, l); err != nil {
				return domain.Nowhere, err
			}
			s.tell(ctx, actor, kind, l.ID, Told{Member: side, Due: l.StartsAt})
			if l.State == LeaveGranted {
				err = s.begin(ctx, actor, at, l)
			}
			return l.ID, err
		})
	if err != nil {
		return Leave{}, err
	}
	return s.readLeave(ctx, cmd.Community, id)
}

// begin has a leave count: shifts within it are no longer theirs, what runs against
// them waits, and where it keeps no service that rests.
func (s *Service) begin(ctx context.Context, actor domain.Actor, at setting, l Leave) error {
	theirs, err := s.store.BookedBy(ctx, l.Community, l.Member, l.StartsAt)
	if err != nil {
		return err
	}
	for _, b := range theirs {
		shift, err := s.lockShift(ctx, l.Community, b.Shift)
		if err == nil && !l.Kind.KeepsAccess() && cancelling(shift, at.duty(), at.now) == Missed {
			continue // too late for what nobody decides on
		}
		if err == nil && shift.StartsAt.Before(l.EndsAt) && shift.StartsAt.After(at.now) {
			err = s.release(ctx, at, b)
		}
		if err != nil {
			return err
		}
	}
	a, err := s.store.LockAccount(ctx, l.Community, l.Member, at.next())
	if err != nil {
		return err
	}
	was := a
	a.DueAt = postponed(a.DueAt, l, at.now)
	if err := s.settle(ctx, actor, was, a); err != nil || l.Kind.KeepsAccess() {
		return err
	}
	return s.members.Limit(ctx, l.Community, l.Member, membership.Limit{
		Cause: l.ID, What: service(), From: l.StartsAt, Until: l.EndsAt, Rule: membership.ByLeave,
	}, "onBehalfOf")
}

// DecideLeave grants leave or not; why is for its member to read. Nobody decides on
// their own.
//
// Errors: NotFound, Forbidden, Off, Required, TextTooLong, OwnDuty, LeaveState.
func (s *Service) DecideLeave(ctx context.Context, actor domain.Actor, in, id domain.ID, grant bool, statement string) (Leave, error) {
	_, err := s.manage(ctx, actor, in, domain.Once{}, func(ctx context.Context, at setting, by domain.ID) (domain.ID, error) {
		var c domain.Check
		least := 1
		if grant {
			least = 0
		}
		statement := c.Text("statement", statement, least, 1000)
		if err := c.Err(); err != nil {
			return id, err
		}
		l, err := s.leave(ctx, in, id)
		if err == nil {
			err = s.apart(ctx, in, by, l.Member, "leaveId")
		}
		if err != nil {
			return id, err
		}
		if l.State != LeaveRequested {
			return id, domain.NewError(LeaveState, "leaveId", "state", string(l.State))
		}
		l.State, l.DecidedBy, l.DecidedAt, l.Statement = LeaveRefused, by, at.now, statement
		if grant {
			l.State = LeaveGranted
		}
		if err := s.moveLeave(ctx, l, LeaveRequested); err != nil {
			return id, err
		}
		s.tell(ctx, actor, LeaveDecided, id, Told{Member: l.Member, Granted: grant, Due: l.StartsAt})
		if grant {
			err = s.begin(ctx, actor, at, l)
		}
		return id, err
	})
	if err != nil {
		return Leave{}, err
	}
	return s.readLeave(ctx, in, id)
}

// EndLeave ends leave before its time, by its member or whoever acts for them; one
// that is only asked for is taken back. It also ends where there is no duty any more.
//
// Errors: NotFound, Forbidden, LeaveState.
func (s *Service) EndLeave(ctx context.Context, actor domain.Actor, in, id domain.ID) (Leave, error) {
	err := s.tx.InTx(ctx, in, func(ctx context.Context, now time.Time) error {
		l, err := s.seeLeave(ctx, actor, in, id)
		if err != nil {
			return err
		}
		if _, err := s.members.ActingAs(ctx, actor, in, l.Member, domain.SeeCommunity); err != nil {
			return err
		}
		at, err := s.setting(ctx, in, now)
		if err != nil && !errors.Is(err, Off) { // nobody stays away because there is no duty any more
			return err
		}
		was, whole := l.State, l
		if (was != LeaveRequested && was != LeaveGranted) || !l.EndsAt.After(now) {
			return domain.NewError(LeaveState, "leaveId", "state", string(was))
		}
		l.State, l.EndsAt = LeaveOver, now
		if l.StartsAt.After(now) {
			l.EndsAt = l.StartsAt
		}
		if err := s.moveLeave(ctx, l, was); err != nil {
			return err
		}
		s.tell(ctx, actor, LeaveEnded, id, Told{Member: l.Member})
		if was == LeaveRequested {
			return nil
		}
		a, err := s.store.LockAccount(ctx, in, l.Member, at.next())
		if err != nil {
			return err
		}
		given, err := s.store.ExtensionsOf(ctx, in, l.Member)
		if err != nil {
			return err
		}
		is := a
		is.DueAt = resumed(a, whole, l.EndsAt, given)
		if err := s.settle(ctx, actor, a, is); err != nil {
			return err
		}
		if err := s.owedAfterAll(ctx, actor, at, whole); err != nil {
			return err
		}
		return s.members.Unlimit(ctx, in, l.Member, l.ID)
	})
	if err != nil {
		return Leave{}, err
	}
	return s.readLeave(ctx, in, id)
}

// owedAfterAll counts as excused the shifts that a leave freed on which nobody decided,
// where it was ended before it took as long as such a leave takes: else it would be a
// way round one of them.
func (s *Service) owedAfterAll(ctx context.Context, actor domain.Actor, at setting, whole Leave) error {
	least := domain.OnTheWall(whole.From.AddDate(0, 0, leastAway(at.duty())), 0, at.where.Zone())
	if whole.Kind.KeepsAccess() || !at.duty().On || !at.now.Before(least) {
		return nil
	}
	freed, err := s.store.Freed(ctx, whole.Community, whole.Member, whole.StartsAt, at.now)
	for _, b := range freed {
		if err != nil {
			return err
		}
		var a Account
		if a, err = s.store.LockAccount(ctx, b.Community, b.Member, at.next()); err != nil {
			return err
		}
		b.State, b.EndedAt = Excused, at.now
		if _, err = s.store.EndBooking(ctx, b, CalledOff); err == nil {
			_, err = s.post(ctx, actor, at, a, Entry{Kind: ForShift, Outcome: Excused, Points: points(at.duty(), Excused, b.Owed), Booking: b.ID}, Charged, Told{Shift: b.Shift})
		}
	}
	return err
}

func (s *Service) moveLeave(ctx context.Context, l Leave, was LeaveIs) error {
	first, err := s.store.SaveLeave(ctx, l, was)
	if err == nil && !first {
		err = domain.NewError(LeaveState, "leaveId", "state", string(l.State))
	}
	return err
}

// Leave reads one, for its member and those who look after duty. Error: NotFound.
func (s *Service) Leave(ctx context.Context, actor domain.Actor, in, id domain.ID) (l Leave, err error) {
	err = s.tx.InTx(ctx, in, func(ctx context.Context, _ time.Time) (err error) {
		l, err = s.seeLeave(ctx, actor, in, id)
		return err
	})
	return l, err
}

func (s *Service) seeLeave(ctx context.Context, actor domain.Actor, in, id domain.ID) (Leave, error) {
	standing, err := domain.Authorise(ctx, s.access, actor, in, domain.SeeCommunity)
	if err != nil {
		return Leave{}, err
	}
	l, err := s.leave(ctx, in, id)
	if err == nil && l.Member != standing.Member && !standing.May(domain.ManageDuty) {
		if _, err = s.members.ActingAs(ctx, actor, in, l.Member, domain.SeeCommunity); errors.Is(err, domain.Forbidden) {
			err = domain.NewError(domain.NotFound, "leaveId")
		}
	}
	return l, err
}

func (s *Service) leave(ctx context.Context, in, id domain.ID) (Leave, error) {
	found, err := s.store.Leaves(ctx, in, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NewError(domain.NotFound, "leaveId")
	}
	if err != nil {
		return Leave{}, err
	}
	return found[0], nil
}

func (s *Service) readLeave(ctx context.Context, in, id domain.ID) (l Leave, err error) {
	err = s.tx.InTx(ctx, in, func(ctx context.Context, _ time.Time) (err error) {
		l, err = s.leave(ctx, in, id)
		return err
	})
	return l, err
}
