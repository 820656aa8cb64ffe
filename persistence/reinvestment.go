// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// ReinvestmentStore implements reinvestment.Store.
type ReinvestmentStore struct{}

var _ reinvestment.Store = ReinvestmentStore{}

type cycleRow struct {
	CommunityID, ID   domain.ID
	Title             string
	PoolID, AccountID domain.ID
	Envelope          int64
	Method            string
	Rule              allocation.Rule
	TwoApproversAbove int64
	Calendar          reinvestment.Calendar
	State             string
	Seed, Commitment  string
	Roll              int64
	Reminded          string
	OpenedBy          domain.ID
	CreatedAt         time.Time
	Version           int
}

const cycleColumns = `community_id, id, title, pool_id, account_id, envelope, method, rule, two_approvers_above, calendar,
       state, seed, commitment, roll, reminded, opened_by, created_at, version`

func (r cycleRow) value() reinvestment.Cycle {
	return reinvestment.Cycle{
		Community: r.CommunityID, ID: r.ID, Title: r.Title, Pool: r.PoolID, Account: r.AccountID, Envelope: domain.Minutes(r.Envelope),
		Method: allocation.Method(r.Method), Rule: r.Rule, TwoApproversAbove: domain.Minutes(r.TwoApproversAbove), Calendar: r.Calendar,
		State: reinvestment.State(r.State), Seed: r.Seed, Commitment: r.Commitment, Roll: r.Roll, Reminded: reinvestment.State(r.Reminded), OpenedBy: r.OpenedBy,
		CreatedAt: r.CreatedAt.UTC(), Version: r.Version,
	}
}

// nextOf is when the calendar asks for something of a cycle; nil at the end of its way.
func nextOf(c reinvestment.Cycle) *time.Time {
	due, ok := c.Wakes()
	if !ok {
		return nil
	}
	return &due
}

// AddCycle implements reinvestment.Store.
func (s ReinvestmentStore) AddCycle(ctx context.Context, c reinvestment.Cycle, first reinvestment.Step) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO cycle (community_id, id, title, pool_id, account_id, envelope, method, rule, two_approvers_above, calendar,
		                   state, next_at, seed, commitment, roll, opened_by, created_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		c.Community, c.ID, c.Title, c.Pool, c.Account, int64(c.Envelope), string(c.Method), c.Rule, int64(c.TwoApproversAbove), c.Calendar,
		string(c.State), nextOf(c), c.Seed, c.Commitment, c.Roll, c.OpenedBy, c.CreatedAt, c.Version)
	if err != nil {
		return err
	}
	return s.note(ctx, first)
}

// MoveCycle implements reinvestment.Store.
func (s ReinvestmentStore) MoveCycle(ctx context.Context, c reinvestment.Cycle, step reinvestment.Step) (reinvestment.Cycle, error) {
	done, err := query(ctx).Exec(ctx, `
		UPDATE cycle SET state = $4, next_at = $5, roll = $6, calendar = $7, reminded = $8, version = version + 1
		 WHERE community_id = $1 AND id = $2 AND version = $3`,
		c.Community, c.ID, c.Version, string(c.State), nextOf(c), c.Roll, c.Calendar, string(c.Reminded))
	if err != nil {
		return c, err
	}
	if done.RowsAffected() == 0 {
		return c, domain.NewError(domain.StaleVersion, "cycleId")
	}
	c.Version++
	step.Community, step.Cycle, step.Step, step.State = c.Community, c.ID, c.Version, c.State
	return c, s.note(ctx, step)
}

// WakeCycle implements reinvestment.Store.
func (ReinvestmentStore) WakeCycle(ctx context.Context, c reinvestment.Cycle, at time.Time) error {
	done, err := query(ctx).Exec(ctx, `
		UPDATE cycle SET next_at = $4, version = version + 1 WHERE community_id = $1 AND id = $2 AND version = $3`, c.Community, c.ID, c.Version, at)
	if err == nil && done.RowsAffected() == 0 {
		err = domain.NewError(domain.StaleVersion, "cycleId")
	}
	return err
}

func (ReinvestmentStore) note(ctx context.Context, s reinvestment.Step) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO cycle_step (community_id, cycle_id, step, state, person_id, note, due, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		s.Community, s.Cycle, s.Step, string(s.State), optional(s.Person), s.Note, s.Due, s.At)
	return err
}

// Cycles implements reinvestment.Store.
func (ReinvestmentStore) Cycles(ctx context.Context, community domain.ID, ids []domain.ID) ([]reinvestment.Cycle, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+cycleColumns+` FROM cycle WHERE community_id = $1 AND id = ANY ($2)`, community, ids)
	return collect(found, err, cycleRow.value)
}

type newest struct {
	At time.Time
	ID domain.ID
}

// ListCycles implements reinvestment.Store, by cycle_list_idx.
func (ReinvestmentStore) ListCycles(ctx context.Context, community domain.ID, page domain.Page) (domain.Slice[reinvestment.Cycle], error) {
	key, compare, direction, err := keyset[newest](page, true)
	if err != nil {
		return domain.Slice[reinvestment.Cycle]{}, err
	}
	args := []any{community, page.Limit + 1}
	where := ""
	if key != nil {
		where = " AND (created_at, id) " + compare + " ($3, $4)"
		args = append(args, key.At, key.ID)
	}
	found, err := query(ctx).Query(ctx, `SELECT `+cycleColumns+` FROM cycle WHERE community_id = $1`+where+ // #nosec G202 -- our own words
		` ORDER BY created_at `+direction+`, id `+direction+` LIMIT $2`, args...)
	list, err := collect(found, err, cycleRow.value)
	return slice(list, page, func(c reinvestment.Cycle) string { return encodeKey(newest{c.CreatedAt, c.ID}) }), err
}

// EarliestDue implements reinvestment.Store, by cycle_due_idx and plan_due_idx.
// What returns hours goes before what takes them, and the reserve before the rest.
func (ReinvestmentStore) EarliestDue(ctx context.Context, community domain.ID, at time.Time, without []domain.ID) (due reinvestment.Due, ok bool, err error) {
	if without == nil {
		without = []domain.ID{}
	}
	err = query(ctx).QueryRow(ctx, `
		SELECT id, plan, version FROM (
		  (SELECT id, false AS plan, false AS later, next_at, version FROM cycle
		    WHERE community_id = $1 AND next_at <= $2 AND id <> ALL ($3)
		    ORDER BY next_at LIMIT 1)
		  UNION ALL
		  (SELECT id, true, kind <> 'RESERVE', next_at, version FROM plan WHERE community_id = $1 AND next_at <= $2 AND id <> ALL ($3)
		    ORDER BY next_at, kind <> 'RESERVE' LIMIT 1)) due
		 ORDER BY next_at, later, plan LIMIT 1`, community, at, without).Scan(&due.ID, &due.Plan, &due.Version)
	if errors.Is(err, pgx.ErrNoRows) {
		return due, false, nil
	}
	return due, err == nil, err
}

type cycleStepRow struct {
	CommunityID, CycleID domain.ID
	Step                 int
	State                string
	PersonID             *domain.ID
	Note                 string
	Due, At              time.Time
}

// Steps implements reinvestment.Store.
func (ReinvestmentStore) Steps(ctx context.Context, community domain.ID, cycles []domain.ID) ([]reinvestment.Step, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT community_id, cycle_id, step, state, person_id, note, due, at
		  FROM cycle_step WHERE community_id = $1 AND cycle_id = ANY ($2) ORDER BY cycle_id, step`, community, cycles)
	return collect(found, err, func(r cycleStepRow) reinvestment.Step {
		return reinvestment.Step{
			Community: r.CommunityID, Cycle: r.CycleID, Step: r.Step, State: reinvestment.State(r.State), Person: orNowhere(r.PersonID),
			Note: r.Note, Due: r.Due.UTC(), At: r.At.UTC(),
		}
	})
}

type projectRow struct {
	CommunityID, ID, CycleID domain.ID
	Number                   int
	OwnerID                  domain.ID
	Title, Body              string
	Minimum, Maximum         int64
	Milestones               []reinvestment.Milestone
	Confidential             bool
	Stage, Reason            string
	Granted, Paid            int64
	CreatedAt                time.Time
	Version                  int
}

const projectColumns = `community_id, id, cycle_id, number, owner_id, title, body, minimum, maximum, milestones, confidential, stage, reason, granted, paid, created_at, version`

func (r projectRow) value() reinvestment.Project {
	return reinvestment.Project{
		Community: r.CommunityID, ID: r.ID, Cycle: r.CycleID, Number: r.Number, Owner: r.OwnerID, Title: r.Title, Body: r.Body,
		Minimum: domain.Minutes(r.Minimum), Maximum: domain.Minutes(r.Maximum), Milestones: r.Milestones,
		Confidential: r.Confidential, Stage: reinvestment.ProjectStage(r.Stage), Reason: r.Reason, Granted: domain.Minutes(r.Granted), Paid: domain.Minutes(r.Paid),
		CreatedAt: r.CreatedAt.UTC(), Version: r.Version,
	}
}

// AddProject implements reinvestment.Store. Whoever adds one has taken the cycle, so
// that the numbers of two submissions at once follow one another.
func (ReinvestmentStore) AddProject(ctx context.Context, p reinvestment.Project) (reinvestment.Project, error) {
	if p.Milestones == nil {
		p.Milestones = []reinvestment.Milestone{}
	}
	err := query(ctx).QueryRow(ctx, `
		INSERT INTO project (community_id, id, cycle_id, number, owner_id, title, body, minimum, maximum, milestones, stage, reason, created_at, confidential)
		VALUES ($1, $2, $3, 1 + (SELECT count(*) FROM project WHERE community_id = $1 AND cycle_id = $3), $4, $5, $6, $7, $8, $9, $10, '', $11, $12)
		RETURNING number`,
		p.Community, p.ID, p.Cycle, p.Owner, p.Title, p.Body, int64(p.Minimum), int64(p.Maximum), p.Milestones, string(p.Stage), p.CreatedAt, p.Confidential,
	).Scan(&p.Number)
	return p, err
}

// SaveProject implements reinvestment.Store.
func (ReinvestmentStore) SaveProject(ctx context.Context, p reinvestment.Project) (reinvestment.Project, error) {
	done, err := query(ctx).Exec(ctx, `
		UPDATE project SET stage = $4, reason = $5, paid = $6, version = version + 1
		 WHERE community_id = $1 AND id = $2 AND version = $3`,
		p.Community, p.ID, p.Version, string(p.Stage), p.Reason, int64(p.Paid))
	if err == nil && done.RowsAffected() == 0 {
		err = domain.NewError(domain.StaleVersion, "projectId")
	}
	p.Version++
	return p, err
}

// Decide implements reinvestment.Store.
func (ReinvestmentStore) Decide(ctx context.Context, community, cycle domain.ID, granted map[domain.ID]domain.Minutes) error {
	ids, minutes := make([]domain.ID, 0, len(granted)), make([]int64, 0, len(granted))
	for id, m := range granted {
		ids, minutes = append(ids, id), append(minutes, int64(m))
	}
	_, err := query(ctx).Exec(ctx, `
		UPDATE project p
		   SET granted = g.minutes, stage = CASE WHEN g.minutes > 0 THEN 'FUNDED' ELSE 'UNFUNDED' END, version = p.version + 1
		  FROM unnest($3::uuid[], $4::bigint[]) AS g (id, minutes)
		 WHERE p.community_id = $1 AND p.cycle_id = $2 AND p.id = g.id`, community, cycle, ids, minutes)
	return err
}

// Projects implements reinvestment.Store.
func (ReinvestmentStore) Projects(ctx context.Context, community domain.ID, ids []domain.ID) ([]reinvestment.Project, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+projectColumns+` FROM project WHERE community_id = $1 AND id = ANY ($2)`, community, ids)
	return collect(found, err, projectRow.value)
}

// ProjectsOf implements reinvestment.Store, by project_number_key.
func (ReinvestmentStore) ProjectsOf(ctx context.Context, community domain.ID, cycles []domain.ID) ([]reinvestment.Project, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+projectColumns+` FROM project WHERE community_id = $1 AND cycle_id = ANY ($2) ORDER BY cycle_id, number`, community, cycles)
	return collect(found, err, projectRow.value)
}

// MakeEligible implements reinvestment.Store.
func (ReinvestmentStore) MakeEligible(ctx context.Context, community, cycle domain.ID) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE project SET stage = 'ELIGIBLE', version = version + 1
		 WHERE community_id = $1 AND cycle_id = $2 AND stage = 'SUBMITTED'`, community, cycle)
	return err
}

type ballotRow struct {
	CommunityID, CycleID, MemberID domain.ID
	HelperID                       *domain.ID
	Receipt                        string
	Choices                        []allocation.Choice
	At                             time.Time
}

func (r ballotRow) value() reinvestment.Ballot {
	return reinvestment.Ballot{
		Community: r.CommunityID, Cycle: r.CycleID, Member: r.MemberID, Helper: orNowhere(r.HelperID), Receipt: r.Receipt, Choices: r.Choices, At: r.At.UTC(),
	}
}

// PutBallot implements reinvestment.Store.
func (ReinvestmentStore) PutBallot(ctx context.Context, b reinvestment.Ballot) error {
	done, err := query(ctx).Exec(ctx, `
		INSERT INTO budget_ballot AS b (community_id, cycle_id, member_id, helper_id, receipt, choices, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (community_id, cycle_id, member_id) DO UPDATE
		   SET helper_id = excluded.helper_id, receipt = excluded.receipt, choices = excluded.choices, at = excluded.at
		 WHERE excluded.helper_id IS NULL OR b.helper_id IS NOT NULL`,
		b.Community, b.Cycle, b.Member, optional(b.Helper), b.Receipt, b.Choices, b.At)
	if err == nil && done.RowsAffected() == 0 {
		err = domain.NewError(reinvestment.VotedInPerson, "onBehalfOf")
	}
	return err
}

const ballotsOf = `SELECT community_id, cycle_id, member_id, helper_id, receipt, choices, at FROM budget_ballot WHERE community_id = $1 AND cycle_id = $2`

// BallotOf implements reinvestment.Store.
func (ReinvestmentStore) BallotOf(ctx context.Context, community, cycle, member domain.ID) (reinvestment.Ballot, bool, error) {
	found, err := query(ctx).Query(ctx, ballotsOf+` AND member_id = $3`, community, cycle, member)
	all, err := collect(found, err, ballotRow.value)
	if err != nil || len(all) == 0 {
		return reinvestment.Ballot{}, false, err
	}
	return all[0], true, nil
}

// Ballots implements reinvestment.Store.
func (ReinvestmentStore) Ballots(ctx context.Context, community, cycle domain.ID) ([]reinvestment.Ballot, error) {
	found, err := query(ctx).Query(ctx, ballotsOf+` ORDER BY receipt`, community, cycle)
	return collect(found, err, ballotRow.value)
}

// FreezeRoll implements reinvestment.Store.
func (ReinvestmentStore) FreezeRoll(ctx context.Context, c reinvestment.Cycle) (int64, error) {
	done, err := query(ctx).Exec(ctx, `
		INSERT INTO cycle_seat (community_id, cycle_id, member_id)
		SELECT community_id, $2, id FROM member
		 WHERE community_id = $1 AND admitted_at <= $3 AND participation IN ('NEWCOMER', 'ACTIVE', 'ENGAGED', 'AT_RISK', 'DORMANT') AND `+ofAge+`
		ON CONFLICT DO NOTHING`, c.Community, c.ID, c.Calendar.VotingAt) // where somebody was first, the move fails
	return done.RowsAffected(), err
}

// unseated is a cycle $2 whose vote was opened by a server that wrote down how many may
// vote, but not who: they are those who could when it began.
const unseated = `c.community_id = $1 AND c.id = $2 AND c.roll > 0 AND NOT EXISTS (SELECT FROM cycle_seat WHERE community_id = $1 AND cycle_id = $2)`

// Seated implements reinvestment.Store, by the primary key.
func (ReinvestmentStore) Seated(ctx context.Context, community, cycle, member domain.ID) (there bool, err error) {
	err = query(ctx).QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM cycle_seat WHERE community_id = $1 AND cycle_id = $2 AND member_id = $3)
		    OR EXISTS (SELECT FROM member, cycle c
		                WHERE `+unseated+` AND member.community_id = $1 AND member.id = $3
		                  AND admitted_at <= (c.calendar ->> 'votingAt')::timestamptz
		                  AND participation IN ('NEWCOMER', 'ACTIVE', 'ENGAGED', 'AT_RISK', 'DORMANT')
		                  AND c.roll > (SELECT count(*) FROM budget_ballot b WHERE b.community_id = $1 AND b.cycle_id = $2 AND b.member_id <> $3))`,
		community, cycle, member).Scan(&there)
	return there, err
}

// AddRun implements reinvestment.Store.
func (ReinvestmentStore) AddRun(ctx context.Context, r reinvestment.Run) error {
	_, err := query(ctx).Exec(ctx, `INSERT INTO allocation_run (community_id, cycle_id, run, record, at) VALUES ($1, $2, $3, $4, $5)`,
		r.Community, r.Cycle, r.Run, r.Record, r.At)
	return err
}

// LastRun implements reinvestment.Store.
func (ReinvestmentStore) LastRun(ctx context.Context, community, cycle domain.ID) (reinvestment.Run, bool, error) {
	r := reinvestment.Run{Community: community, Cycle: cycle}
	err := query(ctx).QueryRow(ctx, `
		SELECT run, record, at FROM allocation_run WHERE community_id = $1 AND cycle_id = $2 ORDER BY run DESC LIMIT 1`,
		community, cycle).Scan(&r.Run, &r.Record, &r.At)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, false, nil
	}
	return r, err == nil, err
}

// AddContest implements reinvestment.Store.
func (ReinvestmentStore) AddContest(ctx context.Context, c reinvestment.Contest) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO allocation_contest (community_id, id, cycle_id, member_id, reason, same, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		c.Community, c.ID, c.Cycle, c.Member, c.Reason, c.Same, c.At)
	return err
}

type contestRow struct {
	CommunityID, ID, CycleID, MemberID domain.ID
	Reason                             string
	Same                               bool
	At                                 time.Time
}

// Contests implements reinvestment.Store.
func (ReinvestmentStore) Contests(ctx context.Context, community, cycle domain.ID) ([]reinvestment.Contest, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT community_id, id, cycle_id, member_id, reason, same, at
		  FROM allocation_contest WHERE community_id = $1 AND cycle_id = $2 ORDER BY at, id`, community, cycle)
	return collect(found, err, func(r contestRow) reinvestment.Contest {
		return reinvestment.Contest{Community: r.CommunityID, Cycle: r.CycleID, ID: r.ID, Member: r.MemberID, Reason: r.Reason, Same: r.Same, At: r.At.UTC()}
	})
}

type claimRow struct {
	CommunityID, ID, CycleID, ProjectID, MemberID domain.ID
	FiledBy                                       *domain.ID
	Milestone                                     int
	Minutes                                       int64
	Proof, Stage, Reason                          string
	Approvers                                     []domain.ID
	Approvals                                     int
	TransferID                                    *domain.ID
	CreatedAt                                     time.Time
	Version                                       int
}

const claimColumns = `community_id, id, cycle_id, project_id, member_id, filed_by, milestone, minutes, proof, stage, reason, approvers, approvals, transfer_id, created_at, version`

func (r claimRow) value() reinvestment.Claim {
	return reinvestment.Claim{
		Community: r.CommunityID, ID: r.ID, Cycle: r.CycleID, Project: r.ProjectID, Member: r.MemberID, FiledBy: orNowhere(r.FiledBy), Milestone: r.Milestone,
		Minutes: domain.Minutes(r.Minutes), Proof: r.Proof, Stage: reinvestment.ClaimStage(r.Stage), Reason: r.Reason,
		Approvers: r.Approvers, Approvals: r.Approvals, Transfer: orNowhere(r.TransferID), CreatedAt: r.CreatedAt.UTC(), Version: r.Version,
	}
}

// AddClaim implements reinvestment.Store.
func (ReinvestmentStore) AddClaim(ctx context.Context, c reinvestment.Claim) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO claim (community_id, id, cycle_id, project_id, member_id, filed_by, milestone, minutes, proof, stage, reason, approvers, approvals, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '{}', $11, $12)`,
		c.Community, c.ID, c.Cycle, c.Project, c.Member, optional(c.FiledBy), c.Milestone, int64(c.Minutes), c.Proof, string(c.Stage), c.Approvals, c.CreatedAt)
	return err
}

// SaveClaim implements reinvestment.Store.
func (ReinvestmentStore) SaveClaim(ctx context.Context, c reinvestment.Claim) (reinvestment.Claim, error) {
	approvers := c.Approvers
	if approvers == nil {
		approvers = []domain.ID{}
	}
	done, err := query(ctx).Exec(ctx, `
		UPDATE claim SET stage = $4, reason = $5, approvers = $6, transfer_id = $7, version = version + 1
		 WHERE community_id = $1 AND id = $2 AND version = $3`,
		c.Community, c.ID, c.Version, string(c.Stage), c.Reason, approvers, optional(c.Transfer))
	if err == nil && done.RowsAffected() == 0 {
		err = domain.NewError(domain.StaleVersion, "claimId")
	}
	c.Version++
	return c, err
}

// Claims implements reinvestment.Store.
func (ReinvestmentStore) Claims(ctx context.Context, community domain.ID, ids []domain.ID) ([]reinvestment.Claim, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+claimColumns+` FROM claim WHERE community_id = $1 AND id = ANY ($2)`, community, ids)
	return collect(found, err, claimRow.value)
}

// ClaimsOf implements reinvestment.Store, by claim_project_idx.
func (ReinvestmentStore) ClaimsOf(ctx context.Context, community domain.ID, projects []domain.ID) ([]reinvestment.Claim, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+claimColumns+` FROM claim WHERE community_id = $1 AND project_id = ANY ($2) ORDER BY created_at, id`, community, projects)
	return collect(found, err, claimRow.value)
}
