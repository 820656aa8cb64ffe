// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/workshop"
)

// WorkshopStore implements workshop.Store.
type WorkshopStore struct{}

var _ workshop.Store = WorkshopStore{}

type workshopRow struct {
	CommunityID, ID        domain.ID
	State                  string
	HostID                 domain.ID
	Title, Description     string
	ServiceType            string
	StartsAt               time.Time
	Place                  string
	Capacity               int
	Bearer                 string
	Preparation, Animation int64
	Moved                  *int64
	Reason                 *string
	CreatedAt              time.Time
	SettledAt              *time.Time
	Version                int
}

func (workshopRow) TableName() string { return "group_session" }

const workshopColumns = `community_id, id, state, host_id, title, description, service_type, starts_at, place, capacity, bearer,
       preparation, animation, moved, reason, created_at, settled_at, version`

func (r workshopRow) value() workshop.Session {
	return workshop.Session{
		Community: r.CommunityID, ID: r.ID, State: workshop.State(r.State), Host: r.HostID, Title: r.Title, Description: r.Description,
		ServiceType: r.ServiceType, StartsAt: r.StartsAt.UTC(), Place: r.Place, Capacity: r.Capacity, Bearer: workshop.Bearer(r.Bearer),
		Preparation: domain.Minutes(r.Preparation), Animation: domain.Minutes(r.Animation), Moved: domain.Minutes(deref(r.Moved)),
		Reason: deref(r.Reason), CreatedAt: r.CreatedAt.UTC(), SettledAt: moment(r.SettledAt), Version: r.Version,
	}
}

func workshopRowOf(s workshop.Session) workshopRow {
	return workshopRow{
		CommunityID: s.Community, ID: s.ID, State: string(s.State), HostID: s.Host, Title: s.Title, Description: s.Description,
		ServiceType: s.ServiceType, StartsAt: s.StartsAt, Place: s.Place, Capacity: s.Capacity, Bearer: string(s.Bearer),
		Preparation: int64(s.Preparation), Animation: int64(s.Animation), Moved: orNil(int64(s.Moved)), Reason: orNil(s.Reason),
		CreatedAt: s.CreatedAt, SettledAt: orNull(s.SettledAt), Version: s.Version,
	}
}

// Add implements workshop.Store.
func (WorkshopStore) Add(ctx context.Context, s workshop.Session) error {
	row := workshopRowOf(s)
	return rows(ctx).Create(&row).Error
}

// Save implements workshop.Store.
func (WorkshopStore) Save(ctx context.Context, s workshop.Session) (workshop.Session, error) {
	row := workshopRowOf(s)
	row.Version++
	done := rows(ctx).Model(&workshopRow{}).
		Where("community_id = ? AND id = ? AND version = ?", s.Community, s.ID, s.Version).
		Select("state", "preparation", "animation", "moved", "reason", "settled_at", "version").
		Updates(&row)
	if done.Error != nil {
		return s, done.Error
	}
	if done.RowsAffected == 0 {
		return s, domain.NewError(domain.StaleVersion, "sessionId")
	}
	s.Version++
	return s, nil
}

// Lock implements workshop.Store.
func (WorkshopStore) Lock(ctx context.Context, community, id domain.ID) (workshop.Session, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+workshopColumns+` FROM group_session WHERE community_id = $1 AND id = $2 FOR UPDATE`, community, id)
	if err != nil {
		return workshop.Session{}, err
	}
	row, err := pgx.CollectExactlyOneRow(found, pgx.RowToStructByName[workshopRow])
	return row.value(), translate(err)
}

// ByIDs implements workshop.Store.
func (WorkshopStore) ByIDs(ctx context.Context, community domain.ID, ids []domain.ID) ([]workshop.Session, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+workshopColumns+` FROM group_session WHERE community_id = $1 AND id = ANY ($2)`, community, ids)
	return collect(found, err, workshopRow.value)
}

const workshopsSQL = `
SELECT ` + workshopColumns + `
  FROM group_session
 WHERE community_id = $1
   AND (cardinality($2::text[]) = 0 OR state = ANY ($2))
   AND ($3::timestamptz IS NULL OR starts_at >= $3) AND ($4::timestamptz IS NULL OR starts_at < $4)
   AND ($5::timestamptz IS NULL OR (starts_at, id) %[1]s ($5, $6))
 ORDER BY starts_at %[2]s, id %[2]s
 LIMIT $7`

// List implements workshop.Store, by group_session_calendar_idx.
func (WorkshopStore) List(ctx context.Context, community domain.ID, f workshop.Filter, page domain.Page) (domain.Slice[workshop.Session], error) {
	var none domain.Slice[workshop.Session]
	key, compare, direction, err := keyset[timeKey](page, true)
	if err != nil {
		return none, err
	}
	at, id := key.bounds()
	found, err := query(ctx).Query(ctx, fmt.Sprintf(workshopsSQL, compare, direction),
		community, texts(f.States), orNull(f.From), orNull(f.Until), at, id, page.Limit+1)
	list, err := collect(found, err, workshopRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(s workshop.Session) string { return encodeKey(timeKey{s.StartsAt, s.ID}) }), nil
}

// Seats implements workshop.Store.
func (WorkshopStore) Seats(ctx context.Context, community domain.ID, sessions []domain.ID) ([]workshop.Seat, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT community_id, session_id, member_id, state, place, coalesce(share, 0), at
		  FROM session_seat
		 WHERE community_id = $1 AND session_id = ANY ($2)
		 ORDER BY session_id, place`, community, sessions)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (workshop.Seat, error) {
		var s workshop.Seat
		err := row.Scan(&s.Community, &s.Session, &s.Member, &s.State, &s.Place, &s.Share, &s.At)
		return s, err
	})
}

// SaveSeats implements workshop.Store.
func (WorkshopStore) SaveSeats(ctx context.Context, seats []workshop.Seat) error {
	all := &pgx.Batch{}
	for _, s := range seats {
		all.Queue(`
			INSERT INTO session_seat (community_id, session_id, member_id, state, place, share, at)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (community_id, session_id, member_id)
			DO UPDATE SET state = EXCLUDED.state, place = EXCLUDED.place, share = EXCLUDED.share, at = EXCLUDED.at`,
			s.Community, s.Session, s.Member, string(s.State), s.Place, orNil(int64(s.Share)), s.At)
	}
	return query(ctx).SendBatch(ctx, all).Close()
}
