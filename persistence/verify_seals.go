// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

const (
	// verifiedAtOnce is how many events are read between two looks at what was
	// sealed; a multiple of what the larger tiles cover.
	verifiedAtOnce = 1 << 12
	// mostBroken bounds what is told of a journal that is all wrong.
	mostBroken = 20
)

// sealCheck grows a community's tree again from its events, and compares each
// tile and each root with what was sealed.
type sealCheck struct {
	community domain.ID
	sealed    int64 // the position of the last seal
	signed    []ledger.Checkpoint
	tree      *sapling
	tiles     int64 // that should be kept
	good      int64 // the last position whose seal was right
	wrong     bool  // a seal was not; those after it need not be told
	badLeaf   int64 // the last position whose leaf was not
	broken    []string
}

// claim is a root that the tree should have had.
type claim struct {
	ledger.Checkpoint
	foreign bool // not read from the seals: somebody kept it
}

func (c *sealCheck) tell(format string, args ...any) {
	if len(c.broken) < mostBroken {
		c.broken = append(c.broken, fmt.Sprintf(format, args...))
	}
}

// verifySeals recomputes what was sealed, from the events themselves: their
// bodies, not the digests kept beside them. It goes in small steps and remembers
// nothing but the tree's edge.
func verifySeals(ctx context.Context, community domain.ID, looked *progress, signed ...ledger.Checkpoint) (broken []string, err error) {
	last, err := SealStore{}.Last(ctx, community)
	if err != nil {
		return nil, err
	}
	c := &sealCheck{community: community, sealed: last.Size, signed: signed}
	if c.tree, err = newSapling(0, nil); err != nil {
		return nil, err
	}
	end := last.Size
	for _, s := range signed {
		if s.Size > end {
			end = s.Size
			c.tell("position %d: a checkpoint was signed here, and the last seal is of position %d", s.Size, last.Size)
		}
	}
	for from := int64(0); from < end; from += verifiedAtOnce {
		if whole, err := c.step(ctx, from, min(from+verifiedAtOnce, end)); err != nil || !whole {
			return c.broken, err
		}
		looked.add(min(verifiedAtOnce, end-from))
	}
	var kept int64
	err = query(ctx).QueryRow(ctx, `SELECT count(*) FROM journal.tile WHERE community_id = $1`, community).Scan(&kept)
	if err == nil && kept > c.tiles {
		c.tell("position %d: %d tiles of the sealed tree cover more than this", last.Size, kept-c.tiles)
	}
	return c.broken, err
}

// step takes the events after a position up to another; whole is false when one
// is missing, as nothing can be said of what follows.
func (c *sealCheck) step(ctx context.Context, from, to int64) (whole bool, err error) {
	claims, err := c.claims(ctx, from, to)
	if err != nil {
		return false, err
	}
	events, err := query(ctx).Query(ctx, `
		SELECT pos, at, sha256(body)
		  FROM journal.event
		 WHERE community_id = $1 AND pos > $2 AND pos <= $3
		 ORDER BY pos`, c.community, from, to)
	if err != nil {
		return false, err
	}
	var pos int64
	var at time.Time
	var digest []byte
	_, err = pgx.ForEachRow(events, []any{&pos, &at, &digest}, func() error {
		if pos != from+1 {
			return nil // one is missing
		}
		from = pos
		if err := c.tree.add(hasher.HashLeaf(ledger.Leaf(pos, at, digest))); err != nil {
			return err
		}
		for len(claims) > 0 && claims[0].Size == pos {
			if err := c.judge(claims[0]); err != nil {
				return err
			}
			claims = claims[1:]
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	if from < to {
		c.tell("position %d: an event was sealed here and is missing", from+1)
		return false, nil
	}
	return true, c.compare(ctx)
}

// claims are the seals of some sizes, and the checkpoints that somebody kept.
func (c *sealCheck) claims(ctx context.Context, from, to int64) ([]claim, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT size, root, note
		  FROM journal.seal
		 WHERE community_id = $1 AND size > $2 AND size <= $3`, c.community, from, to)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (claim, error) {
		seal := claim{Checkpoint: ledger.Checkpoint{Community: c.community}}
		err := row.Scan(&seal.Size, &seal.Root, &seal.Note)
		return seal, err
	})
	for _, s := range c.signed {
		if s.Size > from && s.Size <= to {
			all = append(all, claim{s, true})
		}
	}
	slices.SortStableFunc(all, func(a, b claim) int { return cmp.Compare(a.Size, b.Size) })
	return all, err
}

// judge compares a claim with the tree as it has grown so far.
func (c *sealCheck) judge(said claim) error {
	root, err := c.tree.root()
	switch {
	case err != nil:
		return err
	case !strings.HasPrefix(said.Note, said.Text()):
		c.tell("position %d: the seal and its note state different things", said.Size)
	case said.foreign:
		if !bytes.Equal(root, said.Root) {
			c.tell("position %d: the journal up to here is not the one that the checkpoint signed", said.Size)
		}
	case bytes.Equal(root, said.Root):
		c.good = said.Size
	case !c.wrong:
		c.wrong = true
		c.tell("positions %d to %d: the events are not those that were sealed", c.good+1, said.Size)
	}
	return nil
}

// compare looks at the tiles that have filled. A leaf that differs is one event.
func (c *sealCheck) compare(ctx context.Context) error {
	filled := slices.DeleteFunc(c.tree.filled(), func(t tile) bool { return !t.fullIn(uint64(c.sealed)) })
	c.tiles += int64(len(filled))
	kept := make(map[tileID][]byte, len(filled))
	for _, t := range filled {
		kept[t.tileID] = nil
	}
	if _, err := readTiles(ctx, c.community, kept); err != nil {
		return err
	}
	for _, t := range filled {
		was := kept[t.tileID]
		first, last := t.covers()
		switch {
		case bytes.Equal(was, t.hashes):
		case len(was) != len(t.hashes):
			c.tell("positions %d to %d: hashes of the sealed tree are missing", first, last)
		case t.Level == 0:
			c.leaves(first, was, t.hashes)
		case c.badLeaf < first: // else what is above it differs as it should
			c.tell("positions %d to %d: hashes of the sealed tree were changed", first, last)
		}
	}
	return nil
}

func (c *sealCheck) leaves(first int64, was, is []byte) {
	for i := 0; i < len(is); i += hashSize {
		if !bytes.Equal(was[i:i+hashSize], is[i:i+hashSize]) {
			c.badLeaf = first + int64(i/hashSize)
			c.tell("position %d: the event is not the one that was sealed", c.badLeaf)
		}
	}
}
