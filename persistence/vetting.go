// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
)

// limitRow is what one cause keeps from a member; the column has each by its cause.
type limitRow struct {
	What  []membership.Ability `json:"what"`
	From  time.Time            `json:"from,omitzero"`
	Until time.Time            `json:"until,omitzero"`
	Rule  membership.Rule      `json:"rule,omitempty"`
}

// limitsOf reads the column, in the measures' order.
func limitsOf(column []byte) (limits []membership.Limit) {
	var kept map[domain.ID]limitRow
	if len(column) <= len("{}") || json.Unmarshal(column, &kept) != nil {
		return nil // nearly everybody's is empty; what is there was written below
	}
	for cause, l := range kept {
		limits = append(limits, membership.Limit{Cause: cause, What: l.What, From: l.From.UTC(), Until: l.Until.UTC(), Rule: l.Rule})
	}
	slices.SortFunc(limits, func(a, b membership.Limit) int { return bytes.Compare(a.Cause[:], b.Cause[:]) })
	return limits
}

// Limit implements membership.Store.
func (MemberStore) Limit(ctx context.Context, community, member domain.ID, l membership.Limit) error {
	row, err := json.Marshal(limitRow{l.What, l.From, l.Until, l.Rule})
	if err != nil {
		return fmt.Errorf("encode a limit: %w", err)
	}
	_, err = query(ctx).Exec(ctx, `
		UPDATE member SET limits = limits || jsonb_build_object($3::text, $4::jsonb)
		 WHERE community_id = $1 AND id = $2`, community, member, l.Cause.String(), row)
	return err
}

// Unlimit implements membership.Store.
func (MemberStore) Unlimit(ctx context.Context, community, member, cause domain.ID) error {
	_, err := query(ctx).Exec(ctx, `UPDATE member SET limits = limits - $3::text WHERE community_id = $1 AND id = $2`, community, member, cause.String())
	return err
}

type vettingRow struct {
	CommunityID, ID, MemberID    domain.ID
	Kind                         string
	SeenBy                       domain.ID
	SeenOn, ExpiresOn            time.Time
	EndsAt, NoticeAt, RecordedAt time.Time
	WithdrawnAt                  *time.Time
	WithdrawnBy                  *domain.ID
	WithdrawReason               string
}

const vettingColumns = `community_id, id, member_id, kind, seen_by, seen_on, expires_on, ends_at, notice_at, recorded_at, withdrawn_at, withdrawn_by, withdraw_reason`

func (r vettingRow) value() membership.Vetting {
	return membership.Vetting{
		Community: r.CommunityID, ID: r.ID, Member: r.MemberID, Kind: r.Kind, SeenBy: r.SeenBy, SeenOn: r.SeenOn.UTC(), ExpiresOn: r.ExpiresOn.UTC(),
		EndsAt: r.EndsAt.UTC(), NoticeAt: r.NoticeAt.UTC(), RecordedAt: r.RecordedAt.UTC(),
		WithdrawnAt: moment(r.WithdrawnAt), WithdrawnBy: orNowhere(r.WithdrawnBy), Reason: r.WithdrawReason,
	}
}

// AddVetting implements membership.Store.
func (MemberStore) AddVetting(ctx context.Context, v membership.Vetting) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO vetting (community_id, id, member_id, kind, seen_by, seen_on, expires_on, ends_at, notice_at, recorded_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		v.Community, v.ID, v.Member, v.Kind, v.SeenBy, v.SeenOn, v.ExpiresOn, v.EndsAt, v.NoticeAt, v.RecordedAt)
	return err
}

// Vettings implements membership.Store.
func (MemberStore) Vettings(ctx context.Context, community domain.ID, ids []domain.ID) ([]membership.Vetting, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+vettingColumns+` FROM vetting`+byIDsSQL, community, ids)
	return collect(found, err, vettingRow.value)
}

// VettingsOf implements membership.Store, by vetting_member_idx.
func (MemberStore) VettingsOf(ctx context.Context, community domain.ID, members []domain.ID) ([]membership.Vetting, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+vettingColumns+` FROM vetting WHERE community_id = $1 AND member_id = ANY ($2) ORDER BY ends_at DESC, id DESC`, community, members)
	return collect(found, err, vettingRow.value)
}

// WithdrawVetting implements membership.Store.
func (MemberStore) WithdrawVetting(ctx context.Context, v membership.Vetting) (bool, error) {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE vetting SET withdrawn_at = $3, withdrawn_by = $4, withdraw_reason = $5
		 WHERE community_id = $1 AND id = $2 AND withdrawn_at IS NULL`, v.Community, v.ID, v.WithdrawnAt, v.WithdrawnBy, v.Reason)
	return tag.RowsAffected() == 1, err
}

// TakeExpiringVettings implements membership.Store, by vetting_notice_idx.
func (MemberStore) TakeExpiringVettings(ctx context.Context, community domain.ID, now time.Time, limit int) ([]membership.Vetting, error) {
	found, err := query(ctx).Query(ctx, `
		UPDATE vetting v SET noticed_at = $2
		 WHERE v.community_id = $1 AND v.noticed_at IS NULL AND v.withdrawn_at IS NULL
		   AND v.id IN (SELECT due.id FROM vetting due
		                 WHERE due.community_id = $1 AND due.noticed_at IS NULL AND due.withdrawn_at IS NULL AND due.notice_at <= $2 AND due.ends_at > $2
		                   AND NOT EXISTS (SELECT FROM vetting longer
		                                    WHERE longer.community_id = $1 AND longer.member_id = due.member_id AND longer.kind = due.kind
		                                      AND longer.withdrawn_at IS NULL AND longer.ends_at > due.ends_at)
		                 ORDER BY due.notice_at LIMIT $3)
		RETURNING `+vettingColumns, community, now, limit)
	return collect(found, err, vettingRow.value)
}
