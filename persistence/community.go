// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// CommunityStore implements community.Store.
type CommunityStore struct{}

var _ community.Store = CommunityStore{}

type communityRow struct {
	ID                  domain.ID
	Slug, Name, Preset  string
	Locale, TimeZone    string
	Latitude, Longitude *float64
	CreatedAt           time.Time
	Version             int
}

const communityColumns = `id, slug, name, preset, locale, time_zone, latitude, longitude, created_at, version`

func (communityRow) TableName() string { return "community" }

func (r communityRow) value() community.Community {
	c := community.Community{
		ID: r.ID, Slug: r.Slug, Name: r.Name, Preset: r.Preset, Locale: r.Locale,
		TimeZone: r.TimeZone, CreatedAt: r.CreatedAt.UTC(), Version: r.Version,
	}
	if r.Latitude != nil {
		c.Place = &community.Place{Latitude: *r.Latitude, Longitude: *r.Longitude}
	}
	return c
}

// Create implements community.Store.
func (CommunityStore) Create(ctx context.Context, c community.Community) error {
	row := communityRow{
		ID: c.ID, Slug: c.Slug, Name: c.Name, Preset: c.Preset, Locale: c.Locale,
		TimeZone: c.TimeZone, CreatedAt: c.CreatedAt, Version: c.Version,
	}
	if c.Place != nil {
		row.Latitude, row.Longitude = &c.Place.Latitude, &c.Place.Longitude
	}
	if err := rows(ctx).Create(&row).Error; err != nil {
		return err
	}
	_, err := query(ctx).Exec(ctx, `SELECT journal.found($1)`, c.ID)
	return err
}

const communitiesSQL = `SELECT ` + communityColumns + ` FROM community WHERE id = ANY ($1)`

// ByIDs implements community.Store.
func (CommunityStore) ByIDs(ctx context.Context, ids []domain.ID) ([]community.Community, error) {
	found, err := query(ctx).Query(ctx, communitiesSQL, ids)
	return collect(found, err, communityRow.value)
}

// BySlug implements community.Store.
func (CommunityStore) BySlug(ctx context.Context, slug string) (community.Community, error) {
	var row communityRow
	err := rows(ctx).Where("slug = ?", slug).Take(&row).Error
	return row.value(), translate(err)
}

// The directory: by distance when a place is given, else by name. The distance
// is on the sphere, which is fine for "near me".
const directorySQL = `
SELECT ` + communityColumns + `, distance
  FROM (SELECT *, CASE WHEN $2::float8 IS NULL THEN 0 ELSE ` + haversine + ` END AS distance FROM community) c
 WHERE ($1 = '' OR strpos(fold(name), fold($1)) > 0)
   AND ($4::float8 IS NULL OR (distance, name, id) %[1]s ($4, $5, $6))
 ORDER BY distance %[2]s, name %[2]s, id %[2]s
 LIMIT $7`

// haversine is the distance in km between a row's place and ($2, $3). least leaves
// NULL out, so what has no place is as far away as can be, and listed last.
const haversine = `12742 * asin(least(1, sqrt(
  power(sin(radians(latitude - $2) / 2), 2) + cos(radians($2)) * cos(radians(latitude)) * power(sin(radians(longitude - $3) / 2), 2))))`

type directoryKey struct {
	Distance float64
	Name     string
	ID       domain.ID
}

// List implements community.Store.
func (CommunityStore) List(ctx context.Context, f community.Filter, page domain.Page) (domain.Slice[community.Community], error) {
	type located struct {
		communityRow
		Distance *float64
	}
	var none domain.Slice[community.Community]
	var latitude, longitude *float64
	if f.Near != nil {
		latitude, longitude = &f.Near.Latitude, &f.Near.Longitude
	}
	key, compare, direction, err := keyset[directoryKey](page, false)
	if err != nil {
		return none, err
	}
	var distance *float64
	var name *string
	var id *domain.ID
	if key != nil {
		distance, name, id = &key.Distance, &key.Name, &key.ID
	}
	found, err := query(ctx).Query(ctx, fmt.Sprintf(directorySQL, compare, direction),
		f.Text, latitude, longitude, distance, name, id, page.Limit+1)
	if err != nil {
		return none, err
	}
	list, err := scanAll[located](found)
	if err != nil {
		return none, err
	}
	s := slice(list, page, func(r located) string {
		key := directoryKey{Name: r.Name, ID: r.ID}
		if r.Distance != nil {
			key.Distance = *r.Distance
		}
		return encodeKey(key)
	})
	return mapSlice(s, func(r located) community.Community { return r.value() }), nil
}

// Rules implements community.Store, in one round trip.
func (CommunityStore) Rules(ctx context.Context, id domain.ID, now time.Time) (where community.Community, charter community.Charter, err error) {
	batch := &pgx.Batch{}
	batch.Queue(communitiesSQL, []domain.ID{id}).Query(func(found pgx.Rows) error {
		list, err := collect(found, nil, communityRow.value)
		if err == nil && len(list) == 0 {
			err = domain.NotFound
		}
		if err == nil {
			where = list[0]
		}
		return err
	})
	known := charters.of(id)
	batch.Queue(charterSQL, id, now, known.stamp).QueryRow(func(row pgx.Row) (err error) {
		charter, err = charters.read(id, known, row)
		return err
	})
	return where, charter, query(ctx).SendBatch(ctx, batch).Close()
}
