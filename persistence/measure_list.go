// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"strings"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/moderation"
)

// measureIn says what a measure of each state is. Few appeals wait at a time, and
// appeal_waiting_idx knows them.
var measureIn = map[moderation.MeasureState]string{
	moderation.InEffect:    `ended_at IS NULL AND id NOT IN (` + appealedSQL + `)`,
	moderation.UnderAppeal: `id IN (` + appealedSQL + `)`,
	moderation.Undone:      `ended_by IS NOT NULL`, // which answers an appeal that waits
	moderation.Lapsed:      `ended_at IS NOT NULL AND ended_by IS NULL AND id NOT IN (` + appealedSQL + `)`,
}

const (
	appealedSQL = `SELECT a.measure_id FROM appeal a WHERE a.community_id = $1 AND a.outcome IS NULL`
	// Written so that PostgreSQL expects what it finds: few are left out.
	measuresSQL = ` FROM measure
	  WHERE community_id = $1 AND NOT ($2::uuid[] @> ARRAY[member_id])`
	// Who has no account is given it on paper; the first condition is what few of many meet.
	toHandOverSQL = ` AND handed_over_at IS NULL AND action NOT IN ('NONE', 'NOTE')
	   AND EXISTS (SELECT FROM member m WHERE m.community_id = $1 AND m.id = measure.member_id AND m.person_id IS NULL)`
)

// measureBranches are the WHERE of each state that was asked for, or of all, and what
// they take; by measure_member_idx where it is about one member.
func measureBranches(community domain.ID, near []domain.ID, f moderation.MeasureFilter) (branches []string, args []any) {
	all, args := measuresSQL, []any{community, near}
	if f.Member != domain.Nowhere {
		all, args = all+" AND member_id = $3", append(args, f.Member)
	}
	if f.ToHandOver {
		all += toHandOverSQL
	}
	for _, state := range f.States {
		branches = append(branches, all+"\n   AND "+measureIn[state])
	}
	if len(branches) == 0 {
		branches = []string{all}
	}
	return branches, args
}

// MeasuresIn implements moderation.Store. Each state has its own index in the order of
// the list, and gives no more than a page of its own.
func (ModerationStore) MeasuresIn(ctx context.Context, community domain.ID, near []domain.ID, f moderation.MeasureFilter, page domain.Page) (domain.Slice[moderation.Measure], error) {
	var none domain.Slice[moderation.Measure]
	key, compare, direction, err := keyset[timeKey](page, true)
	if err != nil {
		return none, err
	}
	order := fmt.Sprintf("\n ORDER BY created_at %[1]s, id %[1]s", direction) + limit(page)
	branches, args := measureBranches(community, near, f)
	after := ""
	if key != nil {
		after = fmt.Sprintf("\n   AND (created_at, id) %s ($%d, $%d)", compare, len(args)+1, len(args)+2)
		args = append(args, key.At, key.ID)
	}
	for i, branch := range branches {
		branches[i] = `SELECT ` + measureColumns + branch + after + order
	}
	sql := branches[0]
	if len(branches) > 1 {
		sql = "(" + strings.Join(branches, ")\nUNION ALL\n(") + ")" + order
	}
	found, err := query(ctx).Query(ctx, sql, args...)
	list, err := collect(found, err, measureRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(m moderation.Measure) string { return encodeKey(timeKey{m.At, m.ID}) }), nil
}

// CountMeasures implements moderation.Store.
func (ModerationStore) CountMeasures(ctx context.Context, community domain.ID, near []domain.ID, f moderation.MeasureFilter) (int, error) {
	branches, args := measureBranches(community, near, f)
	for i, branch := range branches {
		branches[i] = `(SELECT count(*)` + branch + `)`
	}
	var n int
	err := query(ctx).QueryRow(ctx, `SELECT `+strings.Join(branches, " + "), args...).Scan(&n)
	return n, err
}
