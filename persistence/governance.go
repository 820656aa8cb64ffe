// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/governance/tally"
)

// GovernanceStore implements governance.Store.
type GovernanceStore struct{}

var _ governance.Store = GovernanceStore{}

type decisionRow struct {
	CommunityID, ID             domain.ID
	Type, Question, Body        string
	Options                     []governance.Option
	Effect                      *governance.Effect
	Rules                       governance.Rules
	State                       string
	OpensAt, ClosesAt, OpenedAt *time.Time
	Reminded                    int
	Seed, Commitment            string
	Roll                        int64
	ByID                        domain.ID
	CreatedAt                   time.Time
	ClosedAt                    *time.Time
	Result                      *tally.Result
	Failure                     string
	Attempts                    int
	RetryAt                     *time.Time
	Reason, Outcome             string
	OwnerID                     *domain.ID
	ReviewAt                    *time.Time
	Reviews                     *domain.ID
	Version                     int
}

const decisionColumns = `community_id, id, type, question, body, options, effect, rules, state, opens_at, closes_at, opened_at, reminded,
       seed, commitment, roll, by_id, created_at, closed_at, result, failure, attempts, retry_at, reason, outcome, owner_id, review_at, reviews, version`

func (r decisionRow) value() governance.Decision {
	return governance.Decision{
		Community: r.CommunityID, ID: r.ID, Type: community.DecisionType(r.Type), Question: r.Question, Body: r.Body, Options: r.Options,
		Effect: r.Effect, Rules: r.Rules, State: governance.State(r.State), OpensAt: moment(r.OpensAt), ClosesAt: moment(r.ClosesAt),
		OpenedAt: moment(r.OpenedAt), Reminded: r.Reminded, Seed: r.Seed, Commitment: r.Commitment, Roll: r.Roll, By: r.ByID,
		CreatedAt: r.CreatedAt.UTC(), ClosedAt: moment(r.ClosedAt), Result: r.Result, Failure: domain.Code(r.Failure), Attempts: r.Attempts,
		RetryAt: moment(r.RetryAt), Reason: r.Reason,
		Outcome: governance.Outcome{Text: r.Outcome, Owner: orNowhere(r.OwnerID), ReviewAt: moment(r.ReviewAt)},
		Reviews: orNowhere(r.Reviews), Version: r.Version,
	}
}

// dueOf is when the program has something to do about a decision; nil for never.
func dueOf(d governance.Decision) *time.Time {
	at, ok := d.Next()
	if !ok {
		return nil
	}
	return &at
}

// AddDecision implements governance.Store.
func (GovernanceStore) AddDecision(ctx context.Context, d governance.Decision) error {
	options := d.Options
	if options == nil {
		options = []governance.Option{}
	}
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO decision (community_id, id, type, question, body, options, effect, rules, state, opens_at, closes_at, next_at,
		                      seed, commitment, by_id, created_at, reviews, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		d.Community, d.ID, string(d.Type), d.Question, d.Body, options, d.Effect, d.Rules, string(d.State), orNull(d.OpensAt), orNull(d.ClosesAt),
		dueOf(d), d.Seed, d.Commitment, d.By, d.CreatedAt, optional(d.Reviews), d.Version)
	return err
}

// SaveDecision implements governance.Store.
func (GovernanceStore) SaveDecision(ctx context.Context, d governance.Decision) (governance.Decision, error) {
	done, err := query(ctx).Exec(ctx, `
		UPDATE decision
		   SET rules = $4, state = $5, opens_at = $6, closes_at = $7, opened_at = $8, reminded = $9, next_at = $10, roll = $11, closed_at = $12,
		       result = $13, failure = $14, attempts = $15, retry_at = $16, reason = $17, outcome = $18, owner_id = $19, review_at = $20,
		       version = version + 1
		 WHERE community_id = $1 AND id = $2 AND version = $3`,
		d.Community, d.ID, d.Version, d.Rules, string(d.State), orNull(d.OpensAt), orNull(d.ClosesAt), orNull(d.OpenedAt), d.Reminded, dueOf(d),
		d.Roll, orNull(d.ClosedAt), d.Result, string(d.Failure), d.Attempts, orNull(d.RetryAt), d.Reason, d.Outcome.Text,
		optional(d.Outcome.Owner), orNull(d.Outcome.ReviewAt))
	if err == nil && done.RowsAffected() == 0 {
		err = domain.NewError(domain.StaleVersion, "decisionId")
	}
	d.Version++
	return d, err
}

const decisionsByID = `SELECT ` + decisionColumns + ` FROM decision WHERE community_id = $1 AND id = ANY ($2)`

// Decisions implements governance.Store.
func (GovernanceStore) Decisions(ctx context.Context, community domain.ID, ids []domain.ID) ([]governance.Decision, error) {
	found, err := query(ctx).Query(ctx, decisionsByID, community, ids)
	return collect(found, err, decisionRow.value)
}

// Steady implements governance.Store.
func (GovernanceStore) Steady(ctx context.Context, community, id domain.ID) (governance.Decision, bool, error) {
	found, err := query(ctx).Query(ctx, decisionsByID+` FOR SHARE`, community, []domain.ID{id})
	all, err := collect(found, err, decisionRow.value)
	if err != nil || len(all) == 0 {
		return governance.Decision{}, false, err
	}
	return all[0], true, nil
}

// ListDecisions implements governance.Store, by decision_list_idx.
func (GovernanceStore) ListDecisions(ctx context.Context, community domain.ID, states []governance.State, page domain.Page) (domain.Slice[governance.Decision], error) {
	key, compare, direction, err := keyset[newest](page, true)
	if err != nil {
		return domain.Slice[governance.Decision]{}, err
	}
	args := []any{community, page.Limit + 1, texts(states)}
	where := " AND ($3::text[] = '{}' OR state = ANY ($3))"
	if key != nil {
		where += " AND (created_at, id) " + compare + " ($4, $5)"
		args = append(args, key.At, key.ID)
	}
	found, err := query(ctx).Query(ctx, `SELECT `+decisionColumns+` FROM decision WHERE community_id = $1`+where+ // #nosec G202 -- our own words
		` ORDER BY created_at `+direction+`, id `+direction+` LIMIT $2`, args...)
	list, err := collect(found, err, decisionRow.value)
	return slice(list, page, func(d governance.Decision) string { return encodeKey(newest{d.CreatedAt, d.ID}) }), err
}

// Due implements governance.Store, by decision_due_idx.
func (GovernanceStore) Due(ctx context.Context, community domain.ID, at time.Time, limit int) ([]domain.ID, error) {
	found, err := query(ctx).Query(ctx, `SELECT id FROM decision WHERE community_id = $1 AND next_at <= $2 ORDER BY next_at LIMIT $3`, community, at, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[domain.ID])
}

// Waiting implements governance.Store, by decision_seat_member_idx.
func (GovernanceStore) Waiting(ctx context.Context, community, member domain.ID) ([]governance.Decision, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+decisionColumns+`
		  FROM decision
		 WHERE community_id = $1 AND state IN ('OPEN', 'SECOND_CALL')
		   AND id IN (SELECT decision_id FROM decision_seat WHERE community_id = $1 AND member_id = $2 AND NOT voted AND conflict = '')
		 ORDER BY closes_at, id
		 LIMIT 100`, community, member)
	return collect(found, err, decisionRow.value)
}

// FreezeRoll implements governance.Store. Each statement reads tables of the same
// community, and nothing else feeds it.
func (s GovernanceStore) FreezeRoll(ctx context.Context, d governance.Decision, now time.Time) (int64, error) {
	n, err := s.seat(ctx, d, now)
	if err != nil || len(d.Rules.Colleges) == 0 {
		return n, err
	}
	others := ""
	for _, c := range d.Rules.Colleges {
		if c.Role == "" {
			others = c.Code
		}
	}
	if _, err := query(ctx).Exec(ctx, `UPDATE decision_seat SET college = $3 WHERE community_id = $1 AND decision_id = $2`, d.Community, d.ID, others); err != nil {
		return n, err
	}
	for _, c := range slices.Backward(d.Rules.Colleges) { // whoever holds two roles belongs to the college named first
		if c.Role == "" {
			continue
		}
		if _, err := query(ctx).Exec(ctx, `
			UPDATE decision_seat SET college = $3
			 WHERE community_id = $1 AND decision_id = $2 AND member_id IN (`+holdersOf+`)`, d.Community, d.ID, c.Code, string(c.Role), now); err != nil {
			return n, err
		}
	}
	return n, nil
}

// holdersOf are those who hold role $4 at $5.
const holdersOf = `SELECT member_id FROM role_grant
  WHERE community_id = $1 AND role = $4 AND revoked_at IS NULL AND from_at <= $5 AND (until_at IS NULL OR until_at > $5)`

func (GovernanceStore) seat(ctx context.Context, d governance.Decision, now time.Time) (int64, error) {
	const those, here = `
		INSERT INTO decision_seat (community_id, decision_id, member_id)
		SELECT community_id, $2, id FROM member WHERE community_id = $1 AND ` + ofAge,
		` AND participation IN ('NEWCOMER', 'ACTIVE', 'ENGAGED', 'AT_RISK', 'DORMANT', 'SUSPENDED')`
	switch d.Rules.Electorate {
	case community.OfTheBody:
		done, err := query(ctx).Exec(ctx, those+here+` AND $3 = 'ROLE' AND id IN (`+holdersOf+`)`, d.Community, d.ID, string(d.Rules.Body.Kind), d.Rules.Body.Name, now)
		return done.RowsAffected(), err
	case community.EveryVoter:
		done, err := query(ctx).Exec(ctx, those+` AND governance IN ('VOTER', 'MANDATED') AND participation NOT IN ('LEFT', 'DECLINED', 'APPLICANT')`, d.Community, d.ID)
		if err != nil || done.RowsAffected() > 0 {
			return done.RowsAffected(), err
		}
	case community.EveryMember:
	}
	done, err := query(ctx).Exec(ctx, those+here, d.Community, d.ID)
	return done.RowsAffected(), err
}

// Colleges implements governance.Store.
func (GovernanceStore) Colleges(ctx context.Context, community, decision domain.ID) (map[string]int64, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT college, count(*) FROM decision_seat WHERE community_id = $1 AND decision_id = $2 AND conflict = '' GROUP BY college`, community, decision)
	if err != nil {
		return nil, err
	}
	counts := map[string]int64{}
	var college string
	var n int64
	_, err = pgx.ForEachRow(found, []any{&college, &n}, func() error {
		counts[college] = n
		return nil
	})
	return counts, err
}

type seatRow struct {
	CommunityID, DecisionID, MemberID domain.ID
	College                           string
	Voted                             bool
	Conflict                          string
}

// Seat implements governance.Store.
func (GovernanceStore) Seat(ctx context.Context, community, decision, member domain.ID) (governance.Seat, bool, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT community_id, decision_id, member_id, college, voted, conflict
		  FROM decision_seat WHERE community_id = $1 AND decision_id = $2 AND member_id = $3`, community, decision, member)
	all, err := collect(found, err, func(r seatRow) governance.Seat {
		return governance.Seat{Community: r.CommunityID, Decision: r.DecisionID, Member: r.MemberID, College: r.College, Voted: r.Voted, Conflict: r.Conflict}
	})
	if err != nil || len(all) == 0 {
		return governance.Seat{}, false, err
	}
	return all[0], true, nil
}

// MarkVoted implements governance.Store.
func (GovernanceStore) MarkVoted(ctx context.Context, community, decision domain.ID, members []domain.ID) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE decision_seat SET voted = true
		 WHERE community_id = $1 AND decision_id = $2 AND member_id = ANY ($3) AND NOT voted`, community, decision, members)
	return err
}

// MarkConflict implements governance.Store.
func (GovernanceStore) MarkConflict(ctx context.Context, community, decision, member domain.ID, why string) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE decision_seat SET conflict = $4 WHERE community_id = $1 AND decision_id = $2 AND member_id = $3`, community, decision, member, why)
	return err
}

// Undecided implements governance.Store.
func (GovernanceStore) Undecided(ctx context.Context, community, decision domain.ID) ([]domain.ID, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT member_id FROM decision_seat WHERE community_id = $1 AND decision_id = $2 AND NOT voted AND conflict = ''`, community, decision)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[domain.ID])
}

// Turnouts implements governance.Store.
func (GovernanceStore) Turnouts(ctx context.Context, community domain.ID, decisions []domain.ID) ([]governance.Turnout, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT decision_id, count(*), count(*) FILTER (WHERE voted), count(*) FILTER (WHERE conflict <> '')
		  FROM decision_seat WHERE community_id = $1 AND decision_id = ANY ($2) GROUP BY decision_id`, community, decisions)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowToStructByPos[governance.Turnout])
}

// AddKey implements governance.Store.
func (GovernanceStore) AddKey(ctx context.Context, community, decision domain.ID, key []byte) error {
	_, err := query(ctx).Exec(ctx, `INSERT INTO decision_key (community_id, decision_id, key) VALUES ($1, $2, $3)`, community, decision, key)
	return err
}

// Key implements governance.Store.
func (GovernanceStore) Key(ctx context.Context, community, decision domain.ID) (key []byte, err error) {
	err = query(ctx).QueryRow(ctx, `SELECT key FROM decision_key WHERE community_id = $1 AND decision_id = $2`, community, decision).Scan(&key)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return key, err
}

// PutBallot implements governance.Store.
func (GovernanceStore) PutBallot(ctx context.Context, b governance.Ballot) (governance.Ballot, error) {
	err := query(ctx).QueryRow(ctx, `
		INSERT INTO decision_ballot AS b (community_id, decision_id, slot, receipt, college, paper, reason, member_id, carried)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (community_id, decision_id, slot) DO UPDATE SET paper = excluded.paper, reason = excluded.reason
		RETURNING b.receipt`, b.Community, b.Decision, b.Slot, b.Receipt, b.College, b.Paper, b.Reason, optional(b.Member), b.Carried).Scan(&b.Receipt)
	return b, err
}

type decisionBallotRow struct {
	CommunityID, DecisionID domain.ID
	Slot                    []byte
	Receipt, College        string
	Paper                   tally.Paper
	Reason                  string
	MemberID                *domain.ID
	Carried                 bool
}

func (r decisionBallotRow) value() governance.Ballot {
	return governance.Ballot{
		Community: r.CommunityID, Decision: r.DecisionID, Slot: r.Slot, Receipt: r.Receipt, College: r.College, Paper: r.Paper, Reason: r.Reason,
		Member: orNowhere(r.MemberID), Carried: r.Carried,
	}
}

const decisionBallots = `SELECT community_id, decision_id, slot, receipt, college, paper, reason, member_id, carried
  FROM decision_ballot WHERE community_id = $1 AND decision_id = $2`

// BallotIn implements governance.Store.
func (GovernanceStore) BallotIn(ctx context.Context, community, decision domain.ID, slot []byte) (governance.Ballot, bool, error) {
	found, err := query(ctx).Query(ctx, decisionBallots+` AND slot = $3`, community, decision, slot)
	all, err := collect(found, err, decisionBallotRow.value)
	if err != nil || len(all) == 0 {
		return governance.Ballot{}, false, err
	}
	return all[0], true, nil
}

// Ballots implements governance.Store.
func (GovernanceStore) Ballots(ctx context.Context, community, decision domain.ID) ([]governance.Ballot, error) {
	found, err := query(ctx).Query(ctx, decisionBallots+` ORDER BY receipt`, community, decision)
	return collect(found, err, decisionBallotRow.value)
}

// Publish implements governance.Store. The rows are written anew, in one go and in
// the order of receipts: neither their place nor their transaction says when a
// ballot was cast.
func (GovernanceStore) Publish(ctx context.Context, community, decision domain.ID) error {
	for _, sql := range []string{
		`INSERT INTO decision_receipt (community_id, decision_id, receipt, college, paper, reason, member_id)
		 SELECT community_id, decision_id, receipt, college, paper, reason, member_id
		   FROM decision_ballot WHERE community_id = $1 AND decision_id = $2 ORDER BY receipt`,
		`DELETE FROM decision_ballot WHERE community_id = $1 AND decision_id = $2`,
		`DELETE FROM decision_key WHERE community_id = $1 AND decision_id = $2`,
	} {
		if _, err := query(ctx).Exec(ctx, sql, community, decision); err != nil {
			return err
		}
	}
	return nil
}

type receiptRow struct {
	CommunityID, DecisionID domain.ID
	Receipt, College        string
	Paper                   tally.Paper
	Reason                  string
	MemberID                *domain.ID
}

func (r receiptRow) value() governance.Published {
	return governance.Published{
		Community: r.CommunityID, Decision: r.DecisionID, Receipt: r.Receipt, College: r.College, Paper: r.Paper, Reason: r.Reason, Member: orNowhere(r.MemberID),
	}
}

const publishedBallots = `SELECT community_id, decision_id, receipt, college, paper, reason, member_id
  FROM decision_receipt WHERE community_id = $1 AND decision_id = $2`

// PublishedBallots implements governance.Store.
func (GovernanceStore) PublishedBallots(ctx context.Context, community, decision domain.ID) ([]governance.Published, error) {
	found, err := query(ctx).Query(ctx, publishedBallots+` ORDER BY receipt`, community, decision)
	return collect(found, err, receiptRow.value)
}

// ListPublished implements governance.Store.
func (GovernanceStore) ListPublished(ctx context.Context, community, decision domain.ID, page domain.Page) (domain.Slice[governance.Published], error) {
	type byReceipt struct{ Receipt string }
	key, compare, direction, err := keyset[byReceipt](page, false)
	if err != nil {
		return domain.Slice[governance.Published]{}, err
	}
	args, where := []any{community, decision, page.Limit + 1}, ""
	if key != nil {
		args, where = append(args, key.Receipt), " AND receipt "+compare+" $4"
	}
	found, err := query(ctx).Query(ctx, publishedBallots+where+` ORDER BY receipt `+direction+` LIMIT $3`, args...) // #nosec G202 -- our own words
	list, err := collect(found, err, receiptRow.value)
	return slice(list, page, func(p governance.Published) string { return encodeKey(byReceipt{p.Receipt}) }), err
}

// AddComment implements governance.Store.
func (GovernanceStore) AddComment(ctx context.Context, c governance.Comment) error {
	_, err := query(ctx).Exec(ctx, `INSERT INTO decision_comment (community_id, id, decision_id, member_id, body, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		c.Community, c.ID, c.Decision, c.Member, c.Body, c.At)
	return err
}

type commentRow struct {
	CommunityID, ID, DecisionID, MemberID domain.ID
	Body                                  string
	Removed                               bool
	At                                    time.Time
}

func (r commentRow) value() governance.Comment {
	c := governance.Comment{Community: r.CommunityID, ID: r.ID, Decision: r.DecisionID, Member: r.MemberID, Body: r.Body, Removed: r.Removed, At: r.At.UTC()}
	if c.Removed {
		c.Body = ""
	}
	return c
}

// commentSQL reads comments and whether a measure holds against them, by
// measure_said_idx: there are few.
const commentSQL = `
	SELECT c.community_id, c.id, c.decision_id, c.member_id, c.body, c.at,
	       EXISTS (SELECT FROM measure x
	                WHERE x.community_id = c.community_id AND x.subject_id = c.id
	                  AND x.subject_kind IN ('MESSAGE', 'COMMENT') AND x.action IN ('HIDE', 'REMOVE') AND x.ended_at IS NULL) AS removed
	  FROM decision_comment c`

// Comments implements governance.Store.
func (GovernanceStore) Comments(ctx context.Context, community domain.ID, decisions []domain.ID) ([]governance.Comment, error) {
	found, err := query(ctx).Query(ctx, commentSQL+` WHERE c.community_id = $1 AND c.decision_id = ANY ($2) ORDER BY c.at, c.id`, community, decisions)
	return collect(found, err, commentRow.value)
}

// CommentByID implements governance.Store.
func (GovernanceStore) CommentByID(ctx context.Context, community, id domain.ID) (governance.Comment, bool, error) {
	found, err := query(ctx).Query(ctx, commentSQL+` WHERE c.community_id = $1 AND c.id = $2`, community, id)
	all, err := collect(found, err, commentRow.value)
	if err != nil || len(all) == 0 {
		return governance.Comment{}, false, err
	}
	return all[0], true, nil
}
