// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm/clause"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
)

// IdentityStore implements identity.Store.
type IdentityStore struct{}

var _ identity.Store = IdentityStore{}

// personRow is a row of person without what proves the person, which only
// credentialsRow reads.
type personRow struct {
	ID          domain.ID `gorm:"column:id"`
	Email       *string   `gorm:"column:email"`
	DisplayName string    `gorm:"column:display_name"`
	Locale      string    `gorm:"column:locale"`
	Platform    bool      `gorm:"column:platform"`
	CreatedAt   time.Time `gorm:"column:created_at"`
	Version     int       `gorm:"column:version"`
}

var personColumns = []string{"id", "email", "display_name", "locale", "platform", "created_at", "version"}

func (personRow) TableName() string { return "person" }

func (r personRow) person() identity.Person {
	p := identity.Person{
		ID: r.ID, DisplayName: r.DisplayName, Locale: r.Locale, Platform: r.Platform,
		CreatedAt: r.CreatedAt.UTC(), Version: r.Version,
	}
	if r.Email != nil {
		p.Email = *r.Email
	}
	return p
}

type credentialsRow struct {
	Person       personRow `gorm:"embedded"`
	PasswordHash *string   `gorm:"column:password_hash"`
}

func (credentialsRow) TableName() string { return "person" }

var credentialsColumns = append(slices.Clone(personColumns), "password_hash")

func (r credentialsRow) credentials() identity.Credentials {
	c := identity.Credentials{Person: r.Person.person()}
	if r.PasswordHash != nil {
		c.PasswordHash = *r.PasswordHash
	}
	return c
}

// AddPerson implements identity.Store.
func (IdentityStore) AddPerson(ctx context.Context, p identity.Person, passwordHash string) error {
	return rows(ctx).Select(credentialsColumns).Create(&credentialsRow{
		Person: personRow{
			ID: p.ID, Email: filled(p.Email), DisplayName: p.DisplayName, Locale: p.Locale,
			Platform: p.Platform, CreatedAt: p.CreatedAt, Version: p.Version,
		},
		PasswordHash: filled(passwordHash),
	}).Error
}

// Persons implements identity.Store.
func (IdentityStore) Persons(ctx context.Context, ids []domain.ID) ([]identity.Person, error) {
	var found []personRow
	if err := rows(ctx).Select(personColumns).Where("id IN ?", ids).Find(&found).Error; err != nil {
		return nil, err
	}
	persons := make([]identity.Person, len(found))
	for i, row := range found {
		persons[i] = row.person()
	}
	return persons, nil
}

// Credentials implements identity.Store.
func (IdentityStore) Credentials(ctx context.Context, email string) (identity.Credentials, error) {
	var row credentialsRow
	err := rows(ctx).Select(credentialsColumns).Where("email = ?", email).Take(&row).Error
	return row.credentials(), translate(err)
}

// LockCredentials implements identity.Store. NO KEY UPDATE lets others go on
// referring to the person.
func (IdentityStore) LockCredentials(ctx context.Context, person domain.ID) (identity.Credentials, error) {
	var row credentialsRow
	err := rows(ctx).Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).
		Select(credentialsColumns).Where("id = ?", person).Take(&row).Error
	return row.credentials(), translate(err)
}

// SetPasswordHash implements identity.Store.
func (IdentityStore) SetPasswordHash(ctx context.Context, person domain.ID, hash string) error {
	return rows(ctx).Model(&credentialsRow{}).Where("id = ?", person).
		UpdateColumn("password_hash", hash).Error
}

type sessionRow struct {
	ID         domain.ID  `gorm:"column:id"`
	PersonID   domain.ID  `gorm:"column:person_id"`
	DeviceName string     `gorm:"column:device_name"`
	CreatedAt  time.Time  `gorm:"column:created_at"`
	LastUsedAt time.Time  `gorm:"column:last_used_at"`
	ExpiresAt  time.Time  `gorm:"column:expires_at"`
	EndedAt    *time.Time `gorm:"column:ended_at"`
	EndedWhy   *string    `gorm:"column:ended_why"`
	OpenedBy   string     `gorm:"column:opened_by"`
}

var sessionColumns = []string{
	"id", "person_id", "device_name", "created_at", "last_used_at", "expires_at", "ended_at", "ended_why", "opened_by",
}

func (sessionRow) TableName() string { return "session" }

func sessionRowOf(s identity.Session) sessionRow {
	return sessionRow{
		ID: s.ID, PersonID: s.Person, DeviceName: s.DeviceName, CreatedAt: s.CreatedAt, LastUsedAt: s.LastUsedAt,
		ExpiresAt: s.ExpiresAt, EndedAt: filled(s.EndedAt), EndedWhy: filled(string(s.EndedWhy)), OpenedBy: string(s.OpenedBy),
	}
}

func (r sessionRow) session() identity.Session {
	s := identity.Session{
		ID: r.ID, Person: r.PersonID, DeviceName: r.DeviceName, CreatedAt: r.CreatedAt.UTC(),
		LastUsedAt: r.LastUsedAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(), EndedAt: moment(r.EndedAt), OpenedBy: identity.Door(r.OpenedBy),
	}
	if r.EndedWhy != nil {
		s.EndedWhy = identity.Ending(*r.EndedWhy)
	}
	return s
}

// AddSession implements identity.Store.
func (IdentityStore) AddSession(ctx context.Context, s identity.Session) error {
	row := sessionRowOf(s)
	return rows(ctx).Select(sessionColumns).Create(&row).Error
}

// Session implements identity.Store.
func (IdentityStore) Session(ctx context.Context, id domain.ID) (identity.Session, error) {
	var row sessionRow
	err := rows(ctx).Select(sessionColumns).Where("id = ?", id).Take(&row).Error
	return row.session(), translate(err)
}

// LockSession implements identity.Store.
func (IdentityStore) LockSession(ctx context.Context, id domain.ID) (identity.Session, error) {
	var row sessionRow
	err := rows(ctx).Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).
		Select(sessionColumns).Where("id = ?", id).Take(&row).Error
	return row.session(), translate(err)
}

// LockSessionOf implements identity.Store. Only the session is locked: which of
// its tokens are used must be read afterwards, by a statement that sees what was
// committed while this one waited.
func (s IdentityStore) LockSessionOf(ctx context.Context, token identity.TokenHash) (identity.Session, error) {
	var id domain.ID
	err := query(ctx).QueryRow(ctx, `SELECT session_id FROM refresh_token WHERE hash = $1`, token[:]).Scan(&id)
	if err != nil {
		return identity.Session{}, translate(err)
	}
	return s.LockSession(ctx, id)
}

// SaveSession implements identity.Store.
func (IdentityStore) SaveSession(ctx context.Context, s identity.Session) error {
	row := sessionRowOf(s)
	return rows(ctx).Model(&sessionRow{}).Where("id = ?", s.ID).
		Select("last_used_at", "expires_at", "ended_at", "ended_why").UpdateColumns(&row).Error
}

// LiveSessions implements identity.Store.
func (IdentityStore) LiveSessions(ctx context.Context, person domain.ID, now time.Time, limit int) ([]identity.Session, error) {
	var found []sessionRow
	err := rows(ctx).Select(sessionColumns).
		Where("person_id = ? AND ended_at IS NULL AND expires_at > ?", person, now).
		Order("last_used_at DESC, id DESC").Limit(limit).Find(&found).Error
	if err != nil {
		return nil, err
	}
	sessions := make([]identity.Session, len(found))
	for i, row := range found {
		sessions[i] = row.session()
	}
	return sessions, nil
}

// Living implements identity.Store, by session_pkey.
func (IdentityStore) Living(ctx context.Context, ids []domain.ID, now time.Time) ([]domain.ID, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT id FROM session WHERE id = ANY ($1) AND ended_at IS NULL AND expires_at > $2`, ids, now)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[domain.ID])
}

// EndSessions implements identity.Store.
func (IdentityStore) EndSessions(ctx context.Context, person domain.ID, now time.Time, why identity.Ending) ([]domain.ID, error) {
	found, err := query(ctx).Query(ctx, `
		UPDATE session
		   SET ended_at = $2, ended_why = $3
		 WHERE person_id = $1 AND ended_at IS NULL
		RETURNING id`, person, now, why)
	if err != nil {
		return nil, fmt.Errorf("end all sessions: %w", err)
	}
	return pgx.CollectRows(found, pgx.RowTo[domain.ID])
}

// AddRefreshToken implements identity.Store.
func (IdentityStore) AddRefreshToken(ctx context.Context, t identity.RefreshToken) error {
	_, err := query(ctx).Exec(ctx, `INSERT INTO refresh_token (hash, session_id, issued_at) VALUES ($1, $2, $3)`,
		t.Hash[:], t.Session, t.IssuedAt)
	return err
}

// UseRefreshToken implements identity.Store.
func (IdentityStore) UseRefreshToken(ctx context.Context, hash identity.TokenHash, now time.Time) error {
	_, err := query(ctx).Exec(ctx, `UPDATE refresh_token SET used_at = $2 WHERE hash = $1`, hash[:], now)
	return err
}

// RefreshTokens implements identity.Store.
func (IdentityStore) RefreshTokens(ctx context.Context, hashes []identity.TokenHash) ([]identity.RefreshToken, error) {
	wanted := make([][]byte, len(hashes))
	for i := range hashes {
		wanted[i] = hashes[i][:]
	}
	found, err := query(ctx).Query(ctx, `
		SELECT hash, session_id, issued_at, used_at
		  FROM refresh_token
		 WHERE hash = ANY ($1)`, wanted)
	if err != nil {
		return nil, fmt.Errorf("find refresh tokens: %w", err)
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (identity.RefreshToken, error) {
		var t identity.RefreshToken
		var hash []byte
		var used *time.Time
		if err := row.Scan(&hash, &t.Session, &t.IssuedAt, &used); err != nil {
			return t, err
		}
		copy(t.Hash[:], hash)
		t.IssuedAt, t.UsedAt = t.IssuedAt.UTC(), moment(used)
		return t, nil
	})
}

// keysLock is the advisory lock under which signing keys change; any number will
// do that no other part of the program takes.
const keysLock = 0x686f7261_6b657973 // "horakeys"

// LockKeys implements identity.Store.
func (IdentityStore) LockKeys(ctx context.Context) error {
	_, err := query(ctx).Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(keysLock))
	return err
}

// Keys implements identity.Store.
func (IdentityStore) Keys(ctx context.Context, purpose identity.Purpose) ([]identity.Key, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT kid, secret, created_at, retired_at
		  FROM signing_key
		 WHERE purpose = $1
		 ORDER BY created_at DESC, kid DESC`, purpose)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (identity.Key, error) {
		key := identity.Key{Purpose: purpose}
		var retired *time.Time
		if err := row.Scan(&key.ID, &key.Secret, &key.CreatedAt, &retired); err != nil {
			return key, err
		}
		key.CreatedAt, key.RetiredAt = key.CreatedAt.UTC(), moment(retired)
		return key, nil
	})
}

// AddKey implements identity.Store.
func (IdentityStore) AddKey(ctx context.Context, k identity.Key) error {
	_, err := query(ctx).Exec(ctx, `INSERT INTO signing_key (kid, purpose, secret, created_at) VALUES ($1, $2, $3, $4)`,
		k.ID, k.Purpose, k.Secret, k.CreatedAt)
	return err
}

// RetireKeys implements identity.Store.
func (IdentityStore) RetireKeys(ctx context.Context, purpose identity.Purpose, at time.Time) error {
	_, err := query(ctx).Exec(ctx, `UPDATE signing_key SET retired_at = $2 WHERE purpose = $1 AND retired_at IS NULL`,
		purpose, at)
	return err
}

// Bucket implements identity.Store.
func (IdentityStore) Bucket(ctx context.Context, key string) (time.Time, error) {
	var full time.Time
	err := query(ctx).QueryRow(ctx, `SELECT tat FROM throttle WHERE key = $1`, key).Scan(&full)
	if errors.Is(err, pgx.ErrNoRows) {
		return time.Time{}, nil
	}
	return full, err
}

// The pointless update is what locks a bucket that stands already. Buckets are
// locked in the order of their keys, so two that need the same never wait in a ring.
const lockBucketsSQL = `
INSERT INTO throttle (key, tat)
SELECT key, $2 FROM unnest($1::text[]) AS key ORDER BY key
ON CONFLICT (key) DO UPDATE SET tat = throttle.tat
RETURNING key, tat`

// LockBuckets implements identity.Store.
func (IdentityStore) LockBuckets(ctx context.Context, keys []string, now time.Time) (map[string]time.Time, error) {
	found, err := query(ctx).Query(ctx, lockBucketsSQL, keys, now)
	if err != nil {
		return nil, fmt.Errorf("lock buckets: %w", err)
	}
	full := make(map[string]time.Time, len(keys))
	var key string
	var tat time.Time
	_, err = pgx.ForEachRow(found, []any{&key, &tat}, func() error {
		full[key] = tat
		return nil
	})
	return full, err
}

const fillBucketsSQL = `
INSERT INTO throttle (key, tat)
SELECT key, tat FROM unnest($1::text[], $2::timestamptz[]) AS b (key, tat)
ON CONFLICT (key) DO UPDATE SET tat = excluded.tat`

// FillBuckets implements identity.Store.
func (IdentityStore) FillBuckets(ctx context.Context, full map[string]time.Time) error {
	keys := slices.Sorted(maps.Keys(full))
	tats := make([]time.Time, len(keys))
	for i, key := range keys {
		tats[i] = full[key]
	}
	_, err := query(ctx).Exec(ctx, fillBucketsSQL, keys, tats)
	return err
}

// Prune implements identity.Store. Tokens go with their session.
func (IdentityStore) Prune(ctx context.Context, now, tokensBefore, sessionsBefore, doorsBefore time.Time) error {
	var batch pgx.Batch
	batch.Queue(`DELETE FROM throttle WHERE tat <= $1`, now)
	batch.Queue(`DELETE FROM refresh_token WHERE used_at < $1`, tokensBefore)
	batch.Queue(`DELETE FROM session WHERE ended_at < $1 OR expires_at < $1`, sessionsBefore)
	batch.Queue(`DELETE FROM sign_in_link WHERE created_at < $1`, doorsBefore)
	batch.Queue(`DELETE FROM ceremony WHERE created_at < $1`, doorsBefore)
	return query(ctx).SendBatch(ctx, &batch).Close()
}

// filled is how an absent value is stored: as NULL, not as an empty one.
func filled[T comparable](value T) *T {
	var empty T
	if value == empty {
		return nil
	}
	return &value
}
