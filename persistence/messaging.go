// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/messaging"
)

// NotificationStore implements messaging.Store.
type NotificationStore struct{}

var _ messaging.Store = NotificationStore{}

type notificationRow struct {
	CommunityID, ID, PersonID domain.ID
	Kind                      string
	ExchangeID, MemberID      *domain.ID
	AboutID                   *domain.ID
	Minutes                   *int64
	DueAt                     *time.Time
	Pos                       int64
	CreatedAt                 time.Time
	ReadAt                    *time.Time
}

const notificationColumns = `n.community_id, n.id, n.person_id, n.kind, n.exchange_id, n.member_id, n.about_id, n.minutes, n.due_at, n.pos, n.created_at, n.read_at`

func (r notificationRow) value() messaging.Notification {
	return messaging.Notification{
		Community: r.CommunityID, ID: r.ID, Person: r.PersonID, Kind: messaging.Kind(r.Kind), Exchange: orNowhere(r.ExchangeID),
		Member: orNowhere(r.MemberID), About: orNowhere(r.AboutID), Minutes: domain.Minutes(deref(r.Minutes)), Due: moment(r.DueAt), Position: r.Pos,
		CreatedAt: r.CreatedAt.UTC(), ReadAt: moment(r.ReadAt),
	}
}

// Add implements messaging.Store.
func (NotificationStore) Add(ctx context.Context, notes []messaging.Notification) ([]messaging.Notification, error) {
	var fresh []messaging.Notification
	for _, n := range notes {
		tag, err := query(ctx).Exec(ctx, `
			INSERT INTO notification (community_id, id, person_id, kind, exchange_id, member_id, about_id, minutes, due_at, pos, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
			ON CONFLICT (community_id, pos, person_id, kind) DO NOTHING`,
			n.Community, n.ID, n.Person, string(n.Kind), optional(n.Exchange), optional(n.Member), optional(n.About), orNil(int64(n.Minutes)), orNull(n.Due),
			n.Position, n.CreatedAt)
		if err != nil {
			return nil, err
		}
		if tag.RowsAffected() == 1 {
			fresh = append(fresh, n)
		}
	}
	return fresh, nil
}

const notificationsSQL = `
SELECT ` + notificationColumns + `
  FROM notification n
 WHERE n.community_id = $1 AND n.person_id = $2
   AND ($3::timestamptz IS NULL OR (n.created_at, n.id) %[1]s ($3, $4))
 ORDER BY n.created_at %[2]s, n.id %[2]s
 LIMIT $5`

// List implements messaging.Store, by notification_person_idx.
func (NotificationStore) List(ctx context.Context, community, person domain.ID, page domain.Page) (domain.Slice[messaging.Notification], error) {
	var none domain.Slice[messaging.Notification]
	key, compare, direction, err := keyset[timeKey](page, true)
	if err != nil {
		return none, err
	}
	at, id := key.bounds()
	found, err := query(ctx).Query(ctx, fmt.Sprintf(notificationsSQL, compare, direction), community, person, at, id, page.Limit+1)
	list, err := collect(found, err, notificationRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(n messaging.Notification) string { return encodeKey(timeKey{n.CreatedAt, n.ID}) }), nil
}

// ByID implements messaging.Store.
func (NotificationStore) ByID(ctx context.Context, community, person, id domain.ID) (messaging.Notification, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+notificationColumns+`
		  FROM notification n
		 WHERE n.community_id = $1 AND n.person_id = $2 AND n.id = $3`, community, person, id)
	if err != nil {
		return messaging.Notification{}, err
	}
	row, err := pgx.CollectExactlyOneRow(found, pgx.RowToStructByName[notificationRow])
	return row.value(), translate(err)
}

// After implements messaging.Store, by notification_once: the relay keeps what it
// derives in the order of positions.
func (NotificationStore) After(ctx context.Context, community, person domain.ID, position int64, limit int) ([]messaging.Notification, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+notificationColumns+`
		  FROM notification n
		 WHERE n.community_id = $1 AND n.person_id = $2 AND n.pos > $3
		 ORDER BY n.pos, n.id
		 LIMIT $4`, community, person, position, limit)
	return collect(found, err, notificationRow.value)
}

// Unread implements messaging.Store.
func (NotificationStore) Unread(ctx context.Context, community, person domain.ID) (int, error) {
	var n int
	err := query(ctx).QueryRow(ctx, `
		SELECT count(*) FROM notification WHERE community_id = $1 AND person_id = $2 AND read_at IS NULL`, community, person).Scan(&n)
	return n, err
}

// MarkRead implements messaging.Store; what was read already keeps its moment.
func (NotificationStore) MarkRead(ctx context.Context, community, person domain.ID, ids []domain.ID, at time.Time) (int, error) {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE notification SET read_at = coalesce(read_at, $4)
		 WHERE community_id = $1 AND person_id = $2 AND id = ANY ($3)`, community, person, ids, at)
	return int(tag.RowsAffected()), err
}

// Letters implements messaging.Store.
func (NotificationStore) Letters(ctx context.Context, community domain.ID, ids []domain.ID) ([]messaging.Letter, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+notificationColumns+`, coalesce(p.email, '') AS email, p.display_name AS name, p.locale,
		       coalesce(m.display_name, '') AS member_name, c.name AS community_name, c.slug, c.time_zone, coalesce(x.service_type, '') AS service_type,
		       coalesce(a.title, r.title, g.title, '') AS title, coalesce(a.body, r.reason, g.reason, '') AS body
		  FROM notification n
		  JOIN person p ON p.id = n.person_id
		  JOIN community c ON c.id = n.community_id
		  LEFT JOIN member m ON m.community_id = n.community_id AND m.id = n.member_id
		  LEFT JOIN exchange x ON x.community_id = n.community_id AND x.id = n.exchange_id
		  LEFT JOIN announcement a ON a.community_id = n.community_id AND a.id = n.about_id
		  LEFT JOIN listing_review r ON r.community_id = n.community_id AND r.id = n.about_id
		  LEFT JOIN suggestion g ON g.community_id = n.community_id AND g.id = n.about_id
		 WHERE n.community_id = $1 AND n.id = ANY ($2)`, community, ids)
	type letterRow struct {
		notificationRow
		Email, Name, Locale, MemberName, CommunityName, Slug, TimeZone, ServiceType, Title, Body string
	}
	return collect(found, err, func(r letterRow) messaging.Letter {
		return messaging.Letter{
			Notification: r.notificationRow.value(), To: r.Email, Name: r.Name, Locale: r.Locale, MemberName: r.MemberName,
			CommunityName: r.CommunityName, CommunitySlug: r.Slug, TimeZone: r.TimeZone, ServiceType: r.ServiceType, Title: r.Title, Body: r.Body,
		}
	})
}

// JournalStore implements domain.Journal.
type JournalStore struct{}

var _ domain.Journal = JournalStore{}

// Behind implements domain.Journal; heads and cursors show positions across
// communities, and nothing else.
func (JournalStore) Behind(ctx context.Context, reader string) ([]domain.ID, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT h.community_id
		  FROM journal.head h
		  LEFT JOIN journal.cursor c ON c.community_id = h.community_id AND c.reader = $1
		 WHERE h.pos > coalesce(c.pos, 0)`, reader)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[domain.ID])
}

// Next implements domain.Journal.
func (JournalStore) Next(ctx context.Context, community domain.ID, reader string, limit int) ([]domain.RecordedEvent, error) {
	var pos int64
	// Taking the cursor's row makes a second node wait, then see what is left.
	err := query(ctx).QueryRow(ctx, `
		INSERT INTO journal.cursor AS c (community_id, reader, pos) VALUES ($1, $2, 0)
		ON CONFLICT (community_id, reader) DO UPDATE SET pos = c.pos
		RETURNING pos`, community, reader).Scan(&pos)
	if err != nil {
		return nil, err
	}
	found, err := query(ctx).Query(ctx, `
		SELECT pos, id, kind, actor_id, subject_id, at, body
		  FROM journal.event
		 WHERE community_id = $1 AND pos > $2
		 ORDER BY pos
		 LIMIT $3`, community, pos, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (domain.RecordedEvent, error) {
		e := domain.RecordedEvent{Community: community}
		var body []byte
		if err := row.Scan(&e.Position, &e.ID, &e.Kind, &e.Actor, &e.Subject, &e.At, &body); err != nil {
			return e, err
		}
		var err error
		e.Payload, err = domain.PayloadOf(body)
		return e, err
	})
}

// Advance implements domain.Journal.
func (JournalStore) Advance(ctx context.Context, community domain.ID, reader string, position int64) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE journal.cursor SET pos = $3 WHERE community_id = $1 AND reader = $2`, community, reader, position)
	return err
}
