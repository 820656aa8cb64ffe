// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
)

// AddLink implements identity.LinkStore.
func (IdentityStore) AddLink(ctx context.Context, l identity.Link) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO sign_in_link (id, person_id, device_hash, device_name, created_at) VALUES ($1, $2, $3, $4, $5)`,
		l.ID, filled(l.Person), l.Device[:], l.DeviceName, l.CreatedAt)
	return err
}

func lockLink(ctx context.Context, where string, arg any) (identity.Link, error) {
	var l identity.Link
	var device []byte
	var person *domain.ID
	var used *time.Time
	err := query(ctx).QueryRow(ctx, `
		SELECT id, person_id, device_hash, device_name, tries, created_at, used_at
		  FROM sign_in_link
		 WHERE `+where+` FOR NO KEY UPDATE`, arg).
		Scan(&l.ID, &person, &device, &l.DeviceName, &l.Tries, &l.CreatedAt, &used)
	if err != nil {
		return l, translate(err)
	}
	if person != nil {
		l.Person = *person
	}
	copy(l.Device[:], device)
	l.UsedAt = moment(used)
	return l, nil
}

// LockLink implements identity.LinkStore.
func (IdentityStore) LockLink(ctx context.Context, id domain.ID) (identity.Link, error) {
	return lockLink(ctx, `id = $1`, id)
}

// LockLinkOf implements identity.LinkStore, by sign_in_link_device_key.
func (IdentityStore) LockLinkOf(ctx context.Context, device identity.TokenHash) (identity.Link, error) {
	return lockLink(ctx, `device_hash = $1`, device[:])
}

// SaveLink implements identity.LinkStore.
func (IdentityStore) SaveLink(ctx context.Context, l identity.Link) error {
	_, err := query(ctx).Exec(ctx, `UPDATE sign_in_link SET tries = $2, used_at = $3 WHERE id = $1`, l.ID, l.Tries, filled(l.UsedAt))
	return err
}

// AddPasskey implements identity.PasskeyStore.
func (IdentityStore) AddPasskey(ctx context.Context, p identity.Passkey) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO passkey (id, person_id, credential, record, name, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		p.ID, p.Person, p.Credential, p.Record, p.Name, p.CreatedAt)
	return err
}

// Passkeys implements identity.PasskeyStore, by passkey_person_idx.
func (IdentityStore) Passkeys(ctx context.Context, person domain.ID) ([]identity.Passkey, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT id, person_id, credential, record, name, created_at, last_used_at
		  FROM passkey
		 WHERE person_id = $1
		 ORDER BY created_at, id`, person)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (identity.Passkey, error) {
		var p identity.Passkey
		var used *time.Time
		err := row.Scan(&p.ID, &p.Person, &p.Credential, &p.Record, &p.Name, &p.CreatedAt, &used)
		p.CreatedAt, p.LastUsedAt = p.CreatedAt.UTC(), moment(used)
		return p, err
	})
}

// SavePasskey implements identity.PasskeyStore.
func (IdentityStore) SavePasskey(ctx context.Context, p identity.Passkey) error {
	_, err := query(ctx).Exec(ctx, `UPDATE passkey SET record = $2, last_used_at = $3 WHERE id = $1`, p.ID, p.Record, p.LastUsedAt)
	return err
}

// DropPasskey implements identity.PasskeyStore.
func (IdentityStore) DropPasskey(ctx context.Context, person, id domain.ID) (bool, error) {
	done, err := query(ctx).Exec(ctx, `DELETE FROM passkey WHERE id = $1 AND person_id = $2`, id, person)
	return done.RowsAffected() > 0, err
}

// AddCeremony implements identity.PasskeyStore.
func (IdentityStore) AddCeremony(ctx context.Context, c identity.Ceremony) error {
	_, err := query(ctx).Exec(ctx, `INSERT INTO ceremony (id, person_id, name, state, created_at) VALUES ($1, $2, $3, $4, $5)`,
		c.ID, filled(c.Person), c.Name, c.State, c.CreatedAt)
	return err
}

// TakeCeremony implements identity.PasskeyStore.
func (IdentityStore) TakeCeremony(ctx context.Context, id domain.ID) (identity.Ceremony, error) {
	c := identity.Ceremony{ID: id}
	var person *domain.ID
	err := query(ctx).QueryRow(ctx, `DELETE FROM ceremony WHERE id = $1 RETURNING person_id, name, state, created_at`, id).
		Scan(&person, &c.Name, &c.State, &c.CreatedAt)
	if person != nil {
		c.Person = *person
	}
	return c, translate(err)
}
