// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
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

// notTheirOwnSQL leaves out what would tell the reader %[1]s, or who lives with them,
// %[2]s, who decided against one of them, or that somebody keeps a note: each look goes by
// a primary key. Of complaints also who filed one reads nothing here.
const notTheirOwnSQL = `NOT EXISTS (SELECT FROM complaint c
                    WHERE c.community_id = e.community_id AND c.id = e.subject_id AND (c.by_id = %[1]s OR c.about_id = ANY (%[2]s)))
   AND NOT EXISTS (SELECT FROM measure m WHERE m.community_id = e.community_id AND m.id = e.subject_id AND m.member_id = ANY (%[2]s))
   AND NOT EXISTS (SELECT FROM appeal a WHERE a.community_id = e.community_id AND a.id = e.subject_id AND a.member_id = ANY (%[2]s))
   AND (e.kind NOT IN ('MEMBER_SUSPENDED', 'MEMBER_REINSTATED') OR e.subject_id <> ALL (%[2]s))
   AND (e.kind NOT IN ('LISTING_REMOVED', 'LISTING_RESTORED')
        OR NOT EXISTS (SELECT FROM listing l WHERE l.community_id = e.community_id AND l.id = e.subject_id AND l.member_id = ANY (%[2]s)))`

// byStaffSQL leaves out the one kind of act that members do too: calling off a session
// that they host themselves.
const byStaffSQL = `(e.kind <> 'SESSION_CANCELLED'
        OR (SELECT h.person_id
              FROM group_session g
              JOIN member h ON h.community_id = g.community_id AND h.id = g.host_id
             WHERE g.community_id = e.community_id AND g.id = e.subject_id) IS DISTINCT FROM e.actor_id)`

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
	s.and(byStaffSQL)
	s.and(fmt.Sprintf(notTheirOwnSQL, s.arg(asked.Reader), s.arg(asked.Near)))
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
