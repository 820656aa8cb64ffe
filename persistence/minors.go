// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
)

// guardedColumn is what whoever deals with a member needs to know of a minor, by the
// primary key; NULL for nearly everybody.
const guardedColumn = `
       (SELECT jsonb_build_object('until', n.of_age_at, 'guardian', n.guardian_id, 'consented', n.consented_at IS NOT NULL AND n.withdrawn_at IS NULL)
          FROM minor n WHERE n.community_id = member.community_id AND n.member_id = member.id) AS guarded`

// ofAge is, as a part of a statement about rows of member, that nothing says they are
// under age.
const ofAge = `NOT EXISTS (SELECT FROM minor n WHERE n.community_id = member.community_id AND n.member_id = member.id)`

// guardedOf reads the column.
func guardedOf(column []byte) *membership.Guarded {
	var kept struct {
		Until     time.Time  `json:"until"`
		Guardian  *domain.ID `json:"guardian"`
		Consented bool       `json:"consented"`
	}
	if len(column) == 0 {
		return nil
	}
	if err := json.Unmarshal(column, &kept); err != nil {
		panic(err) // the statement above wrote it; taken for nothing, a minor would be taken for an adult
	}
	g := &membership.Guarded{Until: kept.Until.UTC(), Consented: kept.Consented}
	if kept.Consented {
		g.Guardian = orNowhere(kept.Guardian)
	}
	return g
}

type minorRow struct {
	CommunityID, MemberID domain.ID
	ComesOfAgeOn          time.Time
	OfAgeAt, NotedAt      time.Time
	GuardianID            *domain.ID
	GuardianName, Covers  string
	SeenBy                *domain.ID
	SeenOn, ConsentedAt   *time.Time
	WithdrawnAt           *time.Time
	WithdrawnBy           *domain.ID
	WithdrawReason        string
}

const minorColumns = `community_id, member_id, comes_of_age_on, of_age_at, noted_at, guardian_id, guardian_name, covers, seen_by, seen_on, consented_at,
       withdrawn_at, withdrawn_by, withdraw_reason`

func (r minorRow) value() membership.Minor {
	m := membership.Minor{
		Community: r.CommunityID, Member: r.MemberID, ComesOfAgeOn: r.ComesOfAgeOn.UTC(), OfAgeAt: r.OfAgeAt.UTC(), NotedAt: r.NotedAt.UTC(),
	}
	if r.ConsentedAt != nil {
		m.Consent = &membership.Consent{
			Community: r.CommunityID, Guardian: orNowhere(r.GuardianID), Name: r.GuardianName, Covers: r.Covers, SeenBy: orNowhere(r.SeenBy),
			SeenOn: moment(r.SeenOn), At: moment(r.ConsentedAt),
			WithdrawnAt: moment(r.WithdrawnAt), WithdrawnBy: orNowhere(r.WithdrawnBy), Reason: r.WithdrawReason,
		}
	}
	return m
}

// NoteMinor implements membership.Store.
func (MemberStore) NoteMinor(ctx context.Context, m membership.Minor) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO minor (community_id, member_id, comes_of_age_on, of_age_at, noted_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (community_id, member_id) DO UPDATE
		   SET comes_of_age_on = EXCLUDED.comes_of_age_on, of_age_at = EXCLUDED.of_age_at, noted_at = EXCLUDED.noted_at`,
		m.Community, m.Member, m.ComesOfAgeOn, m.OfAgeAt, m.NotedAt)
	return err
}

// ForgetMinor implements membership.Store.
func (MemberStore) ForgetMinor(ctx context.Context, community, member domain.ID) error {
	_, err := query(ctx).Exec(ctx, `DELETE FROM minor WHERE community_id = $1 AND member_id = $2`, community, member)
	return err
}

// SaveConsent implements membership.Store.
func (MemberStore) SaveConsent(ctx context.Context, m membership.Minor) error {
	c := m.Consent
	_, err := query(ctx).Exec(ctx, `
		UPDATE minor
		   SET guardian_id = $3, guardian_name = $4, covers = $5, seen_by = $6, seen_on = $7, consented_at = $8,
		       withdrawn_at = $9, withdrawn_by = $10, withdraw_reason = $11
		 WHERE community_id = $1 AND member_id = $2`,
		m.Community, m.Member, optional(c.Guardian), c.Name, c.Covers, c.SeenBy, c.SeenOn, c.At, orNull(c.WithdrawnAt), optional(c.WithdrawnBy), c.Reason)
	return err
}

// HoldMinor implements membership.Store.
func (MemberStore) HoldMinor(ctx context.Context, community, member domain.ID) error {
	_, err := query(ctx).Exec(ctx, `SELECT FROM minor WHERE community_id = $1 AND member_id = $2 FOR UPDATE`, community, member)
	return err
}

// ReleaseWards implements membership.Store, by minor_guardian_idx.
func (MemberStore) ReleaseWards(ctx context.Context, community, guardian domain.ID) ([]domain.ID, error) {
	return members(query(ctx).Query(ctx, `
		UPDATE minor
		   SET guardian_id = NULL, covers = '', seen_by = NULL, seen_on = NULL, consented_at = NULL
		 WHERE community_id = $1 AND guardian_id = $2 AND withdrawn_at IS NULL
		RETURNING member_id`, community, guardian))
}

// Minors implements membership.Store.
func (MemberStore) Minors(ctx context.Context, community domain.ID, members []domain.ID) ([]membership.Minor, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+minorColumns+` FROM minor WHERE community_id = $1 AND member_id = ANY ($2)`, community, members)
	return collect(found, err, minorRow.value)
}

// WardsOf implements membership.Store, by minor_guardian_idx.
func (MemberStore) WardsOf(ctx context.Context, community, guardian domain.ID, now time.Time) ([]domain.ID, error) {
	return members(query(ctx).Query(ctx, `
		SELECT member_id FROM minor
		 WHERE community_id = $1 AND guardian_id = $2 AND withdrawn_at IS NULL AND of_age_at > $3
		 ORDER BY member_id`, community, guardian, now))
}

// TakeOfAge implements membership.Store, by minor_due_idx.
func (MemberStore) TakeOfAge(ctx context.Context, community domain.ID, now time.Time, limit int) ([]membership.Minor, error) {
	found, err := query(ctx).Query(ctx, `
		DELETE FROM minor
		 WHERE community_id = $1
		   AND member_id IN (SELECT due.member_id FROM minor due WHERE due.community_id = $1 AND due.of_age_at <= $2 ORDER BY due.of_age_at LIMIT $3)
		RETURNING `+minorColumns, community, now, limit)
	return collect(found, err, minorRow.value)
}
