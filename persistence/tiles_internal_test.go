// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/testonly"
	"pgregory.net/rapid"
)

// kept is a tree as the database keeps it: full tiles, and the events.
type kept struct {
	size   uint64
	tiles  map[tileID][]byte
	leaves [][]byte
	root   []byte
}

// read answers like nodes does, and counts what it read.
func (k *kept) read(t fataler, ids []compact.NodeID) (hashes [][]byte, read int) {
	t.Helper()
	l := lookup{size: k.size, tiles: map[tileID][]byte{}, leaves: map[uint64][]byte{}}
	for _, id := range ids {
		l.hash(id)
	}
	for id := range l.tiles {
		if l.tiles[id] = k.tiles[id]; l.tiles[id] == nil {
			t.Fatalf("of %d leaves, tile %+v is asked for and not there", k.size, id)
		}
	}
	for i := range l.leaves {
		l.leaves[i] = k.leaves[i]
	}
	for _, id := range ids {
		hashes = append(hashes, l.hash(id))
	}
	return hashes, len(l.tiles) + len(l.leaves)
}

type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// grow seals so many more leaves, as Extend does.
func (k *kept) grow(t fataler, by int) (read int) {
	t.Helper()
	inRange, onEdge := edgeNodes(k.size)
	hashes, read := k.read(t, append(inRange, onEdge...))
	s, err := newSapling(k.size, hashes)
	if err != nil {
		t.Fatal(err)
	}
	for range by {
		leaf := hasher.HashLeaf(binary.BigEndian.AppendUint64(nil, k.size))
		if err := s.add(leaf); err != nil {
			t.Fatal(err)
		}
		k.leaves = append(k.leaves, leaf)
		k.size++
	}
	for _, f := range s.filled() {
		if _, twice := k.tiles[f.tileID]; twice || !f.fullIn(k.size) || len(f.hashes) != tileWidth*hashSize {
			t.Fatalf("of %d leaves, tile %+v of %d bytes is kept", k.size, f.tileID, len(f.hashes))
		}
		k.tiles[f.tileID] = f.hashes
	}
	if k.root, err = s.root(); err != nil {
		t.Fatal(err)
	}
	return read
}

func (k *kept) follow(t fataler, path proof.Nodes) (hashes [][]byte, read int) {
	t.Helper()
	hashes, read = k.read(t, path.IDs)
	hashes, err := path.Rehash(hashes, hasher.HashChildren)
	if err != nil {
		t.Fatal(err)
	}
	return hashes, read
}

// However it grew, the tree is the one of RFC 6962, and everything in it is found
// with a few reads.
func TestATreeInTilesIsTheTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, whole := &kept{tiles: map[tileID][]byte{}}, testonly.New(hasher)
		for _, by := range rapid.SliceOfN(rapid.OneOf(rapid.IntRange(1, 40), rapid.IntRange(200, 5000)), 1, 8).Draw(t, "seals") {
			before, old := int64(k.size), k.root
			if read := k.grow(t, by); read > 150 {
				t.Fatalf("%d reads to go on from %d leaves", read, before)
			}
			for i := before; i < int64(k.size); i++ {
				whole.AppendData(binary.BigEndian.AppendUint64(nil, uint64(i)))
			}
			if !bytes.Equal(k.root, whole.Hash()) {
				t.Fatalf("another root of %d leaves", k.size)
			}
			path, err := proof.Consistency(uint64(before), k.size)
			if err != nil {
				t.Fatal(err)
			}
			hashes, _ := k.follow(t, path)
			if err := proof.VerifyConsistency(hasher, uint64(before), k.size, hashes, old, k.root); err != nil {
				t.Fatalf("from %d to %d: %v", before, k.size, err)
			}
		}
		for _, index := range rapid.SliceOfN(rapid.Uint64Range(0, k.size-1), 1, 20).Draw(t, "indexes") {
			path, err := proof.Inclusion(index, k.size)
			if err != nil {
				t.Fatal(err)
			}
			hashes, read := k.follow(t, path)
			if err := proof.VerifyInclusion(hasher, index, k.size, k.leaves[index], hashes, k.root); err != nil {
				t.Fatalf("%d of %d: %v", index, k.size, err)
			}
			if read > 150 {
				t.Fatalf("%d reads to prove one of %d leaves", read, k.size)
			}
		}
	})
}

// A tree with a filled tile of level 12, and hashes of level 16 that fill none.
func TestALargeTreeInTiles(t *testing.T) {
	k := &kept{tiles: map[tileID][]byte{}}
	most := 0
	for _, by := range []int{1 << 16, 1, 1<<17 - 1<<16 - 1, 1, 15, 40_000} {
		most = max(most, k.grow(t, by))
		for index := uint64(0); index < k.size; index += 7_777 {
			path, err := proof.Inclusion(index, k.size)
			if err != nil {
				t.Fatal(err)
			}
			hashes, read := k.follow(t, path)
			if err := proof.VerifyInclusion(hasher, index, k.size, k.leaves[index], hashes, k.root); err != nil {
				t.Fatalf("%d of %d: %v", index, k.size, err)
			}
			most = max(most, read)
		}
	}
	t.Logf("%d leaves, %d tiles, at most %d reads", k.size, len(k.tiles), most)
	if most > 100 {
		t.Errorf("%d reads at once", most)
	}
}
