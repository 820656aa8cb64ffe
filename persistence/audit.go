// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/moderation"
)

type actRow struct {
	CommunityID domain.ID
	Pos         int64
	Kind        string
	ActorID     domain.ID
	MemberID    *domain.ID
	SubjectID   domain.ID
	At          time.Time
}

func (r actRow) value() moderation.Act {
	return moderation.Act{
		Community: r.CommunityID, Position: r.Pos, Kind: domain.EventKind(r.Kind), Person: r.ActorID, Member: orNowhere(r.MemberID),
		Subject: r.SubjectID, At: r.At.UTC(),
	}
}

// placeKey is a place in the journal.
type placeKey struct{ Pos int64 }

// Acts implements moderation.Store. The kinds are written into the statement, since
// only so PostgreSQL knows that journal.event_staff_idx has all of them; they are the
// program's own words.
func (ModerationStore) Acts(ctx context.Context, community domain.ID, asked moderation.Acts, page domain.Page) (domain.Slice[moderation.Act], error) {
	var none domain.Slice[moderation.Act]
	key, compare, direction, err := keyset[placeKey](page, true)
	if err != nil {
		return none, err
	}
	var s search
	s.where.WriteString(" WHERE e.community_id = " + s.arg(community))
	s.and("e.kind IN ('" + strings.Join(texts(asked.Kinds), "', '") + "')")
	s.and("e.actor_id <> " + s.arg(domain.Nowhere))
	if asked.Person != domain.Nowhere {
		s.and("e.actor_id = " + s.arg(asked.Person))
	}
	if asked.Subject != domain.Nowhere {
		s.and("e.subject_id = " + s.arg(asked.Subject))
	}
	if !asked.From.IsZero() {
		s.and("e.at >= " + s.arg(asked.From))
	}
	if !asked.Until.IsZero() {
		s.and("e.at < " + s.arg(asked.Until))
	}
	s.and("NOT EXISTS (SELECT 1 FROM complaint c WHERE c.community_id = e.community_id AND c.id = e.subject_id AND " +
		s.arg(asked.Reader) + " IN (c.by_id, c.about_id))")
	if key != nil {
		s.and("e.pos " + compare + " " + s.arg(key.Pos))
	}
	found, err := query(ctx).Query(ctx, `
		SELECT e.community_id, e.pos, e.kind, e.actor_id, m.id AS member_id, e.subject_id, e.at
		  FROM journal.event e
		  LEFT JOIN member m ON m.community_id = e.community_id AND m.person_id = e.actor_id`+s.where.String()+`
		 ORDER BY e.pos `+direction+limit(page), s.args...)
	list, err := collect(found, err, actRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(a moderation.Act) string { return encodeKey(placeKey{a.Position}) }), nil
}
