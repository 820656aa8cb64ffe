// SPDX-License-Identifier: AGPL-3.0-or-later

package partner

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/changes"
)

// Service is the use cases of webhooks.
type Service struct {
	tx     domain.Tx
	store  Store
	access domain.Access
	post   Post
	local  bool
}

// New makes the partners' room. With local, addresses of this very machine may be
// told too: in development only.
func New(tx domain.Tx, store Store, access domain.Access, post Post, local bool) *Service {
	return &Service{tx: tx, store: store, access: access, post: post, local: local}
}

// Create has an address told what happens from now on. The answer carries the
// secret that its deliveries are signed with.
//
// Errors: NotFound, Forbidden, Required, URLInvalid, EventUnknown, WebhookLimit,
// IdempotencyKeyReused.
func (s *Service) Create(ctx context.Context, actor domain.Actor, cmd Create) (Webhook, error) {
	var made Webhook
	err := s.asked(ctx, actor, cmd.Community, func(ctx context.Context, now time.Time) error {
		once := domain.Once{Person: actor.Person, Key: cmd.Key, Action: "createWebhook", Input: cmd}
		id, _, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
			if err := cmd.check(s.local); err != nil {
				return domain.Nowhere, err
			}
			all, err := s.store.Webhooks(ctx, cmd.Community)
			if err != nil {
				return domain.Nowhere, err
			}
			if len(all) >= maxWebhooks {
				return domain.Nowhere, domain.NewError(WebhookLimit, "", "max", maxWebhooks)
			}
			w := Webhook{
				Community: cmd.Community, ID: domain.NewID(), URL: cmd.URL, Events: cmd.Events, Secret: newSecret(), State: Active, CreatedAt: now,
			}
			s.tell(ctx, actor, EventWebhookCreated, w)
			return w.ID, s.store.AddWebhook(ctx, w)
		})
		if err != nil {
			return err
		}
		made, err = s.store.LockWebhook(ctx, cmd.Community, id)
		return err
	})
	return made, err
}

// asked runs a use case of whoever may manage a community's webhooks.
func (s *Service) asked(ctx context.Context, actor domain.Actor, community domain.ID, do func(ctx context.Context, now time.Time) error) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		if _, err := domain.Authorise(ctx, s.access, actor, community, domain.ManageApps); err != nil {
			return err
		}
		return do(ctx, now)
	})
}

func (s *Service) tell(ctx context.Context, actor domain.Actor, kind domain.EventKind, w Webhook) {
	s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: w.ID})
}

func newSecret() []byte {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: without randomness the program stops
	return secret
}

// change does something to a webhook that stands.
func (s *Service) change(ctx context.Context, actor domain.Actor, community, id domain.ID, kind domain.EventKind, do func(w *Webhook, now time.Time) error) (Webhook, error) {
	var w Webhook
	err := s.asked(ctx, actor, community, func(ctx context.Context, now time.Time) (err error) {
		if w, err = s.standing(ctx, community, id); err != nil {
			return err
		}
		before := w.State
		if err := do(&w, now); err != nil {
			return err
		}
		if kind == EventWebhookEnabled && before == w.State {
			return nil // it is told already
		}
		s.tell(ctx, actor, kind, w)
		return s.store.SaveWebhook(ctx, w)
	})
	return w, err
}

func (s *Service) standing(ctx context.Context, community, id domain.ID) (Webhook, error) {
	w, err := s.store.LockWebhook(ctx, community, id)
	if err == nil && !w.RemovedAt.IsZero() {
		err = domain.NotFound
	}
	return w, err
}

// Rotate gives a webhook a new secret. The one before signs beside it for a day.
//
// Errors: NotFound, Forbidden.
func (s *Service) Rotate(ctx context.Context, actor domain.Actor, community, id domain.ID) (Webhook, error) {
	return s.change(ctx, actor, community, id, EventWebhookRotated, func(w *Webhook, now time.Time) error {
		w.Former, w.FormerEnd, w.Secret = w.Secret, now.Add(SecretOverlap), newSecret()
		return nil
	})
}

// Enable tells a webhook again that was switched off.
//
// Errors: NotFound, Forbidden.
func (s *Service) Enable(ctx context.Context, actor domain.Actor, community, id domain.ID) (Webhook, error) {
	return s.change(ctx, actor, community, id, EventWebhookEnabled, func(w *Webhook, _ time.Time) error {
		w.State = Active
		return nil
	})
}

// Remove tells a webhook nothing any more.
//
// Errors: NotFound, Forbidden.
func (s *Service) Remove(ctx context.Context, actor domain.Actor, community, id domain.ID) (Webhook, error) {
	return s.change(ctx, actor, community, id, EventWebhookRemoved, func(w *Webhook, now time.Time) error {
		w.RemovedAt = now
		return nil
	})
}

// SendTest sends an event that says nothing, to see whether deliveries arrive.
//
// Errors: NotFound, Forbidden, WebhookState.
func (s *Service) SendTest(ctx context.Context, actor domain.Actor, community, id domain.ID) (Delivery, error) {
	var d Delivery
	err := s.asked(ctx, actor, community, func(ctx context.Context, now time.Time) error {
		w, err := s.standing(ctx, community, id)
		if err != nil {
			return err
		}
		if w.State != Active {
			return domain.NewError(WebhookState, "webhookId")
		}
		d = Delivery{Community: community, ID: domain.NewID(), Webhook: w.ID, Kind: Test, At: now, Subject: w.ID, Outcome: Waiting}
		if err := s.store.AddDeliveries(ctx, []Delivery{d}); err != nil {
			return err
		}
		return s.post.PostDeliveries(ctx, []Delivery{d})
	})
	return d, err
}

// Redeliver sends a delivery once more, under the same id.
//
// Errors: NotFound, Forbidden, WebhookState.
func (s *Service) Redeliver(ctx context.Context, actor domain.Actor, community, id domain.ID) (Delivery, error) {
	var d Delivery
	err := s.asked(ctx, actor, community, func(ctx context.Context, _ time.Time) (err error) {
		if d, err = s.store.LockDelivery(ctx, community, id); err != nil {
			return err
		}
		w, err := s.standing(ctx, community, d.Webhook)
		if err != nil {
			return err
		}
		switch {
		case w.State != Active:
			return domain.NewError(WebhookState, "deliveryId")
		case d.Outcome == Waiting:
			return nil // it is on its way
		}
		d.Outcome, d.Tries = Waiting, 0
		if err := s.store.SaveDelivery(ctx, d); err != nil {
			return err
		}
		return s.post.PostDeliveries(ctx, []Delivery{d})
	})
	return d, err
}

// List is a community's webhooks, the oldest first.
//
// Errors: NotFound, Forbidden.
func (s *Service) List(ctx context.Context, actor domain.Actor, community domain.ID) ([]Webhook, error) {
	var all []Webhook
	err := s.asked(ctx, actor, community, func(ctx context.Context, _ time.Time) (err error) {
		all, err = s.store.Webhooks(ctx, community)
		return err
	})
	return all, err
}

// Log is what was sent to a webhook, the newest first.
//
// Errors: NotFound, Forbidden.
func (s *Service) Log(ctx context.Context, actor domain.Actor, community, webhook domain.ID, page domain.Page) (domain.Slice[Delivery], error) {
	var log domain.Slice[Delivery]
	err := s.asked(ctx, actor, community, func(ctx context.Context, _ time.Time) (err error) {
		log, err = s.store.Deliveries(ctx, community, webhook, page)
		return err
	})
	return log, err
}

// Derive makes the deliveries of some events, inside the relay's transaction: they
// stand or fall with its cursor, so each event is sent to each webhook that wants it.
func (s *Service) Derive(ctx context.Context, community domain.ID, events []domain.RecordedEvent) error {
	webhooks, err := s.store.Webhooks(ctx, community)
	if err != nil || len(webhooks) == 0 {
		return err
	}
	var all []Delivery
	for _, e := range events {
		objects, err := changes.Touched(e)
		if err != nil {
			return err
		}
		for _, w := range webhooks {
			if w.Wants(e.Kind) && !e.At.Before(w.CreatedAt) {
				all = append(all, Delivery{
					Community: community, ID: domain.NewID(), Webhook: w.ID, Kind: e.Kind, Position: e.Position, At: e.At,
					Subject: e.Subject, Objects: objects, Outcome: Waiting,
				})
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	if err := s.store.AddDeliveries(ctx, all); err != nil {
		return err
	}
	return s.post.PostDeliveries(ctx, all)
}

// Due reads a delivery that is to be made now, and where; ok is false when it is
// not any more.
func (s *Service) Due(ctx context.Context, community, id domain.ID) (d Delivery, w Webhook, at time.Time, ok bool, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		at, ok = now, false
		if d, err = s.store.LockDelivery(ctx, community, id); err != nil {
			return err
		}
		if w, err = s.store.LockWebhook(ctx, community, d.Webhook); err != nil || d.Outcome != Waiting {
			return err
		}
		if ok = w.State == Active && w.RemovedAt.IsZero(); ok {
			return nil
		}
		d.Outcome = GivenUp
		return s.store.SaveDelivery(ctx, d)
	})
	return d, w, at, ok, err
}

// Note keeps what a receiver answered.
func (s *Service) Note(ctx context.Context, community, id domain.ID, a Answered) (Delivery, error) {
	var next Delivery
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		d, err := s.store.LockDelivery(ctx, community, id)
		if err != nil {
			return err
		}
		var gone bool
		next, gone = d.after(a, now)
		if err := s.store.SaveDelivery(ctx, next); err != nil || !gone {
			return err
		}
		w, err := s.store.LockWebhook(ctx, community, d.Webhook)
		if err != nil {
			return err
		}
		w.State = Disabled
		return s.store.SaveWebhook(ctx, w)
	})
	return next, err
}

// Forget removes deliveries of a month ago.
func (s *Service) Forget(ctx context.Context, community domain.ID) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		return s.store.ForgetDeliveries(ctx, community, now.Add(-LogKept))
	})
}
