// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/progression"
)

// ProgressionStore implements progression.Store.
type ProgressionStore struct{}

var _ progression.Store = ProgressionStore{}

type contributionRow struct {
	CommunityID, ID, MemberID domain.ID
	PartnerID                 *domain.ID
	Kind                      string
	Minutes                   int64
	At, NotedAt               time.Time
	Pos                       int64
	SourceID                  domain.ID
	Undoes                    *domain.ID
}

const contributionColumns = `c.community_id, c.id, c.member_id, c.partner_id, c.kind, c.minutes, c.at, c.noted_at, c.pos, c.source_id, c.undoes`

func (r contributionRow) value() progression.Contribution {
	return progression.Contribution{
		Community: r.CommunityID, ID: r.ID, Member: r.MemberID, Partner: orNowhere(r.PartnerID), Kind: progression.Kind(r.Kind),
		Minutes: domain.Minutes(r.Minutes), At: r.At.UTC(), NotedAt: r.NotedAt.UTC(), Position: r.Pos, Source: r.SourceID, Undoes: orNowhere(r.Undoes),
	}
}

// all sends statements in one flight; the first failure is the one told.
func all(ctx context.Context, b *pgx.Batch) error {
	if b.Len() == 0 {
		return nil
	}
	return query(ctx).SendBatch(ctx, b).Close()
}

// Append implements progression.Store.
func (ProgressionStore) Append(ctx context.Context, contributions []progression.Contribution) error {
	var b pgx.Batch
	for _, c := range contributions {
		b.Queue(`
			INSERT INTO contribution (community_id, id, member_id, partner_id, kind, minutes, at, noted_at, pos, source_id, undoes)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
			ON CONFLICT DO NOTHING`,
			c.Community, c.ID, c.Member, optional(c.Partner), string(c.Kind), int64(c.Minutes), c.At, c.NotedAt, c.Position, c.Source, optional(c.Undoes))
	}
	return all(ctx, &b)
}

// Contributions implements progression.Store.
func (ProgressionStore) Contributions(ctx context.Context, community domain.ID, ids []domain.ID) ([]progression.Contribution, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+contributionColumns+` FROM contribution c WHERE c.community_id = $1 AND c.id = ANY ($2) ORDER BY c.id`, community, ids)
	return collect(found, err, contributionRow.value)
}

// Latest implements progression.Store, by contribution_member_idx.
func (ProgressionStore) Latest(ctx context.Context, community, member domain.ID, kinds []progression.Kind, since time.Time, limit int) ([]progression.Contribution, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+contributionColumns+`
		  FROM contribution c
		 WHERE c.community_id = $1 AND c.member_id = $2 AND c.kind = ANY ($3::text[]) AND c.at >= $4 AND c.undoes IS NULL
		   AND NOT EXISTS (SELECT FROM contribution u WHERE u.community_id = $1 AND u.undoes = c.id)
		 ORDER BY c.at DESC, c.id DESC
		 LIMIT $5`, community, member, kinds, since, limit)
	return collect(found, err, contributionRow.value)
}

type standingRow struct {
	ID            domain.ID
	Participation string
	GraceUntil    *time.Time

	Exchanges, Partners, Months int
	Given, Associative          int64
	Endorsements                int

	NoticeID                   *domain.ID
	Was, Becomes               *string
	PolicyVersion              *int
	GivenAt, DueAt             *time.Time
	SeenExchanges              *int
	SeenPartners, SeenMonths   *int
	SeenGiven, SeenAssociative *int64
	SeenEndorsements           *int
	CommunityID                domain.ID
}

// standingsSQL measures, in one pass, what members did since $2 as it was known at
// $3. What was undone does not count, nor what they did with their own household;
// of the dealings with one partner, no more than evidence_counts lets through.
const standingsSQL = `
WITH evidence AS (
  SELECT c.id, c.member_id, c.partner_id, c.kind, c.minutes, c.at, c.source_id
    FROM contribution c
    LEFT JOIN household own ON own.community_id = c.community_id AND own.member_id = c.member_id
    LEFT JOIN household theirs ON theirs.community_id = c.community_id AND theirs.member_id = c.partner_id
   WHERE c.community_id = $1 AND c.at >= $2 AND c.noted_at < $3 AND c.undoes IS NULL%[1]s
     AND own.household_id IS DISTINCT FROM coalesce(theirs.household_id, '00000000-0000-0000-0000-000000000000')
     AND NOT EXISTS (SELECT FROM contribution u WHERE u.community_id = $1 AND u.undoes = c.id AND u.noted_at < $3)
), dealing AS (
  SELECT e.member_id, e.partner_id, e.source_id, e.at,
         CASE WHEN e.partner_id IS NULL THEN e.minutes
              ELSE evidence_counts(e.at, e.minutes, $5, $6, $7) OVER (PARTITION BY e.member_id, e.partner_id ORDER BY e.at, e.id) END AS counts
    FROM evidence e
   WHERE e.kind IN ('EXCHANGE', 'SESSION')
), dealt AS (
  SELECT d.member_id, count(DISTINCT d.source_id) AS exchanges, count(DISTINCT d.partner_id) AS partners,
         count(DISTINCT date_trunc('month', d.at AT TIME ZONE $4)) AS months, sum(d.counts) AS given
    FROM dealing d
   WHERE d.counts >= 0
   GROUP BY d.member_id
), worked AS (
  SELECT e.member_id, sum(e.minutes) AS associative
    FROM evidence e
   WHERE e.kind IN ('ACTIVITY', 'DUTY')
   GROUP BY e.member_id
), endorsed AS (
  SELECT e.member_id, count(DISTINCT coalesce(h.household_id, e.partner_id)) AS endorsements
    FROM evidence e
    JOIN member by ON by.community_id = $1 AND by.id = e.partner_id AND by.governance IN ('VOTER', 'MANDATED')
    LEFT JOIN household h ON h.community_id = $1 AND h.member_id = e.partner_id
   WHERE e.kind = 'ENDORSEMENT'
   GROUP BY e.member_id
), seen AS (
  SELECT DISTINCT ON (v.member_id) v.*
    FROM evaluation v
   WHERE v.community_id = $1
   ORDER BY v.member_id, v.day DESC
)
SELECT m.community_id, m.id, m.participation, m.grace_until,
       coalesce(d.exchanges, 0)::int AS exchanges, coalesce(d.partners, 0)::int AS partners, coalesce(d.months, 0)::int AS months,
       (coalesce(d.given, 0) + coalesce(w.associative, 0))::bigint AS given, coalesce(w.associative, 0)::bigint AS associative,
       coalesce(e.endorsements, 0)::int AS endorsements,
       n.id AS notice_id, n.was, n.becomes, n.policy_version, n.given_at, n.due_at,
       s.exchanges AS seen_exchanges, s.partners AS seen_partners, s.months AS seen_months,
       s.given AS seen_given, s.associative AS seen_associative, s.endorsements AS seen_endorsements
  FROM member m
  LEFT JOIN dealt d ON d.member_id = m.id
  LEFT JOIN worked w ON w.member_id = m.id
  LEFT JOIN endorsed e ON e.member_id = m.id
  LEFT JOIN notice n ON n.community_id = m.community_id AND n.member_id = m.id AND n.state = 'PENDING'
  LEFT JOIN seen s ON s.member_id = m.id
 WHERE m.community_id = $1 AND m.participation IN ('NEWCOMER', 'ACTIVE', 'ENGAGED', 'AT_RISK', 'DORMANT')%[2]s
 ORDER BY m.id`

func (r standingRow) value() progression.Standing {
	s := progression.Standing{
		Member: r.ID, Is: membership.Participation(r.Participation), GraceUntil: moment(r.GraceUntil),
		Metrics: progression.Metrics{
			Exchanges: r.Exchanges, Partners: r.Partners, Months: r.Months, Given: domain.Minutes(r.Given),
			Associative: domain.Minutes(r.Associative), Endorsements: r.Endorsements,
		},
	}
	if r.NoticeID != nil {
		s.Notice = &progression.Notice{
			Community: r.CommunityID, ID: *r.NoticeID, Member: r.ID, Was: membership.Participation(deref(r.Was)),
			Becomes: membership.Participation(deref(r.Becomes)), Policy: deref(r.PolicyVersion), GivenAt: moment(r.GivenAt), DueAt: moment(r.DueAt),
		}
	}
	if r.SeenExchanges != nil {
		s.Seen = &progression.Metrics{
			Exchanges: *r.SeenExchanges, Partners: deref(r.SeenPartners), Months: deref(r.SeenMonths), Given: domain.Minutes(deref(r.SeenGiven)),
			Associative: domain.Minutes(deref(r.SeenAssociative)), Endorsements: deref(r.SeenEndorsements),
		}
	}
	return s
}

// Standings implements progression.Store: of all members by contribution_window_idx,
// of one by contribution_member_idx.
func (ProgressionStore) Standings(ctx context.Context, look progression.Look, each func(progression.Standing)) error {
	args := []any{look.Community, look.Since, look.Until, look.Zone, look.Policy.Pair.Days, look.Policy.Pair.Events, int64(look.Policy.Pair.Minutes)}
	theirs, member := "", ""
	if look.Member != domain.Nowhere {
		theirs, member = " AND c.member_id = $8", " AND m.id = $8"
		args = append(args, look.Member)
	}
	if look.Member == domain.Nowhere { // all that a large community did takes longer than what a person asks
		if _, err := query(ctx).Exec(ctx, `SET LOCAL statement_timeout = '5min'`); err != nil {
			return err
		}
	}
	found, err := query(ctx).Query(ctx, fmt.Sprintf(standingsSQL, theirs, member), args...)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		row, err := pgx.RowToStructByName[standingRow](found)
		if err != nil {
			return err
		}
		each(row.value())
	}
	return found.Err()
}

// Quiet implements progression.Store, by notice_member_idx.
func (ProgressionStore) Quiet(ctx context.Context, community domain.ID, members []domain.ID) ([]progression.Standing, error) {
	if len(members) == 0 {
		return nil, nil
	}
	found, err := query(ctx).Query(ctx, `
		SELECT m.community_id, m.id, m.participation, m.grace_until, 0 AS exchanges, 0 AS partners, 0 AS months, 0::bigint AS given,
		       0::bigint AS associative, 0 AS endorsements, n.id AS notice_id, n.was, n.becomes, n.policy_version, n.given_at, n.due_at,
		       NULL::int AS seen_exchanges, NULL::int AS seen_partners, NULL::int AS seen_months, NULL::bigint AS seen_given,
		       NULL::bigint AS seen_associative, NULL::int AS seen_endorsements
		  FROM member m
		  LEFT JOIN LATERAL (SELECT * FROM notice o
		                      WHERE o.community_id = $1 AND o.member_id = m.id AND o.state <> 'LIFTED'
		                      ORDER BY o.given_at DESC
		                      LIMIT 1) n ON true
		 WHERE m.community_id = $1 AND m.id = ANY ($2) AND m.participation IN ('AT_RISK', 'DORMANT')
		 ORDER BY m.id`, community, members)
	return collect(found, err, standingRow.value)
}

// Move implements progression.Store. It writes participation and nothing else of
// the three facets.
func (ProgressionStore) Move(ctx context.Context, community domain.ID, moves []progression.Move) ([]domain.ID, error) {
	if len(moves) == 0 {
		return nil, nil
	}
	ids, from, to, grace := make([]domain.ID, len(moves)), make([]string, len(moves)), make([]string, len(moves)), make([]*time.Time, len(moves))
	for i, m := range moves {
		ids[i], from[i], to[i], grace[i] = m.Member, string(m.From), string(m.To), orNull(m.Grace)
	}
	found, err := query(ctx).Query(ctx, `
		UPDATE member m
		   SET participation = v.becomes, grace_until = coalesce(v.grace, m.grace_until), version = m.version + 1
		  FROM unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[]) AS v(id, was, becomes, grace)
		 WHERE m.community_id = $1 AND m.id = v.id AND m.participation = v.was
		RETURNING m.id`, community, ids, from, to, grace)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[domain.ID])
}

// Spare implements progression.Store.
func (ProgressionStore) Spare(ctx context.Context, community, member domain.ID, until time.Time) error {
	_, err := query(ctx).Exec(ctx, `UPDATE member SET grace_until = greatest(grace_until, $3) WHERE community_id = $1 AND id = $2`, community, member, until)
	return err
}

// GiveNotices implements progression.Store.
func (ProgressionStore) GiveNotices(ctx context.Context, notices []progression.Notice) error {
	var b pgx.Batch
	for _, n := range notices {
		b.Queue(`
			INSERT INTO notice (community_id, id, member_id, was, becomes, policy_version, given_at, due_at, state)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'PENDING')`,
			n.Community, n.ID, n.Member, string(n.Was), string(n.Becomes), n.Policy, n.GivenAt, n.DueAt)
	}
	return all(ctx, &b)
}

// EndNotices implements progression.Store.
func (ProgressionStore) EndNotices(ctx context.Context, community domain.ID, ids []domain.ID, lifted bool, at time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := query(ctx).Exec(ctx, `
		UPDATE notice SET state = CASE WHEN $3 THEN 'LIFTED' ELSE 'EFFECTIVE' END, ended_at = $4
		 WHERE community_id = $1 AND id = ANY ($2) AND state = 'PENDING'`, community, ids, lifted, at)
	return err
}

// Keep implements progression.Store.
func (ProgressionStore) Keep(ctx context.Context, evaluations []progression.Evaluation) error {
	var b pgx.Batch
	for _, v := range evaluations {
		m := v.Metrics
		b.Queue(`
			INSERT INTO evaluation (community_id, member_id, day, policy_version, was, became,
			                        exchanges, partners, months, given, associative, endorsements, evaluated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			v.Community, v.Member, v.Day, v.Policy, string(v.Was), string(v.Became),
			m.Exchanges, m.Partners, m.Months, int64(m.Given), int64(m.Associative), m.Endorsements, v.At)
	}
	return all(ctx, &b)
}
