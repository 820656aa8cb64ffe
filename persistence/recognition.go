// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/recognition"
)

// RecognitionStore implements recognition.Store.
type RecognitionStore struct{}

var _ recognition.Store = RecognitionStore{}

// recognitionTables are where each kind is kept.
var recognitionTables = map[recognition.Kind]string{
	recognition.OfThanks: "thanks", recognition.OfStars: "star", recognition.OfEndorsements: "endorsement", recognition.OfMilestones: "milestone",
	recognition.OfBadges: "issued_badge",
}

type givenRow struct {
	CommunityID, ID, GiverID, MemberID domain.ID
	Hidden                             bool
	CreatedAt                          time.Time
}

const givenColumns = `community_id, id, giver_id, member_id, hidden, created_at`

func (r givenRow) value() recognition.Given {
	return recognition.Given{Community: r.CommunityID, ID: r.ID, Giver: r.GiverID, Member: r.MemberID, Hidden: r.Hidden, At: r.CreatedAt.UTC()}
}

type thanksRow struct {
	givenRow
	ExchangeID domain.ID
	Message    string
}

func (r thanksRow) value() recognition.Thanks {
	return recognition.Thanks{Given: r.givenRow.value(), Exchange: r.ExchangeID, Message: r.Message}
}

type starRow struct {
	givenRow
	Category, Reason string
}

func (r starRow) value() recognition.Star {
	return recognition.Star{Given: r.givenRow.value(), Category: recognition.Category(r.Category), Reason: r.Reason}
}

type endorsementRow struct {
	givenRow
	ServiceType string
	ExchangeID  domain.ID
	WithdrawnAt *time.Time
}

func (r endorsementRow) value() recognition.Endorsement {
	return recognition.Endorsement{Given: r.givenRow.value(), ServiceType: r.ServiceType, Exchange: r.ExchangeID, WithdrawnAt: moment(r.WithdrawnAt)}
}

const (
	thanksSQL      = `SELECT ` + givenColumns + `, exchange_id, message FROM thanks`
	starSQL        = `SELECT ` + givenColumns + `, category, reason FROM star`
	endorsementSQL = `SELECT ` + givenColumns + `, service_type, exchange_id, withdrawn_at FROM endorsement`
	byIDsSQL       = ` WHERE community_id = $1 AND id = ANY ($2)`
)

// Hold implements recognition.Store; references to the member do not wait for it.
func (RecognitionStore) Hold(ctx context.Context, community, giver domain.ID) error {
	_, err := query(ctx).Exec(ctx, `SELECT FROM member WHERE community_id = $1 AND id = $2 FOR NO KEY UPDATE`, community, giver)
	return err
}

// Received implements recognition.Store, by exchange_receiver_idx.
func (RecognitionStore) Received(ctx context.Context, community, receiver, provider domain.ID, serviceType string) (domain.ID, error) {
	var id domain.ID
	err := query(ctx).QueryRow(ctx, `
		SELECT id
		  FROM exchange
		 WHERE community_id = $1 AND receiver_id = $2 AND provider_id = $3 AND service_type = $4 AND state = 'CONFIRMED'
		 ORDER BY created_at DESC, id DESC
		 LIMIT 1`, community, receiver, provider, serviceType).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return domain.Nowhere, nil
	}
	return id, err
}

// AddThanks implements recognition.Store.
func (RecognitionStore) AddThanks(ctx context.Context, t recognition.Thanks) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO thanks (`+givenColumns+`, exchange_id, message) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		t.Community, t.ID, t.Giver, t.Member, t.Hidden, t.At, t.Exchange, t.Message)
	return err
}

// ThanksGiven implements recognition.Store, by thanks_giver_idx.
func (RecognitionStore) ThanksGiven(ctx context.Context, community, giver domain.ID, since time.Time) ([]time.Time, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT created_at FROM thanks WHERE community_id = $1 AND giver_id = $2 AND created_at > $3`, community, giver, since)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[time.Time])
}

// Thanks implements recognition.Store.
func (RecognitionStore) Thanks(ctx context.Context, community domain.ID, ids []domain.ID) ([]recognition.Thanks, error) {
	found, err := query(ctx).Query(ctx, thanksSQL+byIDsSQL, community, ids)
	return collect(found, err, thanksRow.value)
}

// ThanksOf implements recognition.Store, by thanks_member_idx.
func (RecognitionStore) ThanksOf(ctx context.Context, look recognition.Look, page domain.Page) (domain.Slice[recognition.Thanks], error) {
	return givenTo(ctx, look, page, thanksSQL, `NOT hidden`, thanksRow.value, func(t recognition.Thanks) recognition.Given { return t.Given })
}

// AddStar implements recognition.Store.
func (RecognitionStore) AddStar(ctx context.Context, s recognition.Star) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO star (`+givenColumns+`, category, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		s.Community, s.ID, s.Giver, s.Member, s.Hidden, s.At, string(s.Category), s.Reason)
	return err
}

// StarsGiven implements recognition.Store, by star_giver_idx.
func (RecognitionStore) StarsGiven(ctx context.Context, community, giver domain.ID, since time.Time) ([]recognition.Star, error) {
	found, err := query(ctx).Query(ctx, starSQL+` WHERE community_id = $1 AND giver_id = $2 AND created_at > $3`, community, giver, since)
	return collect(found, err, starRow.value)
}

// Stars implements recognition.Store.
func (RecognitionStore) Stars(ctx context.Context, community domain.ID, ids []domain.ID) ([]recognition.Star, error) {
	found, err := query(ctx).Query(ctx, starSQL+byIDsSQL, community, ids)
	return collect(found, err, starRow.value)
}

// StarsOf implements recognition.Store, by star_member_idx.
func (RecognitionStore) StarsOf(ctx context.Context, look recognition.Look, page domain.Page) (domain.Slice[recognition.Star], error) {
	return givenTo(ctx, look, page, starSQL, `NOT hidden`, starRow.value, func(s recognition.Star) recognition.Given { return s.Given })
}

// AddEndorsement implements recognition.Store.
func (RecognitionStore) AddEndorsement(ctx context.Context, e recognition.Endorsement) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO endorsement (`+givenColumns+`, service_type, exchange_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.Community, e.ID, e.Giver, e.Member, e.Hidden, e.At, e.ServiceType, e.Exchange)
	return err
}

// Withdraw implements recognition.Store.
func (RecognitionStore) Withdraw(ctx context.Context, e recognition.Endorsement) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE endorsement SET withdrawn_at = $3 WHERE community_id = $1 AND id = $2 AND withdrawn_at IS NULL`, e.Community, e.ID, e.WithdrawnAt)
	return err
}

// Endorsements implements recognition.Store.
func (RecognitionStore) Endorsements(ctx context.Context, community domain.ID, ids []domain.ID) ([]recognition.Endorsement, error) {
	found, err := query(ctx).Query(ctx, endorsementSQL+byIDsSQL, community, ids)
	return collect(found, err, endorsementRow.value)
}

// EndorsementsOf implements recognition.Store, by endorsement_member_idx.
func (RecognitionStore) EndorsementsOf(ctx context.Context, look recognition.Look, page domain.Page) (domain.Slice[recognition.Endorsement], error) {
	return givenTo(ctx, look, page, endorsementSQL, `NOT hidden AND withdrawn_at IS NULL`, endorsementRow.value,
		func(e recognition.Endorsement) recognition.Given { return e.Given })
}

// givenTo reads a page of what a member received, newest first. What everybody
// sees is said by open; the rest is for the giver and for the member.
func givenTo[R, V any](ctx context.Context, look recognition.Look, page domain.Page, from, open string, value func(R) V, given func(V) recognition.Given) (domain.Slice[V], error) {
	var none domain.Slice[V]
	key, compare, direction, err := keyset[timeKey](page, true)
	if err != nil {
		return none, err
	}
	at, id := key.bounds()
	found, err := query(ctx).Query(ctx, from+fmt.Sprintf(`
		 WHERE community_id = $1 AND member_id = $2
		   AND ($3::uuid IN (member_id, giver_id) OR (%[3]s))
		   AND ($4::timestamptz IS NULL OR (created_at, id) %[1]s ($4, $5))
		 ORDER BY created_at %[2]s, id %[2]s
		 LIMIT $6`, compare, direction, open), look.Community, look.Member, look.Viewer, at, id, page.Limit+1)
	list, err := collect(found, err, value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(v V) string { return encodeKey(timeKey{given(v).At, given(v).ID}) }), nil
}

// Hide implements recognition.Store.
func (RecognitionStore) Hide(ctx context.Context, kind recognition.Kind, g recognition.Given) error {
	_, err := query(ctx).Exec(ctx, `UPDATE `+recognitionTables[kind]+` SET hidden = $3 WHERE community_id = $1 AND id = $2`, g.Community, g.ID, g.Hidden)
	return err
}

// Count implements recognition.Store.
func (RecognitionStore) Count(ctx context.Context, kind recognition.Kind, community, member domain.ID) (int, error) {
	var n int
	err := query(ctx).QueryRow(ctx, `SELECT count(*) FROM `+recognitionTables[kind]+` WHERE community_id = $1 AND member_id = $2`, community, member).Scan(&n)
	return n, err
}
