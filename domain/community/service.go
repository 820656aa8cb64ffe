// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// Service is the use cases on communities themselves.
type Service struct {
	tx     domain.Tx
	store  Store
	access domain.Access
	ledger *ledger.Service
}

// New makes the communities' room.
func New(tx domain.Tx, store Store, access domain.Access, hours *ledger.Service) *Service {
	return &Service{tx: tx, store: store, access: access, ledger: hours}
}

// Create makes a community with version 1 of its charter and its own accounts,
// inside the caller's transaction: membership then admits the founder.
//
// Errors: SlugInvalid, SlugTaken, PresetUnknown, LocaleUnknown, TimeZoneUnknown.
func (s *Service) Create(ctx context.Context, id, founder domain.ID, cmd Create, now time.Time) (Charter, error) {
	cmd, err := cmd.check()
	if err != nil {
		return Charter{}, err
	}
	start, _ := preset(cmd.Preset) // checked above
	c := Community{
		ID: id, Slug: cmd.Slug, Name: cmd.Name, Preset: cmd.Preset, Locale: cmd.Locale,
		TimeZone: cmd.TimeZone, Place: cmd.Place, CreatedAt: now, Version: 1,
	}
	if err := s.store.Create(ctx, c); err != nil {
		return Charter{}, err
	}
	charter := start.Charter
	charter.Community = id
	charter.ID, charter.Version, charter.EffectiveFrom, charter.By, charter.MadeAt = domain.NewID(), 1, now, founder, now
	if err := s.store.AddCharter(ctx, id, charter); err != nil {
		return Charter{}, err
	}
	if err := s.ledger.Found(ctx, id, now); err != nil {
		return Charter{}, err
	}
	s.tx.Record(ctx, domain.Event{ID: domain.NewID(), Kind: Founded, Actor: founder, Subject: id})
	return charter, nil
}

// BySlug finds a community by its public name in addresses. Error: NotFound.
func (s *Service) BySlug(ctx context.Context, slug string) (Community, error) {
	var c Community
	err := s.tx.InPlatform(ctx, func(ctx context.Context, _ time.Time) (err error) {
		c, err = s.store.BySlug(ctx, slug)
		return err
	})
	return c, err
}

// ByIDs reads communities; unknown ids are left out.
func (s *Service) ByIDs(ctx context.Context, ids []domain.ID) ([]Community, error) {
	var found []Community
	err := s.tx.InPlatform(ctx, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.ByIDs(ctx, ids)
		return err
	})
	return found, err
}

// List is the public directory.
func (s *Service) List(ctx context.Context, filter Filter, page domain.Page) (domain.Slice[Community], error) {
	var found domain.Slice[Community]
	err := s.tx.InPlatform(ctx, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.List(ctx, filter, page)
		return err
	})
	return found, err
}

// Charter reads the charter in force. It is public: people may know the rules
// before they join.
func (s *Service) Charter(ctx context.Context, community domain.ID) (Charter, error) {
	var c Charter
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) (err error) {
		c, err = s.store.Charter(ctx, community, now)
		return err
	})
	return c, err
}

// Rules reads the community and the charter in force together, for a use case.
func (s *Service) Rules(ctx context.Context, id domain.ID, now time.Time) (Community, Charter, error) {
	return s.store.Rules(ctx, id, now)
}
