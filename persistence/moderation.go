// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/moderation"
)

// ModerationStore implements moderation.Store.
type ModerationStore struct{}

var _ moderation.Store = ModerationStore{}

type reportRow struct {
	CommunityID, ID, ReporterID domain.ID
	SubjectKind                 string
	SubjectID, AccusedID        domain.ID
	Reason, Details, Quote      string
	CreatedAt, AnswerBy         time.Time
	OverdueAt, AnsweredAt       *time.Time
}

const reportColumns = `community_id, id, reporter_id, subject_kind, subject_id, accused_id, reason, details, quote, created_at, answer_by, overdue_at, answered_at`

func (r reportRow) value() moderation.Report {
	return moderation.Report{
		Community: r.CommunityID, ID: r.ID, Reporter: r.ReporterID, Subject: moderation.Subject{Kind: moderation.SubjectKind(r.SubjectKind), ID: r.SubjectID},
		Accused: r.AccusedID, Reason: moderation.Reason(r.Reason), Details: r.Details, Quote: r.Quote, At: r.CreatedAt.UTC(), AnswerBy: r.AnswerBy.UTC(),
		OverdueAt: moment(r.OverdueAt), AnsweredAt: moment(r.AnsweredAt),
	}
}

type measureRow struct {
	CommunityID, ID, ReportID, MemberID domain.ID
	SubjectKind                         string
	SubjectID                           domain.ID
	Action, Rule, Statement             string
	Limits                              []membership.Ability
	DecidedBy                           domain.ID
	CreatedAt                           time.Time
	UntilAt                             *time.Time
	BeforeState                         string
	EndedAt                             *time.Time
	EndedBy                             *domain.ID
	EndReason                           string
	HandedOverAt                        *time.Time
	HandedOverBy                        *domain.ID
}

const measureColumns = `community_id, id, report_id, member_id, subject_kind, subject_id, action, limits, rule, statement, decided_by, created_at,
	until_at, before_state, ended_at, ended_by, end_reason, handed_over_at, handed_over_by`

func (r measureRow) value() moderation.Measure {
	return moderation.Measure{
		Community: r.CommunityID, ID: r.ID, Report: r.ReportID, Member: r.MemberID,
		Subject: moderation.Subject{Kind: moderation.SubjectKind(r.SubjectKind), ID: r.SubjectID},
		Action:  moderation.Action(r.Action), Limits: r.Limits, Rule: r.Rule, Statement: r.Statement, DecidedBy: r.DecidedBy, At: r.CreatedAt.UTC(),
		Until: moment(r.UntilAt), Before: r.BeforeState, EndedAt: moment(r.EndedAt), EndedBy: orNowhere(r.EndedBy), EndReason: r.EndReason,
		HandedOverAt: moment(r.HandedOverAt), HandedOverBy: orNowhere(r.HandedOverBy),
	}
}

// AddReport implements moderation.Store.
func (ModerationStore) AddReport(ctx context.Context, r moderation.Report) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO report (community_id, id, reporter_id, subject_kind, subject_id, accused_id, reason, details, created_at, answer_by, quote)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		r.Community, r.ID, r.Reporter, string(r.Subject.Kind), r.Subject.ID, r.Accused, string(r.Reason), r.Details, r.At, r.AnswerBy, r.Quote)
	return err
}

// Reports implements moderation.Store.
func (ModerationStore) Reports(ctx context.Context, community domain.ID, ids []domain.ID) ([]moderation.Report, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+reportColumns+` FROM report`+byIDsSQL, community, ids)
	return collect(found, err, reportRow.value)
}

const queueSQL = ` FROM report WHERE community_id = $1 AND answered_at IS NULL AND reporter_id <> $2 AND accused_id <> ALL ($3)`

// Queue implements moderation.Store, by report_queue_idx.
func (ModerationStore) Queue(ctx context.Context, community, reader domain.ID, near []domain.ID, page domain.Page) (domain.Slice[moderation.Report], error) {
	var none domain.Slice[moderation.Report]
	key, compare, direction, err := keyset[timeKey](page, false)
	if err != nil {
		return none, err
	}
	at, id := key.bounds()
	found, err := query(ctx).Query(ctx, `SELECT `+reportColumns+queueSQL+fmt.Sprintf(`
		   AND ($4::timestamptz IS NULL OR (answer_by, id) %[1]s ($4, $5))
		 ORDER BY answer_by %[2]s, id %[2]s
		 LIMIT $6`, compare, direction), community, reader, near, at, id, page.Limit+1)
	list, err := collect(found, err, reportRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(r moderation.Report) string { return encodeKey(timeKey{r.AnswerBy, r.ID}) }), nil
}

// CountQueue implements moderation.Store.
func (ModerationStore) CountQueue(ctx context.Context, community, reader domain.ID, near []domain.ID) (int, error) {
	var n int
	err := query(ctx).QueryRow(ctx, `SELECT count(*)`+queueSQL, community, reader, near).Scan(&n)
	return n, err
}

// Answer implements moderation.Store.
func (ModerationStore) Answer(ctx context.Context, r moderation.Report) (bool, error) {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE report SET answered_at = $3 WHERE community_id = $1 AND id = $2 AND answered_at IS NULL`, r.Community, r.ID, r.AnsweredAt)
	return tag.RowsAffected() == 1, err
}

// TakeLate implements moderation.Store, by report_queue_idx.
func (ModerationStore) TakeLate(ctx context.Context, community domain.ID, now time.Time, limit int) ([]moderation.Report, error) {
	found, err := query(ctx).Query(ctx, `
		UPDATE report SET overdue_at = $2
		 WHERE community_id = $1 AND answered_at IS NULL AND overdue_at IS NULL
		   AND id IN (SELECT id FROM report
		               WHERE community_id = $1 AND answered_at IS NULL AND overdue_at IS NULL AND answer_by <= $2
		               ORDER BY answer_by, id LIMIT $3)
		RETURNING `+reportColumns, community, now, limit)
	return collect(found, err, reportRow.value)
}

// AddMeasure implements moderation.Store.
func (ModerationStore) AddMeasure(ctx context.Context, m moderation.Measure) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO measure (community_id, id, report_id, member_id, subject_kind, subject_id, action, limits, rule, statement, decided_by, created_at, until_at, before_state)
		VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8::text[], '{}'), $9, $10, $11, $12, $13, $14)`,
		m.Community, m.ID, m.Report, m.Member, string(m.Subject.Kind), m.Subject.ID, string(m.Action), m.Limits, m.Rule, m.Statement, m.DecidedBy, m.At,
		orNil(m.Until), m.Before)
	return err
}

// Measures implements moderation.Store.
func (ModerationStore) Measures(ctx context.Context, community domain.ID, ids []domain.ID) ([]moderation.Measure, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+measureColumns+` FROM measure`+byIDsSQL, community, ids)
	return collect(found, err, measureRow.value)
}

// MeasureFor implements moderation.Store, by measure_report_once.
func (ModerationStore) MeasureFor(ctx context.Context, community, report domain.ID) (moderation.Measure, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+measureColumns+` FROM measure WHERE community_id = $1 AND report_id = $2`, community, report)
	if err != nil {
		return moderation.Measure{}, err
	}
	row, err := pgx.CollectExactlyOneRow(found, pgx.RowToStructByName[measureRow])
	return row.value(), translate(err)
}

// MeasuresOf implements moderation.Store, by measure_member_idx.
func (ModerationStore) MeasuresOf(ctx context.Context, community, member domain.ID) ([]moderation.Measure, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+measureColumns+` FROM measure WHERE community_id = $1 AND member_id = $2 ORDER BY created_at DESC, id DESC`, community, member)
	return collect(found, err, measureRow.value)
}

// End implements moderation.Store.
func (ModerationStore) End(ctx context.Context, m moderation.Measure) (bool, error) {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE measure SET ended_at = $3, ended_by = $4, end_reason = $5
		 WHERE community_id = $1 AND id = $2 AND ended_at IS NULL`, m.Community, m.ID, m.EndedAt, optional(m.EndedBy), m.EndReason)
	return tag.RowsAffected() == 1, err
}

// HandOver implements moderation.Store.
func (ModerationStore) HandOver(ctx context.Context, m moderation.Measure) (bool, error) {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE measure SET handed_over_at = $3, handed_over_by = $4
		 WHERE community_id = $1 AND id = $2 AND handed_over_at IS NULL`, m.Community, m.ID, m.HandedOverAt, m.HandedOverBy)
	return tag.RowsAffected() == 1, err
}

// TakeLapsed implements moderation.Store, by measure_until_idx.
func (ModerationStore) TakeLapsed(ctx context.Context, community domain.ID, now time.Time, limit int) ([]moderation.Measure, error) {
	found, err := query(ctx).Query(ctx, `
		UPDATE measure SET ended_at = $2
		 WHERE community_id = $1 AND ended_at IS NULL
		   AND id IN (SELECT id FROM measure WHERE community_id = $1 AND ended_at IS NULL AND until_at <= $2 ORDER BY until_at LIMIT $3)
		RETURNING `+measureColumns, community, now, limit)
	return collect(found, err, measureRow.value)
}
