// SPDX-License-Identifier: AGPL-3.0-or-later

package moderation

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

// MeasureState is where a measure stands.
type MeasureState string

// The states of measures; each has one.
const (
	InEffect    MeasureState = "IN_EFFECT" // and no appeal waits
	UnderAppeal MeasureState = "APPEALED"  // its member waits for an answer, whether or not time ended it meanwhile
	Undone      MeasureState = "UNDONE"    // by somebody, for a reason
	Lapsed      MeasureState = "LAPSED"    // by time
)

var measureStates = []MeasureState{InEffect, UnderAppeal, Undone, Lapsed}

// MeasureFilter narrows a community's measures.
type MeasureFilter struct {
	Member domain.ID      // against whom; Nowhere for anybody
	States []MeasureState // empty: any
	// ToHandOver asks for those alone whose statement nobody gave yet to who reads nothing here.
	ToHandOver bool
}

// State is where a measure stands; waits says whether an appeal against it does.
func (m Measure) State(waits bool) MeasureState {
	switch {
	case waits:
		return UnderAppeal
	case m.EndedAt.IsZero():
		return InEffect
	case m.EndedBy != domain.Nowhere:
		return Undone
	}
	return Lapsed
}

func (f MeasureFilter) check() (MeasureFilter, error) {
	var c domain.Check
	for _, state := range f.States {
		c.That(slices.Contains(measureStates, state), domain.ValueUnknown, "states")
	}
	f.States = slices.Compact(slices.Sorted(slices.Values(f.States)))
	return f, c.Err()
}

// MeasuresIn lists a community's measures, newest first, for those who moderate;
// what concerns themselves is on their own page, as far as they were told, and what
// concerns their household is for others.
//
// Errors: NotFound, Forbidden, ValueUnknown.
func (s *Service) MeasuresIn(ctx context.Context, actor domain.Actor, community domain.ID, filter MeasureFilter, page domain.Page, count bool) (domain.Slice[Measure], int, error) {
	filter, wrong := filter.check()
	var found domain.Slice[Measure]
	var all int
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.Moderate)
		if err == nil {
			err = wrong
		}
		if err != nil {
			return err
		}
		near, err := s.near(ctx, community, standing.Member)
		if err != nil {
			return err
		}
		if count {
			if all, err = s.store.CountMeasures(ctx, community, near, filter); err != nil {
				return err
			}
		}
		found, err = s.store.MeasuresIn(ctx, community, near, filter, page)
		return err
	})
	return found, all, err
}

// Preview is the measure that an answer would make of a report. Nothing is kept,
// and nobody is told.
//
// Errors: those of Resolve that come before its effect.
func (s *Service) Preview(ctx context.Context, actor domain.Actor, cmd Resolve) (Measure, error) {
	var m Measure
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.Moderate)
		if err != nil {
			return err
		}
		_, charter, err := s.communities.Rules(ctx, cmd.Community, now)
		if err != nil {
			return err
		}
		if cmd, err = cmd.check(charter.Safety); err != nil {
			return err
		}
		r, err := s.report(ctx, cmd.Community, cmd.Report)
		if err != nil {
			return domain.NewError(domain.NotFound, "reportId").Because(err)
		}
		if err := s.apart(ctx, cmd.Community, standing.Member, "reportId", r.Reporter, r.Accused); err != nil {
			return err
		}
		if !r.AnsweredAt.IsZero() {
			return domain.NewError(ReportAnswered, "reportId")
		}
		m, err = cmd.measure(r, charter.Safety, standing.Member, now)
		return err
	})
	return m, err
}
