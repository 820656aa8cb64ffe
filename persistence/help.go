// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/membership"
)

// AddHelper implements membership.Store.
func (MemberStore) AddHelper(ctx context.Context, h membership.Helper) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO helper (community_id, id, member_id, helper_id, consent, given_by, from_at, until_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, h.Community, h.ID, h.Member, h.Helper, h.Consent, h.GivenBy, h.From, h.Until)
	return err
}

// EndHelp implements membership.Store, by helper_standing_key.
func (MemberStore) EndHelp(ctx context.Context, community, member, helper domain.ID, at time.Time) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE helper SET withdrawn_at = $4
		 WHERE community_id = $1 AND member_id = $2 AND helper_id = $3 AND withdrawn_at IS NULL`, community, member, helper, at)
	return err
}

// HelpersOf implements membership.Store, by helper_standing_key.
func (MemberStore) HelpersOf(ctx context.Context, community domain.ID, members []domain.ID, at time.Time) ([]membership.Helper, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT community_id, id, member_id, helper_id, consent, given_by, from_at, until_at
		  FROM helper
		 WHERE community_id = $1 AND member_id = ANY ($2) AND withdrawn_at IS NULL AND until_at > $3
		 ORDER BY from_at, id`, community, members, at)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (membership.Helper, error) {
		var h membership.Helper
		err := row.Scan(&h.Community, &h.ID, &h.Member, &h.Helper, &h.Consent, &h.GivenBy, &h.From, &h.Until)
		return h, err
	})
}

// NotedFor implements membership.Store, by helper_helper_idx.
func (MemberStore) NotedFor(ctx context.Context, community, by, helper domain.ID, at time.Time) (noted bool, err error) {
	err = query(ctx).QueryRow(ctx, `
		SELECT EXISTS (
		  SELECT FROM helper h
		    JOIN member m ON m.community_id = h.community_id AND m.id = h.helper_id
		    JOIN member o ON o.community_id = h.community_id AND o.id = h.member_id
		   WHERE h.community_id = $1 AND h.given_by = $2 AND m.person_id = $3 AND o.person_id IS DISTINCT FROM $2
		     AND h.withdrawn_at IS NULL AND h.until_at > $4)`, community, by, helper, at).Scan(&noted)
	return noted, err
}

// Attach implements membership.Store.
func (MemberStore) Attach(ctx context.Context, m membership.Member) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE member SET person_id = $3
		 WHERE community_id = $1 AND id = $2 AND person_id IS NULL`, m.Community, m.ID, m.Person)
	if err != nil {
		return translate(err)
	}
	_, err = query(ctx).Exec(ctx, `
		INSERT INTO person_community (person_id, community_id, member_id)
		VALUES ($1, $2, $3)`, m.Person, m.Community, m.ID)
	return err
}

// KeepCard implements identity.CardStore.
func (IdentityStore) KeepCard(ctx context.Context, c identity.Card) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO card (person_id, handle, pin_hash, secret_hash, given_at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (person_id) DO UPDATE
		SET handle = EXCLUDED.handle, pin_hash = EXCLUDED.pin_hash, secret_hash = EXCLUDED.secret_hash, failures = 0, given_at = EXCLUDED.given_at`,
		c.Person, c.Handle, c.PINHash, c.Secret[:], c.GivenAt)
	return err
}

// DropCard implements identity.CardStore.
func (IdentityStore) DropCard(ctx context.Context, person domain.ID) (had bool, err error) {
	done, err := query(ctx).Exec(ctx, `DELETE FROM card WHERE person_id = $1`, person)
	return done.RowsAffected() > 0, err
}

func card(ctx context.Context, where string, arg any) (identity.Card, error) {
	var c identity.Card
	var secret []byte
	err := query(ctx).QueryRow(ctx, `SELECT person_id, handle, pin_hash, secret_hash, failures, given_at FROM card WHERE `+where, arg).
		Scan(&c.Person, &c.Handle, &c.PINHash, &secret, &c.Failures, &c.GivenAt)
	copy(c.Secret[:], secret)
	return c, translate(err)
}

// CardByHandle implements identity.CardStore, by card_handle_key.
func (IdentityStore) CardByHandle(ctx context.Context, handle string) (identity.Card, error) {
	return card(ctx, `handle = $1`, handle)
}

// CardBySecret implements identity.CardStore, by card_secret_key.
func (IdentityStore) CardBySecret(ctx context.Context, secret identity.TokenHash) (identity.Card, error) {
	return card(ctx, `secret_hash = $1`, secret[:])
}

// CardsOf implements identity.CardStore.
func (IdentityStore) CardsOf(ctx context.Context, persons []domain.ID) ([]identity.HeldCard, error) {
	found, err := query(ctx).Query(ctx, `SELECT person_id, handle, failures, given_at FROM card WHERE person_id = ANY ($1)`, persons)
	type heldRow struct {
		PersonID domain.ID
		Handle   string
		Failures int
		GivenAt  time.Time
	}
	return collect(found, err, func(r heldRow) identity.HeldCard {
		return identity.HeldCard{Person: r.PersonID, Handle: r.Handle, Failures: r.Failures, GivenAt: r.GivenAt.UTC()}
	})
}

// CountFailure implements identity.CardStore.
func (IdentityStore) CountFailure(ctx context.Context, person domain.ID) (int, error) {
	var n int
	err := query(ctx).QueryRow(ctx, `UPDATE card SET failures = failures + 1 WHERE person_id = $1 RETURNING failures`, person).Scan(&n)
	return n, translate(err)
}

// ForgetFailures implements identity.CardStore.
func (IdentityStore) ForgetFailures(ctx context.Context, person domain.ID) error {
	_, err := query(ctx).Exec(ctx, `UPDATE card SET failures = 0 WHERE person_id = $1 AND failures > 0`, person)
	return err
}
