// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hora-coop/hora/domain"
)

// Inserting first makes a second call with the same key wait for the first one
// to commit or fail, so fifty at once have one effect.
const noteOnceSQL = `
INSERT INTO idempotency (community_id, person_id, key, fingerprint, created_at, result_id)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING`

// Once implements domain.Tx.
func (db *DB) Once(ctx context.Context, o domain.Once, fn func() (domain.ID, error)) (domain.ID, bool, error) {
	if o.Key == "" {
		id, err := fn()
		return id, false, err
	}
	if length := utf8.RuneCountInString(o.Key); length > 100 {
		return domain.Nowhere, false, domain.NewError(domain.TextTooLong, "idempotencyKey", "max", 100, "actual", length)
	}
	if strings.ContainsRune(o.Key, 0) { // the one character that PostgreSQL keeps in no text
		return domain.Nowhere, false, domain.NewError(domain.TextUnreadable, "idempotencyKey")
	}
	t := current(ctx)
	fingerprint, err := fingerprintOf(o)
	if err != nil {
		return domain.Nowhere, false, err
	}
	tag, err := t.pgx.Exec(ctx, noteOnceSQL, t.community, o.Person, o.Key, fingerprint, t.now, optional(o.Result))
	if err != nil {
		return domain.Nowhere, false, fmt.Errorf("note the key: %w", err)
	}
	if tag.RowsAffected() == 0 {
		var known []byte
		var result *domain.ID
		err := t.pgx.QueryRow(ctx, `
			SELECT fingerprint, result_id FROM idempotency
			 WHERE community_id = $1 AND person_id = $2 AND key = $3`, t.community, o.Person, o.Key).Scan(&known, &result)
		switch {
		case err != nil:
			return domain.Nowhere, false, fmt.Errorf("read the key's first result: %w", err)
		case !bytes.Equal(known, fingerprint) || result == nil:
			return domain.Nowhere, false, domain.NewError(domain.IdempotencyKeyReused, "idempotencyKey")
		}
		domain.Replayed(ctx)
		return *result, true, nil
	}
	id, err := fn()
	if err != nil || (id == o.Result && id != domain.Nowhere) {
		return id, false, err
	}
	_, err = t.pgx.Exec(ctx, `
		UPDATE idempotency SET result_id = $4
		 WHERE community_id = $1 AND person_id = $2 AND key = $3`, t.community, o.Person, o.Key, id)
	if err != nil {
		return domain.Nowhere, false, fmt.Errorf("note the result: %w", err)
	}
	return id, false, nil
}

func fingerprintOf(o domain.Once) ([]byte, error) {
	input, err := json.Marshal(o.Input)
	if err != nil {
		return nil, fmt.Errorf("fingerprint %s: %w", o.Action, err)
	}
	sum := sha256.Sum256(append([]byte(o.Action+"\x00"), input...))
	return sum[:], nil
}
