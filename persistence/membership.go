// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
)

// MemberStore implements membership.Store.
type MemberStore struct{}

var _ membership.Store = MemberStore{}

type memberRow struct {
	CommunityID   domain.ID
	ID            domain.ID
	Number        *int
	Kind          string
	PersonID      *domain.ID
	DisplayName   string
	Email         *string
	Participation string
	Capital       string
	Governance    string
	Message       string
	AppliedAt     time.Time
	AdmittedAt    *time.Time
	ResumesAs     *string
	Orientation   bool
	LeftAt        *time.Time
	DeclineReason *string
	Version       int
	Limits        []byte `gorm:"->"` // moderation writes it, alone
	Guarded       []byte `gorm:"->"` // of a minor, which has a table of its own
}

func (memberRow) TableName() string { return "member" }

const memberColumns = `community_id, id, number, kind, person_id, display_name, email, participation, capital, governance,
       message, applied_at, admitted_at, resumes_as, orientation, left_at, decline_reason, version, limits,` + guardedColumn + "\n"

func (r memberRow) value() membership.Member {
	m := membership.Member{
		Community: r.CommunityID, ID: r.ID, Kind: membership.Kind(r.Kind), Person: orNowhere(r.PersonID),
		DisplayName: r.DisplayName, Email: deref(r.Email), Participation: membership.Participation(r.Participation),
		Capital: membership.Capital(r.Capital), Governance: membership.Governance(r.Governance), Message: r.Message,
		AppliedAt: r.AppliedAt.UTC(), AdmittedAt: moment(r.AdmittedAt), ResumesAs: membership.Participation(deref(r.ResumesAs)),
		Oriented: r.Orientation, LeftAt: moment(r.LeftAt), DeclineReason: deref(r.DeclineReason), Version: r.Version,
		Limits: limitsOf(r.Limits), Guarded: guardedOf(r.Guarded),
	}
	m.Number = deref(r.Number)
	return m
}

func memberRowOf(m membership.Member) memberRow {
	return memberRow{
		CommunityID: m.Community, ID: m.ID, Number: orNil(m.Number), Kind: string(m.Kind), PersonID: optional(m.Person),
		DisplayName: m.DisplayName, Email: orNil(m.Email), Participation: string(m.Participation), Capital: string(m.Capital),
		Governance: string(m.Governance), Message: m.Message, AppliedAt: m.AppliedAt, AdmittedAt: orNull(m.AdmittedAt),
		ResumesAs: orNil(string(m.ResumesAs)), Orientation: m.Oriented, LeftAt: orNull(m.LeftAt), DeclineReason: orNil(m.DeclineReason), Version: m.Version,
	}
}

// deref reads NULL as the zero value; orNil stores it back.
func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func orNil[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// standingSQL reads what somebody is here, with the roles whose term runs, by
// member_person_key, and whether they are a minor or the guardian of one; it is the
// first statement of nearly every use case.
const standingSQL = `
SELECT m.id, m.participation,
       ARRAY(SELECT g.role FROM role_grant g
              WHERE g.community_id = m.community_id AND g.member_id = m.id
                AND g.revoked_at IS NULL AND g.from_at <= $3 AND (g.until_at IS NULL OR g.until_at > $3)),
       ARRAY(` + apartSQL + `),
       (SELECT n.consented_at IS NOT NULL AND n.withdrawn_at IS NULL
          FROM minor n WHERE n.community_id = m.community_id AND n.member_id = m.id AND n.of_age_at > $3),
       ARRAY(SELECT n.member_id FROM minor n
              WHERE n.community_id = m.community_id AND n.guardian_id = m.id AND n.withdrawn_at IS NULL AND n.of_age_at > $3)
  FROM member m
 WHERE m.community_id = $1 AND m.person_id = $2 AND m.participation NOT IN ('LEFT', 'DECLINED')`

// Standing implements domain.Access.
func (MemberStore) Standing(ctx context.Context, person, community domain.ID) (domain.Standing, error) {
	if person == domain.Nowhere {
		return domain.Standing{}, nil
	}
	var m membership.Member
	var roles []domain.Role
	var apart, wards []domain.ID
	var consented *bool // NULL for those of age
	err := query(ctx).QueryRow(ctx, standingSQL, community, person, current(ctx).now).Scan(&m.ID, &m.Participation, &roles, &apart, &consented, &wards)
	if err == pgx.ErrNoRows { //nolint:errorlint // QueryRow returns it as it is
		return domain.Standing{}, nil
	}
	if consented != nil {
		m.Guarded = &membership.Guarded{Consented: *consented}
	}
	standing := m.Standing(roles, apart...)
	standing.Wards = wards
	return standing, err
}

// Add implements membership.Store.
func (MemberStore) Add(ctx context.Context, m membership.Member) error {
	row := memberRowOf(m)
	if err := rows(ctx).Create(&row).Error; err != nil {
		return err
	}
	if m.Person == domain.Nowhere {
		return nil
	}
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO person_community (person_id, community_id, member_id)
		VALUES ($1, $2, $3)
		ON CONFLICT (person_id, community_id) DO UPDATE SET member_id = EXCLUDED.member_id`, m.Person, m.Community, m.ID)
	return err
}

// Save implements membership.Store.
func (MemberStore) Save(ctx context.Context, m membership.Member) (membership.Member, error) {
	row := memberRowOf(m)
	row.Version++
	done := rows(ctx).Model(&memberRow{}).
		Where("community_id = ? AND id = ? AND version = ?", m.Community, m.ID, m.Version).
		Select("number", "display_name", "email", "participation", "capital", "admitted_at",
			"resumes_as", "left_at", "decline_reason", "version").
		Updates(&row)
	if done.Error != nil {
		return m, done.Error
	}
	if done.RowsAffected == 0 {
		return m, domain.NewError(domain.StaleVersion, "version")
	}
	m.Version++
	return m, nil
}

// ByIDs implements membership.Store.
func (MemberStore) ByIDs(ctx context.Context, community domain.ID, ids []domain.ID) ([]membership.Member, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+memberColumns+` FROM member WHERE community_id = $1 AND id = ANY ($2)`, community, ids)
	return collect(found, err, memberRow.value)
}

// ByNumber implements membership.Store.
func (MemberStore) ByNumber(ctx context.Context, community domain.ID, number int) (membership.Member, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+memberColumns+` FROM member WHERE community_id = $1 AND number = $2`, community, number)
	return oneMember(found, err)
}

// oneMember reads the one member that a statement finds. Error: NotFound.
func oneMember(found pgx.Rows, err error) (membership.Member, error) {
	list, err := collect(found, err, memberRow.value)
	if err == nil && len(list) == 0 {
		err = domain.NotFound
	}
	if err != nil {
		return membership.Member{}, err
	}
	return list[0], nil
}

// OfPerson implements membership.Store.
func (MemberStore) OfPerson(ctx context.Context, community, person domain.ID) (membership.Member, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+memberColumns+` FROM member WHERE community_id = $1 AND person_id = $2 AND participation NOT IN ('LEFT', 'DECLINED')`, community, person)
	return oneMember(found, err)
}

// What is asked about one member after another is found by an index: the roles that
// run by role_grant_live_key, listings by listing_member_idx, exchanges as the way of
// members has them by contribution_member_idx and contribution_undone_once.
const memberFilter = `
 WHERE community_id = $1
   AND ($2 = '' OR strpos(fold(display_name), fold($2)) > 0)
   AND CASE WHEN cardinality($3::text[]) = 0 THEN participation NOT IN ('APPLICANT', 'DECLINED', 'LEFT')
            ELSE participation = ANY ($3) END
   AND ($4 = '' OR EXISTS (SELECT FROM role_grant g
                            WHERE g.community_id = $1 AND g.member_id = member.id AND g.role = $4
                              AND g.revoked_at IS NULL AND g.from_at <= $5 AND (g.until_at IS NULL OR g.until_at > $5)))
   AND (NOT $6 OR NOT EXISTS (SELECT FROM listing l WHERE l.community_id = $1 AND l.member_id = member.id AND l.state = 'PUBLISHED'))
   AND ($7::timestamptz IS NULL
        OR (admitted_at < $7
            AND NOT EXISTS (SELECT FROM contribution c
                             WHERE c.community_id = $1 AND c.member_id = member.id AND c.at >= $7 AND c.kind = 'EXCHANGE' AND c.undoes IS NULL
                               AND NOT EXISTS (SELECT FROM contribution u WHERE u.community_id = $1 AND u.undoes = c.id))))
   AND (NOT $8 OR EXISTS (SELECT FROM minor n WHERE n.community_id = $1 AND n.member_id = member.id AND n.of_age_at > $5))`

func filterArgs(ctx context.Context, community domain.ID, f membership.Filter) []any {
	return []any{community, f.Text, texts(f.Participations), string(f.Role), current(ctx).now, f.WithoutListing, orNull(f.QuietSince), f.UnderAge}
}

// The directory of members reads by name, as people look for people.
const membersSQL = `
SELECT ` + memberColumns + `
  FROM member` + memberFilter + `
   AND ($9::text IS NULL OR (fold(display_name), id) %[1]s (fold($9), $10))%[3]s
 ORDER BY fold(display_name) %[2]s, id %[2]s
 LIMIT $11`

type memberKey struct {
	Name string
	ID   domain.ID
}

// List implements membership.Store.
func (MemberStore) List(ctx context.Context, community domain.ID, f membership.Filter, page domain.Page) (domain.Slice[membership.Member], error) {
	var none domain.Slice[membership.Member]
	key, compare, direction, err := keyset[memberKey](page, false)
	if err != nil {
		return none, err
	}
	var name *string
	var id *domain.ID
	if key != nil {
		name, id = &key.Name, &key.ID
	}
	args, without := append(filterArgs(ctx, community, f), name, id, page.Limit+1), ""
	if len(f.Without) > 0 {
		args, without = append(args, f.Without), " AND id <> ALL ($12)"
	}
	found, err := query(ctx).Query(ctx, fmt.Sprintf(membersSQL, compare, direction, without), args...)
	list, err := collect(found, err, memberRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(m membership.Member) string { return encodeKey(memberKey{m.DisplayName, m.ID}) }), nil
}

// texts is a list of named strings as PostgreSQL takes it; never NULL.
func texts[S ~string](values []S) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = string(v)
	}
	return list
}

// Count implements membership.Store.
func (MemberStore) Count(ctx context.Context, community domain.ID, f membership.Filter) (int, error) {
	var n int
	args, without := filterArgs(ctx, community, f), ""
	if len(f.Without) > 0 {
		args, without = append(args, f.Without), " AND id <> ALL ($9)"
	}
	err := query(ctx).QueryRow(ctx, `SELECT count(*) FROM member`+memberFilter+without, args...).Scan(&n)
	return n, err
}

// NextNumber implements membership.Store.
func (MemberStore) NextNumber(ctx context.Context, community domain.ID) (int, error) {
	return nextNumber(ctx, community, "member")
}

// nextNumber gives the next of a community's gapless numbers; others wait for
// the commit.
func nextNumber(ctx context.Context, community domain.ID, name string) (int, error) {
	return nextNumbers(ctx, community, name, 1)
}

// nextNumbers gives the last of the next few.
func nextNumbers(ctx context.Context, community domain.ID, name string, few int) (int, error) {
	var n int
	err := query(ctx).QueryRow(ctx, `
		INSERT INTO counter AS c (community_id, name, value) VALUES ($1, $2, $3)
		ON CONFLICT (community_id, name) DO UPDATE SET value = c.value + $3
		RETURNING value`, community, name, few).Scan(&n)
	return n, err
}

// OpenCommitments implements membership.Store.
func (MemberStore) OpenCommitments(ctx context.Context, community, member domain.ID) (int, error) {
	var n int
	err := query(ctx).QueryRow(ctx, `
		SELECT count(*)
		  FROM exchange
		 WHERE community_id = $1 AND $2 IN (provider_id, receiver_id)
		   AND (state IN ('ACCEPTED', 'DONE', 'DISPUTED') OR (state = 'PROPOSED' AND hold_id IS NOT NULL))`,
		community, member).Scan(&n)
	return n, err
}

// AddRole implements membership.Store.
func (MemberStore) AddRole(ctx context.Context, g membership.RoleGrant) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO role_grant (community_id, id, member_id, role, from_at, until_at, granted_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, g.Community, g.ID, g.Member, string(g.Role), g.From, orNull(g.Until), g.GrantedBy)
	return err
}

// EndRole implements membership.Store.
func (MemberStore) EndRole(ctx context.Context, community, member domain.ID, role domain.Role, at time.Time) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE role_grant SET revoked_at = $4
		 WHERE community_id = $1 AND member_id = $2 AND role = $3 AND revoked_at IS NULL`, community, member, string(role), at)
	return err
}

// RolesOf implements membership.Store.
func (MemberStore) RolesOf(ctx context.Context, community domain.ID, members []domain.ID, at time.Time) ([]membership.RoleGrant, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT community_id, id, member_id, role, from_at, until_at, granted_by
		  FROM role_grant
		 WHERE community_id = $1 AND member_id = ANY ($2)
		   AND revoked_at IS NULL AND from_at <= $3 AND (until_at IS NULL OR until_at > $3)
		 ORDER BY from_at, id`, community, members, at)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (membership.RoleGrant, error) {
		var g membership.RoleGrant
		var until *time.Time
		err := row.Scan(&g.Community, &g.ID, &g.Member, &g.Role, &g.From, &until, &g.GrantedBy)
		g.Until = moment(until)
		return g, err
	})
}

// Holders implements membership.Store.
func (MemberStore) Holders(ctx context.Context, community domain.ID, role domain.Role, at time.Time) ([]membership.Member, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+memberColumns+`
		  FROM member
		 WHERE community_id = $1
		   AND id IN (SELECT g.member_id FROM role_grant g
		               WHERE g.community_id = $1 AND g.role = $2
		                 AND g.revoked_at IS NULL AND g.from_at <= $3 AND (g.until_at IS NULL OR g.until_at > $3))
		 ORDER BY id`, community, string(role), at)
	return collect(found, err, memberRow.value)
}

// InStates implements membership.Store.
func (MemberStore) InStates(ctx context.Context, community domain.ID, states []membership.Participation) ([]membership.Member, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+memberColumns+` FROM member WHERE community_id = $1 AND participation = ANY ($2::text[]) ORDER BY id`, community, texts(states))
	return collect(found, err, memberRow.value)
}

// LockRole implements membership.Store.
func (MemberStore) LockRole(ctx context.Context, community domain.ID, role domain.Role) error {
	_, err := query(ctx).Exec(ctx, `
		SELECT FROM role_grant
		 WHERE community_id = $1 AND role = $2 AND revoked_at IS NULL
		 ORDER BY id
		   FOR UPDATE`, community, string(role))
	return err
}

// Memberships implements membership.Store.
func (MemberStore) Memberships(ctx context.Context, person domain.ID) ([]membership.Belonging, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT community_id, member_id
		  FROM person_community
		 WHERE person_id = $1 AND member_id IS NOT NULL
		 ORDER BY community_id`, person)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowToStructByPos[membership.Belonging])
}

// Places implements membership.Store.
func (MemberStore) Places(ctx context.Context, person domain.ID) ([]domain.ID, error) {
	found, err := query(ctx).Query(ctx, `SELECT community_id FROM person_community WHERE person_id = $1 ORDER BY community_id`, person)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[domain.ID])
}

// NameOf implements membership.Store.
func (MemberStore) NameOf(ctx context.Context, person domain.ID) (name, email string, err error) {
	err = query(ctx).QueryRow(ctx, `SELECT display_name, coalesce(email, '') FROM person WHERE id = $1`, person).Scan(&name, &email)
	return name, email, translate(err)
}
