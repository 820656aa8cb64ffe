// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"context"
	"fmt"

	"github.com/hora-coop/hora/domain"
)

// LargestBatch is how many postings one commit takes: more would hold the
// community's head for longer than people wait.
const LargestBatch = 500

// PostBatch writes postings as if one after another, in one commit: sessions,
// grants, dues, imports. One refusal refuses all, and its field says which line,
// counted from 0 ("lines.7"). Known keys are answered with their first result.
// Batches neither fulfil holds nor cross floors.
//
// Errors: InsufficientHours, AccountClosed, IdempotencyKeyReused, each with its line.
func (s *Service) PostBatch(ctx context.Context, community domain.ID, lines []Posting) ([]Posted, error) {
	var c domain.Check
	c.That(len(lines) <= LargestBatch, domain.OutOfRange, "lines", "min", 1, "max", LargestBatch)
	if err := c.Err(); err != nil || len(lines) == 0 {
		return nil, err
	}
	for i, p := range lines {
		if err := p.Valid(); err != nil {
			return nil, AtLine(i, err)
		}
	}
	posted, low, high, err := s.store.PostBatch(ctx, community, lines)
	if err == nil && len(low)+len(high) > 0 {
		err = s.warn(ctx, community, Posted{Low: low, High: high})
	}
	return posted, err
}

// AtLine says to which line of a batch problems belong.
func AtLine(line int, err error) error {
	problems, ok := domain.Problems(err)
	if !ok {
		return err
	}
	p := *problems[0]
	p.Field = fmt.Sprintf("lines.%d", line)
	return &p
}
