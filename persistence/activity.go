// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/community"
)

// ActivityStore implements activity.Store.
type ActivityStore struct{}

var _ activity.Store = ActivityStore{}

type activityRow struct {
	CommunityID, ID           domain.ID
	State                     string
	MemberID                  domain.ID
	Kind                      string
	CharterVersion            int
	Compensation, Rule, Level string
	Minutes                   int64
	Credited                  *int64
	Description, Costs        string
	Day                       time.Time
	LoggedBy                  domain.ID
	DecidedBy                 *domain.ID
	DecidedAt                 *time.Time
	Reason                    *string
	CreatedAt                 time.Time
	Version                   int
}

func (activityRow) TableName() string { return "activity" }

const activityColumns = `community_id, id, state, member_id, kind, charter_version, compensation, rule, level, minutes, credited,
       description, costs, day, logged_by, decided_by, decided_at, reason, created_at, version`

func (r activityRow) value() activity.Activity {
	return activity.Activity{
		Community: r.CommunityID, ID: r.ID, State: activity.State(r.State), Member: r.MemberID, Kind: r.Kind, Charter: r.CharterVersion,
		Compensation: community.Compensation(r.Compensation), Rule: r.Rule, Level: r.Level, Minutes: domain.Minutes(r.Minutes),
		Credited: domain.Minutes(deref(r.Credited)), Description: r.Description, Costs: r.Costs, Day: r.Day.UTC(), LoggedBy: r.LoggedBy,
		DecidedBy: orNowhere(r.DecidedBy), DecidedAt: moment(r.DecidedAt), Reason: deref(r.Reason), CreatedAt: r.CreatedAt.UTC(), Version: r.Version,
	}
}

// Add implements activity.Store.
func (ActivityStore) Add(ctx context.Context, a activity.Activity) error {
	return rows(ctx).Create(&activityRow{
		CommunityID: a.Community, ID: a.ID, State: string(a.State), MemberID: a.Member, Kind: a.Kind, CharterVersion: a.Charter,
		Compensation: string(a.Compensation), Rule: a.Rule, Level: a.Level, Minutes: int64(a.Minutes), Description: a.Description,
		Costs: a.Costs, Day: a.Day, LoggedBy: a.LoggedBy, CreatedAt: a.CreatedAt, Version: a.Version,
	}).Error
}

// Decide implements activity.Store.
func (s ActivityStore) Decide(ctx context.Context, a activity.Activity) error {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE activity SET state = $3, credited = $4, decided_by = $5, decided_at = $6, reason = $7, version = version + 1
		 WHERE community_id = $1 AND id = $2 AND state = 'LOGGED'`,
		a.Community, a.ID, string(a.State), orNil(int64(a.Credited)), a.DecidedBy, a.DecidedAt, orNil(a.Reason))
	if err != nil || tag.RowsAffected() == 1 {
		return err
	}
	now, err := s.ByIDs(ctx, a.Community, []domain.ID{a.ID})
	if err != nil || len(now) == 0 {
		return fmt.Errorf("activity %s vanished: %w", a.ID, err)
	}
	return domain.NewError(activity.WrongState, "activityId", "state", string(now[0].State))
}

// ByIDs implements activity.Store.
func (ActivityStore) ByIDs(ctx context.Context, community domain.ID, ids []domain.ID) ([]activity.Activity, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+activityColumns+` FROM activity WHERE community_id = $1 AND id = ANY ($2)`, community, ids)
	return collect(found, err, activityRow.value)
}

const activitiesSQL = `
SELECT ` + activityColumns + `
  FROM activity
 WHERE community_id = $1
   AND ($2::uuid IS NULL OR member_id = $2)
   AND (cardinality($3::text[]) = 0 OR state = ANY ($3))
   AND ($4::timestamptz IS NULL OR (created_at, id) %[1]s ($4, $5))
 ORDER BY created_at %[2]s, id %[2]s
 LIMIT $6`

// List implements activity.Store, by activity_feed_idx or activity_member_idx.
func (ActivityStore) List(ctx context.Context, community domain.ID, f activity.Filter, page domain.Page) (domain.Slice[activity.Activity], error) {
	var none domain.Slice[activity.Activity]
	key, compare, direction, err := keyset[timeKey](page, true)
	if err != nil {
		return none, err
	}
	at, id := key.bounds()
	found, err := query(ctx).Query(ctx, fmt.Sprintf(activitiesSQL, compare, direction),
		community, optional(f.Member), texts(f.States), at, id, page.Limit+1)
	list, err := collect(found, err, activityRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(a activity.Activity) string { return encodeKey(timeKey{a.CreatedAt, a.ID}) }), nil
}
