// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// charters remembers each community's charter as it was read last: nearly every
// use case asks for it, and it changes a few times a year.
var charters = charterMemory{held: map[domain.ID]heldCharter{}}

type charterMemory struct {
	mu   sync.Mutex
	held map[domain.ID]heldCharter
}

// heldCharter is a charter and the stamp of the very row it was read from: the
// transaction that wrote it, and which version it is.
type heldCharter struct {
	stamp   string
	charter community.Charter
}

// mostHeld bounds the memory; past it everything is read once more.
const mostHeld = 2000

func (m *charterMemory) of(id domain.ID) heldCharter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held[id]
}

func (m *charterMemory) keep(id domain.ID, c heldCharter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.held) >= mostHeld {
		clear(m.held)
	}
	m.held[id] = c
}

// The first version holds from the beginning, also for a server whose clock is a
// little behind the one that founded. The body is sent only to who has another.
const charterSQL = `
SELECT CASE WHEN version || '/' || xmin::text = $3 THEN NULL ELSE body END, version || '/' || xmin::text, ` + charterColumns + `
  FROM charter
 WHERE community_id = $1 AND (effective_from <= $2 OR version = 1)
 ORDER BY version DESC
 LIMIT 1`

const charterColumns = `id, version, effective_from, reason, created_by, decision_id, created_at, carries`

// read is the charter of a row of charterSQL.
func (m *charterMemory) read(id domain.ID, known heldCharter, row pgx.Row) (community.Charter, error) {
	var body []byte
	var stamp string
	var r charterRow
	if err := row.Scan(append([]any{&body, &stamp}, r.fields()...)...); err != nil {
		return community.Charter{}, translate(err)
	}
	if body == nil {
		return known.charter, nil
	}
	c, err := r.value(id, body)
	if err == nil {
		m.keep(id, heldCharter{stamp, c})
	}
	return c, err
}

type charterRow struct {
	ID            domain.ID
	Version       int
	EffectiveFrom time.Time
	Reason        string
	CreatedBy     *domain.ID
	DecisionID    *domain.ID
	CreatedAt     time.Time
	Carries       int
}

func (r *charterRow) fields() []any {
	return []any{&r.ID, &r.Version, &r.EffectiveFrom, &r.Reason, &r.CreatedBy, &r.DecisionID, &r.CreatedAt, &r.Carries}
}

func (r *charterRow) value(where domain.ID, body []byte) (community.Charter, error) {
	c, err := community.ReadCharter(body)
	c.Community = where
	c.ID, c.Version, c.EffectiveFrom, c.Reason, c.MadeAt, c.Carries = r.ID, r.Version, r.EffectiveFrom.UTC(), r.Reason, r.CreatedAt.UTC(), r.Carries
	c.By, c.Decision = deref(r.CreatedBy), deref(r.DecisionID)
	return c, err
}

// AddCharter implements community.Store.
func (CommunityStore) AddCharter(ctx context.Context, id domain.ID, c community.Charter) error {
	body, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode the charter: %w", err)
	}
	_, err = query(ctx).Exec(ctx, `
		INSERT INTO charter (community_id, `+charterColumns+`, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		id, c.ID, c.Version, c.EffectiveFrom, c.Reason, orNil(c.By), orNil(c.Decision), c.MadeAt, c.Carries, body)
	return err
}

// Charter implements community.Store.
func (CommunityStore) Charter(ctx context.Context, id domain.ID, now time.Time) (community.Charter, error) {
	known := charters.of(id)
	return charters.read(id, known, query(ctx).QueryRow(ctx, charterSQL, id, now, known.stamp))
}

const charterRowsSQL = `SELECT body, ` + charterColumns + ` FROM charter WHERE community_id = $1 `

func chartersOf(where domain.ID, found pgx.Rows, err error) ([]community.Charter, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (community.Charter, error) {
		var body []byte
		var r charterRow
		if err := row.Scan(append([]any{&body}, r.fields()...)...); err != nil {
			return community.Charter{}, err
		}
		return r.value(where, body)
	})
}

func oneCharter(where domain.ID, found pgx.Rows, err error) (community.Charter, error) {
	list, err := chartersOf(where, found, err)
	if err == nil && len(list) == 0 {
		err = domain.NotFound
	}
	if err != nil {
		return community.Charter{}, err
	}
	return list[0], nil
}

// CharterVersion implements community.Store.
func (CommunityStore) CharterVersion(ctx context.Context, id domain.ID, version int) (community.Charter, error) {
	found, err := query(ctx).Query(ctx, charterRowsSQL+`AND version = $2`, id, version)
	return oneCharter(id, found, err)
}

// CharterByID implements community.Store, by charter_id_key.
func (CommunityStore) CharterByID(ctx context.Context, where, id domain.ID) (community.Charter, error) {
	found, err := query(ctx).Query(ctx, charterRowsSQL+`AND id = $2`, where, id)
	return oneCharter(where, found, err)
}

// CharterBefore implements community.Store.
func (CommunityStore) CharterBefore(ctx context.Context, c community.Charter) (community.Charter, error) {
	found, err := query(ctx).Query(ctx, charterRowsSQL+`
		AND version < $2 AND version <> $4 AND effective_from <= $3 ORDER BY version DESC LIMIT 1`, c.Community, c.Version, c.EffectiveFrom, c.Carries)
	return oneCharter(c.Community, found, err)
}

// Charters implements community.Store, by the primary key.
func (CommunityStore) Charters(ctx context.Context, id domain.ID, page domain.Page) (domain.Slice[community.Charter], error) {
	key, compare, direction, err := keyset[int](page, true)
	if err != nil {
		return domain.Slice[community.Charter]{}, err
	}
	found, err := query(ctx).Query(ctx, charterRowsSQL+fmt.Sprintf(`
		AND ($2::integer IS NULL OR version %s $2) ORDER BY version %s LIMIT $3`, compare, direction), id, key, page.Limit+1)
	list, err := chartersOf(id, found, err)
	return slice(list, page, func(c community.Charter) string { return encodeKey(c.Version) }), err
}

// Coming implements community.Store.
func (CommunityStore) Coming(ctx context.Context, id domain.ID, now time.Time) ([]community.Charter, error) {
	found, err := query(ctx).Query(ctx, charterRowsSQL+`
		AND version >= (SELECT max(version) FROM charter WHERE community_id = $1 AND (effective_from <= $2 OR version = 1))
		ORDER BY version`, id, now)
	list, err := chartersOf(id, found, err)
	if err == nil && len(list) == 0 {
		err = domain.NotFound
	}
	return list, err
}

// Beginnings implements community.Store.
func (CommunityStore) Beginnings(ctx context.Context, id domain.ID) (b community.Beginnings, err error) {
	var founder *domain.ID
	err = query(ctx).QueryRow(ctx, `
		SELECT (SELECT created_by FROM charter WHERE community_id = $1 AND version = 1),
		       coalesce((SELECT value FROM counter WHERE community_id = $1 AND name = 'member'), 0),
		       EXISTS (SELECT FROM charter WHERE community_id = $1 AND decision_id IS NOT NULL)`, id).
		Scan(&founder, &b.Admitted, &b.Decided)
	b.Founder = deref(founder)
	return b, err
}

// Holders implements community.Store.
func (CommunityStore) Holders(ctx context.Context, id domain.ID, now time.Time) (community.Holders, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT g.role, count(DISTINCT g.member_id)::int AS held
		  FROM role_grant g JOIN member m ON m.community_id = g.community_id AND m.id = g.member_id
		 WHERE g.community_id = $1 AND g.revoked_at IS NULL AND g.from_at <= $2 AND (g.until_at IS NULL OR g.until_at > $2)
		   AND m.participation IN ('NEWCOMER', 'ACTIVE', 'ENGAGED', 'AT_RISK', 'DORMANT')
		 GROUP BY g.role`, id, now)
	if err != nil {
		return nil, err
	}
	held := community.Holders{}
	var role domain.Role
	var n int
	_, err = pgx.ForEachRow(found, []any{&role, &n}, func() error {
		held[role] = n
		return nil
	})
	return held, err
}
