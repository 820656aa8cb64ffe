// SPDX-License-Identifier: AGPL-3.0-or-later

package cheque

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Register is a device's public key, sent while it is online.
type Register struct {
	Community domain.ID
	Name      string // what its owner calls the device
	PublicKey []byte // Ed25519, 32 bytes
	Key       string `json:"-"`
}

// RegisterDevice lets a device sign cheques for its owner. Nobody does it in
// another's name: whoever holds the key signs for them.
//
// Errors: NotFound, Forbidden, Required, KeyInvalid, KeyTaken, IdempotencyKeyReused.
func (s *Service) RegisterDevice(ctx context.Context, actor domain.Actor, cmd Register) (Device, error) {
	var d Device
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.TakePart)
		if err != nil {
			return err
		}
		made, err := newDevice(cmd.Name, cmd.PublicKey)
		if err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "registerDeviceKey", Input: cmd}, func() (domain.ID, error) {
			made.Community, made.ID, made.Member, made.Person, made.RegisteredAt = cmd.Community, domain.NewID(), standing.Member, actor.Person, now
			s.tellDevice(ctx, actor, DeviceRegistered, made)
			return made.ID, s.store.AddDevice(ctx, made)
		})
		if err == nil {
			d, err = s.device(ctx, cmd.Community, id)
		}
		return err
	})
	return d, err
}

// RevokeDevice ends a device's trust: its owner, or a coordinator when the phone
// is lost with everything on it. Nothing it signed is accepted any more. Once is
// enough; a second time changes nothing.
//
// Errors: NotFound, Forbidden.
func (s *Service) RevokeDevice(ctx context.Context, actor domain.Actor, community, id domain.ID) (Device, error) {
	var d Device
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.LeaveCommunity) // also while paused
		if err != nil {
			return err
		}
		if d, err = s.device(ctx, community, id); err != nil {
			return err
		}
		if d.Member != standing.Member && !standing.May(domain.ActForMember) {
			return domain.NotFound
		}
		if !d.RevokedAt.IsZero() {
			return nil
		}
		d.RevokedAt = now
		s.tellDevice(ctx, actor, DeviceRevoked, d)
		return s.store.RevokeDevice(ctx, d, actor.Person)
	})
	return d, err
}

// Devices lists a member's, for themselves and those who may act for them.
// Error: Forbidden.
func (s *Service) Devices(ctx context.Context, actor domain.Actor, community, member domain.ID) ([]Device, error) {
	var found []Device
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if member != standing.Member && !standing.May(domain.ActForMember) {
			return domain.Forbidden
		}
		found, err = s.store.DevicesOf(ctx, community, member)
		return err
	})
	return found, err
}

// Device reads one for its owner and those who may act for them. Error: NotFound.
func (s *Service) Device(ctx context.Context, actor domain.Actor, community, id domain.ID) (Device, error) {
	var d Device
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if d, err = s.device(ctx, community, id); err == nil && d.Member != standing.Member && !standing.May(domain.ActForMember) {
			err = domain.NotFound
		}
		return err
	})
	return d, err
}

func (s *Service) device(ctx context.Context, community, id domain.ID) (Device, error) {
	found, err := s.store.Devices(ctx, community, []domain.ID{id})
	if err != nil {
		return Device{}, err
	}
	if len(found) == 0 {
		return Device{}, domain.NotFound
	}
	return found[0], nil
}

func (s *Service) tellDevice(ctx context.Context, actor domain.Actor, kind domain.EventKind, d Device) {
	s.tx.Record(ctx, domain.Event{
		ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: d.ID, Payload: Concerned{Members: []domain.ID{d.Member}},
	})
}
