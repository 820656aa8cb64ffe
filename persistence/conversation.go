// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/conversation"
)

// ConversationStore implements conversation.Store.
type ConversationStore struct{}

var _ conversation.Store = ConversationStore{}

type threadRow struct {
	CommunityID, ID       domain.ID
	ExchangeID, ListingID *domain.ID
	FirstID, SecondID     domain.ID
	CreatedAt, UpdatedAt  time.Time
	Unread                int
}

// threadSQL reads threads for the member $2; their messages are counted by message_number_key.
const threadSQL = `
SELECT t.community_id, t.id, t.exchange_id, t.listing_id, t.first_id, t.second_id, t.created_at, t.updated_at,
       (SELECT count(*)
          FROM message m
         WHERE m.community_id = t.community_id AND m.thread_id = t.id AND m.sender_id <> $2
           AND m.number > CASE WHEN t.first_id = $2 THEN t.first_seen ELSE t.second_seen END) AS unread
  FROM thread t
 WHERE t.community_id = $1 AND (t.first_id = $2 OR t.second_id = $2)`

// throughBlocks adds to a statement about threads what blocks hide of them: all but
// what is about an exchange that is under way. Whom no block concerns reads on as ever.
func throughBlocks(sql string, viewer conversation.Viewer, args ...any) (string, []any) {
	if len(viewer.Apart) == 0 {
		return sql, args
	}
	args = append(args, viewer.Apart)
	return sql + fmt.Sprintf(`
   AND (CASE WHEN t.first_id = $2 THEN t.second_id ELSE t.first_id END <> ALL ($%d)
        OR EXISTS (SELECT FROM exchange x
                    WHERE x.community_id = t.community_id AND x.id = t.exchange_id AND x.state IN ('PROPOSED', 'ACCEPTED', 'DONE', 'DISPUTED')))`, len(args)), args
}

func (r threadRow) value() conversation.Thread {
	return conversation.Thread{
		Community: r.CommunityID, ID: r.ID, Exchange: orNowhere(r.ExchangeID), Listing: orNowhere(r.ListingID), First: r.FirstID, Second: r.SecondID,
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), Unread: r.Unread,
	}
}

// OpenThread implements conversation.Store. Two who write to each other in the same
// moment find one thread: the second waits for the first's row.
func (ConversationStore) OpenThread(ctx context.Context, t conversation.Thread) (id domain.ID, err error) {
	_, err = query(ctx).Exec(ctx, `
		INSERT INTO thread (community_id, id, exchange_id, listing_id, first_id, second_id, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
		ON CONFLICT DO NOTHING`,
		t.Community, t.ID, optional(t.Exchange), optional(t.Listing), t.First, t.Second, t.CreatedAt)
	if err != nil {
		return id, err
	}
	err = query(ctx).QueryRow(ctx, `
		SELECT id
		  FROM thread
		 WHERE community_id = $1 AND first_id = $2 AND second_id = $3
		   AND exchange_id IS NOT DISTINCT FROM $4 AND listing_id IS NOT DISTINCT FROM $5`,
		t.Community, t.First, t.Second, optional(t.Exchange), optional(t.Listing)).Scan(&id)
	return id, err
}

// Threads implements conversation.Store.
func (ConversationStore) Threads(ctx context.Context, community domain.ID, viewer conversation.Viewer, ids []domain.ID) ([]conversation.Thread, error) {
	sql, args := throughBlocks(threadSQL+` AND t.id = ANY ($3)`, viewer, community, viewer.Member, ids)
	found, err := query(ctx).Query(ctx, sql, args...)
	return collect(found, err, threadRow.value)
}

// ListThreads implements conversation.Store, by thread_first_idx and thread_second_idx.
func (ConversationStore) ListThreads(ctx context.Context, community domain.ID, viewer conversation.Viewer, page domain.Page) (domain.Slice[conversation.Thread], error) {
	var none domain.Slice[conversation.Thread]
	key, compare, direction, err := keyset[timeKey](page, true)
	if err != nil {
		return none, err
	}
	at, id := key.bounds()
	sql, args := throughBlocks(threadSQL+fmt.Sprintf(`
		   AND ($3::timestamptz IS NULL OR (t.updated_at, t.id) %s ($3, $4))`, compare), viewer, community, viewer.Member, at, id)
	found, err := query(ctx).Query(ctx, sql+fmt.Sprintf(`
		 ORDER BY t.updated_at %[1]s, t.id %[1]s`, direction)+limit(page), args...)
	list, err := collect(found, err, threadRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(t conversation.Thread) string { return encodeKey(timeKey{t.UpdatedAt, t.ID}) }), nil
}

// ThreadsAbout implements conversation.Store, by thread_exchange_key and thread_listing_key.
func (ConversationStore) ThreadsAbout(ctx context.Context, community domain.ID, viewer conversation.Viewer, subjects []domain.ID) ([]conversation.Thread, error) {
	sql, args := throughBlocks(threadSQL+` AND (t.exchange_id = ANY ($3) OR t.listing_id = ANY ($3) AND t.first_id = $2)`, viewer, community, viewer.Member, subjects)
	found, err := query(ctx).Query(ctx, sql, args...)
	return collect(found, err, threadRow.value)
}

type messageRow struct {
	CommunityID, ID, ThreadID domain.ID
	Number                    int
	SenderID, TypistID        domain.ID
	Body                      string
	Removed                   bool
	SentAt                    time.Time
	Pos                       int64
}

// messageColumns are a message's, and whether a measure holds against it, by
// measure_said_idx: there are few.
const messageColumns = `m.community_id, m.id, m.thread_id, m.number, m.sender_id, m.typist_id, m.body, m.sent_at,
       EXISTS (SELECT FROM measure x
                WHERE x.community_id = m.community_id AND x.subject_id = m.id
                  AND x.subject_kind IN ('MESSAGE', 'COMMENT') AND x.action IN ('HIDE', 'REMOVE') AND x.ended_at IS NULL) AS removed`

func (r messageRow) value() conversation.Message {
	m := conversation.Message{
		Community: r.CommunityID, ID: r.ID, Thread: r.ThreadID, Number: r.Number, Sender: r.SenderID, Typist: r.TypistID, Body: r.Body,
		Removed: r.Removed, SentAt: r.SentAt.UTC(), Position: r.Pos,
	}
	if m.Removed {
		m.Body = ""
	}
	return m
}

// AddMessage implements conversation.Store: the thread's row gives the number.
func (ConversationStore) AddMessage(ctx context.Context, m conversation.Message) error {
	_, err := query(ctx).Exec(ctx, `
		WITH next AS (
		  UPDATE thread SET last = last + 1, updated_at = $6 WHERE community_id = $1 AND id = $3 RETURNING last)
		INSERT INTO message (community_id, id, thread_id, number, sender_id, typist_id, body, sent_at)
		SELECT $1, $2, $3, last, $4, $5, $7, $6 FROM next`,
		m.Community, m.ID, m.Thread, m.Sender, m.Typist, m.SentAt, m.Body)
	return err
}

// Messages implements conversation.Store.
func (ConversationStore) Messages(ctx context.Context, community domain.ID, ids []domain.ID) ([]conversation.Message, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+messageColumns+`, 0::bigint AS pos FROM message m WHERE m.community_id = $1 AND m.id = ANY ($2)`, community, ids)
	return collect(found, err, messageRow.value)
}

// LastMessages implements conversation.Store, by message_number_key.
func (ConversationStore) LastMessages(ctx context.Context, community domain.ID, threads []domain.ID) ([]conversation.Message, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+messageColumns+`, 0::bigint AS pos
		  FROM thread t
		  JOIN message m ON m.community_id = t.community_id AND m.thread_id = t.id AND m.number = t.last
		 WHERE t.community_id = $1 AND t.id = ANY ($2)`, community, threads)
	return collect(found, err, messageRow.value)
}

// numberKey is a message's place in its thread.
type numberKey struct {
	Number int `json:"n"`
}

// ListMessages implements conversation.Store, by message_number_key.
func (ConversationStore) ListMessages(ctx context.Context, community, thread domain.ID, page domain.Page) (domain.Slice[conversation.Message], error) {
	var none domain.Slice[conversation.Message]
	key, compare, direction, err := keyset[numberKey](page, true)
	if err != nil {
		return none, err
	}
	var number *int
	if key != nil {
		number = &key.Number
	}
	found, err := query(ctx).Query(ctx, fmt.Sprintf(`
		SELECT `+messageColumns+`, 0::bigint AS pos
		  FROM message m
		 WHERE m.community_id = $1 AND m.thread_id = $2 AND ($3::integer IS NULL OR m.number %[1]s $3)
		 ORDER BY m.number %[2]s
		 LIMIT $4`, compare, direction), community, thread, number, page.Limit+1)
	list, err := collect(found, err, messageRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(m conversation.Message) string { return encodeKey(numberKey{m.Number}) }), nil
}

// MessagesAfter implements conversation.Store, along the journal.
func (ConversationStore) MessagesAfter(ctx context.Context, community domain.ID, viewer conversation.Viewer, position int64, most int) ([]conversation.Message, error) {
	sql, args := throughBlocks(`
		SELECT `+messageColumns+`, e.pos
		  FROM journal.event e
		  JOIN message m ON m.community_id = e.community_id AND m.id = e.subject_id
		  JOIN thread t ON t.community_id = m.community_id AND t.id = m.thread_id
		 WHERE e.community_id = $1 AND e.pos > $3 AND e.kind = $4
		   AND m.sender_id <> $2 AND (t.first_id = $2 OR t.second_id = $2)`, viewer, community, viewer.Member, position, string(conversation.Sent))
	args = append(args, most)
	found, err := query(ctx).Query(ctx, fmt.Sprintf("%s\n ORDER BY e.pos\n LIMIT $%d", sql, len(args)), args...)
	return collect(found, err, messageRow.value)
}

// See implements conversation.Store.
func (ConversationStore) See(ctx context.Context, t conversation.Thread, member domain.ID) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE thread
		   SET first_seen = CASE WHEN first_id = $3 THEN last ELSE first_seen END,
		       second_seen = CASE WHEN second_id = $3 THEN last ELSE second_seen END
		 WHERE community_id = $1 AND id = $2`, t.Community, t.ID, member)
	return err
}

type announcementRow struct {
	CommunityID, ID       domain.ID
	Audience, Title, Body string
	MemberID              domain.ID
	At                    time.Time
}

func (r announcementRow) value() conversation.Announcement {
	return conversation.Announcement{
		Community: r.CommunityID, ID: r.ID, Audience: conversation.Audience(r.Audience), Title: r.Title, Body: r.Body, Member: r.MemberID, At: r.At.UTC(),
	}
}

const announcementSQL = `SELECT community_id, id, audience, title, body, member_id, at FROM announcement WHERE community_id = $1`

// AddAnnouncement implements conversation.Store.
func (ConversationStore) AddAnnouncement(ctx context.Context, a conversation.Announcement) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO announcement (community_id, id, audience, title, body, member_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		a.Community, a.ID, string(a.Audience), a.Title, a.Body, a.Member, a.At)
	return err
}

// Announcements implements conversation.Store.
func (ConversationStore) Announcements(ctx context.Context, community domain.ID, ids []domain.ID) ([]conversation.Announcement, error) {
	found, err := query(ctx).Query(ctx, announcementSQL+` AND id = ANY ($2)`, community, ids)
	return collect(found, err, announcementRow.value)
}

// ListAnnouncements implements conversation.Store, by announcement_idx.
func (ConversationStore) ListAnnouncements(ctx context.Context, community domain.ID, page domain.Page) (domain.Slice[conversation.Announcement], error) {
	var none domain.Slice[conversation.Announcement]
	key, compare, direction, err := keyset[timeKey](page, true)
	if err != nil {
		return none, err
	}
	at, id := key.bounds()
	found, err := query(ctx).Query(ctx, fmt.Sprintf(announcementSQL+`
		   AND ($2::timestamptz IS NULL OR (at, id) %[1]s ($2, $3))
		 ORDER BY at %[2]s, id %[2]s
		 LIMIT $4`, compare, direction), community, at, id, page.Limit+1)
	list, err := collect(found, err, announcementRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(a conversation.Announcement) string { return encodeKey(timeKey{a.At, a.ID}) }), nil
}
