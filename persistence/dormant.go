// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/reinvestment"
)

type dormantRow struct {
	CommunityID, ID, MemberID domain.ID
	QuietSince                time.Time
	State                     string
	Contacts                  int
	Minutes                   int64
	NextAt, EndedAt           *time.Time
	Version                   int
	Participation             string
	MovedAt                   *time.Time
}

const dormantColumns = `d.community_id, d.id, d.member_id, d.quiet_since, d.state, d.contacts, d.minutes, d.next_at, d.ended_at, d.version, m.participation,
	(SELECT e.at FROM ledger.account a JOIN ledger.entry e ON e.community_id = a.community_id AND e.account_id = a.id AND e.seq = a.seq
	  WHERE a.community_id = d.community_id AND a.owner_id = d.member_id AND a.closed_at IS NULL) AS moved_at`

func (r dormantRow) value() reinvestment.Dormant {
	d := reinvestment.Dormant{
		Community: r.CommunityID, ID: r.ID, Member: r.MemberID, QuietSince: r.QuietSince.UTC(), State: reinvestment.DormantState(r.State),
		Contacts: r.Contacts, Minutes: domain.Minutes(r.Minutes), Version: r.Version, Is: membership.Participation(r.Participation),
	}
	if r.MovedAt != nil {
		d.MovedAt = r.MovedAt.UTC()
	}
	if r.NextAt != nil {
		d.NextAt = r.NextAt.UTC()
	}
	if r.EndedAt != nil {
		d.EndedAt = r.EndedAt.UTC()
	}
	return d
}

// Quiet implements reinvestment.Store: the dormant members by member_list_idx, and of
// each account its last entry by the primary key.
func (ReinvestmentStore) Quiet(ctx context.Context, community domain.ID, before time.Time, limit int) ([]reinvestment.Quiet, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT m.id AS member, e.at AS since
		  FROM member m
		  JOIN ledger.account a ON a.community_id = m.community_id AND a.owner_id = m.id
		  JOIN ledger.entry e ON e.community_id = a.community_id AND e.account_id = a.id AND e.seq = a.seq
		 WHERE m.community_id = $1 AND m.participation = 'DORMANT'
		   AND a.closed_at IS NULL AND a.balance - a.held > 0 AND e.at < $2
		   AND NOT EXISTS (SELECT FROM dormant d WHERE d.community_id = m.community_id AND d.member_id = m.id AND (d.ended_at IS NULL OR d.ended_at >= $2))
		 ORDER BY e.at, m.id
		 LIMIT $3`, community, before, limit)
	return collect(found, err, func(r quietRow) reinvestment.Quiet { return reinvestment.Quiet{Member: r.Member, Since: r.Since.UTC()} })
}

type quietRow struct {
	Member domain.ID
	Since  time.Time
}

// AddDormant implements reinvestment.Store, by dormant_open_key.
func (ReinvestmentStore) AddDormant(ctx context.Context, d reinvestment.Dormant) (bool, error) {
	done, err := query(ctx).Exec(ctx, `
		INSERT INTO dormant (community_id, id, member_id, quiet_since, state, contacts, next_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (community_id, member_id) WHERE next_at IS NOT NULL DO NOTHING`,
		d.Community, d.ID, d.Member, d.QuietSince, string(d.State), d.Contacts, d.NextAt)
	return done.RowsAffected() == 1, err
}

// SaveDormant implements reinvestment.Store.
func (ReinvestmentStore) SaveDormant(ctx context.Context, d reinvestment.Dormant) (reinvestment.Dormant, error) {
	done, err := query(ctx).Exec(ctx, `
		UPDATE dormant SET state = $4, contacts = $5, minutes = $6, next_at = $7, ended_at = $8, version = version + 1
		 WHERE community_id = $1 AND id = $2 AND version = $3`,
		d.Community, d.ID, d.Version, string(d.State), d.Contacts, int64(d.Minutes), orNull(d.NextAt), orNull(d.EndedAt))
	if err == nil && done.RowsAffected() == 0 {
		err = domain.NewError(domain.StaleVersion, "")
	}
	d.Version++
	return d, err
}

// DormantDue implements reinvestment.Store, by dormant_open_key.
func (ReinvestmentStore) DormantDue(ctx context.Context, community domain.ID, at time.Time) ([]domain.ID, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT d.id
		  FROM dormant d JOIN member m ON m.community_id = d.community_id AND m.id = d.member_id
		 WHERE d.community_id = $1 AND d.next_at IS NOT NULL AND (d.next_at <= $2 OR m.participation NOT IN ('DORMANT', 'SUSPENDED'))
		 ORDER BY d.next_at, d.id`, community, at)
	return collect(found, err, func(r struct{ ID domain.ID }) domain.ID { return r.ID })
}

// Dormants implements reinvestment.Store.
func (ReinvestmentStore) Dormants(ctx context.Context, community domain.ID, ids []domain.ID) ([]reinvestment.Dormant, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+dormantColumns+`
		  FROM dormant d JOIN member m ON m.community_id = d.community_id AND m.id = d.member_id
		 WHERE d.community_id = $1 AND d.id = ANY ($2)`, community, ids)
	return collect(found, err, dormantRow.value)
}

// DormantOf implements reinvestment.Store, by dormant_member_idx.
func (ReinvestmentStore) DormantOf(ctx context.Context, community domain.ID, members []domain.ID) ([]reinvestment.Dormant, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT DISTINCT ON (d.member_id) `+dormantColumns+`
		  FROM dormant d JOIN member m ON m.community_id = d.community_id AND m.id = d.member_id
		 WHERE d.community_id = $1 AND d.member_id = ANY ($2)
		 ORDER BY d.member_id, d.ended_at DESC NULLS FIRST`, community, members)
	return collect(found, err, dormantRow.value)
}

// DormantOwed implements reinvestment.Store.
func (ReinvestmentStore) DormantOwed(ctx context.Context, community domain.ID) (members int, owed domain.Minutes, err error) {
	err = query(ctx).QueryRow(ctx, `
		SELECT count(*)::int, coalesce(sum(minutes), 0)::bigint FROM dormant WHERE community_id = $1 AND state = 'HELD'`, community).Scan(&members, &owed)
	return members, owed, err
}
