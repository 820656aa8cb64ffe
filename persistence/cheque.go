// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/cheque"
)

// ChequeStore implements cheque.Store.
type ChequeStore struct{}

var _ cheque.Store = ChequeStore{}

type chequeRow struct {
	CommunityID, ID          domain.ID
	Kind, State              string
	Number                   *string
	ProviderID, ReceiverID   domain.ID
	ServiceType, Description string
	Day                      time.Time
	Minutes                  int64
	Settled                  *int64
	ExchangeID, DeviceID     *domain.ID
	Raw                      []byte
	BatchID                  *domain.ID
	Line                     int
	EnteredBy                *domain.ID
	EnteredAt                time.Time
	SettledAt                *time.Time
	Version                  int
}

func (chequeRow) TableName() string { return "time_cheque" }

const chequeColumns = `community_id, id, kind, state, number, provider_id, receiver_id, service_type, description, day, minutes, settled,
       exchange_id, device_id, raw, batch_id, line, entered_by, entered_at, settled_at, version`

func (r chequeRow) value() cheque.Cheque {
	return cheque.Cheque{
		Community: r.CommunityID, ID: r.ID, Kind: cheque.Kind(r.Kind), State: cheque.State(r.State), Number: deref(r.Number),
		Provider: r.ProviderID, Receiver: r.ReceiverID, ServiceType: r.ServiceType, Description: r.Description,
		Day: r.Day.UTC(), Minutes: domain.Minutes(r.Minutes), Settled: domain.Minutes(deref(r.Settled)), Exchange: orNowhere(r.ExchangeID), Device: orNowhere(r.DeviceID), Raw: r.Raw,
		Batch: orNowhere(r.BatchID), Line: r.Line, EnteredBy: orNowhere(r.EnteredBy), EnteredAt: r.EnteredAt.UTC(),
		SettledAt: moment(r.SettledAt), Version: r.Version,
	}
}

func chequeRowOf(c cheque.Cheque) chequeRow {
	return chequeRow{
		CommunityID: c.Community, ID: c.ID, Kind: string(c.Kind), State: string(c.State), Number: orNil(c.Number),
		ProviderID: c.Provider, ReceiverID: c.Receiver, ServiceType: c.ServiceType, Description: c.Description, Day: c.Day, Minutes: int64(c.Minutes), Settled: orNil(int64(c.Settled)),
		ExchangeID: optional(c.Exchange), DeviceID: optional(c.Device), Raw: c.Raw, BatchID: optional(c.Batch), Line: c.Line,
		EnteredBy: optional(c.EnteredBy), EnteredAt: c.EnteredAt, SettledAt: orNull(c.SettledAt), Version: c.Version,
	}
}

// Add implements cheque.Store.
func (ChequeStore) Add(ctx context.Context, all []cheque.Cheque) error {
	lines := make([]chequeRow, len(all))
	for i, c := range all {
		lines[i] = chequeRowOf(c)
	}
	return translate(rows(ctx).CreateInBatches(&lines, 500).Error)
}

// Move implements cheque.Store.
func (s ChequeStore) Move(ctx context.Context, c cheque.Cheque) (cheque.Cheque, error) {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE time_cheque SET state = $4, exchange_id = $5, settled_at = $6, settled = $7, version = version + 1
		 WHERE community_id = $1 AND id = $2 AND version = $3`,
		c.Community, c.ID, c.Version, string(c.State), optional(c.Exchange), orNull(c.SettledAt), orNil(int64(c.Settled)))
	if err != nil {
		return c, err
	}
	if tag.RowsAffected() == 0 {
		now, err := s.ByIDs(ctx, c.Community, []domain.ID{c.ID})
		if err != nil || len(now) == 0 {
			return c, fmt.Errorf("cheque %s vanished: %w", c.ID, err)
		}
		return c, domain.NewError(cheque.WrongState, "timeChequeId", "state", string(now[0].State))
	}
	c.Version++
	return c, nil
}

func cheques(ctx context.Context, where string, args ...any) ([]cheque.Cheque, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+chequeColumns+` FROM time_cheque`+where, args...)
	return collect(found, err, chequeRow.value)
}

// Known implements cheque.Store, by time_cheque_serial_key or time_cheque_number_key.
func (ChequeStore) Known(ctx context.Context, community domain.ID, kind cheque.Kind, numbers []string) ([]cheque.Cheque, error) {
	return cheques(ctx, ` WHERE community_id = $1 AND kind = $2 AND state <> 'UNDONE' AND number = ANY ($3)`, community, string(kind), numbers)
}

// ByIDs implements cheque.Store.
func (ChequeStore) ByIDs(ctx context.Context, community domain.ID, ids []domain.ID) ([]cheque.Cheque, error) {
	return cheques(ctx, ` WHERE community_id = $1 AND id = ANY ($2)`, community, ids)
}

// Find implements cheque.Store, by the primary key, time_cheque_exchange_idx and
// time_cheque_batch_idx.
func (ChequeStore) Find(ctx context.Context, community domain.ID, ids, exchanges, batches []domain.ID) ([]cheque.Cheque, error) {
	return cheques(ctx, `
		 WHERE community_id = $1 AND (id = ANY ($2) OR exchange_id = ANY ($3) OR (kind = 'SLIP' AND batch_id = ANY ($4)))
		 ORDER BY batch_id, line`, community, ids, exchanges, batches)
}

// Of implements cheque.Store, by time_cheque_batch_idx.
func (ChequeStore) Of(ctx context.Context, community, batch domain.ID) ([]cheque.Cheque, error) {
	return cheques(ctx, ` WHERE community_id = $1 AND kind = 'SLIP' AND batch_id = $2 ORDER BY line`, community, batch)
}

// By time_cheque_feed_idx, or by the two sides' own indexes when a member is named.
const chequesSQL = `
SELECT ` + chequeColumns + `
  FROM time_cheque
 WHERE community_id = $1
   AND ($2::uuid IS NULL OR provider_id = $2 OR receiver_id = $2)
   AND ($3::uuid IS NULL OR (kind = 'SLIP' AND batch_id = $3))
   AND (cardinality($4::text[]) = 0 OR state = ANY ($4))
   AND ($5::timestamptz IS NULL OR (entered_at, id) %[1]s ($5, $6))
 ORDER BY entered_at %[2]s, id %[2]s
 LIMIT $7`

// List implements cheque.Store.
func (ChequeStore) List(ctx context.Context, community domain.ID, f cheque.Filter, page domain.Page) (domain.Slice[cheque.Cheque], error) {
	var none domain.Slice[cheque.Cheque]
	key, compare, direction, err := keyset[timeKey](page, true)
	if err != nil {
		return none, err
	}
	at, id := key.bounds()
	found, err := query(ctx).Query(ctx, fmt.Sprintf(chequesSQL, compare, direction),
		community, optional(f.Member), optional(f.Batch), texts(f.States), at, id, page.Limit+1)
	list, err := collect(found, err, chequeRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(c cheque.Cheque) string { return encodeKey(timeKey{c.EnteredAt, c.ID}) }), nil
}

type batchRow struct {
	CommunityID, ID domain.ID
	Cheques         int
	Minutes         int64
	EnteredBy       domain.ID
	EnteredAt       time.Time
	UndoneBy        *domain.ID
	UndoneAt        *time.Time
	UndoReason      *string
}

const batchColumns = `community_id, id, cheques, minutes, entered_by, entered_at, undone_by, undone_at, undo_reason`

func (r batchRow) value() cheque.Batch {
	return cheque.Batch{
		Community: r.CommunityID, ID: r.ID, Cheques: r.Cheques, Minutes: domain.Minutes(r.Minutes), EnteredBy: r.EnteredBy, EnteredAt: r.EnteredAt.UTC(),
		UndoneBy: orNowhere(r.UndoneBy), UndoneAt: moment(r.UndoneAt), UndoReason: deref(r.UndoReason),
	}
}

// AddBatch implements cheque.Store.
func (ChequeStore) AddBatch(ctx context.Context, b cheque.Batch) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO cheque_batch (community_id, id, cheques, minutes, entered_by, entered_at)
		VALUES ($1, $2, $3, $4, $5, $6)`, b.Community, b.ID, b.Cheques, int64(b.Minutes), b.EnteredBy, b.EnteredAt)
	return err
}

// UndoBatch implements cheque.Store.
func (ChequeStore) UndoBatch(ctx context.Context, b cheque.Batch) error {
	tag, err := query(ctx).Exec(ctx, `
		UPDATE cheque_batch SET undone_by = $3, undone_at = $4, undo_reason = $5
		 WHERE community_id = $1 AND id = $2 AND undone_at IS NULL`, b.Community, b.ID, b.UndoneBy, b.UndoneAt, b.UndoReason)
	if err == nil && tag.RowsAffected() == 0 {
		err = domain.NewError(cheque.BatchUndone, "batchId") // somebody was quicker
	}
	if err != nil {
		return err
	}
	_, err = query(ctx).Exec(ctx, `
		UPDATE time_cheque SET state = 'UNDONE', version = version + 1
		 WHERE community_id = $1 AND kind = 'SLIP' AND batch_id = $2`, b.Community, b.ID)
	return err
}

// Batches implements cheque.Store.
func (ChequeStore) Batches(ctx context.Context, community domain.ID, ids []domain.ID) ([]cheque.Batch, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+batchColumns+` FROM cheque_batch WHERE community_id = $1 AND id = ANY ($2)`, community, ids)
	return collect(found, err, batchRow.value)
}

const batchesSQL = `
SELECT ` + batchColumns + `
  FROM cheque_batch
 WHERE community_id = $1 AND ($2::timestamptz IS NULL OR (entered_at, id) %[1]s ($2, $3))
 ORDER BY entered_at %[2]s, id %[2]s
 LIMIT $4`

// ListBatches implements cheque.Store, by cheque_batch_feed_idx.
func (ChequeStore) ListBatches(ctx context.Context, community domain.ID, page domain.Page) (domain.Slice[cheque.Batch], error) {
	var none domain.Slice[cheque.Batch]
	key, compare, direction, err := keyset[timeKey](page, true)
	if err != nil {
		return none, err
	}
	at, id := key.bounds()
	found, err := query(ctx).Query(ctx, fmt.Sprintf(batchesSQL, compare, direction), community, at, id, page.Limit+1)
	list, err := collect(found, err, batchRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(b cheque.Batch) string { return encodeKey(timeKey{b.EnteredAt, b.ID}) }), nil
}

// AddDevice implements cheque.Store.
func (ChequeStore) AddDevice(ctx context.Context, d cheque.Device) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO device_key (community_id, id, member_id, person_id, name, public_key, registered_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, d.Community, d.ID, d.Member, d.Person, d.Name, []byte(d.PublicKey), d.RegisteredAt)
	return translate(err)
}

// RevokeDevice implements cheque.Store; the first moment stays.
func (ChequeStore) RevokeDevice(ctx context.Context, d cheque.Device, by domain.ID) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE device_key SET revoked_at = $3, revoked_by = $4
		 WHERE community_id = $1 AND id = $2 AND revoked_at IS NULL`, d.Community, d.ID, d.RevokedAt, by)
	return err
}

const devicesSQL = `
SELECT community_id, id, member_id, person_id, name, public_key, registered_at, revoked_at
  FROM device_key
 WHERE community_id = $1`

func devices(ctx context.Context, where string, args ...any) ([]cheque.Device, error) {
	found, err := query(ctx).Query(ctx, devicesSQL+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (cheque.Device, error) {
		var d cheque.Device
		var key []byte
		var revoked *time.Time
		err := row.Scan(&d.Community, &d.ID, &d.Member, &d.Person, &d.Name, &key, &d.RegisteredAt, &revoked)
		d.PublicKey, d.RegisteredAt, d.RevokedAt = key, d.RegisteredAt.UTC(), moment(revoked)
		return d, err
	})
}

// Devices implements cheque.Store.
func (ChequeStore) Devices(ctx context.Context, community domain.ID, ids []domain.ID) ([]cheque.Device, error) {
	return devices(ctx, ` AND id = ANY ($2)`, community, ids)
}

// DevicesOf implements cheque.Store, by device_key_member_idx.
func (ChequeStore) DevicesOf(ctx context.Context, community, member domain.ID) ([]cheque.Device, error) {
	return devices(ctx, ` AND member_id = $2 ORDER BY registered_at DESC`, community, member)
}
