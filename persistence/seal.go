// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// SealStore implements ledger.Tree.
type SealStore struct{}

var _ ledger.Tree = SealStore{}

// Last implements ledger.Tree, by the primary key backwards.
func (SealStore) Last(ctx context.Context, community domain.ID) (ledger.Checkpoint, error) {
	last := ledger.Checkpoint{Community: community}
	err := query(ctx).QueryRow(ctx, `
		SELECT size, root, note, sealed_at
		  FROM journal.seal
		 WHERE community_id = $1
		 ORDER BY size DESC
		 LIMIT 1`, community).Scan(&last.Size, &last.Root, &last.Note, &last.SealedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return last, err
}

// Extend implements ledger.Tree. It reads the tree's right edge and the new events,
// however large the tree is.
func (s SealStore) Extend(ctx context.Context, community domain.ID, limit int, seal func(int64, []byte) (ledger.Checkpoint, error)) (int, error) {
	last, err := s.hold(ctx, community)
	if err != nil {
		return 0, err
	}
	inRange, onEdge := edgeNodes(uint64(last.Size))
	hashes, err := nodes(ctx, community, last.Size, append(inRange, onEdge...))
	if err != nil {
		return 0, err
	}
	tree, err := newSapling(uint64(last.Size), hashes)
	if err != nil {
		return 0, err
	}
	size, err := grow(ctx, community, tree, last.Size, limit)
	if err != nil || size == last.Size {
		return 0, err
	}
	root, err := tree.root()
	if err != nil {
		return 0, err
	}
	made, err := seal(size, root)
	if err != nil {
		return 0, err
	}
	return int(size - last.Size), keepSeal(ctx, made, tree.filled())
}

// hold takes the row of the notary's cursor, which makes other notaries wait, and
// answers the last seal. The cursor only says where something is left to seal; how
// far it came is what the seals say, and it is put right where it differs.
func (s SealStore) hold(ctx context.Context, community domain.ID) (ledger.Checkpoint, error) {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO journal.cursor AS c (community_id, reader, pos) VALUES ($1, $2, 0)
		ON CONFLICT (community_id, reader) DO UPDATE SET pos = c.pos`, community, ledger.SealReader)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	last, err := s.Last(ctx, community)
	if err != nil {
		return last, err
	}
	_, err = query(ctx).Exec(ctx, `
		UPDATE journal.cursor SET pos = $3 WHERE community_id = $1 AND reader = $2 AND pos <> $3`,
		community, ledger.SealReader, last.Size)
	return last, err
}

// grow adds the events after a position to the tree, and answers the last one's.
func grow(ctx context.Context, community domain.ID, tree *sapling, size int64, limit int) (int64, error) {
	events, err := query(ctx).Query(ctx, `
		SELECT pos, at, digest
		  FROM journal.event
		 WHERE community_id = $1 AND pos > $2
		 ORDER BY pos
		 LIMIT $3`, community, size, limit)
	if err != nil {
		return size, err
	}
	var pos int64
	var at time.Time
	var digest []byte
	_, err = pgx.ForEachRow(events, []any{&pos, &at, &digest}, func() error {
		if size++; pos != size {
			return fmt.Errorf("seal community %s: position %d is missing, %d comes next", community, size, pos)
		}
		return tree.add(hasher.HashLeaf(ledger.Leaf(pos, at, digest)))
	})
	return size, err
}

func keepSeal(ctx context.Context, c ledger.Checkpoint, tiles []tile) error {
	levels, indexes, hashes := make([]int16, len(tiles)), make([]int64, len(tiles)), make([][]byte, len(tiles))
	for i, t := range tiles {
		levels[i], indexes[i], hashes[i] = int16(t.Level), int64(t.Index), t.hashes
	}
	_, err := query(ctx).Exec(ctx, `SELECT journal.keep_seal($1, $2, $3, $4, $5, $6, $7, $8)`,
		c.Community, c.Size, c.Root, c.Note, c.SealedAt, levels, indexes, hashes)
	if err != nil {
		return err
	}
	return JournalStore{}.Advance(ctx, c.Community, ledger.SealReader, c.Size)
}

// positionSQL finds a transfer's posting by posting_at_idx: there is no index by
// its id, which nothing else asks for and every posting would pay.
const positionSQL = `
SELECT e.pos, e.at, e.body
  FROM ledger.posting p
  JOIN journal.event e ON e.community_id = p.community_id AND e.pos = p.pos
 WHERE p.community_id = $1 AND p.at = $2 AND p.id = $3`

// Verify implements ledger.Tree.
func (SealStore) Verify(ctx context.Context, community domain.ID, watch ledger.Watch, signed ...ledger.Checkpoint) (ledger.Verification, error) {
	return verifyBooks(ctx, community, watch, signed...)
}

// Prove implements ledger.Tree.
func (SealStore) Prove(ctx context.Context, seal ledger.Checkpoint, t ledger.Transfer) (ledger.InclusionProof, bool, error) {
	p := ledger.InclusionProof{Checkpoint: seal}
	err := query(ctx).QueryRow(ctx, positionSQL, t.Community, t.At, t.Posting).Scan(&p.Position, &p.At, &p.Body)
	if err != nil || p.Position > seal.Size {
		return p, false, translate(err)
	}
	p.At = p.At.UTC()
	digest := sha256.Sum256(p.Body)
	p.Leaf = hasher.HashLeaf(ledger.Leaf(p.Position, p.At, digest[:]))
	path, err := proof.Inclusion(uint64(p.Position-1), uint64(seal.Size))
	if err != nil {
		return p, false, err
	}
	p.Hashes, err = follow(ctx, seal, path)
	return p, err == nil, err
}

// Consistency implements ledger.Tree.
func (SealStore) Consistency(ctx context.Context, size int64, seal ledger.Checkpoint) ([][]byte, error) {
	path, err := proof.Consistency(uint64(size), uint64(seal.Size))
	if err != nil {
		return nil, err
	}
	return follow(ctx, seal, path)
}

// follow reads the hashes on a path.
func follow(ctx context.Context, seal ledger.Checkpoint, path proof.Nodes) ([][]byte, error) {
	hashes, err := nodes(ctx, seal.Community, seal.Size, path.IDs)
	if err != nil {
		return nil, err
	}
	return path.Rehash(hashes, hasher.HashChildren)
}

// nodes reads the hashes of complete nodes of a tree that was sealed up to a size,
// two statements whatever their number, by the primary keys.
func nodes(ctx context.Context, community domain.ID, size int64, ids []compact.NodeID) ([][]byte, error) {
	found := lookup{size: uint64(size), tiles: map[tileID][]byte{}, leaves: map[uint64][]byte{}}
	for _, id := range ids {
		found.hash(id)
	}
	tiles, err := readTiles(ctx, community, found.tiles)
	if err != nil {
		return nil, err
	}
	leaves, err := readLeaves(ctx, community, found.leaves)
	if err != nil {
		return nil, err
	}
	if tiles != len(found.tiles) || leaves != len(found.leaves) {
		return nil, fmt.Errorf("the sealed tree of community %s has lost %d tiles and %d events; hora verify tells more",
			community, len(found.tiles)-tiles, len(found.leaves)-leaves)
	}
	hashes := make([][]byte, len(ids))
	for i, id := range ids {
		hashes[i] = found.hash(id)
	}
	return hashes, nil
}

// readTiles fills in those that there are, and counts them.
func readTiles(ctx context.Context, community domain.ID, into map[tileID][]byte) (found int, err error) {
	var levels []int16
	var indexes []int64
	for id := range into {
		levels, indexes = append(levels, int16(id.Level)), append(indexes, int64(id.Index))
	}
	if len(levels) == 0 {
		return 0, nil
	}
	rows, err := query(ctx).Query(ctx, `
		SELECT t.level, t.idx, t.hashes
		  FROM unnest($2::smallint[], $3::bigint[]) AS w (level, idx)
		  JOIN journal.tile t ON t.community_id = $1 AND t.level = w.level AND t.idx = w.idx`, community, levels, indexes)
	if err != nil {
		return 0, err
	}
	var level, index int64
	var hashes []byte
	_, err = pgx.ForEachRow(rows, []any{&level, &index, &hashes}, func() error {
		found++
		into[tileID{uint(level), uint64(index)}] = hashes
		return nil
	})
	return found, err
}

// readLeaves fills in those that there are, and counts them.
func readLeaves(ctx context.Context, community domain.ID, into map[uint64][]byte) (found int, err error) {
	var positions []int64
	for index := range into {
		positions = append(positions, int64(index)+1)
	}
	if len(positions) == 0 {
		return 0, nil
	}
	rows, err := query(ctx).Query(ctx, `
		SELECT pos, at, digest
		  FROM journal.event
		 WHERE community_id = $1 AND pos = ANY ($2)`, community, positions)
	if err != nil {
		return 0, err
	}
	var pos int64
	var at time.Time
	var digest []byte
	_, err = pgx.ForEachRow(rows, []any{&pos, &at, &digest}, func() error {
		found++
		into[uint64(pos-1)] = hasher.HashLeaf(ledger.Leaf(pos, at, digest))
		return nil
	})
	return found, err
}
