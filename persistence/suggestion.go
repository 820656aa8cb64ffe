// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment"
)

type suggestionRow struct {
	CommunityID, ID, CycleID, PersonID domain.ID
	Title, Purpose, Beneficiaries      string
	Note                               string
	Minimum, Maximum                   int64
	State, Reason                      string
	ProjectID                          *domain.ID
	CreatedAt                          time.Time
	EndedAt                            *time.Time
	Version                            int
}

const suggestionSQL = `
SELECT community_id, id, cycle_id, person_id, title, purpose, beneficiaries, note, minimum, maximum, state, reason, project_id, created_at, ended_at, version
  FROM suggestion`

func (r suggestionRow) value() reinvestment.Suggestion {
	return reinvestment.Suggestion{
		Community: r.CommunityID, ID: r.ID, Cycle: r.CycleID, Person: r.PersonID, Title: r.Title, Purpose: r.Purpose, Beneficiaries: r.Beneficiaries, Note: r.Note,
		Minimum: domain.Minutes(r.Minimum), Maximum: domain.Minutes(r.Maximum), State: reinvestment.SuggestionState(r.State), Reason: r.Reason,
		Project: orNowhere(r.ProjectID), CreatedAt: r.CreatedAt.UTC(), EndedAt: moment(r.EndedAt), Version: r.Version,
	}
}

// SentAway implements reinvestment.Store. A suspension outlasts leaving.
func (ReinvestmentStore) SentAway(ctx context.Context, community, person domain.ID) (away bool, err error) {
	err = query(ctx).QueryRow(ctx, `
		SELECT EXISTS (
		  SELECT FROM member m
		   WHERE m.community_id = $1 AND m.person_id = $2
		     AND (m.participation = 'SUSPENDED' OR m.governance = 'EXCLUDED' OR EXISTS (
		           SELECT FROM measure x
		            WHERE x.community_id = m.community_id AND x.member_id = m.id AND x.ended_at IS NULL AND x.action IN ('FREEZE', 'SUSPEND'))))`,
		community, person).Scan(&away)
	return away, err
}

// AddSuggestion implements reinvestment.Store.
func (ReinvestmentStore) AddSuggestion(ctx context.Context, g reinvestment.Suggestion) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO suggestion (community_id, id, cycle_id, person_id, title, purpose, beneficiaries, note, minimum, maximum, state, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		g.Community, g.ID, g.Cycle, g.Person, g.Title, g.Purpose, g.Beneficiaries, g.Note, int64(g.Minimum), int64(g.Maximum), string(g.State), g.CreatedAt)
	if err != nil {
		return err
	}
	_, err = query(ctx).Exec(ctx, `
		INSERT INTO person_community (person_id, community_id) VALUES ($1, $2)
		ON CONFLICT (person_id, community_id) DO NOTHING`, g.Person, g.Community)
	return err
}

// SaveSuggestion implements reinvestment.Store.
func (ReinvestmentStore) SaveSuggestion(ctx context.Context, g reinvestment.Suggestion) error {
	done, err := query(ctx).Exec(ctx, `
		UPDATE suggestion SET state = $4, reason = $5, project_id = $6, ended_at = $7, version = version + 1
		 WHERE community_id = $1 AND id = $2 AND version = $3`,
		g.Community, g.ID, g.Version, string(g.State), g.Reason, optional(g.Project), orNull(g.EndedAt))
	if err == nil && done.RowsAffected() == 0 {
		err = domain.NewError(domain.StaleVersion, "suggestionId")
	}
	return err
}

// LapseSuggestions implements reinvestment.Store, by suggestion_cycle_idx.
func (ReinvestmentStore) LapseSuggestions(ctx context.Context, community, cycle domain.ID, at time.Time) ([]domain.ID, error) {
	found, err := query(ctx).Query(ctx, `
		UPDATE suggestion SET state = 'LAPSED', ended_at = $3, version = version + 1
		 WHERE community_id = $1 AND cycle_id = $2 AND state = 'OPEN'
		RETURNING id`, community, cycle, at)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[domain.ID])
}

// Suggestions implements reinvestment.Store.
func (ReinvestmentStore) Suggestions(ctx context.Context, community domain.ID, ids []domain.ID) ([]reinvestment.Suggestion, error) {
	found, err := query(ctx).Query(ctx, suggestionSQL+byIDsSQL, community, ids)
	return collect(found, err, suggestionRow.value)
}

// SuggestionsOf implements reinvestment.Store, by suggestion_project_key.
func (ReinvestmentStore) SuggestionsOf(ctx context.Context, community domain.ID, projects []domain.ID) ([]reinvestment.Suggestion, error) {
	found, err := query(ctx).Query(ctx, suggestionSQL+` WHERE community_id = $1 AND project_id = ANY ($2)`, community, projects)
	return collect(found, err, suggestionRow.value)
}

// SuggestionsBy implements reinvestment.Store, by suggestion_person_idx.
func (ReinvestmentStore) SuggestionsBy(ctx context.Context, community, person domain.ID) ([]reinvestment.Suggestion, error) {
	found, err := query(ctx).Query(ctx, suggestionSQL+`
		 WHERE community_id = $1 AND person_id = $2
		 ORDER BY created_at DESC, id DESC
		 LIMIT 100`, community, person)
	return collect(found, err, suggestionRow.value)
}

const suggestedTo = ` WHERE community_id = $1 AND cycle_id = $2 AND state = ANY ($3)`

// ListSuggestions implements reinvestment.Store, by suggestion_cycle_idx.
func (ReinvestmentStore) ListSuggestions(ctx context.Context, community, cycle domain.ID, states []reinvestment.SuggestionState, page domain.Page) (domain.Slice[reinvestment.Suggestion], error) {
	var none domain.Slice[reinvestment.Suggestion]
	key, compare, direction, err := keyset[timeKey](page, true)
	if err != nil {
		return none, err
	}
	at, id := key.bounds()
	found, err := query(ctx).Query(ctx, suggestionSQL+suggestedTo+fmt.Sprintf(`
		   AND ($4::timestamptz IS NULL OR (created_at, id) %[1]s ($4, $5))
		 ORDER BY created_at %[2]s, id %[2]s`, compare, direction)+limit(page), community, cycle, texts(states), at, id)
	list, err := collect(found, err, suggestionRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(g reinvestment.Suggestion) string { return encodeKey(timeKey{g.CreatedAt, g.ID}) }), nil
}

// Suggested implements reinvestment.Store, by suggestion_cycle_idx.
func (ReinvestmentStore) Suggested(ctx context.Context, community, cycle, person domain.ID) (a reinvestment.Already, err error) {
	err = query(ctx).QueryRow(ctx, `
		SELECT count(*) FILTER (WHERE person_id = $3 AND state = 'OPEN'), count(*) FILTER (WHERE person_id = $3), count(*) FILTER (WHERE state = 'OPEN')
		  FROM suggestion WHERE community_id = $1 AND cycle_id = $2`, community, cycle, person).Scan(&a.Open, &a.All, &a.Waiting)
	return a, err
}

// CountSuggestions implements reinvestment.Store.
func (ReinvestmentStore) CountSuggestions(ctx context.Context, community, cycle domain.ID, states []reinvestment.SuggestionState) (n int, err error) {
	err = query(ctx).QueryRow(ctx, `SELECT count(*) FROM suggestion`+suggestedTo, community, cycle, texts(states)).Scan(&n)
	return n, err
}

// CyclesIn implements reinvestment.Store: a community has few cycles.
func (ReinvestmentStore) CyclesIn(ctx context.Context, community domain.ID, state reinvestment.State) ([]reinvestment.Cycle, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+cycleColumns+` FROM cycle WHERE community_id = $1 AND state = $2 ORDER BY created_at, id`, community, string(state))
	return collect(found, err, cycleRow.value)
}
