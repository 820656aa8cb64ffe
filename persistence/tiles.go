// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"crypto/sha256"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
)

// A tree's hashes are kept in tiles: sixteen neighbours of every fourth level.
// The levels between, and what has not filled a tile yet, follow from them and
// from the events themselves. See docs/decisions/0011.
const (
	tileHeight = 4               // levels from one row of tiles to the next
	tileWidth  = 1 << tileHeight // hashes in a tile
	hashSize   = sha256.Size
)

var hasher = rfc6962.DefaultHasher

// tile is a row of journal.tile.
type tile struct {
	tileID
	hashes []byte // side by side
}

// tileID names a tile by its level, a multiple of tileHeight, and its place there.
type tileID struct {
	Level uint
	Index uint64
}

// tileOf is the tile that a node stands in, which must be on a row of tiles.
func tileOf(node compact.NodeID) tileID { return tileID{node.Level, node.Index / tileWidth} }

// fullIn says whether a tile is full in a tree of a size.
func (t tileID) fullIn(size uint64) bool { return (t.Index+1)<<(t.Level+tileHeight) <= size }

// covers are the first and last position under a tile.
func (t tileID) covers() (first, last int64) {
	return int64(t.Index<<(t.Level+tileHeight)) + 1, int64((t.Index + 1) << (t.Level + tileHeight))
}

// fold is the root over some neighbouring hashes; their number is a power of two.
func fold(hashes []byte) []byte {
	if len(hashes) == hashSize {
		return hashes
	}
	half := len(hashes) / 2
	return hasher.HashChildren(fold(hashes[:half]), fold(hashes[half:]))
}

// sapling is the right edge of a tree, where it grows.
type sapling struct {
	*compact.Range
	edge map[uint][]byte // by level, the hashes that have not filled a tile
	full []tile          // filled since somebody looked
}

var ranges = compact.RangeFactory{Hash: hasher.HashChildren}

// edgeNodes are the nodes that a tree of a size needs to go on growing: those of
// its compact range, then those of the tiles that are not full.
func edgeNodes(size uint64) (inRange, onEdge []compact.NodeID) {
	inRange = compact.RangeNodes(0, size, nil)
	for level := uint(0); size>>level > 0; level += tileHeight {
		end := size >> level
		for i := end / tileWidth * tileWidth; i < end; i++ {
			onEdge = append(onEdge, compact.NewNodeID(level, i))
		}
	}
	return inRange, onEdge
}

// newSapling goes on from a tree of a size, whose edge nodes have these hashes.
func newSapling(size uint64, hashes [][]byte) (*sapling, error) {
	inRange, onEdge := edgeNodes(size)
	r, err := ranges.NewRange(0, size, hashes[:len(inRange):len(inRange)])
	s := &sapling{Range: r, edge: map[uint][]byte{}}
	for i, node := range onEdge {
		s.edge[node.Level] = append(s.edge[node.Level], hashes[len(inRange)+i]...)
	}
	return s, err
}

// add appends an event's leaf hash.
func (s *sapling) add(leaf []byte) error {
	return s.Append(leaf, func(node compact.NodeID, hash []byte) {
		if node.Level%tileHeight != 0 {
			return
		}
		if s.edge[node.Level] = append(s.edge[node.Level], hash...); len(s.edge[node.Level]) == tileWidth*hashSize {
			s.full = append(s.full, tile{tileOf(node), s.edge[node.Level]})
			delete(s.edge, node.Level)
		}
	})
}

// filled are the tiles filled since the last call.
func (s *sapling) filled() []tile {
	full := s.full
	s.full = nil
	return full
}

// root is the whole tree's; that of an empty tree is nil.
func (s *sapling) root() ([]byte, error) { return s.GetRootHash(nil) }

// lookup finds the hashes of nodes in what is kept of a tree. It is walked twice:
// the first time it notes what to read.
type lookup struct {
	size   uint64 // of the tree when its tiles were last kept
	tiles  map[tileID][]byte
	leaves map[uint64][]byte // by index, which is the position less one
}

// hash is a node's, which must be complete in the tree.
func (l *lookup) hash(node compact.NodeID) []byte {
	above := node.Level % tileHeight
	first := compact.NewNodeID(node.Level-above, node.Index<<above) // leftmost below it, on a row of tiles
	if id := tileOf(first); id.fullIn(l.size) {
		from := first.Index % tileWidth * hashSize
		return fold(l.tile(id)[from : from+hashSize<<above])
	}
	var hashes []byte
	for i := first.Index; i < first.Index+1<<above; i++ {
		if first.Level == 0 {
			hashes = append(hashes, l.leaf(i)...)
		} else { // the node is complete, so the tile of those below it is full
			hashes = append(hashes, fold(l.tile(tileID{first.Level - tileHeight, i}))...)
		}
	}
	return fold(hashes)
}

var notYet [tileWidth * hashSize]byte

func (l *lookup) tile(id tileID) []byte {
	if l.tiles[id] == nil {
		l.tiles[id] = notYet[:]
	}
	return l.tiles[id]
}

func (l *lookup) leaf(index uint64) []byte {
	if l.leaves[index] == nil {
		l.leaves[index] = notYet[:hashSize]
	}
	return l.leaves[index]
}
