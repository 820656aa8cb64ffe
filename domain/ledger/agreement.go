// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Agreement is what comparing two communities' mirrors of one another found.
type Agreement struct {
	A, B        MirrorAccount // A's mirror of B and B's of A
	Open        []Pair        // under way: opened on one side, not answered on the other
	Differences []string      // what open pairs do not explain; each names the pair where it can
}

// compareTries bounds how often a comparison waits for a quiet moment.
const compareTries = 10

// MirrorsAgree compares the mirrors of two communities: their balances are
// opposite, but for the pairs that are open. No transaction sees both ledgers, so
// A's is read before and after B's; when nothing moved in between, the three are
// one moment.
func (s *Service) MirrorsAgree(ctx context.Context, a, b domain.ID) (Agreement, error) {
	for try := range compareTries {
		before, err := s.reflect(ctx, a, b, nil)
		if err != nil {
			return Agreement{}, err
		}
		theirs, err := s.reflect(ctx, b, a, ids(before.Open))
		if err != nil {
			return Agreement{}, err
		}
		after, err := s.reflect(ctx, a, b, ids(theirs.Open))
		if err != nil {
			return Agreement{}, err
		}
		if before.still(after) {
			return s.explained(ctx, after, theirs)
		}
		if err := wait(ctx, time.Duration(1+try)*10*time.Millisecond); err != nil {
			return Agreement{}, err
		}
	}
	return Agreement{}, fmt.Errorf("hours move too often between %s and %s to compare them now", a, b)
}

func (s *Service) reflect(ctx context.Context, community, partner domain.ID, halves []domain.ID) (Reflection, error) {
	var r Reflection
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		r, err = s.store.Reflect(ctx, community, partner, halves)
		return err
	})
	return r, err
}

// explained weighs the difference of two balances against what is under way, and
// looks for the pairs at fault when that is not all of it.
func (s *Service) explained(ctx context.Context, a, b Reflection) (Agreement, error) {
	found := Agreement{A: a.Mirror, B: b.Mirror}
	unexplained := a.Mirror.Balance + b.Mirror.Balance
	for _, side := range []struct{ open, halves []Pair }{{a.Open, b.Halves}, {b.Open, a.Halves}} {
		for _, p := range side.open {
			if !slices.ContainsFunc(side.halves, func(h Pair) bool { return h.same(p.answer()) && h.State == PairCompleted }) {
				found.Open = append(found.Open, p)
				unexplained -= p.Minutes
			}
		}
	}
	if unexplained == 0 {
		return found, nil
	}
	found.Differences = append(found.Differences, fmt.Sprintf("the mirrors stand at %d and %d minutes, of which open pairs do not explain %d",
		a.Mirror.Balance, b.Mirror.Balance, unexplained))
	strays, err := s.strays(ctx, a.Mirror, b.Mirror)
	found.Differences = append(found.Differences, strays...)
	return found, err
}

// strays goes through the pairs of both sides by id, and names those whose halves
// moved the mirrors differently. It stops after many: the reader has seen enough.
func (s *Service) strays(ctx context.Context, a, b MirrorAccount) ([]string, error) {
	const enough = 20
	var named []string
	ours, theirs := &pairReader{s: s, mirror: a}, &pairReader{s: s, mirror: b}
	for len(named) < enough {
		p, q := ours.peek(ctx), theirs.peek(ctx)
		if ours.err != nil || theirs.err != nil || (p == nil && q == nil) {
			break
		}
		if p != nil && q != nil && p.ID == q.ID {
			if p.onMirror()+q.onMirror() != 0 && p.State != PairOpen && q.State != PairOpen {
				named = append(named, fmt.Sprintf("pair %s: %s of %d minutes here, %s of %d there", p.ID, p.State, p.Minutes, q.State, q.Minutes))
			}
			ours.next()
			theirs.next()
			continue
		}
		alone, reader := p, ours
		if p == nil || (q != nil && strings.Compare(q.ID.String(), p.ID.String()) < 0) {
			alone, reader = q, theirs
		}
		if alone.State == PairCompleted {
			named = append(named, fmt.Sprintf("pair %s: %s of %d minutes in %s, unknown to its partner", alone.ID, alone.State, alone.Minutes, alone.Community))
		}
		reader.next()
	}
	if ours.err != nil {
		return named, ours.err
	}
	return named, theirs.err
}

// pairReader reads one side's pairs by id, a page at a time.
type pairReader struct {
	s      *Service
	mirror MirrorAccount
	page   []Pair
	last   domain.ID
	ended  bool
	err    error
}

// peek is the next pair; nil at the end.
func (r *pairReader) peek(ctx context.Context) *Pair {
	const atOnce = 1000
	if len(r.page) == 0 && !r.ended && r.err == nil && r.mirror.Account != domain.Nowhere {
		r.err = r.s.tx.InTx(ctx, r.mirror.Community, func(ctx context.Context, _ time.Time) (err error) {
			r.page, err = r.s.store.PairsWith(ctx, r.mirror.Community, r.mirror.Partner, r.last, atOnce)
			return err
		})
		r.ended = len(r.page) < atOnce
	}
	if len(r.page) == 0 {
		return nil
	}
	return &r.page[0]
}

func (r *pairReader) next() { r.last, r.page = r.page[0].ID, r.page[1:] }

// still says whether nothing moved on a side between two readings.
func (r Reflection) still(later Reflection) bool {
	return r.Mirror.Entries == later.Mirror.Entries && slices.Equal(ids(r.Open), ids(later.Open))
}

func ids(pairs []Pair) []domain.ID {
	all := make([]domain.ID, len(pairs))
	for i, p := range pairs {
		all[i] = p.ID
	}
	return all
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
