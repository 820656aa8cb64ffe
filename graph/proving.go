// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/graph/model"
)

// proof shows that a transfer is sealed, to those who may read it by itself; it
// may have been reached through an account that all members see.
func (r *Resolver) proof(ctx context.Context, t *ledger.Transfer) (*model.InclusionProof, error) {
	p, sealed, err := r.Notary.Proof(ctx, actor(ctx), t.Community, t.ID)
	if errors.Is(err, domain.NotFound) || (err == nil && !sealed) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &model.InclusionProof{
		Checkpoint: p.Checkpoint.Note, Position: int(p.Position), Size: int(p.Checkpoint.Size), At: p.At,
		Body: string(p.Body), Leaf: base64.StdEncoding.EncodeToString(p.Leaf), Hashes: encoded(p.Hashes),
	}, nil
}

func (r *Resolver) checkpoint(ctx context.Context, communityOf domain.ID, since *string) (*model.Checkpoint, error) {
	c, consistency, sealed, err := r.Notary.Checkpoint(ctx, actor(ctx), communityOf, deref(since))
	if err != nil || !sealed {
		return nil, err
	}
	return &model.Checkpoint{
		Note: c.Note, Size: int(c.Size), Root: base64.StdEncoding.EncodeToString(c.Root), SealedAt: c.SealedAt, Consistency: encoded(consistency),
	}, nil
}

func encoded(hashes [][]byte) []string {
	texts := make([]string, len(hashes))
	for i, h := range hashes {
		texts[i] = base64.StdEncoding.EncodeToString(h)
	}
	return texts
}
