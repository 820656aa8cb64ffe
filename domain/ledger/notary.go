// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Notary seals communities' journals and proves what is in them. What happens is
// sealed within about a minute; nothing waits for it.
type Notary struct {
	tx     domain.Tx
	tree   Tree
	signer Signer
	hours  *Service
}

// NewNotary makes a notary of the journals in which a ledger posts.
func NewNotary(tx domain.Tx, tree Tree, signer Signer, hours *Service) *Notary {
	return &Notary{tx: tx, tree: tree, signer: signer, hours: hours}
}

// Signer puts the server's signature under checkpoints.
type Signer interface {
	// Signing readies the key of the moment. It is asked outside a transaction;
	// what it answers may then sign inside one.
	Signing(ctx context.Context) (sign func(text string) (note string, err error), err error)
	// Open answers what a note states if a key of this server signed it, today's
	// or an earlier one; else ErrNotOurs.
	Open(ctx context.Context, note string) (text string, err error)
}

// ErrNotOurs is a note that no key of this server signed.
var ErrNotOurs = errors.New("no key of this server signed the checkpoint")

// Tree is the Merkle tree over each community's journal, as the notary needs it
// kept. It only ever grows. Every call runs inside InTx of the community.
type Tree interface {
	// Extend grows the tree over the events after the last seal, at most so many,
	// keeps the seal that seal makes of the new size and root, and answers how many
	// events there were. Whoever extends the same tree waits and finds none left.
	Extend(ctx context.Context, community domain.ID, limit int, seal func(size int64, root []byte) (Checkpoint, error)) (added int, err error)
	// Last answers the last seal; its size is 0 when there is none.
	Last(ctx context.Context, community domain.ID) (Checkpoint, error)
	// Prove leads from the event that tells a transfer to a seal's root; ok is
	// false when the seal does not cover it.
	Prove(ctx context.Context, seal Checkpoint, t Transfer) (proof InclusionProof, ok bool, err error)
	// Consistency leads from the root of an older size to a seal's root.
	Consistency(ctx context.Context, size int64, seal Checkpoint) ([][]byte, error)
	// Verify recomputes the community's books like Store.Verify, and whether its
	// journal begins as checkpoints say. It tells watch how far it is.
	Verify(ctx context.Context, community domain.ID, watch Watch, signed ...Checkpoint) (Verification, error)
}

// Watch is told now and then how far a verification is: so many of about so many
// rows. It may be nil.
type Watch func(done, of int64)

// SealReader is the notary's name among the readers of the journal: where it is
// behind, there is something to seal.
const SealReader = "seal"

// sealedAtOnce bounds the events of one seal, and so what a transaction does of a
// journal that was never sealed. About a second of work.
const sealedAtOnce = 1 << 16

// Seal puts everything that happened in a community since its last seal under a
// new one. Several servers may try at once: each event is sealed once.
func (n *Notary) Seal(ctx context.Context, community domain.ID) error {
	sign, err := n.signer.Signing(ctx)
	for added := sealedAtOnce; added == sealedAtOnce && err == nil; {
		err = n.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) (err error) {
			added, err = n.tree.Extend(ctx, community, sealedAtOnce, func(size int64, root []byte) (seal Checkpoint, err error) {
				seal = Checkpoint{Community: community, Size: size, Root: root, SealedAt: now}
				seal.Note, err = sign(seal.Text())
				return seal, err
			})
			return err
		})
	}
	return err
}

// Proof shows that a transfer stands in the sealed journal, to those who may read
// the transfer; ok is false until it is sealed.
//
// Errors: NotFound.
func (n *Notary) Proof(ctx context.Context, actor domain.Actor, community, transfer domain.ID) (proof InclusionProof, ok bool, err error) {
	err = n.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		t, err := n.hours.Transfer(ctx, actor, community, transfer)
		if err != nil {
			return err
		}
		last, err := n.tree.Last(ctx, community)
		if err != nil || last.Size == 0 {
			return err
		}
		proof, ok, err = n.tree.Prove(ctx, last, t)
		return err
	})
	return proof, ok, err
}

// Checkpoint is the last seal of a community's journal, for its members, with
// what shows that it extends an older one: that one's note or only its size; ""
// for none. ok is false while nothing is sealed.
//
// Errors: NotFound, Forbidden, BadInput.
func (n *Notary) Checkpoint(ctx context.Context, actor domain.Actor, community domain.ID, since string) (last Checkpoint, consistency [][]byte, ok bool, err error) {
	err = n.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		if _, err := domain.Authorise(ctx, n.hours.access, actor, community, domain.SeeCommunity); err != nil {
			return err
		}
		if last, err = n.tree.Last(ctx, community); err != nil || last.Size == 0 {
			return err
		}
		ok = true
		if since == "" {
			return nil
		}
		size, err := sizeOf(community, since)
		if err != nil || size > last.Size {
			return domain.NewError(domain.BadInput, "since").Because(err)
		}
		consistency, err = n.tree.Consistency(ctx, size, last)
		return err
	})
	return last, consistency, ok, err
}

// Verify recomputes a community's books, the seals among them, and looks whether
// the last is signed. It is for the program's operator.
func (n *Notary) Verify(ctx context.Context, community domain.ID, watch Watch) (Verification, error) {
	var v Verification
	var last Checkpoint
	err := n.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		v, err = n.tree.Verify(ctx, community, watch) // first: it wants one snapshot
		if err == nil {
			last, err = n.tree.Last(ctx, community)
		}
		return err
	})
	if err != nil || last.Size == 0 {
		return v, err
	}
	_, err = n.signer.Open(ctx, last.Note)
	if errors.Is(err, ErrNotOurs) {
		v.Differences = append(v.Differences, fmt.Sprintf("position %d: no key of this server signed its seal", last.Size))
		err = nil
	}
	return v, err
}

// VerifyAgainst proves that the journal as it stands extends the one that a
// checkpoint signed, and that the community's books agree with it. It is for the
// program's operator; whatever differs stands in the answer.
//
// Errors: ErrNotOurs, NotFound.
func (n *Notary) VerifyAgainst(ctx context.Context, note string, watch Watch) (Checkpoint, Verification, error) {
	signed, err := ReadCheckpoint(note)
	if err != nil {
		return signed, Verification{}, err
	}
	text, err := n.signer.Open(ctx, note)
	if err == nil && text != signed.Text() {
		err = ErrNotOurs
	}
	if err != nil {
		return signed, Verification{}, err
	}
	var v Verification
	err = n.tx.InTx(ctx, signed.Community, func(ctx context.Context, _ time.Time) (err error) {
		v, err = n.tree.Verify(ctx, signed.Community, watch, signed)
		return err
	})
	return signed, v, err
}
