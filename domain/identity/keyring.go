// SPDX-License-Identifier: AGPL-3.0-or-later

package identity

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Keyring hands out the keys all nodes share. It makes the first of each purpose
// when it is needed, and reads the list again now and then, so that a rotation on
// one node reaches the others. It must be asked outside a transaction: a key that
// was rolled back must not be remembered.
type Keyring struct {
	tx    domain.Tx
	store Store
	clock domain.Clock

	mu   sync.Mutex
	read map[Purpose]reading
}

// reading is the list of all keys as it was at a moment, newest first.
type reading struct {
	keys []Key
	at   time.Time
}

// NewKeyring opens the shared keys.
func NewKeyring(tx domain.Tx, store Store, clock domain.Clock) *Keyring {
	return &Keyring{tx: tx, store: store, clock: clock, read: map[Purpose]reading{}}
}

// Trusted lists the keys whose work is to be believed, newest first.
func (k *Keyring) Trusted(ctx context.Context, purpose Purpose) ([]Key, error) {
	return k.trusted(ctx, purpose, keyRemembered)
}

// Known lists all keys there ever were, the retired among them, newest first: for
// what is kept long after the key that signed it.
func (k *Keyring) Known(ctx context.Context, purpose Purpose) ([]Key, error) {
	keys, _, err := k.known(ctx, purpose, keyRemembered)
	return keys, err
}

// Signer is the key to work with now.
func (k *Keyring) Signer(ctx context.Context, purpose Purpose) (Key, error) {
	keys, err := k.Trusted(ctx, purpose)
	if err != nil {
		return Key{}, err
	}
	return signer(keys, k.clock.Now()), nil
}

// Find looks a trusted key up by its name; ok is false when there is none. A name
// it does not know may be a new key's, so it reads the list again, but at most
// once a second, whatever strangers write into their tokens.
func (k *Keyring) Find(ctx context.Context, purpose Purpose, id string) (key Key, ok bool, err error) {
	for _, patience := range []time.Duration{keyRemembered, time.Second} {
		keys, err := k.trusted(ctx, purpose, patience)
		if err != nil {
			return Key{}, false, err
		}
		for _, key := range keys {
			if key.ID == id {
				return key, true, nil
			}
		}
	}
	return Key{}, false, nil
}

// Rotate adds a key and lets the older ones retire once nothing that they made is
// in use any more. The new key signs from a minute later.
func (k *Keyring) Rotate(ctx context.Context, purpose Purpose) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.read, purpose)
	return k.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) error {
		if err := k.store.LockKeys(ctx); err != nil {
			return err
		}
		if err := k.store.RetireKeys(ctx, purpose, now.Add(keySettles+keyHandover)); err != nil {
			return err
		}
		return k.store.AddKey(ctx, newKey(purpose, now))
	})
}

func (k *Keyring) trusted(ctx context.Context, purpose Purpose, patience time.Duration) ([]Key, error) {
	keys, asOf, err := k.known(ctx, purpose, patience)
	return trusted(keys, asOf), err
}

// known believes the last reading for as long as patience goes; one of the keys is
// trusted at the moment that it answers. The lock is held while reading, so that a
// busy node asks once.
func (k *Keyring) known(ctx context.Context, purpose Purpose, patience time.Duration) (keys []Key, now time.Time, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now = k.clock.Now()
	last := k.read[purpose]
	if age := now.Sub(last.at); age >= 0 && age < patience && len(trusted(last.keys, now)) > 0 {
		return last.keys, now, nil
	}
	err = k.tx.InPlatform(ctx, func(ctx context.Context, now time.Time) (err error) {
		keys, err = k.readOrMake(ctx, purpose, now)
		return err
	})
	if err != nil {
		return nil, now, err
	}
	k.read[purpose] = reading{keys: keys, at: now}
	return keys, now, nil
}

// readOrMake reads all keys. When none is trusted it takes the lock and looks once
// more: of several nodes that start at once, one makes the key.
func (k *Keyring) readOrMake(ctx context.Context, purpose Purpose, now time.Time) (known []Key, err error) {
	for _, locked := range []bool{false, true} {
		if locked {
			if err := k.store.LockKeys(ctx); err != nil {
				return nil, err
			}
		}
		all, err := k.store.Keys(ctx, purpose)
		if err != nil {
			return nil, err
		}
		if len(trusted(all, now)) > 0 {
			return all, nil
		}
		known = all
	}
	key := newKey(purpose, now)
	return append([]Key{key}, known...), k.store.AddKey(ctx, key)
}

func newKey(purpose Purpose, now time.Time) Key {
	key := Key{ID: domain.NewID().String(), Purpose: purpose, Secret: make([]byte, 32), CreatedAt: now}
	_, _ = rand.Read(key.Secret) // never fails: without randomness the program stops
	return key
}
