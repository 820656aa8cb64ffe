// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/duty"
)

type dutyLeaveRow struct {
	CommunityID, ID, MemberID domain.ID
	Kind, State               string
	FromDay, UntilDay         time.Time
	StartsAt, EndsAt          time.Time
	Reason                    string
	CreatedAt                 time.Time
	DecidedBy                 *domain.ID
	DecidedAt                 *time.Time
	Statement                 string
}

const dutyLeaveColumns = `community_id, id, member_id, kind, state, from_day, until_day, starts_at, ends_at, reason, created_at, decided_by, decided_at, statement`

func (r dutyLeaveRow) value() duty.Leave {
	return duty.Leave{
		Community: r.CommunityID, ID: r.ID, Member: r.MemberID, Kind: duty.LeaveKind(r.Kind), State: duty.LeaveIs(r.State), From: r.FromDay.UTC(),
		Until: r.UntilDay.UTC(), StartsAt: r.StartsAt.UTC(), EndsAt: r.EndsAt.UTC(), Reason: r.Reason, At: r.CreatedAt.UTC(),
		DecidedBy: orNowhere(r.DecidedBy), DecidedAt: moment(r.DecidedAt), Statement: r.Statement,
	}
}

// AddLeave implements duty.Store.
func (DutyStore) AddLeave(ctx context.Context, l duty.Leave) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO duty_leave (`+dutyLeaveColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		l.Community, l.ID, l.Member, string(l.Kind), string(l.State), l.From, l.Until, l.StartsAt, l.EndsAt, l.Reason, l.At, optional(l.DecidedBy),
		orNil(l.DecidedAt), l.Statement)
	return err
}

// Leaves implements duty.Store.
func (DutyStore) Leaves(ctx context.Context, community domain.ID, ids []domain.ID) ([]duty.Leave, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+dutyLeaveColumns+` FROM duty_leave`+byIDsSQL, community, ids)
	return collect(found, err, dutyLeaveRow.value)
}

// LeavesOf implements duty.Store, by duty_leave_member_idx.
func (DutyStore) LeavesOf(ctx context.Context, community, member domain.ID) ([]duty.Leave, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+dutyLeaveColumns+` FROM duty_leave
		 WHERE community_id = $1 AND member_id = $2 ORDER BY starts_at DESC, id DESC`, community, member)
	return collect(found, err, dutyLeaveRow.value)
}

// WaitingLeaves implements duty.Store, by duty_leave_waiting_idx.
func (DutyStore) WaitingLeaves(ctx context.Context, community domain.ID, limit int) ([]duty.Leave, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+dutyLeaveColumns+` FROM duty_leave
		 WHERE community_id = $1 AND state = 'REQUESTED' ORDER BY created_at, id LIMIT $2`, community, limit)
	return collect(found, err, dutyLeaveRow.value)
}

// OnLeave implements duty.Store, by duty_leave_member_idx. What was ended before its
// time was leave until then.
func (DutyStore) OnLeave(ctx context.Context, community, member domain.ID, from, until time.Time) ([]duty.Leave, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+dutyLeaveColumns+` FROM duty_leave
		 WHERE community_id = $1 AND member_id = $2 AND starts_at < $4 AND ends_at > $3
		   AND (state = 'GRANTED' OR (state = 'ENDED' AND (kind = 'AWAY' OR decided_by IS NOT NULL)))
		 ORDER BY starts_at DESC, id DESC`, community, member, from, until)
	return collect(found, err, dutyLeaveRow.value)
}

// SaveLeave implements duty.Store.
func (DutyStore) SaveLeave(ctx context.Context, l duty.Leave, was duty.LeaveIs) (bool, error) {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE duty_leave SET state = $3, ends_at = $4, decided_by = $5, decided_at = $6, statement = $7
		 WHERE community_id = $1 AND id = $2 AND state = $8`,
		l.Community, l.ID, string(l.State), l.EndsAt, optional(l.DecidedBy), orNil(l.DecidedAt), l.Statement, string(was))
	return tag.RowsAffected() == 1, err
}

type dutySwapRow struct {
	CommunityID, ID, MemberID, BookingID domain.ID
	ToID                                 *domain.ID
	State                                string
	CreatedAt                            time.Time
	TakenBy, ForID                       *domain.ID
	DoneAt                               *time.Time
}

const dutySwapColumns = `w.community_id, w.id, w.member_id, w.booking_id, w.to_id, w.state, w.created_at, w.taken_by, w.for_id, w.done_at`

func (r dutySwapRow) value() duty.Swap {
	return duty.Swap{
		Community: r.CommunityID, ID: r.ID, Member: r.MemberID, Booking: r.BookingID, To: orNowhere(r.ToID), State: duty.SwapIs(r.State),
		At: r.CreatedAt.UTC(), TakenBy: orNowhere(r.TakenBy), For: orNowhere(r.ForID), DoneAt: moment(r.DoneAt),
	}
}

// AddSwap implements duty.Store.
func (DutyStore) AddSwap(ctx context.Context, s duty.Swap) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO duty_swap (community_id, id, member_id, booking_id, to_id, state, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, s.Community, s.ID, s.Member, s.Booking, optional(s.To), string(s.State), s.At)
	return translate(err)
}

// Swaps implements duty.Store.
func (DutyStore) Swaps(ctx context.Context, community domain.ID, ids []domain.ID) ([]duty.Swap, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+dutySwapColumns+` FROM duty_swap w WHERE w.community_id = $1 AND w.id = ANY ($2)`, community, ids)
	return collect(found, err, dutySwapRow.value)
}

// OpenSwaps implements duty.Store, by duty_swap_open_once.
func (DutyStore) OpenSwaps(ctx context.Context, community, member domain.ID, now time.Time) ([]duty.Swap, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+dutySwapColumns+`
		  FROM duty_swap w
		  JOIN duty_booking b ON b.community_id = w.community_id AND b.id = w.booking_id AND b.state = 'BOOKED'
		  JOIN duty_shift s ON s.community_id = w.community_id AND s.id = b.shift_id AND s.starts_at > $3
		 WHERE w.community_id = $1 AND w.state = 'OPEN' AND (w.to_id IS NULL OR w.to_id = $2 OR w.member_id = $2)
		 ORDER BY s.starts_at, w.id
		 LIMIT 100`, community, member, now)
	return collect(found, err, dutySwapRow.value)
}

// SaveSwap implements duty.Store.
func (DutyStore) SaveSwap(ctx context.Context, s duty.Swap, was duty.SwapIs) (bool, error) {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE duty_swap SET state = $3, taken_by = $4, for_id = $5, done_at = $6
		 WHERE community_id = $1 AND id = $2 AND state = $7`,
		s.Community, s.ID, string(s.State), optional(s.TakenBy), optional(s.For), orNil(s.DoneAt), string(was))
	return tag.RowsAffected() == 1, err
}

// Common implements duty.Store.
func (DutyStore) Common(ctx context.Context, community domain.ID) (points int, err error) {
	err = query(ctx).QueryRow(ctx, `SELECT points FROM duty_common WHERE community_id = $1`, community).Scan(&points)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return points, err
}

// MoveCommon implements duty.Store.
func (DutyStore) MoveCommon(ctx context.Context, community domain.ID, points int) (bool, error) {
	if points > 0 {
		_, err := query(ctx).Exec(ctx, `
			INSERT INTO duty_common (community_id, points) VALUES ($1, $2)
			ON CONFLICT (community_id) DO UPDATE SET points = duty_common.points + excluded.points`, community, points)
		return err == nil, err
	}
	tag, err := query(ctx).Exec(ctx, `UPDATE duty_common SET points = points + $2 WHERE community_id = $1 AND points + $2 >= 0`, community, points)
	return tag.RowsAffected() == 1, err
}

// GrantedSince implements duty.Store.
func (DutyStore) GrantedSince(ctx context.Context, community, member domain.ID, from time.Time) (points int, err error) {
	err = query(ctx).QueryRow(ctx, `
		SELECT coalesce(sum(points), 0)::int FROM duty_entry
		 WHERE community_id = $1 AND member_id = $2 AND kind = 'GRANTED' AND created_at > $3`, community, member, from).Scan(&points)
	return points, err
}
