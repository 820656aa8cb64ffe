// SPDX-License-Identifier: AGPL-3.0-or-later

package token

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/ledger"
)

// SealKeys is where the keys that sign checkpoints come from; identity.Keyring is it.
type SealKeys interface {
	Signer(ctx context.Context, purpose identity.Purpose) (identity.Key, error)
	Known(ctx context.Context, purpose identity.Purpose) ([]identity.Key, error)
}

// Sealer implements ledger.Signer: it signs checkpoints as notes
// (https://c2sp.org/signed-note) with Ed25519. A note outlives its key: what any
// key ever signed is believed.
type Sealer struct{ keys SealKeys }

var _ ledger.Signer = (*Sealer)(nil)

// NewSealer makes a sealer.
func NewSealer(keys SealKeys) *Sealer { return &Sealer{keys: keys} }

// Signing implements ledger.Signer.
func (s *Sealer) Signing(ctx context.Context) (func(string) (string, error), error) {
	key, err := s.keys.Signer(ctx, identity.ForSeal)
	if err != nil {
		return nil, err
	}
	_, verifier, err := verifierKey(key)
	if err != nil {
		return nil, err
	}
	by := sealSigner{verifier, ed25519.NewKeyFromSeed(key.Secret)}
	return func(text string) (string, error) {
		signed, err := note.Sign(&note.Note{Text: text}, by)
		return string(signed), err
	}, nil
}

// Open implements ledger.Signer.
func (s *Sealer) Open(ctx context.Context, signed string) (string, error) {
	keys, err := s.keys.Known(ctx, identity.ForSeal)
	if err != nil {
		return "", err
	}
	var verifiers []note.Verifier
	for _, key := range keys {
		_, verifier, err := verifierKey(key)
		if err != nil {
			return "", err
		}
		verifiers = append(verifiers, verifier)
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(verifiers...))
	if err != nil {
		return "", errors.Join(ledger.ErrNotOurs, err)
	}
	return opened.Text, nil
}

// VerifierKeys is the document for /.well-known/hora-checkpoint-keys: the public
// half of every key that signs or signed checkpoints, newest first, a line each,
// as note.NewVerifier reads it.
func (s *Sealer) VerifierKeys(ctx context.Context) ([]byte, error) {
	keys, err := s.keys.Known(ctx, identity.ForSeal)
	if err != nil {
		return nil, err
	}
	var lines strings.Builder
	for _, key := range keys {
		line, _, err := verifierKey(key)
		if err != nil {
			return nil, err
		}
		lines.WriteString(line + "\n")
	}
	return []byte(lines.String()), nil
}

// verifierKey is a key's public half. Its name holds the key's id and nothing of
// the server's address, which may change while old notes must go on to verify.
func verifierKey(key identity.Key) (line string, verifier note.Verifier, err error) {
	line, err = note.NewEd25519VerifierKey("hora-seal/"+key.ID, publicHalf(key))
	if err == nil {
		verifier, err = note.NewVerifier(line)
	}
	if err != nil {
		err = fmt.Errorf("seal key %s: %w", key.ID, err)
	}
	return line, verifier, err
}

// sealSigner implements note.Signer.
type sealSigner struct {
	note.Verifier
	key ed25519.PrivateKey
}

// Sign implements note.Signer.
func (s sealSigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }
