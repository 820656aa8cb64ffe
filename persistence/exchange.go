// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/listing"
)

// ExchangeStore implements exchange.Store.
type ExchangeStore struct{}

var _ exchange.Store = ExchangeStore{}

type exchangeRow struct {
	CommunityID                    domain.ID
	ID                             domain.ID
	Number                         int
	State                          string
	ProviderID, ReceiverID         domain.ID
	ListingID                      *domain.ID
	ServiceType, Level             string
	TermsVersion                   int
	TermsBy                        domain.ID
	Estimated, Travel, Preparation int64
	ScheduledAt                    *time.Time
	Place, Costs, Message          string
	Typed, Actual                  *int64
	DoneBy                         *domain.ID
	DoneAt                         *time.Time
	Answered, Settled              *int64
	HoldID                         *domain.ID
	ExpiresAt, ConfirmAt           *time.Time
	Reminded                       int
	CreatedAt                      time.Time
	UpdatedAt                      time.Time `gorm:"autoUpdateTime:false"` // the step's own moment
	Version                        int
}

func (exchangeRow) TableName() string { return "exchange" }

const exchangeColumns = `community_id, id, number, state, provider_id, receiver_id, listing_id, service_type, level,
       terms_version, terms_by, estimated, travel, preparation, scheduled_at, place, costs, message,
       typed, actual, done_by, done_at, answered, settled, hold_id, expires_at, confirm_at, reminded,
       created_at, updated_at, version`

func (r exchangeRow) value() exchange.Exchange {
	return exchange.Exchange{
		Community: r.CommunityID, ID: r.ID, Number: r.Number, State: exchange.State(r.State),
		Provider: r.ProviderID, Receiver: r.ReceiverID, Listing: orNowhere(r.ListingID), ServiceType: r.ServiceType, Level: listing.Level(r.Level),
		Terms: exchange.Terms{
			Estimated: domain.Minutes(r.Estimated), Travel: domain.Minutes(r.Travel), Preparation: domain.Minutes(r.Preparation),
			ScheduledAt: moment(r.ScheduledAt), Place: r.Place, Costs: r.Costs, Message: r.Message,
		},
		TermsVersion: r.TermsVersion, TermsBy: r.TermsBy,
		Typed: domain.Minutes(deref(r.Typed)), Actual: domain.Minutes(deref(r.Actual)), DoneBy: orNowhere(r.DoneBy), DoneAt: moment(r.DoneAt),
		Answered: domain.Minutes(deref(r.Answered)), Settled: domain.Minutes(deref(r.Settled)),
		Hold: orNowhere(r.HoldID), ExpiresAt: moment(r.ExpiresAt), ConfirmAt: moment(r.ConfirmAt), Reminded: r.Reminded,
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), Version: r.Version,
	}
}

func exchangeRowOf(x exchange.Exchange) exchangeRow {
	return exchangeRow{
		CommunityID: x.Community, ID: x.ID, Number: x.Number, State: string(x.State),
		ProviderID: x.Provider, ReceiverID: x.Receiver, ListingID: optional(x.Listing), ServiceType: x.ServiceType, Level: string(x.Level),
		TermsVersion: x.TermsVersion, TermsBy: x.TermsBy,
		Estimated: int64(x.Terms.Estimated), Travel: int64(x.Terms.Travel), Preparation: int64(x.Terms.Preparation),
		ScheduledAt: orNull(x.Terms.ScheduledAt), Place: x.Terms.Place, Costs: x.Terms.Costs, Message: x.Terms.Message,
		Typed: orNil(int64(x.Typed)), Actual: orNil(int64(x.Actual)), DoneBy: optional(x.DoneBy), DoneAt: orNull(x.DoneAt),
		Answered: orNil(int64(x.Answered)), Settled: orNil(int64(x.Settled)), HoldID: optional(x.Hold),
		ExpiresAt: orNull(x.ExpiresAt), ConfirmAt: orNull(x.ConfirmAt), Reminded: x.Reminded,
		CreatedAt: x.CreatedAt, UpdatedAt: x.UpdatedAt, Version: x.Version,
	}
}

// Add implements exchange.Store.
func (s ExchangeStore) Add(ctx context.Context, x exchange.Exchange, first exchange.Step) (exchange.Exchange, error) {
	var err error
	if x.Number, err = nextNumber(ctx, x.Community, "exchange"); err != nil {
		return x, err
	}
	row := exchangeRowOf(x)
	if err := rows(ctx).Create(&row).Error; err != nil {
		return x, err
	}
	first.Step = x.Version
	_, err = query(ctx).Exec(ctx, stepSQL, stepArgs(first)...)
	return x, err
}

// AddAll implements exchange.Store: a few statements whatever the number.
func (s ExchangeStore) AddAll(ctx context.Context, all []exchange.Exchange, first []exchange.Step) ([]exchange.Exchange, error) {
	if len(all) == 0 {
		return nil, nil
	}
	last, err := nextNumbers(ctx, all[0].Community, "exchange", len(all))
	if err != nil {
		return nil, err
	}
	lines, steps := make([]exchangeRow, len(all)), &pgx.Batch{}
	for i := range all {
		all[i].Number = last - len(all) + 1 + i
		lines[i] = exchangeRowOf(all[i])
		step := first[i]
		step.Exchange, step.Step = all[i].ID, all[i].Version
		steps.Queue(stepSQL, stepArgs(step)...)
	}
	if err := rows(ctx).CreateInBatches(&lines, 500).Error; err != nil {
		return nil, err
	}
	return all, query(ctx).SendBatch(ctx, steps).Close()
}

// Move implements exchange.Store.
func (s ExchangeStore) Move(ctx context.Context, from exchange.State, x exchange.Exchange, step exchange.Step) (exchange.Exchange, error) {
	r := exchangeRowOf(x)
	step.Step = x.Version + 1 // each move is one step, so the version counts them
	var moved, noted int64
	batch := &pgx.Batch{} // both in one round trip
	batch.Queue(moveSQL, r.CommunityID, r.ID, string(from), r.Version, r.State, r.TermsVersion, r.TermsBy,
		r.Estimated, r.Travel, r.Preparation, r.ScheduledAt, r.Place, r.Costs, r.Message,
		r.Typed, r.Actual, r.DoneBy, r.DoneAt, r.Answered, r.Settled, r.HoldID, r.ExpiresAt, r.ConfirmAt, r.Reminded, r.UpdatedAt,
	).Exec(func(t pgconn.CommandTag) error { moved = t.RowsAffected(); return nil })
	batch.Queue(stepSQL, stepArgs(step)...).Exec(func(t pgconn.CommandTag) error { noted = t.RowsAffected(); return nil })
	if err := query(ctx).SendBatch(ctx, batch).Close(); err != nil {
		return x, err
	}
	if moved == 0 || noted == 0 { // somebody else was first; what was written here goes with the error
		now, err := s.ByIDs(ctx, x.Community, []domain.ID{x.ID})
		if err != nil || len(now) == 0 {
			return x, fmt.Errorf("exchange %s vanished: %w", x.ID, err)
		}
		return x, domain.NewError(exchange.WrongState, "exchangeId", "state", string(now[0].State))
	}
	x.Version++
	return x, nil
}

const moveSQL = `
UPDATE exchange
   SET state = $5, terms_version = $6, terms_by = $7, estimated = $8, travel = $9, preparation = $10, scheduled_at = $11,
       place = $12, costs = $13, message = $14, typed = $15, actual = $16, done_by = $17, done_at = $18, answered = $19,
       settled = $20, hold_id = $21, expires_at = $22, confirm_at = $23, reminded = $24, updated_at = $25, version = version + 1
 WHERE community_id = $1 AND id = $2 AND state = $3 AND version = $4`

const stepSQL = `
INSERT INTO exchange_step (community_id, exchange_id, step, state, action, member_id, person_id, minutes, note, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT DO NOTHING`

func stepArgs(s exchange.Step) []any {
	return []any{
		s.Community, s.Exchange, s.Step, string(s.State), string(s.Action), optional(s.Member), optional(s.Person),
		orNil(int64(s.Minutes)), s.Note, s.At,
	}
}

// ByIDs implements exchange.Store.
func (ExchangeStore) ByIDs(ctx context.Context, community domain.ID, ids []domain.ID) ([]exchange.Exchange, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+exchangeColumns+` FROM exchange WHERE community_id = $1 AND id = ANY ($2)`, community, ids)
	return collect(found, err, exchangeRow.value)
}

const exchangeFilter = `
 WHERE community_id = $1
   AND (cardinality($2::text[]) = 0 OR state = ANY ($2))
   AND ($3 = '' OR service_type = $3 OR service_type LIKE $3 || '-%%')
   AND ($4::timestamptz IS NULL OR created_at >= $4) AND ($5::timestamptz IS NULL OR created_at < $5)
   AND ($6::uuid IS NULL OR provider_id = $6 OR receiver_id = $6)`

// By exchange_feed_idx, or by the two sides' own indexes when a member is named.
const exchangesSQL = `
SELECT ` + exchangeColumns + `
  FROM exchange` + exchangeFilter + `
   AND ($7::timestamptz IS NULL OR (created_at, id) %[1]s ($7, $8))
 ORDER BY created_at %[2]s, id %[2]s
 LIMIT $9`

type timeKey struct {
	At time.Time
	ID domain.ID
}

// bounds are the key's parts as parameters; NULL without a cursor.
func (k *timeKey) bounds() (at *time.Time, id *domain.ID) {
	if k == nil {
		return nil, nil
	}
	return &k.At, &k.ID
}

// List implements exchange.Store.
func (ExchangeStore) List(ctx context.Context, community domain.ID, f exchange.Filter, page domain.Page) (domain.Slice[exchange.Exchange], error) {
	var none domain.Slice[exchange.Exchange]
	key, compare, direction, err := keyset[timeKey](page, true)
	if err != nil {
		return none, err
	}
	at, id := key.bounds()
	found, err := query(ctx).Query(ctx, fmt.Sprintf(exchangesSQL, compare, direction),
		community, texts(f.States), f.ServiceType, orNull(f.From), orNull(f.Until), optional(f.Member), at, id, page.Limit+1)
	list, err := collect(found, err, exchangeRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(x exchange.Exchange) string { return encodeKey(timeKey{x.CreatedAt, x.ID}) }), nil
}

// Count implements exchange.Store.
func (ExchangeStore) Count(ctx context.Context, community domain.ID, f exchange.Filter) (int, error) {
	var n int
	err := query(ctx).QueryRow(ctx, fmt.Sprintf(`SELECT count(*) FROM exchange`+exchangeFilter),
		community, texts(f.States), f.ServiceType, orNull(f.From), orNull(f.Until), optional(f.Member)).Scan(&n)
	return n, err
}

// Steps implements exchange.Store.
func (ExchangeStore) Steps(ctx context.Context, community domain.ID, exchanges []domain.ID) ([]exchange.Step, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT community_id, exchange_id, step, state, action, member_id, person_id, minutes, note, at
		  FROM exchange_step
		 WHERE community_id = $1 AND exchange_id = ANY ($2)
		 ORDER BY exchange_id, step`, community, exchanges)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (exchange.Step, error) {
		var s exchange.Step
		var member, person *domain.ID
		var minutes *int64
		err := row.Scan(&s.Community, &s.Exchange, &s.Step, &s.State, &s.Action, &member, &person, &minutes, &s.Note, &s.At)
		s.Member, s.Person, s.Minutes = orNowhere(member), orNowhere(person), domain.Minutes(deref(minutes))
		return s, err
	})
}

func due(ctx context.Context, where string, args ...any) ([]exchange.Exchange, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+exchangeColumns+` FROM exchange`+where, args...)
	return collect(found, err, exchangeRow.value)
}

// Unanswered implements exchange.Store, by exchange_expiry_idx. What waits for somebody
// suspended waits on: undoing that brings it back.
func (ExchangeStore) Unanswered(ctx context.Context, community domain.ID, now time.Time, limit int) ([]exchange.Exchange, error) {
	return due(ctx, `
		 WHERE community_id = $1 AND state = 'PROPOSED' AND expires_at <= $2
		   AND NOT EXISTS (SELECT FROM member m
		                    WHERE m.community_id = $1 AND m.id IN (exchange.provider_id, exchange.receiver_id) AND m.participation = 'SUSPENDED')
		 ORDER BY expires_at LIMIT $3`, community, now, limit)
}

// Prolong implements exchange.Store, by exchange_provider_idx and exchange_receiver_idx.
func (ExchangeStore) Prolong(ctx context.Context, community, member domain.ID, until time.Time) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE exchange SET expires_at = $3
		 WHERE community_id = $1 AND (provider_id = $2 OR receiver_id = $2) AND state = 'PROPOSED' AND expires_at < $3`, community, member, until)
	return err
}

// Unconfirmed implements exchange.Store, by exchange_confirm_idx.
func (ExchangeStore) Unconfirmed(ctx context.Context, community domain.ID, now time.Time, limit int) ([]exchange.Exchange, error) {
	return due(ctx, `
		 WHERE community_id = $1 AND state = 'DONE' AND confirm_at <= $2
		 ORDER BY confirm_at LIMIT $3`, community, now, limit)
}

// Unreminded implements exchange.Store, by exchange_confirm_idx.
func (ExchangeStore) Unreminded(ctx context.Context, community domain.ID, now time.Time, limit int) ([]exchange.Exchange, error) {
	return due(ctx, `
		 WHERE community_id = $1 AND state = 'DONE' AND confirm_at > $2
		   AND ((reminded = 0 AND done_at + (confirm_at - done_at) / 2 <= $2)
		     OR (reminded = 1 AND confirm_at - interval '1 day' <= $2))
		 ORDER BY confirm_at LIMIT $3`, community, now, limit)
}
