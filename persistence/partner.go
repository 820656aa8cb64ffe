// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/partner"
)

// PartnerStore implements partner.Store.
type PartnerStore struct{}

var _ partner.Store = PartnerStore{}

type webhookRow struct {
	CommunityID, ID domain.ID
	URL             string
	Events          []string
	Secret          []byte
	FormerSecret    []byte
	FormerEnd       *time.Time
	State           string
	CreatedAt       time.Time
	RemovedAt       *time.Time
}

const webhookColumns = `community_id, id, url, events, secret, former_secret, former_end, state, created_at, removed_at`

func (r webhookRow) value() partner.Webhook {
	w := partner.Webhook{
		Community: r.CommunityID, ID: r.ID, URL: r.URL, Secret: r.Secret, Former: r.FormerSecret, FormerEnd: moment(r.FormerEnd),
		State: partner.State(r.State), CreatedAt: r.CreatedAt.UTC(), RemovedAt: moment(r.RemovedAt),
	}
	for _, e := range r.Events {
		w.Events = append(w.Events, domain.EventKind(e))
	}
	return w
}

// AddWebhook implements partner.Store.
func (PartnerStore) AddWebhook(ctx context.Context, w partner.Webhook) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO webhook (community_id, id, url, events, secret, state, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		w.Community, w.ID, w.URL, texts(w.Events), w.Secret, string(w.State), w.CreatedAt)
	return err
}

// LockWebhook implements partner.Store.
func (PartnerStore) LockWebhook(ctx context.Context, community, id domain.ID) (partner.Webhook, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+webhookColumns+` FROM webhook WHERE community_id = $1 AND id = $2 FOR NO KEY UPDATE`, community, id)
	return only(found, err, webhookRow.value)
}

// only reads the one row there is, or answers NotFound.
func only[R, V any](found pgx.Rows, err error, value func(R) V) (V, error) {
	all, err := collect(found, err, value)
	if err == nil && len(all) == 0 {
		err = domain.NotFound
	}
	if err != nil {
		var none V
		return none, err
	}
	return all[0], nil
}

// SaveWebhook implements partner.Store.
func (PartnerStore) SaveWebhook(ctx context.Context, w partner.Webhook) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE webhook SET secret = $3, former_secret = $4, former_end = $5, state = $6, removed_at = $7
		 WHERE community_id = $1 AND id = $2`,
		w.Community, w.ID, w.Secret, w.Former, filled(w.FormerEnd), string(w.State), filled(w.RemovedAt))
	return err
}

// Webhooks implements partner.Store.
func (PartnerStore) Webhooks(ctx context.Context, community domain.ID) ([]partner.Webhook, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+webhookColumns+` FROM webhook WHERE community_id = $1 AND removed_at IS NULL ORDER BY created_at, id`, community)
	return collect(found, err, webhookRow.value)
}

type deliveryRow struct {
	CommunityID, ID, WebhookID domain.ID
	Kind                       string
	Position                   int64
	At                         time.Time
	SubjectID                  domain.ID
	Objects                    []byte
	Outcome                    string
	Tries                      int
	Status                     *int
	Failure                    string
	TriedAt                    *time.Time
}

const deliveryColumns = `community_id, id, webhook_id, kind, position, at, subject_id, objects, outcome, tries, status, failure, tried_at`

func (r deliveryRow) value() partner.Delivery {
	d := partner.Delivery{
		Community: r.CommunityID, ID: r.ID, Webhook: r.WebhookID, Kind: domain.EventKind(r.Kind), Position: r.Position, At: r.At.UTC(),
		Subject: r.SubjectID, Outcome: partner.Outcome(r.Outcome), Tries: r.Tries, Failure: r.Failure, TriedAt: moment(r.TriedAt),
	}
	if r.Status != nil {
		d.Status = *r.Status
	}
	_ = json.Unmarshal(r.Objects, &d.Objects) // it was written by AddDeliveries
	return d
}

// AddDeliveries implements partner.Store. One that is there already stays as it is.
func (PartnerStore) AddDeliveries(ctx context.Context, deliveries []partner.Delivery) error {
	var batch pgx.Batch
	for _, d := range deliveries {
		objects, err := json.Marshal(d.Objects)
		if err != nil {
			return fmt.Errorf("delivery: %w", err)
		}
		batch.Queue(`
			INSERT INTO webhook_delivery (community_id, id, webhook_id, kind, position, at, subject_id, objects, outcome)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			d.Community, d.ID, d.Webhook, string(d.Kind), d.Position, d.At, d.Subject, objects, string(d.Outcome))
	}
	return query(ctx).SendBatch(ctx, &batch).Close()
}

// LockDelivery implements partner.Store.
func (PartnerStore) LockDelivery(ctx context.Context, community, id domain.ID) (partner.Delivery, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+deliveryColumns+` FROM webhook_delivery WHERE community_id = $1 AND id = $2 FOR NO KEY UPDATE`, community, id)
	return only(found, err, deliveryRow.value)
}

// SaveDelivery implements partner.Store.
func (PartnerStore) SaveDelivery(ctx context.Context, d partner.Delivery) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE webhook_delivery SET outcome = $3, tries = $4, status = $5, failure = $6, tried_at = $7
		 WHERE community_id = $1 AND id = $2`,
		d.Community, d.ID, string(d.Outcome), d.Tries, filled(d.Status), d.Failure, filled(d.TriedAt))
	return err
}

const deliveriesSQL = `
SELECT ` + deliveryColumns + `
  FROM webhook_delivery
 WHERE community_id = $1 AND webhook_id = $2
   AND ($3::timestamptz IS NULL OR (at, id) %[1]s ($3, $4))
 ORDER BY at %[2]s, id %[2]s
 LIMIT $5`

// Deliveries implements partner.Store, by webhook_delivery_log_idx.
func (PartnerStore) Deliveries(ctx context.Context, community, webhook domain.ID, page domain.Page) (domain.Slice[partner.Delivery], error) {
	var none domain.Slice[partner.Delivery]
	key, compare, direction, err := keyset[timeKey](page, true)
	if err != nil {
		return none, err
	}
	at, id := key.bounds()
	found, err := query(ctx).Query(ctx, fmt.Sprintf(deliveriesSQL, compare, direction), community, webhook, at, id, page.Limit+1)
	list, err := collect(found, err, deliveryRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(d partner.Delivery) string { return encodeKey(timeKey{d.At, d.ID}) }), nil
}

// ForgetDeliveries implements partner.Store, by webhook_delivery_age_idx.
func (PartnerStore) ForgetDeliveries(ctx context.Context, community domain.ID, before time.Time) error {
	_, err := query(ctx).Exec(ctx, `DELETE FROM webhook_delivery WHERE community_id = $1 AND at < $2`, community, before)
	return err
}
