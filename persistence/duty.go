// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/duty"
)

// DutyStore implements duty.Store.
type DutyStore struct{}

var _ duty.Store = DutyStore{}

type dutyTemplateRow struct {
	CommunityID, ID             domain.ID
	Title, Place                string
	Week, Weekday, Hour, Minute int
	Length                      int64
	Places                      int
	ServiceType                 string
	LeadID                      *domain.ID
	MadeBy                      domain.ID
	CreatedAt                   time.Time
	EndedAt                     *time.Time
}

const dutyTemplateColumns = `community_id, id, title, place, week, weekday, hour, minute, length, places, service_type, lead_id, made_by, created_at, ended_at`

func (r dutyTemplateRow) value() duty.Template {
	return duty.Template{
		Community: r.CommunityID, ID: r.ID, Title: r.Title, Place: r.Place, Week: r.Week, Weekday: r.Weekday, Hour: r.Hour, Minute: r.Minute,
		Length: domain.Minutes(r.Length), Places: r.Places, ServiceType: r.ServiceType, Lead: orNowhere(r.LeadID), MadeBy: r.MadeBy,
		CreatedAt: r.CreatedAt.UTC(), EndedAt: moment(r.EndedAt),
	}
}

// AddTemplate implements duty.Store.
func (DutyStore) AddTemplate(ctx context.Context, t duty.Template) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO duty_template (`+dutyTemplateColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		t.Community, t.ID, t.Title, t.Place, t.Week, t.Weekday, t.Hour, t.Minute, int64(t.Length), t.Places, t.ServiceType, optional(t.Lead), t.MadeBy,
		t.CreatedAt, orNil(t.EndedAt))
	return err
}

// Templates implements duty.Store.
func (DutyStore) Templates(ctx context.Context, community domain.ID, ids []domain.ID) ([]duty.Template, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+dutyTemplateColumns+` FROM duty_template`+byIDsSQL, community, ids)
	return collect(found, err, dutyTemplateRow.value)
}

// TemplatesIn implements duty.Store.
func (DutyStore) TemplatesIn(ctx context.Context, community domain.ID) ([]duty.Template, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+dutyTemplateColumns+` FROM duty_template
		 WHERE community_id = $1 AND ended_at IS NULL
		 ORDER BY week, weekday, hour, minute, id`, community)
	return collect(found, err, dutyTemplateRow.value)
}

// LockTemplate implements duty.Store.
func (DutyStore) LockTemplate(ctx context.Context, community, id domain.ID) error {
	_, err := query(ctx).Exec(ctx, `SELECT FROM duty_template WHERE community_id = $1 AND id = $2 FOR UPDATE`, community, id)
	return err
}

// EndTemplate implements duty.Store.
func (DutyStore) EndTemplate(ctx context.Context, community, id domain.ID, at time.Time) (bool, error) {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE duty_template SET ended_at = $3 WHERE community_id = $1 AND id = $2 AND ended_at IS NULL`, community, id, at)
	return tag.RowsAffected() == 1, err
}

type dutyShiftRow struct {
	CommunityID, ID, TemplateID domain.ID
	Day, StartsAt, EndsAt       time.Time
	Title, Place, ServiceType   string
	Places                      int
	LeadID                      *domain.ID
	CancelledAt                 *time.Time
	Reason                      string
	Taken                       int
}

// Of each shift the places taken are counted, by duty_booking_once.
const dutyShiftColumns = `s.community_id, s.id, s.template_id, s.day, s.starts_at, s.ends_at, s.title, s.place, s.service_type, s.places, s.lead_id,
	s.cancelled_at, s.reason,
	(SELECT count(*) FROM duty_booking b WHERE b.community_id = s.community_id AND b.shift_id = s.id AND b.state IN ('BOOKED', 'ATTENDED'))::int AS taken`

func (r dutyShiftRow) value() duty.Shift {
	return duty.Shift{
		Community: r.CommunityID, ID: r.ID, Template: r.TemplateID, Day: r.Day.UTC(), StartsAt: r.StartsAt.UTC(), EndsAt: r.EndsAt.UTC(),
		Title: r.Title, Place: r.Place, ServiceType: r.ServiceType, Places: r.Places, Taken: r.Taken, Lead: orNowhere(r.LeadID),
		CancelledAt: moment(r.CancelledAt), Reason: r.Reason,
	}
}

// AddShift implements duty.Store.
func (DutyStore) AddShift(ctx context.Context, s duty.Shift) (bool, error) {
	tag, err := query(ctx).Exec(ctx, `
		INSERT INTO duty_shift (community_id, id, template_id, day, starts_at, ends_at, title, place, service_type, places, lead_id, cancelled_at, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (community_id, template_id, day) DO NOTHING`,
		s.Community, s.ID, s.Template, s.Day, s.StartsAt, s.EndsAt, s.Title, s.Place, s.ServiceType, s.Places, optional(s.Lead), orNil(s.CancelledAt), s.Reason)
	return tag.RowsAffected() == 1, err
}

// Shifts implements duty.Store.
func (DutyStore) Shifts(ctx context.Context, community domain.ID, ids []domain.ID) ([]duty.Shift, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+dutyShiftColumns+` FROM duty_shift s WHERE s.community_id = $1 AND s.id = ANY ($2)`, community, ids)
	return collect(found, err, dutyShiftRow.value)
}

// LockShift implements duty.Store. The places are counted once the shift is held: who
// waited for it sees what the other did.
func (s DutyStore) LockShift(ctx context.Context, community, id domain.ID) (duty.Shift, error) {
	if _, err := query(ctx).Exec(ctx, `SELECT FROM duty_shift WHERE community_id = $1 AND id = $2 FOR UPDATE`, community, id); err != nil {
		return duty.Shift{}, err
	}
	found, err := s.Shifts(ctx, community, []domain.ID{id})
	if err == nil && len(found) == 0 {
		err = domain.NotFound
	}
	if err != nil {
		return duty.Shift{}, err
	}
	return found[0], nil
}

// ShiftsFrom implements duty.Store, by duty_shift_end_idx.
func (DutyStore) ShiftsFrom(ctx context.Context, community domain.ID, from time.Time, page domain.Page) (domain.Slice[duty.Shift], error) {
	var none domain.Slice[duty.Shift]
	key, compare, direction, err := keyset[timeKey](page, false)
	if err != nil {
		return none, err
	}
	at, id := key.bounds()
	found, err := query(ctx).Query(ctx, `SELECT `+dutyShiftColumns+fmt.Sprintf(`
		  FROM duty_shift s
		 WHERE s.community_id = $1 AND s.ends_at > $2 AND ($3::timestamptz IS NULL OR (s.ends_at, s.id) %[1]s ($3, $4))
		 ORDER BY s.ends_at %[2]s, s.id %[2]s`, compare, direction)+limit(page), community, from, at, id)
	list, err := collect(found, err, dutyShiftRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(s duty.Shift) string { return encodeKey(timeKey{s.EndsAt, s.ID}) }), nil
}

// ToCome implements duty.Store, by duty_shift_once.
func (DutyStore) ToCome(ctx context.Context, community, template domain.ID, from time.Time) ([]duty.Shift, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+dutyShiftColumns+` FROM duty_shift s
		 WHERE s.community_id = $1 AND s.template_id = $2 AND s.starts_at > $3
		 ORDER BY s.id`, community, template, from)
	return collect(found, err, dutyShiftRow.value)
}

// OnDay implements duty.Store, by duty_shift_day_idx.
func (DutyStore) OnDay(ctx context.Context, community domain.ID, day time.Time) ([]duty.Shift, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+dutyShiftColumns+` FROM duty_shift s WHERE s.community_id = $1 AND s.day = $2 ORDER BY s.id`, community, day)
	return collect(found, err, dutyShiftRow.value)
}

// CancelShift implements duty.Store.
func (DutyStore) CancelShift(ctx context.Context, s duty.Shift) (bool, error) {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE duty_shift SET cancelled_at = $3, reason = $4
		 WHERE community_id = $1 AND id = $2 AND cancelled_at IS NULL`, s.Community, s.ID, s.CancelledAt, s.Reason)
	return tag.RowsAffected() == 1, err
}

// CloseDay implements duty.Store.
func (DutyStore) CloseDay(ctx context.Context, community domain.ID, day time.Time, reason string, by domain.ID, at time.Time) (bool, error) {
	tag, err := query(ctx).Exec(ctx, `
		INSERT INTO duty_closure (community_id, day, reason, by_id, created_at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (community_id, day) DO NOTHING`, community, day, reason, by, at)
	return tag.RowsAffected() == 1, err
}

// ClosedOn implements duty.Store.
func (DutyStore) ClosedOn(ctx context.Context, community domain.ID, day time.Time) (reason string, err error) {
	err = query(ctx).QueryRow(ctx, `SELECT reason FROM duty_closure WHERE community_id = $1 AND day = $2`, community, day).Scan(&reason)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return reason, err
}

// TakeUnnoted implements duty.Store, by duty_shift_end_idx.
func (DutyStore) TakeUnnoted(ctx context.Context, community domain.ID, before, now time.Time, limit int) ([]duty.Shift, error) {
	found, err := query(ctx).Query(ctx, `
		UPDATE duty_shift s SET reminded_at = $3
		 WHERE s.community_id = $1 AND s.reminded_at IS NULL
		   AND s.id IN (SELECT d.id FROM duty_shift d
		                 WHERE d.community_id = $1 AND d.ends_at <= $2 AND d.reminded_at IS NULL AND d.cancelled_at IS NULL
		                   AND EXISTS (SELECT FROM duty_booking b WHERE b.community_id = $1 AND b.shift_id = d.id AND b.state = 'BOOKED')
		                 ORDER BY d.ends_at, d.id LIMIT $4)
		RETURNING `+dutyShiftColumns, community, before, now, limit)
	return collect(found, err, dutyShiftRow.value)
}

type dutyBookingRow struct {
	CommunityID, ID, ShiftID, MemberID domain.ID
	State                              string
	Owed                               bool
	CreatedAt                          time.Time
	EndedAt                            *time.Time
	NotedBy                            *domain.ID
}

const dutyBookingColumns = `b.community_id, b.id, b.shift_id, b.member_id, b.state, b.owed, b.created_at, b.ended_at, b.noted_by`

func (r dutyBookingRow) value() duty.Booking {
	return duty.Booking{
		Community: r.CommunityID, ID: r.ID, Shift: r.ShiftID, Member: r.MemberID, State: duty.Outcome(r.State), Owed: r.Owed, At: r.CreatedAt.UTC(),
		EndedAt: moment(r.EndedAt), NotedBy: orNowhere(r.NotedBy),
	}
}

// AddBooking implements duty.Store.
func (DutyStore) AddBooking(ctx context.Context, b duty.Booking) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO duty_booking (community_id, id, shift_id, member_id, state, owed, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, b.Community, b.ID, b.Shift, b.Member, string(b.State), b.Owed, b.At)
	return translate(err)
}

// Bookings implements duty.Store.
func (DutyStore) Bookings(ctx context.Context, community domain.ID, ids []domain.ID) ([]duty.Booking, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+dutyBookingColumns+` FROM duty_booking b WHERE b.community_id = $1 AND b.id = ANY ($2)`, community, ids)
	return collect(found, err, dutyBookingRow.value)
}

// BookingsIn implements duty.Store, by duty_booking_shift_idx.
func (DutyStore) BookingsIn(ctx context.Context, community domain.ID, shifts []domain.ID) ([]duty.Booking, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+dutyBookingColumns+` FROM duty_booking b
		 WHERE b.community_id = $1 AND b.shift_id = ANY ($2) AND (b.state IN ('BOOKED', 'ATTENDED') OR b.noted_by IS NOT NULL)
		 ORDER BY b.created_at, b.id`, community, shifts)
	return collect(found, err, dutyBookingRow.value)
}

// BookedBy implements duty.Store, by duty_booking_member_idx.
func (DutyStore) BookedBy(ctx context.Context, community, member domain.ID, from time.Time) ([]duty.Booking, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+dutyBookingColumns+`
		  FROM duty_booking b
		  JOIN duty_shift s ON s.community_id = b.community_id AND s.id = b.shift_id
		 WHERE b.community_id = $1 AND b.member_id = $2 AND b.state = 'BOOKED' AND s.ends_at > $3
		 ORDER BY s.ends_at, s.id`, community, member, from)
	return collect(found, err, dutyBookingRow.value)
}

// EndBooking implements duty.Store.
func (DutyStore) EndBooking(ctx context.Context, b duty.Booking, was duty.Outcome) (bool, error) {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE duty_booking SET state = $3, ended_at = $4, noted_by = $5
		 WHERE community_id = $1 AND id = $2 AND state = $6`, b.Community, b.ID, string(b.State), orNil(b.EndedAt), optional(b.NotedBy), string(was))
	return tag.RowsAffected() == 1, translate(err)
}

// Freed implements duty.Store.
func (DutyStore) Freed(ctx context.Context, community, member domain.ID, from, until time.Time) ([]duty.Booking, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+dutyBookingColumns+`
		  FROM duty_shift s
		  JOIN duty_booking b ON b.community_id = s.community_id AND b.shift_id = s.id AND b.member_id = $2 AND b.state = 'CALLED_OFF' AND b.owed
		 WHERE s.community_id = $1 AND s.ends_at > $3 AND s.starts_at >= $3 AND s.starts_at < $4 AND s.cancelled_at IS NULL
		 ORDER BY s.ends_at, s.id`, community, member, from, until)
	return collect(found, err, dutyBookingRow.value)
}

// ReleaseLeavers implements duty.Store, by duty_booking_member_idx.
func (DutyStore) ReleaseLeavers(ctx context.Context, community domain.ID, now time.Time) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE duty_booking b SET state = 'CALLED_OFF', ended_at = $2
		  FROM member m, duty_shift s
		 WHERE b.community_id = $1 AND b.state = 'BOOKED'
		   AND m.community_id = $1 AND m.id = b.member_id AND m.participation = 'LEFT'
		   AND s.community_id = $1 AND s.id = b.shift_id AND s.starts_at > $2`, community, now)
	if err != nil {
		return err
	}
	_, err = query(ctx).Exec(ctx, `
		UPDATE duty_member d SET template_id = NULL, standing_from = NULL
		  FROM member m
		 WHERE d.community_id = $1 AND d.template_id IS NOT NULL
		   AND m.community_id = $1 AND m.id = d.member_id AND m.participation = 'LEFT'`, community)
	return err
}
