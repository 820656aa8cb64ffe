// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/riverqueue/river"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/changes"
	"github.com/hora-coop/hora/domain/partner"
	"github.com/hora-coop/hora/internal/outbound"
)

// Webhooks is what deliveries need of the partners' room.
type Webhooks interface {
	Derive(ctx context.Context, community domain.ID, events []domain.RecordedEvent) error
	Due(ctx context.Context, community, id domain.ID) (d partner.Delivery, w partner.Webhook, now time.Time, ok bool, err error)
	Note(ctx context.Context, community, id domain.ID, a partner.Answered) (partner.Delivery, error)
	Forget(ctx context.Context, community domain.ID) error
}

// deliverArgs names a delivery; what it says is read when it is made.
type deliverArgs struct {
	Community domain.ID `json:"community"`
	Delivery  domain.ID `json:"delivery"`
}

// Kind implements river.JobArgs.
func (deliverArgs) Kind() string { return "deliver" }

const (
	// webhookQueue keeps receivers that hang from keeping letters waiting.
	webhookQueue = "webhooks"
	// DeliverLimit is how long a receiver may take to answer.
	DeliverLimit = 10 * time.Second
)

// InsertOpts implements river.JobArgsWithInsertOpts.
func (deliverArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: webhookQueue}
}

// PostDeliveries implements partner.Post.
func (r *Runner) PostDeliveries(ctx context.Context, deliveries []partner.Delivery) error {
	var work []river.InsertManyParams
	for _, d := range deliveries {
		work = append(work, river.InsertManyParams{Args: deliverArgs{Community: d.Community, Delivery: d.ID}})
	}
	_, err := r.client.InsertManyTx(ctx, r.cfg.PgxTx(ctx), work)
	return err
}

// deliver makes one delivery. A receiver that does not take it is no failure of
// ours: the job sleeps until the next try, and the delivery counts them. A crash between the receiver's answer and its note
// sends it a second time, under the same id.
func (r *Runner) deliver(ctx context.Context, args deliverArgs) error {
	d, w, now, ok, err := r.cfg.Webhooks.Due(ctx, args.Community, args.Delivery)
	if errors.Is(err, domain.NotFound) {
		return nil // forgotten
	}
	if err != nil || !ok {
		return err
	}
	body, err := json.Marshal(r.message(d))
	if err != nil {
		return err
	}
	noted, err := r.cfg.Webhooks.Note(ctx, args.Community, args.Delivery, r.send(ctx, d, w, now, body))
	if err == nil && noted.Outcome == partner.Waiting {
		return river.JobSnooze(partner.Pause(noted.Tries, rand.Float64())) //nolint:gosec // chance, not secrecy
	}
	return err
}

// message is what a receiver reads: what happened, and to what. Whoever may, reads
// the rest in the API.
type message struct {
	Type      domain.EventKind `json:"type"`
	Timestamp time.Time        `json:"timestamp"`
	Data      messageData      `json:"data"`
}

type messageData struct {
	Community string   `json:"community"`
	Position  int64    `json:"position,omitempty"`
	Objects   []string `json:"objects"`
}

func (r *Runner) message(d partner.Delivery) message {
	m := message{Type: d.Kind, Timestamp: d.At, Data: messageData{
		Community: r.cfg.GlobalID(changes.Community, d.Community, d.Community), Position: d.Position, Objects: []string{},
	}}
	for _, o := range d.Objects {
		m.Data.Objects = append(m.Data.Objects, r.cfg.GlobalID(o.Kind, d.Community, o.ID))
	}
	return m
}

// send posts a message, signed as Standard Webhooks says. Of the answer only the
// status counts.
func (r *Runner) send(ctx context.Context, d partner.Delivery, w partner.Webhook, now time.Time, body []byte) partner.Answered {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return partner.Answered{Failure: "UNREACHABLE"}
	}
	id := d.ID.String()
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Hora")
	request.Header.Set("Webhook-Id", id)
	request.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	request.Header.Set("Webhook-Signature", w.Sign(id, now, body))
	answer, err := r.receivers.Do(request)
	if err != nil {
		return partner.Answered{Failure: whyNot(err)}
	}
	defer func() { _ = answer.Body.Close() }()      // nothing of it is waited for
	_, _ = io.CopyN(io.Discard, answer.Body, 4<<10) // the rest is not of interest
	return partner.Answered{Status: answer.StatusCode}
}

func whyNot(err error) string {
	var late net.Error
	switch {
	case errors.Is(err, outbound.ErrAddress):
		return "REFUSED_ADDRESS"
	case errors.As(err, &late) && late.Timeout():
		return "TIMEOUT"
	}
	return "UNREACHABLE"
}
