// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
)

type admissionRow struct {
	CommunityID, ID, MemberID domain.ID
	State                     string
	Statutes                  int
	AppliedAt, TacitAt        time.Time
	DecidedAt                 *time.Time
	DecidedBy                 *domain.ID
	Reasons                   *string
}

const admissionSQL = `
SELECT a.community_id, a.id, a.member_id, a.state, a.statutes, a.applied_at, a.tacit_at, a.decided_at, a.decided_by, a.reasons
  FROM admission a`

func (r admissionRow) value() membership.Admission {
	return membership.Admission{
		Community: r.CommunityID, ID: r.ID, Member: r.MemberID, State: membership.AdmissionState(r.State), Statutes: r.Statutes,
		AppliedAt: r.AppliedAt.UTC(), TacitAt: r.TacitAt.UTC(), DecidedAt: moment(r.DecidedAt), DecidedBy: orNowhere(r.DecidedBy), Reasons: deref(r.Reasons),
	}
}

// withObjections reads admissions with what was said against each.
func withObjections(ctx context.Context, community domain.ID, found pgx.Rows, err error) ([]membership.Admission, error) {
	all, err := collect(found, err, admissionRow.value)
	if err != nil || len(all) == 0 {
		return all, err
	}
	ids, places := make([]domain.ID, len(all)), make(map[domain.ID]int, len(all))
	for i, a := range all {
		ids[i], places[a.ID] = a.ID, i
	}
	type objectionRow struct {
		AdmissionID, MemberID domain.ID
		Reason                string
		At                    time.Time
	}
	rows, err := query(ctx).Query(ctx, `
		SELECT admission_id, member_id, reason, at
		  FROM admission_objection
		 WHERE community_id = $1 AND admission_id = ANY ($2)
		 ORDER BY at, member_id`, community, ids)
	objections, err := collect(rows, err, func(r objectionRow) membership.Objection {
		return membership.Objection{Community: community, Admission: r.AdmissionID, Member: r.MemberID, Reason: r.Reason, At: r.At.UTC()}
	})
	for _, o := range objections {
		a := &all[places[o.Admission]]
		a.Objections = append(a.Objections, o)
	}
	return all, err
}

// Govern implements membership.Store, by the database's own function.
func (MemberStore) Govern(ctx context.Context, m membership.Member, next membership.Governance, why membership.Because, at time.Time) (moved bool, err error) {
	err = query(ctx).QueryRow(ctx, `SELECT govern($1, $2, $3, $4, $5, $6, $7, $8, $9)`, m.Community, domain.NewID(), m.ID,
		string(m.Governance), string(next), string(why.Basis), why.Reference, optional(why.Person), at).Scan(&moved)
	return moved, err
}

// VotesWithoutShares implements membership.Store.
func (MemberStore) VotesWithoutShares(ctx context.Context, community domain.ID, limit int) ([]membership.Member, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+memberColumns+`
		  FROM member
		 WHERE community_id = $1
		   AND (capital = 'REDEEMING' AND governance IN ('VOTER', 'MANDATED') OR capital = 'REDEEMED' AND governance IN ('VOTER', 'MANDATED', 'LEAVING', 'CANDIDATE'))
		 ORDER BY id
		 LIMIT $2`, community, limit)
	return collect(found, err, memberRow.value)
}

// Orient implements membership.Store.
func (MemberStore) Orient(ctx context.Context, m membership.Member) error {
	_, err := query(ctx).Exec(ctx, `UPDATE member SET orientation = true WHERE community_id = $1 AND id = $2`, m.Community, m.ID)
	return err
}

// AddAdmission implements membership.Store.
func (MemberStore) AddAdmission(ctx context.Context, a membership.Admission) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO admission (community_id, id, member_id, state, statutes, applied_at, tacit_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		a.Community, a.ID, a.Member, string(a.State), a.Statutes, a.AppliedAt, a.TacitAt)
	return err
}

// SettleAdmission implements membership.Store.
func (MemberStore) SettleAdmission(ctx context.Context, a membership.Admission) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE admission SET state = $3, decided_at = $4, decided_by = $5, reasons = $6
		 WHERE community_id = $1 AND id = $2 AND state IN ('LISTED', 'OBJECTED')`,
		a.Community, a.ID, string(a.State), orNull(a.DecidedAt), optional(a.DecidedBy), orNil(a.Reasons))
	return err
}

// Object implements membership.Store.
func (MemberStore) Object(ctx context.Context, o membership.Objection) (bool, error) {
	tag, err := query(ctx).Exec(ctx, `
		INSERT INTO admission_objection (community_id, admission_id, member_id, reason, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, o.Community, o.Admission, o.Member, o.Reason, o.At)
	return tag.RowsAffected() == 1, err
}

// AdmissionsByID implements membership.Store.
func (MemberStore) AdmissionsByID(ctx context.Context, community domain.ID, ids []domain.ID) ([]membership.Admission, error) {
	found, err := query(ctx).Query(ctx, admissionSQL+` WHERE a.community_id = $1 AND a.id = ANY ($2)`, community, ids)
	return withObjections(ctx, community, found, err)
}

// OpenAdmission implements membership.Store; it holds the admission, so that an
// objection and the calendar wait for one another.
func (MemberStore) OpenAdmission(ctx context.Context, community, member domain.ID) (membership.Admission, error) {
	found, err := query(ctx).Query(ctx, admissionSQL+`
		 WHERE a.community_id = $1 AND a.member_id = $2 AND a.state IN ('LISTED', 'OBJECTED')
		   FOR NO KEY UPDATE`, community, member)
	all, err := withObjections(ctx, community, found, err)
	if err == nil && len(all) == 0 {
		err = domain.NewError(domain.NotFound, "memberId")
	}
	if err != nil {
		return membership.Admission{}, err
	}
	return all[0], nil
}

// OpenAdmissions implements membership.Store.
func (MemberStore) OpenAdmissions(ctx context.Context, community domain.ID, limit int) ([]membership.Admission, error) {
	found, err := query(ctx).Query(ctx, admissionSQL+`
		 WHERE a.community_id = $1 AND a.state IN ('LISTED', 'OBJECTED')
		 ORDER BY a.applied_at, a.id
		 LIMIT $2`, community, limit)
	return withObjections(ctx, community, found, err)
}

// TacitAdmissions implements membership.Store.
func (MemberStore) TacitAdmissions(ctx context.Context, community domain.ID, now time.Time, limit int) ([]membership.Admission, error) {
	found, err := query(ctx).Query(ctx, admissionSQL+`
		  JOIN member m ON m.community_id = a.community_id AND m.id = a.member_id AND m.capital = 'FULL' AND m.governance = 'CANDIDATE'
		 WHERE a.community_id = $1 AND a.state = 'LISTED' AND a.tacit_at <= $2
		 ORDER BY a.tacit_at, a.id
		 LIMIT $3
		   FOR NO KEY UPDATE OF a`, community, now, limit)
	return collect(found, err, admissionRow.value)
}

// AdmissionOf implements membership.Store, by admission_member_idx.
func (MemberStore) AdmissionOf(ctx context.Context, community, member domain.ID) (membership.Admission, bool, error) {
	found, err := query(ctx).Query(ctx, admissionSQL+`
		 WHERE a.community_id = $1 AND a.member_id = $2
		 ORDER BY a.applied_at DESC
		 LIMIT 1`, community, member)
	all, err := withObjections(ctx, community, found, err)
	if err != nil || len(all) == 0 {
		return membership.Admission{}, false, err
	}
	return all[0], true, nil
}
