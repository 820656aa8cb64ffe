// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/moderation"
	"github.com/hora-coop/hora/persistence"
)

// moderated is a village where staff did 3,000 things among 60,000 that happened, and
// 3,000 reports were answered.
func (v *village) moderated(t *testing.T) (marie resident) {
	t.Helper()
	marie = v.joins(t, "Marie")
	against := []domain.ID{v.joins(t, "Paul").member, v.joins(t, "Zoé").member, marie.member}
	staff := make([]string, 0, len(moderation.StaffActs()))
	for _, kind := range moderation.StaffActs() {
		staff = append(staff, string(kind))
	}
	v.breaks(t, `
		INSERT INTO journal.event (community_id, pos, id, kind, actor_id, subject_id, at, body, digest, hash)
		SELECT $1, 1000 + n, gen_random_uuid(), CASE WHEN n % 20 = 0 THEN ($2::text[])[1 + (n / 20) % cardinality($2::text[])] ELSE 'HOURS_GIVEN' END,
		       CASE WHEN n % 400 = 0 THEN $3 ELSE gen_random_uuid() END, CASE WHEN n % 600 = 0 THEN $4 ELSE gen_random_uuid() END,
		       $5::timestamptz + make_interval(mins => n), '', '', ''
		  FROM generate_series(1, 60000) n`, v.id, staff, v.eloise.Person, marie.member, dawn)
	v.breaks(t, `
		WITH filed AS (
		  INSERT INTO report (community_id, id, reporter_id, subject_kind, subject_id, accused_id, reason, details, created_at, answer_by, answered_at)
		  SELECT $1, gen_random_uuid(), $2, 'MEMBER', gen_random_uuid(), ($3::uuid[])[1 + n % 3], 'OTHER', '', at, at, at
		    FROM (SELECT n, $4::timestamptz + make_interval(mins => n) AS at FROM generate_series(1, 3000) n) minutes
		  RETURNING id, accused_id, created_at AS at
		)
		INSERT INTO measure (community_id, id, report_id, member_id, subject_kind, subject_id, action, rule, statement, decided_by, created_at, before_state, ended_at, ended_by, end_reason)
		SELECT $1, gen_random_uuid(), id, accused_id, 'MEMBER', accused_id, 'WARN', 'OTHER', 'Attention.', $2, at, '',
		       CASE WHEN n % 4 > 0 THEN at END, CASE WHEN n % 4 = 1 THEN $2::uuid END, CASE WHEN n % 4 = 1 THEN 'Par erreur.' ELSE '' END
		  FROM (SELECT filed.*, row_number() OVER (ORDER BY at) AS n FROM filed) numbered`, v.id, v.eloise.member, against, dawn)
	v.breaks(t, `
		INSERT INTO appeal (community_id, id, measure_id, member_id, against_id, reason, created_at, answer_by, place)
		SELECT community_id, gen_random_uuid(), id, member_id, decided_by, 'Non.', created_at, created_at, 1
		  FROM measure WHERE community_id = $1 AND ended_at IS NULL ORDER BY created_at LIMIT 5`, v.id)
	for _, table := range []string{"journal.event", "measure", "appeal", "report", "member"} {
		v.breaks(t, "VACUUM ANALYZE "+table)
	}
	return marie
}

// looksUp fails where a statement read one of its tables whole or does not go by an
// index that it was given.
func (v *village) looksUp(t *testing.T, what, about string, indexes []string, asks func(context.Context) (int, error)) {
	t.Helper()
	there := v.heard(t, about)
	var found int
	err := there.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) (err error) {
		found, err = asks(ctx)
		return err
	})
	if err != nil || found == 0 {
		t.Fatalf("%s: %d found, %v", what, found, err)
	}
	for _, mode := range planModes {
		p := v.explain(t, &there.listener, mode)
		p.searched(t, what+", "+mode, "event", "measure", "report")
		var used []string
		for _, node := range p.nodes() {
			used = append(used, node.Index)
		}
		if !slices.ContainsFunc(indexes, func(index string) bool { return slices.Contains(used, index) }) {
			t.Errorf("%s, %s: goes by %s, not by %s", what, mode, strings.Join(used, " "), strings.Join(indexes, " or "))
		}
		if blocks := p.Hit + p.Read; blocks > 500 {
			t.Errorf("%s, %s: %d blocks", what, mode, blocks)
		}
	}
}

// The audit log goes through the little that staff did, whatever it is narrowed by.
// Where this fails for a new kind of act, a migration makes that index anew, with it.
func TestTheAuditLogIsLookedUp(t *testing.T) {
	v := aCountry(t).village(t)
	marie := v.moderated(t)
	all := moderation.StaffActs()
	for what, asked := range map[string]moderation.Acts{
		"all of it":         {Kinds: all},
		"by who":            {Kinds: all, Person: v.eloise.Person},
		"by what":           {Kinds: all, Subject: marie.member},
		"by one kind":       {Kinds: []domain.EventKind{moderation.ComplaintReopened}},
		"by a day long ago": {Kinds: all, From: dawn.Add(24 * time.Hour), Until: dawn.Add(48 * time.Hour)},
	} {
		v.looksUp(t, what, "FROM journal.event", []string{"event_staff_idx"}, func(ctx context.Context) (int, error) {
			found, err := persistence.ModerationStore{}.Acts(ctx, v.id, asked, domain.Page{Limit: 20})
			return len(found.Items), err
		})
	}
}

// So do a community's measures, by each of their states.
func TestMeasuresAreLookedUp(t *testing.T) {
	v := aCountry(t).village(t)
	marie := v.moderated(t)
	for _, c := range []struct {
		what    string
		indexes []string
		filter  moderation.MeasureFilter
	}{
		{"all", []string{"measure_newest_idx"}, moderation.MeasureFilter{}},
		{"in effect", []string{"measure_standing_idx"}, moderation.MeasureFilter{States: []moderation.MeasureState{moderation.InEffect}}},
		{"appealed", []string{"appeal_waiting_idx", "measure_pkey"}, moderation.MeasureFilter{States: []moderation.MeasureState{moderation.UnderAppeal}}},
		{"undone", []string{"measure_undone_idx"}, moderation.MeasureFilter{States: []moderation.MeasureState{moderation.Undone}}},
		{"lapsed", []string{"measure_lapsed_idx"}, moderation.MeasureFilter{States: []moderation.MeasureState{moderation.Lapsed}}},
		{"of two states", []string{"measure_lapsed_idx"}, moderation.MeasureFilter{States: []moderation.MeasureState{moderation.Undone, moderation.Lapsed}}},
		{"of one member", []string{"measure_member_idx", "measure_newest_idx"}, moderation.MeasureFilter{Member: marie.member}},
	} {
		v.looksUp(t, c.what, "FROM measure", c.indexes, func(ctx context.Context) (int, error) {
			found, err := persistence.ModerationStore{}.MeasuresIn(ctx, v.id, []domain.ID{v.eloise.member}, c.filter, domain.Page{Limit: 20})
			return len(found.Items), err
		})
	}
}
