// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/moderation"
)

type appealRow struct {
	CommunityID, ID, MeasureID, MemberID, AgainstID, ReporterID domain.ID
	Reason                                                      string
	CreatedAt, AnswerBy                                         time.Time
	OverdueAt                                                   *time.Time
	Outcome                                                     *string
	Statement                                                   string
	DecidedBy                                                   *domain.ID
	DecidedAt                                                   *time.Time
}

const appealColumns = `a.community_id, a.id, a.measure_id, a.member_id, a.against_id, r.reporter_id, a.reason, a.created_at, a.answer_by, a.overdue_at,
	a.outcome, a.statement, a.decided_by, a.decided_at`

// appealSQL reads appeals with who reported what they are about.
const appealSQL = `SELECT ` + appealColumns + `
	  FROM appeal a
	  JOIN measure m ON m.community_id = a.community_id AND m.id = a.measure_id
	  JOIN report r ON r.community_id = m.community_id AND r.id = m.report_id`

func (r appealRow) value() moderation.Appeal {
	a := moderation.Appeal{
		Community: r.CommunityID, ID: r.ID, Measure: r.MeasureID, Member: r.MemberID, Against: r.AgainstID, Reporter: r.ReporterID, Reason: r.Reason,
		At: r.CreatedAt.UTC(), AnswerBy: r.AnswerBy.UTC(), OverdueAt: moment(r.OverdueAt), Statement: r.Statement,
		DecidedBy: orNowhere(r.DecidedBy), DecidedAt: moment(r.DecidedAt),
	}
	if r.Outcome != nil {
		a.Outcome = moderation.Outcome(*r.Outcome)
	}
	return a
}

// AddAppeal implements moderation.Store.
func (ModerationStore) AddAppeal(ctx context.Context, a moderation.Appeal) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO appeal (community_id, id, measure_id, member_id, against_id, reason, created_at, answer_by, place)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		a.Community, a.ID, a.Measure, a.Member, a.Against, a.Reason, a.At, a.AnswerBy, a.Place())
	return err
}

// Appeals implements moderation.Store.
func (ModerationStore) Appeals(ctx context.Context, community domain.ID, ids []domain.ID) ([]moderation.Appeal, error) {
	found, err := query(ctx).Query(ctx, appealSQL+` WHERE a.community_id = $1 AND a.id = ANY ($2)`, community, ids)
	return collect(found, err, appealRow.value)
}

// AppealsAgainst implements moderation.Store, by appeal_once.
func (ModerationStore) AppealsAgainst(ctx context.Context, community domain.ID, measures []domain.ID) ([]moderation.Appeal, error) {
	found, err := query(ctx).Query(ctx, appealSQL+` WHERE a.community_id = $1 AND a.measure_id = ANY ($2)`, community, measures)
	return collect(found, err, appealRow.value)
}

// urgencyKey is a place in a list of appeals.
type urgencyKey struct {
	Place int64
	ID    domain.ID
}

// AppealsIn implements moderation.Store, by appeal_place_idx.
func (ModerationStore) AppealsIn(ctx context.Context, community domain.ID, near []domain.ID, page domain.Page) (domain.Slice[moderation.Appeal], error) {
	var none domain.Slice[moderation.Appeal]
	key, compare, direction, err := keyset[urgencyKey](page, false)
	if err != nil {
		return none, err
	}
	var place *int64
	var id domain.ID
	if key != nil {
		place, id = &key.Place, key.ID
	}
	found, err := query(ctx).Query(ctx, appealSQL+fmt.Sprintf(`
		 WHERE a.community_id = $1 AND a.member_id <> ALL ($5) AND ($2::bigint IS NULL OR (a.place, a.id) %[1]s ($2, $3))
		 ORDER BY a.place %[2]s, a.id %[2]s
		 LIMIT $4`, compare, direction), community, place, id, page.Limit+1, near)
	list, err := collect(found, err, appealRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(a moderation.Appeal) string { return encodeKey(urgencyKey{a.Place(), a.ID}) }), nil
}

// CountAppeals implements moderation.Store, by appeal_waiting_idx.
func (ModerationStore) CountAppeals(ctx context.Context, community domain.ID, near []domain.ID) (int, error) {
	var n int
	err := query(ctx).QueryRow(ctx, `SELECT count(*) FROM appeal WHERE community_id = $1 AND outcome IS NULL AND member_id <> ALL ($2)`, community, near).Scan(&n)
	return n, err
}

// DecideAppeal implements moderation.Store.
func (ModerationStore) DecideAppeal(ctx context.Context, a moderation.Appeal) (bool, error) {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE appeal SET place = $3, outcome = $4, statement = $5, decided_by = $6, decided_at = $7
		 WHERE community_id = $1 AND id = $2 AND outcome IS NULL`,
		a.Community, a.ID, a.Place(), string(a.Outcome), a.Statement, a.DecidedBy, a.DecidedAt)
	return tag.RowsAffected() == 1, err
}

// TakeLateAppeals implements moderation.Store, by appeal_waiting_idx.
func (ModerationStore) TakeLateAppeals(ctx context.Context, community domain.ID, now time.Time, limit int) ([]moderation.Appeal, error) {
	found, err := query(ctx).Query(ctx, `
		WITH late AS (
		  UPDATE appeal SET overdue_at = $2
		   WHERE community_id = $1 AND outcome IS NULL AND overdue_at IS NULL
		     AND id IN (SELECT id FROM appeal
		                 WHERE community_id = $1 AND outcome IS NULL AND overdue_at IS NULL AND answer_by <= $2
		                 ORDER BY answer_by, id LIMIT $3)
		  RETURNING *)
		SELECT `+appealColumns+`
		  FROM late a
		  JOIN measure m ON m.community_id = a.community_id AND m.id = a.measure_id
		  JOIN report r ON r.community_id = m.community_id AND r.id = m.report_id`, community, now, limit)
	return collect(found, err, appealRow.value)
}
