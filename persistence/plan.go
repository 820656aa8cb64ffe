// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/reinvestment"
)

type planRow struct {
	CommunityID, ID domain.ID
	Kind, Title     string
	FromID          domain.ID
	ToID            *domain.ID
	Minutes, Kept   int64
	Terms           reinvestment.Terms
	FirstOn         time.Time
	Rhythm          string
	Hour, Turn      int
	NextAt          *time.Time
	Reason          string
	MadeBy          domain.ID
	CreatedAt       time.Time
	Version         int
}

const planColumns = `community_id, id, kind, title, from_id, to_id, minutes, kept, terms, first_on, rhythm, hour, turn, next_at, reason, made_by, created_at, version`

func (r planRow) value() reinvestment.Plan {
	p := reinvestment.Plan{
		Community: r.CommunityID, ID: r.ID, Kind: reinvestment.PlanKind(r.Kind), Title: r.Title, From: r.FromID, To: orNowhere(r.ToID),
		Minutes: domain.Minutes(r.Minutes), Kept: domain.Minutes(r.Kept), Terms: r.Terms, FirstOn: r.FirstOn, Rhythm: domain.Rhythm(r.Rhythm),
		Hour: r.Hour, Turn: r.Turn, Reason: r.Reason, MadeBy: r.MadeBy, CreatedAt: r.CreatedAt.UTC(), Version: r.Version,
	}
	if r.NextAt != nil {
		p.NextAt = r.NextAt.UTC()
	}
	return p
}

// AddPlan implements reinvestment.Store.
func (ReinvestmentStore) AddPlan(ctx context.Context, p reinvestment.Plan) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO plan (community_id, id, kind, title, from_id, to_id, minutes, kept, terms, first_on, rhythm, hour, next_at, made_by, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		p.Community, p.ID, string(p.Kind), p.Title, p.From, optional(p.To), int64(p.Minutes), int64(p.Kept), p.Terms, p.FirstOn, string(p.Rhythm), p.Hour,
		p.NextAt, p.MadeBy, p.CreatedAt)
	return err
}

// SavePlan implements reinvestment.Store.
func (ReinvestmentStore) SavePlan(ctx context.Context, p reinvestment.Plan) (reinvestment.Plan, error) {
	var next *time.Time
	if !p.NextAt.IsZero() {
		next = &p.NextAt
	}
	done, err := query(ctx).Exec(ctx, `
		UPDATE plan SET turn = $4, next_at = $5, reason = $6, version = version + 1
		 WHERE community_id = $1 AND id = $2 AND version = $3`, p.Community, p.ID, p.Version, p.Turn, next, p.Reason)
	if err == nil && done.RowsAffected() == 0 {
		err = domain.NewError(domain.StaleVersion, "planId")
	}
	p.Version++
	return p, err
}

// Plans implements reinvestment.Store.
func (ReinvestmentStore) Plans(ctx context.Context, community domain.ID, ids []domain.ID) ([]reinvestment.Plan, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+planColumns+` FROM plan WHERE community_id = $1 AND id = ANY ($2)`, community, ids)
	return collect(found, err, planRow.value)
}

// ListPlans implements reinvestment.Store.
func (ReinvestmentStore) ListPlans(ctx context.Context, community domain.ID) ([]reinvestment.Plan, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+planColumns+` FROM plan WHERE community_id = $1 ORDER BY created_at DESC, id DESC`, community)
	return collect(found, err, planRow.value)
}

type planTurnRow struct {
	CommunityID domain.ID
	Job, Period string
	DoneAt      time.Time
	Result      json.RawMessage
}

func (r planTurnRow) value() reinvestment.PlanTurn {
	var t reinvestment.PlanTurn
	_ = json.Unmarshal(r.Result, &t) // our own
	t.Community, t.Period, t.At = r.CommunityID, r.Period, r.DoneAt.UTC()
	t.Plan, _ = uuid.Parse(strings.TrimPrefix(r.Job, "plan/"))
	return t
}

// PlanTurns implements reinvestment.Store, by the key of job_period.
func (ReinvestmentStore) PlanTurns(ctx context.Context, community domain.ID, plans []domain.ID) ([]reinvestment.PlanTurn, error) {
	jobs := make([]string, len(plans))
	for i, id := range plans {
		jobs[i] = "plan/" + id.String()
	}
	found, err := query(ctx).Query(ctx, `
		SELECT t.community_id, t.job, t.period, t.done_at, t.result
		  FROM unnest($2::text[]) AS wanted (job)
		  JOIN LATERAL (SELECT * FROM job_period WHERE community_id = $1 AND job = wanted.job ORDER BY period DESC LIMIT 100) t ON true
		 ORDER BY t.job, t.period DESC`, community, jobs)
	return collect(found, err, planTurnRow.value)
}

// HoursGiven implements reinvestment.Store. What was undone does not count.
func (ReinvestmentStore) HoursGiven(ctx context.Context, community domain.ID, from, until time.Time) ([]reinvestment.Given, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT a.owner_id AS member, a.id AS account, sum(t.minutes)::bigint AS minutes
		  FROM ledger.transfer t
		  JOIN ledger.account a ON a.community_id = t.community_id AND a.id = t.credit_id
		 WHERE t.community_id = $1 AND t.at >= $2 AND t.at < $3 AND t.kind IN ('EXCHANGE', 'GROUP_SHARE', 'ASSOCIATIVE')
		   AND a.kind = 'MEMBER' AND a.closed_at IS NULL
		   AND NOT EXISTS (SELECT FROM ledger.transfer r WHERE r.community_id = t.community_id AND r.reverses_id = t.id)
		 GROUP BY a.owner_id, a.id`, community, from, until)
	return collect(found, err, hoursGivenRow.value)
}

type hoursGivenRow struct {
	Member, Account domain.ID
	Minutes         int64
}

func (r hoursGivenRow) value() reinvestment.Given {
	return reinvestment.Given{Member: r.Member, Account: r.Account, Minutes: domain.Minutes(r.Minutes)}
}

// PoolFlows implements reinvestment.Store.
func (ReinvestmentStore) PoolFlows(ctx context.Context, community, account domain.ID, from, until time.Time) (domain.Minutes, []reinvestment.Flow, error) {
	var opening int64
	err := query(ctx).QueryRow(ctx, `
		SELECT coalesce(sum(minutes), 0)::bigint FROM ledger.entry WHERE community_id = $1 AND account_id = $2 AND at < $3`, community, account, from).Scan(&opening)
	if err != nil {
		return 0, nil, err
	}
	found, err := query(ctx).Query(ctx, `
		SELECT t.kind::text AS kind, e.minutes > 0 AS incoming, sum(abs(e.minutes))::bigint AS minutes, count(*) AS times
		  FROM ledger.entry e JOIN ledger.transfer t ON t.community_id = e.community_id AND t.id = e.transfer_id
		 WHERE e.community_id = $1 AND e.account_id = $2 AND e.at >= $3 AND e.at < $4
		 GROUP BY 1, 2 ORDER BY 2 DESC, 3 DESC, 1`, community, account, from, until)
	flows, err := collect(found, err, flowRow.value)
	return domain.Minutes(opening), flows, err
}

// Returned implements reinvestment.Store, by the keys of entry and transfer.
func (ReinvestmentStore) Returned(ctx context.Context, c reinvestment.Cycle) (sum domain.Minutes, err error) {
	err = query(ctx).QueryRow(ctx, `
		SELECT coalesce(sum(-e.minutes), 0)::bigint
		  FROM ledger.entry e JOIN ledger.transfer t ON t.community_id = e.community_id AND t.id = e.transfer_id
		 WHERE e.community_id = $1 AND e.account_id = $2 AND e.minutes < 0 AND t.credit_id = $3`, c.Community, c.Account, c.Pool).Scan(&sum)
	return sum, err
}

type flowRow struct {
	Kind           string
	Incoming       bool
	Minutes, Times int64
}

func (r flowRow) value() reinvestment.Flow {
	return reinvestment.Flow{Kind: ledger.TransferKind(r.Kind), Incoming: r.Incoming, Minutes: domain.Minutes(r.Minutes), Times: r.Times}
}
