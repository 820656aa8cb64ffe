// SPDX-License-Identifier: AGPL-3.0-or-later

// Package password keeps passwords as argon2id hashes. The hash is costly in
// memory on purpose, which is a lever for whoever wants to exhaust the server, so
// only a few are made at a time.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Cost is what one hash takes.
type Cost struct {
	MemoryKiB uint32
	Passes    uint32
	Threads   uint8
}

// Recommended is the least that OWASP's password storage cheat sheet asks of
// argon2id; raising it makes older hashes stale, and a sign-in renews them.
var Recommended = Cost{MemoryKiB: 19 * 1024, Passes: 2, Threads: 1}

// dearest bounds what a hash read from the database may make the server spend.
var dearest = Cost{MemoryKiB: 256 * 1024, Passes: 16, Threads: 8}

const (
	saltSize = 16
	keySize  = 32
)

// Hasher hashes and verifies passwords, at most a few at a time.
type Hasher struct {
	cost  Cost
	slots chan struct{}
	dummy hashed
	// derive is argon2.IDKey; the package's own tests count its calls.
	derive func(password, salt []byte, passes, memory uint32, threads uint8, size uint32) []byte
}

// New makes a hasher that works on at most parallel passwords at once; the others
// wait, as long as their context allows.
func New(cost Cost, parallel int) *Hasher {
	return &Hasher{
		cost:   cost,
		slots:  make(chan struct{}, parallel),
		dummy:  hashed{cost: cost, salt: make([]byte, saltSize), key: make([]byte, keySize)},
		derive: argon2.IDKey,
	}
}

// Hash makes the text to keep, in the PHC string format.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	made := hashed{cost: h.cost, salt: make([]byte, saltSize)}
	_, _ = rand.Read(made.salt) // never fails: without randomness the program stops
	key, err := h.work(ctx, made, password)
	if err != nil {
		return "", err
	}
	made.key = key
	return made.String(), nil
}

// Verify compares a password with a kept hash; stale says that the hash is cheaper
// than those made today. An empty hash costs the same work and is never right.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (right, stale bool, err error) {
	kept := h.dummy
	if hash != "" {
		if kept, err = parse(hash); err != nil {
			return false, false, err
		}
	}
	key, err := h.work(ctx, kept, password)
	if err != nil {
		return false, false, err
	}
	right = subtle.ConstantTimeCompare(key, kept.key) == 1 && hash != ""
	return right, right && kept.cost.below(h.cost), nil
}

// work waits for a free slot and derives the key. The same é typed on two
// keyboards may differ in bytes; NFC makes it one.
func (h *Hasher) work(ctx context.Context, with hashed, password string) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
	c := with.cost
	return h.derive(norm.NFC.Bytes([]byte(password)), with.salt, c.Passes, c.MemoryKiB, c.Threads, keySize), nil
}

// below says whether one hash was cheaper in any respect.
func (c Cost) below(today Cost) bool {
	return c.MemoryKiB < today.MemoryKiB || c.Passes < today.Passes || c.Threads < today.Threads
}

// hashed is a password as it is kept.
type hashed struct {
	cost      Cost
	salt, key []byte
}

// String is the PHC form: $argon2id$v=19$m=…,t=…,p=…$salt$key.
func (h hashed) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.cost.MemoryKiB, h.cost.Passes, h.cost.Threads,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.key))
}

// errUnreadable never carries the hash itself: errors are logged.
var errUnreadable = errors.New("a kept password hash cannot be read")

func parse(text string) (hashed, error) {
	var h hashed
	var version int
	parts := strings.Split(text, "$") // "", argon2id, v=19, m=…, salt, key
	if len(parts) != 6 {
		return hashed{}, errUnreadable
	}
	_, err := fmt.Sscanf(parts[2]+","+parts[3], "v=%d,m=%d,t=%d,p=%d",
		&version, &h.cost.MemoryKiB, &h.cost.Passes, &h.cost.Threads)
	if err != nil || h.cost.Passes == 0 || h.cost.Threads == 0 || dearest.below(h.cost) {
		return hashed{}, errUnreadable
	}
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return hashed{}, errUnreadable
	}
	if h.key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return hashed{}, errUnreadable
	}
	// One spelling only: what was read is what would be written, version included.
	if len(h.key) != keySize || h.String() != text {
		return hashed{}, errUnreadable
	}
	return h, nil
}
