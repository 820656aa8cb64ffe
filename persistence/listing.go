// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/listing"
)

// ListingStore implements listing.Store.
type ListingStore struct{}

var _ listing.Store = ListingStore{}

type listingRow struct {
	CommunityID                           domain.ID
	ID                                    domain.ID
	MemberID                              domain.ID
	Kind, Title, Description, ServiceType string
	Level, Language                       string
	Latitude, Longitude                   *float64
	RadiusKm                              *int
	Remote                                bool
	Availability                          []string
	Visibility, State                     string
	PublishedAt, ExpiresAt, MetAt         *time.Time
	CreatedAt                             time.Time
	Version                               int
}

const listingColumns = `l.community_id, l.id, l.member_id, l.kind, l.title, l.description, l.service_type, l.level, l.language,
       l.latitude, l.longitude, l.radius_km, l.remote, l.availability, l.visibility, l.state,
       l.published_at, l.expires_at, l.met_at, l.created_at, l.version`

func (r listingRow) value() listing.Listing {
	l := listing.Listing{
		Community: r.CommunityID, ID: r.ID, Member: r.MemberID, Kind: listing.Kind(r.Kind),
		Content: listing.Content{
			Title: r.Title, Description: r.Description, ServiceType: r.ServiceType, Level: listing.Level(r.Level),
			Language: r.Language, RadiusKm: deref(r.RadiusKm), Remote: r.Remote, Visibility: listing.Visibility(r.Visibility),
		},
		State: listing.State(r.State), PublishedAt: moment(r.PublishedAt), ExpiresAt: moment(r.ExpiresAt), MetAt: moment(r.MetAt),
		CreatedAt: r.CreatedAt.UTC(), Version: r.Version,
	}
	for _, day := range r.Availability {
		l.Content.Availability = append(l.Content.Availability, listing.Weekday(day))
	}
	if r.Latitude != nil {
		l.Content.Place = &community.Place{Latitude: *r.Latitude, Longitude: *r.Longitude}
	}
	return l
}

// Add implements listing.Store.
func (ListingStore) Add(ctx context.Context, l listing.Listing) error {
	latitude, longitude := placeOf(l)
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO listing (community_id, id, member_id, kind, title, description, service_type, level, language,
		                     latitude, longitude, radius_km, remote, availability, visibility, state,
		                     published_at, expires_at, met_at, created_at, version, words)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, fold($22))`,
		l.Community, l.ID, l.Member, string(l.Kind), l.Content.Title, l.Content.Description, l.Content.ServiceType,
		string(l.Content.Level), l.Content.Language, latitude, longitude, orNil(l.Content.RadiusKm), l.Content.Remote,
		texts(l.Content.Availability), string(l.Content.Visibility), string(l.State),
		orNull(l.PublishedAt), orNull(l.ExpiresAt), orNull(l.MetAt), l.CreatedAt, l.Version, l.Content.Words())
	return err
}

func placeOf(l listing.Listing) (latitude, longitude *float64) {
	if l.Content.Place == nil {
		return nil, nil
	}
	return &l.Content.Place.Latitude, &l.Content.Place.Longitude
}

// Save implements listing.Store.
func (ListingStore) Save(ctx context.Context, l listing.Listing) (listing.Listing, error) {
	latitude, longitude := placeOf(l)
	tag, err := query(ctx).Exec(ctx, `
		UPDATE listing
		   SET title = $4, description = $5, service_type = $6, level = $7, language = $8, latitude = $9, longitude = $10,
		       radius_km = $11, remote = $12, availability = $13, visibility = $14, state = $15,
		       published_at = $16, expires_at = $17, met_at = $18, words = fold($19), version = version + 1
		 WHERE community_id = $1 AND id = $2 AND version = $3`,
		l.Community, l.ID, l.Version, l.Content.Title, l.Content.Description, l.Content.ServiceType, string(l.Content.Level),
		l.Content.Language, latitude, longitude, orNil(l.Content.RadiusKm), l.Content.Remote, texts(l.Content.Availability),
		string(l.Content.Visibility), string(l.State), orNull(l.PublishedAt), orNull(l.ExpiresAt), orNull(l.MetAt), l.Content.Words())
	if err != nil {
		return l, err
	}
	if tag.RowsAffected() == 0 {
		return l, domain.NewError(domain.StaleVersion, "version")
	}
	l.Version++
	return l, nil
}

// restsSQL: what a minor shows rests until a guardian's consent stands.
const restsSQL = `EXISTS (SELECT FROM minor n
                WHERE n.community_id = l.community_id AND n.member_id = l.member_id AND (n.consented_at IS NULL OR n.withdrawn_at IS NOT NULL))`

// ByIDs implements listing.Store.
func (ListingStore) ByIDs(ctx context.Context, community domain.ID, ids []domain.ID) ([]listing.Listing, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+listingColumns+`, `+restsSQL+` AS rests
		  FROM listing l
		 WHERE l.community_id = $1 AND l.id = ANY ($2)`, community, ids)
	type named struct {
		listingRow
		Rests bool
	}
	return collect(found, err, func(r named) listing.Listing {
		l := r.value()
		l.Rests = r.Rests
		return l
	})
}

// search builds the WHERE of a search: only the conditions that were asked for,
// so that each is answered by its own index.
type search struct {
	where strings.Builder
	args  []any
}

func (s *search) arg(v any) string {
	s.args = append(s.args, v)
	return fmt.Sprintf("$%d", len(s.args))
}

func (s *search) and(condition string) { s.where.WriteString("\n   AND " + condition) }

// filter writes the conditions. Text is found by its words in either language
// or, for small typos, by its trigrams. Neither operator is leakproof, so under
// row-level security both look only at the community's own rows, one by one.
func (s *search) filter(community domain.ID, f listing.Filter) {
	s.where.WriteString(" WHERE l.community_id = " + s.arg(community))
	if len(f.States) == 0 {
		s.and("l.state = 'PUBLISHED'")
		s.and("m.participation IN ('NEWCOMER', 'ACTIVE', 'ENGAGED', 'AT_RISK', 'DORMANT')")
		s.and("NOT " + restsSQL)
	} else {
		s.and("l.state = ANY (" + s.arg(texts(f.States)) + ")")
	}
	if len(f.Without) > 0 {
		s.and("l.member_id <> ALL (" + s.arg(f.Without) + ")")
	}
	if f.Kind != "" {
		s.and("l.kind = " + s.arg(string(f.Kind)))
	}
	if f.ServiceType != "" {
		code := s.arg(f.ServiceType)
		s.and("(l.service_type = " + code + " OR l.service_type LIKE " + s.arg(f.ServiceType+"-%") + ")")
	}
	if f.Level != "" {
		s.and("l.level = " + s.arg(string(f.Level)))
	}
	if f.Member != domain.Nowhere {
		s.and("l.member_id = " + s.arg(f.Member))
	}
	if !f.AvailableOn.IsZero() {
		day := s.arg(string(listing.Weekdays[f.AvailableOn.Weekday()]))
		s.and("(cardinality(l.availability) = 0 OR " + day + " = ANY (l.availability))")
		s.and("(l.expires_at IS NULL OR l.expires_at > " + s.arg(f.AvailableOn) + ")")
	}
	if f.Near != nil {
		radius := s.arg(f.Near.RadiusKm)
		degrees := "(" + radius + "::float8 / 111.0)"
		latitude, longitude := s.arg(f.Near.Latitude), s.arg(f.Near.Longitude)
		// A box first, by listing_place_idx; then the real distance.
		s.and("l.latitude BETWEEN " + latitude + "::float8 - " + degrees + " AND " + latitude + "::float8 + " + degrees)
		s.and(distanceKm(latitude, longitude) + " <= " + radius)
	}
	if f.Text != "" {
		text := s.arg(f.Text)
		s.and("(l.search @@ " + tsquery(text) + " OR fold(" + text + ") <% l.words)")
	}
}

// tsquery reads what people type in both languages at once.
func tsquery(text string) string {
	return "(websearch_to_tsquery('french', fold(" + text + ")) || websearch_to_tsquery('english', fold(" + text + ")))"
}

func distanceKm(latitude, longitude string) string {
	return "(12742 * asin(least(1, sqrt(power(sin(radians(l.latitude - " + latitude + "::float8) / 2), 2)" +
		" + cos(radians(" + latitude + "::float8)) * cos(radians(l.latitude)) * power(sin(radians(l.longitude - " + longitude + "::float8) / 2), 2)))))"
}

// rank is the expression a search is sorted by, greatest first. It is rounded,
// so that a cursor names it exactly.
func (s *search) rank(f listing.Filter, order listing.Order) string {
	switch {
	case order == listing.Nearest && f.Near != nil:
		return "round((-" + distanceKm(s.arg(f.Near.Latitude), s.arg(f.Near.Longitude)) + ")::numeric, 3)"
	case order != listing.Newest && f.Text != "":
		// What a member wrote counts for more than the names of its type and family:
		// who types "gardening" finds gardens before the furniture of the same family.
		text := s.arg(f.Text)
		return "round((ts_rank(l.search, " + tsquery(text) + ") + word_similarity(fold(" + text + "), fold(l.title || ' ' || l.description)))::numeric, 4)"
	}
	return "0::numeric"
}

type rankKey struct {
	Rank string
	At   time.Time
	ID   domain.ID
}

// Search implements listing.Store.
func (ListingStore) Search(ctx context.Context, community domain.ID, f listing.Filter, order listing.Order, page domain.Page) (domain.Slice[listing.Listing], error) {
	var none domain.Slice[listing.Listing]
	key, compare, direction, err := keyset[rankKey](page, true)
	if err != nil {
		return none, err
	}
	var s search
	s.filter(community, f)
	// The feed itself reads listing_feed_idx in order; a rank would hide that.
	sorted, rank := "l.published_at %[1]s, l.id %[1]s", s.rank(f, order)
	if rank != "0::numeric" {
		sorted = rank + " %[1]s, " + sorted
	}
	if len(f.States) > 0 { // one's own, drafts included
		sorted = strings.ReplaceAll(sorted, "l.published_at", "l.created_at")
	}
	column := "l.published_at"
	if len(f.States) > 0 {
		column = "l.created_at"
	}
	if key != nil {
		if rank != "0::numeric" {
			s.and(fmt.Sprintf("(%s, %s, l.id) %s (%s::numeric, %s, %s)", rank, column, compare, s.arg(key.Rank), s.arg(key.At), s.arg(key.ID)))
		} else {
			s.and(fmt.Sprintf("(%s, l.id) %s (%s, %s)", column, compare, s.arg(key.At), s.arg(key.ID)))
		}
	}
	sql := "SELECT " + listingColumns + ", " + rank + "::text AS rank\n  FROM listing l\n  JOIN member m ON m.community_id = l.community_id AND m.id = l.member_id\n" +
		s.where.String() + "\n ORDER BY " + fmt.Sprintf(sorted, direction) + limit(page)
	type ranked struct {
		listingRow
		Rank string
	}
	found, err := query(ctx).Query(ctx, sql, s.args...)
	if err != nil {
		return none, err
	}
	list, err := scanAll[ranked](found)
	if err != nil {
		return none, err
	}
	pageOf := slice(list, page, func(r ranked) string {
		at := r.CreatedAt
		if len(f.States) == 0 {
			at = *r.PublishedAt
		}
		return encodeKey(rankKey{r.Rank, at, r.ID})
	})
	return mapSlice(pageOf, func(r ranked) listing.Listing { return r.value() }), nil
}

// Count implements listing.Store.
func (ListingStore) Count(ctx context.Context, community domain.ID, f listing.Filter) (int, error) {
	var s search
	s.filter(community, f)
	var n int
	err := query(ctx).QueryRow(ctx, "SELECT count(*) FROM listing l JOIN member m ON m.community_id = l.community_id AND m.id = l.member_id"+
		s.where.String(), s.args...).Scan(&n)
	return n, err
}

// Due implements listing.Store, by listing_expiry_idx.
func (ListingStore) Due(ctx context.Context, community domain.ID, now time.Time, limit int) ([]listing.Listing, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+listingColumns+`
		  FROM listing l
		 WHERE l.community_id = $1 AND l.state = 'PUBLISHED' AND l.expires_at <= $2
		 ORDER BY l.expires_at
		 LIMIT $3`, community, now, limit)
	return collect(found, err, listingRow.value)
}

// Of implements listing.Store, by listing_member_idx.
func (ListingStore) Of(ctx context.Context, community, member domain.ID) ([]listing.Listing, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+listingColumns+`
		  FROM listing l
		 WHERE l.community_id = $1 AND l.member_id = $2 AND l.state NOT IN ('ARCHIVED', 'REMOVED')`, community, member)
	return collect(found, err, listingRow.value)
}
