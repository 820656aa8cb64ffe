// SPDX-License-Identifier: AGPL-3.0-or-later

package bench

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
)

// What the program asks for a feed: which community, who asks and whom a block keeps
// apart from them, the page with one more, its members.
const (
	bareCommunity = `
SELECT id, slug, name, preset, locale, time_zone, latitude, longitude, created_at, version FROM community WHERE id = ANY ($1)`
	bareReaching = `EXISTS (
         SELECT FROM role_grant g
           JOIN member h ON h.community_id = g.community_id AND h.id = g.member_id AND h.participation <> 'SUSPENDED'
          WHERE g.community_id = b.community_id AND g.member_id IN (b.member_id, b.blocked_id) AND g.role IN ('COORDINATOR', 'MODERATOR', 'TREASURER')
            AND g.revoked_at IS NULL AND g.from_at <= $3 AND (g.until_at IS NULL OR g.until_at > $3))`
	bareStanding = `
SELECT m.id, m.participation,
       ARRAY(SELECT g.role FROM role_grant g
              WHERE g.community_id = m.community_id AND g.member_id = m.id
                AND g.revoked_at IS NULL AND g.from_at <= $3 AND (g.until_at IS NULL OR g.until_at > $3)),
       ARRAY(
       SELECT b.blocked_id FROM member_block b WHERE b.community_id = m.community_id AND b.member_id = m.id AND NOT ` + bareReaching + `
        UNION ALL
       SELECT b.member_id FROM member_block b WHERE b.community_id = m.community_id AND b.blocked_id = m.id AND NOT ` + bareReaching + `)
  FROM member m
 WHERE m.community_id = $1 AND m.person_id = $2 AND m.participation NOT IN ('LEFT', 'DECLINED')`
	bareFeed = `
SELECT l.community_id, l.id, l.member_id, l.kind, l.title, l.description, l.service_type, l.level, l.language,
       l.latitude, l.longitude, l.radius_km, l.remote, l.availability, l.visibility, l.state,
       l.published_at, l.expires_at, l.met_at, l.created_at, l.version, 0::numeric::text AS rank
  FROM listing l
  JOIN member m ON m.community_id = l.community_id AND m.id = l.member_id
 WHERE l.community_id = $1
   AND l.state = 'PUBLISHED'
   AND m.participation IN ('NEWCOMER', 'ACTIVE', 'ENGAGED', 'AT_RISK', 'DORMANT')
 ORDER BY l.published_at DESC, l.id DESC
 LIMIT `
	bareMembers = `
SELECT community_id, id, number, kind, person_id, display_name, email, participation, capital, governance,
       message, applied_at, admitted_at, resumes_as, left_at, decline_reason, version
  FROM member WHERE community_id = $1 AND id = ANY ($2)`
)

// bareListing is a row as it is read and a node as it is answered.
type bareListing struct {
	CommunityID                  domain.ID  `json:"-"`
	ID                           domain.ID  `json:"id"`
	MemberID                     domain.ID  `json:"-"`
	Kind                         string     `json:"kind"`
	Title                        string     `json:"title"`
	Description                  string     `json:"description"`
	ServiceType, Level, Language string     `json:"-"`
	Latitude, Longitude          *float64   `json:"-"`
	RadiusKm                     *int       `json:"-"`
	Remote                       bool       `json:"-"`
	Availability                 []string   `json:"-"`
	Visibility                   string     `json:"-"`
	State                        string     `json:"state"`
	PublishedAt                  time.Time  `json:"publishedAt"`
	ExpiresAt, MetAt             *time.Time `json:"-"`
	CreatedAt                    time.Time  `json:"-"`
	Version                      int        `json:"-"`
	Rank                         string     `json:"-"`
	Member                       struct {
		ID          domain.ID `json:"id"`
		DisplayName string    `json:"displayName"`
	} `json:"member"`
}

// bareMember is as much of a member.
type bareMember struct {
	CommunityID, ID                    domain.ID
	Number                             *int
	Kind                               string
	PersonID                           *domain.ID
	DisplayName                        string
	Email                              *string
	Participation, Capital, Governance string
	Message                            string
	AppliedAt                          time.Time
	AdmittedAt                         *time.Time
	ResumesAs                          *string
	LeftAt                             *time.Time
	DeclineReason                      *string
	Version                            int
}

// plainly answers a feed with net/http, pgx and encoding/json alone: the program's
// statements, under its role and its policies, in one transaction of one moment. It reads no token,
// no document and no variables.
func (r *reader) plainly(w http.ResponseWriter, request *http.Request) {
	var asked struct{ Query string }
	if err := json.NewDecoder(request.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	page, err := r.page(request.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"node": map[string]any{"listings": map[string]any{
		"nodes": page, "pageInfo": map[string]any{"hasNextPage": true, "endCursor": page[len(page)-1].ID},
	}}}}) // a client that left reads nothing
}

func (r *reader) page(ctx context.Context) (page []bareListing, err error) {
	err = pgx.BeginTxFunc(ctx, r.arena.db.Pool(), pgx.TxOptions{BeginQuery: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL hora.community = '" + r.town.id.String() + "'"}, func(tx pgx.Tx) error {
		var member, community domain.ID
		var slug, name, preset, locale, zone, participation string
		var latitude, longitude *float64
		var made time.Time
		var version int
		err := tx.QueryRow(ctx, bareCommunity, []domain.ID{r.town.id}).Scan(&community, &slug, &name, &preset, &locale, &zone, &latitude, &longitude, &made, &version)
		if err != nil {
			return err
		}
		var roles []string
		var apart []domain.ID
		if err := tx.QueryRow(ctx, bareStanding, r.town.id, r.town.members[0], time.Now()).Scan(&member, &participation, &roles, &apart); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, bareFeed+strconv.Itoa(feedPage+1), r.town.id) // CollectRows tells its error
		all, err := pgx.CollectRows(rows, scanBareListing)
		if err != nil {
			return err
		}
		page = all[:feedPage]
		ids := make([]domain.ID, len(page))
		for i, l := range page {
			ids[i] = l.MemberID
		}
		rows, _ = tx.Query(ctx, bareMembers, r.town.id, ids)
		members, err := pgx.CollectRows(rows, scanBareMember)
		if err != nil {
			return err
		}
		byID := make(map[domain.ID]bareMember, len(members))
		for _, m := range members {
			byID[m.ID] = m
		}
		for i := range page {
			page[i].Member.ID, page[i].Member.DisplayName = page[i].MemberID, byID[page[i].MemberID].DisplayName
		}
		return nil
	})
	return page, err
}

func scanBareListing(row pgx.CollectableRow) (l bareListing, err error) {
	err = row.Scan(&l.CommunityID, &l.ID, &l.MemberID, &l.Kind, &l.Title, &l.Description, &l.ServiceType, &l.Level, &l.Language,
		&l.Latitude, &l.Longitude, &l.RadiusKm, &l.Remote, &l.Availability, &l.Visibility, &l.State,
		&l.PublishedAt, &l.ExpiresAt, &l.MetAt, &l.CreatedAt, &l.Version, &l.Rank)
	return l, err
}

func scanBareMember(row pgx.CollectableRow) (m bareMember, err error) {
	err = row.Scan(&m.CommunityID, &m.ID, &m.Number, &m.Kind, &m.PersonID, &m.DisplayName, &m.Email, &m.Participation, &m.Capital, &m.Governance,
		&m.Message, &m.AppliedAt, &m.AdmittedAt, &m.ResumesAs, &m.LeftAt, &m.DeclineReason, &m.Version)
	return m, err
}
