// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/governance"
)

const delegationsSQL = `
SELECT g.community_id, g.id, g.from_id, g.to_id, g.decision_id, g.type, g.given_at, g.until_at, g.ended_at,
       ARRAY(SELECT s.decision_id FROM decision_seat s
              WHERE s.community_id = g.community_id AND s.delegation_id = g.id ORDER BY s.decision_id) AS carried
  FROM delegation g
 WHERE g.community_id = $1`

type delegationRow struct {
	CommunityID, ID, FromID, ToID domain.ID
	DecisionID                    *domain.ID
	Type                          string
	GivenAt                       time.Time
	UntilAt, EndedAt              *time.Time
	Carried                       []domain.ID
}

func (r delegationRow) value() governance.Delegation {
	return governance.Delegation{
		Community: r.CommunityID, ID: r.ID, From: r.FromID, To: r.ToID, Decision: orNowhere(r.DecisionID), Type: community.DecisionType(r.Type),
		GivenAt: r.GivenAt.UTC(), Until: moment(r.UntilAt), EndedAt: moment(r.EndedAt), Carried: r.Carried,
	}
}

func delegations(ctx context.Context, where string, args ...any) ([]governance.Delegation, error) {
	found, err := query(ctx).Query(ctx, delegationsSQL+where+` ORDER BY g.given_at DESC, g.id DESC`, args...)
	return collect(found, err, delegationRow.value)
}

// HoldVotes implements governance.Store; references to the members do not wait for it.
func (GovernanceStore) HoldVotes(ctx context.Context, community domain.ID, members ...domain.ID) error {
	_, err := query(ctx).Exec(ctx, `SELECT FROM member WHERE community_id = $1 AND id = ANY ($2) ORDER BY id FOR NO KEY UPDATE`, community, members)
	return err
}

// AddDelegation implements governance.Store.
func (GovernanceStore) AddDelegation(ctx context.Context, g governance.Delegation) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO delegation (community_id, id, from_id, to_id, decision_id, type, given_at, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		g.Community, g.ID, g.From, g.To, optional(g.Decision), string(g.Type), g.GivenAt, orNull(g.Until))
	return err
}

// EndDelegation implements governance.Store.
func (GovernanceStore) EndDelegation(ctx context.Context, community, id domain.ID, now time.Time) (bool, error) {
	done, err := query(ctx).Exec(ctx, `UPDATE delegation SET ended_at = $3 WHERE community_id = $1 AND id = $2 AND ended_at IS NULL`, community, id, now)
	return done.RowsAffected() == 1, err
}

// Delegations implements governance.Store.
func (GovernanceStore) Delegations(ctx context.Context, community domain.ID, ids []domain.ID) ([]governance.Delegation, error) {
	return delegations(ctx, ` AND g.id = ANY ($2)`, community, ids)
}

// DelegationsOf implements governance.Store, by delegation_from_idx and delegation_to_idx. One
// for a decision runs until that is counted.
func (GovernanceStore) DelegationsOf(ctx context.Context, community, member domain.ID, now time.Time) ([]governance.Delegation, error) {
	return delegations(ctx, ` AND g.ended_at IS NULL AND (g.from_id = $2 OR g.to_id = $2) AND (g.until_at IS NULL OR g.until_at > $3)
   AND (g.decision_id IS NULL OR EXISTS (SELECT FROM decision d
                                          WHERE d.community_id = g.community_id AND d.id = g.decision_id AND d.state IN ('DRAFT', 'OPEN', 'SECOND_CALL')))`,
		community, member, now)
}

// Running implements governance.Store, by delegation_in_decision_idx and delegation_in_type_idx.
func (GovernanceStore) Running(ctx context.Context, community, decision domain.ID, t community.DecisionType, now time.Time) ([]governance.Delegation, error) {
	return delegations(ctx, ` AND g.ended_at IS NULL AND (g.decision_id = $2 OR g.type = $3) AND (g.until_at IS NULL OR g.until_at > $4)`,
		community, optional(decision), string(t), now)
}

// DelegationsIn implements governance.Store.
func (GovernanceStore) DelegationsIn(ctx context.Context, d governance.Decision) ([]governance.Delegation, error) {
	if d.State.Counted() {
		return delegations(ctx, ` AND g.id IN (SELECT s.delegation_id FROM decision_seat s WHERE s.community_id = $1 AND s.decision_id = $2)`, d.Community, d.ID)
	}
	return delegations(ctx, ` AND g.ended_at IS NULL AND (g.until_at IS NULL OR g.until_at > $4)
   AND (g.decision_id = $2 OR (g.type = $3 AND NOT EXISTS (SELECT FROM delegation own
                                                            WHERE own.community_id = $1 AND own.from_id = g.from_id AND own.decision_id = $2 AND own.ended_at IS NULL)))`,
		d.Community, d.ID, string(d.Type), d.ClosesAt)
}

// Represented implements governance.Store. What was taken back after the close, by
// whoever was quicker than the count, still held.
func (GovernanceStore) Represented(ctx context.Context, d governance.Decision) ([]governance.Represented, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT g.from_id, g.to_id, g.id, absent.college
		  FROM (SELECT DISTINCT ON (from_id) id, from_id, to_id, given_at
		          FROM delegation
		         WHERE community_id = $1 AND (decision_id = $2 OR type = $3) AND given_at < $4
		           AND (ended_at IS NULL OR ended_at >= $4) AND (until_at IS NULL OR until_at >= $4)
		         ORDER BY from_id, decision_id NULLS LAST, given_at DESC) g
		  JOIN decision_seat absent ON absent.community_id = $1 AND absent.decision_id = $2 AND absent.member_id = g.from_id
		                           AND NOT absent.voted AND absent.conflict = ''
		  JOIN decision_seat voter ON voter.community_id = $1 AND voter.decision_id = $2 AND voter.member_id = g.to_id AND voter.voted
		  JOIN member m ON m.community_id = $1 AND m.id = g.from_id AND m.participation NOT IN ('LEFT', 'DECLINED')
		   AND NOT EXISTS (SELECT FROM minor n WHERE n.community_id = $1 AND n.member_id IN (g.from_id, g.to_id))
		 ORDER BY g.given_at, g.id`, d.Community, d.ID, string(d.Type), d.ClosesAt)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowToStructByPos[governance.Represented])
}

// MarkCarried implements governance.Store.
func (GovernanceStore) MarkCarried(ctx context.Context, community, decision, member, delegation domain.ID) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE decision_seat SET voted = true, delegation_id = $4
		 WHERE community_id = $1 AND decision_id = $2 AND member_id = $3`, community, decision, member, delegation)
	return err
}

// Uncarry implements governance.Store.
func (GovernanceStore) Uncarry(ctx context.Context, community, decision domain.ID) error {
	for _, sql := range []string{
		`DELETE FROM decision_ballot WHERE community_id = $1 AND decision_id = $2 AND carried`,
		`UPDATE decision_seat SET voted = false, delegation_id = NULL WHERE community_id = $1 AND decision_id = $2 AND delegation_id IS NOT NULL`,
	} {
		if _, err := query(ctx).Exec(ctx, sql, community, decision); err != nil {
			return err
		}
	}
	return nil
}
