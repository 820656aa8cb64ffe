// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// Sheet is a cycle's report with all that it speaks of.
type Sheet struct {
	Community community.Community
	Cycle     Cycle
	Report    Report
	Earmark   string           // what its hours were given for; empty for anything
	Projects  []Project        // none of a draw: its report is totals for everybody
	Lines     map[string]Voted // by project; empty before the count
	At        time.Time
}

// Voted is what a count says of one project.
type Voted struct{ Voters, Support int64 }

// Report adds a cycle up, to the minute.
func (s *Service) Report(ctx context.Context, actor domain.Actor, community, id domain.ID) (Report, error) {
	sheet, err := s.Sheet(ctx, actor, community, id)
	return sheet.Report, err
}

// Sheet adds a cycle up with its projects and its pool, to print or to keep.
//
// Errors: NotFound, Unauthenticated.
func (s *Service) Sheet(ctx context.Context, actor domain.Actor, community, id domain.ID) (Sheet, error) {
	var sheet Sheet
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		_, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		c, err := s.cycle(ctx, community, id)
		if err != nil {
			return err
		}
		sheet = Sheet{Cycle: c, At: now, Lines: map[string]Voted{}}
		if sheet.Community, _, err = s.communities.Rules(ctx, community, now); err != nil {
			return err
		}
		if sheet.Projects, err = s.store.ProjectsOf(ctx, community, []domain.ID{id}); err != nil {
			return err
		}
		ballots, err := s.store.Ballots(ctx, community, id)
		if err != nil {
			return err
		}
		account, err := s.account(ctx, community, c.Account, "cycleId")
		if err != nil {
			return err
		}
		returned, err := s.store.Returned(ctx, c)
		if err != nil {
			return err
		}
		pool, err := s.account(ctx, community, c.Pool, "cycleId")
		if err != nil {
			return err
		}
		sheet.Earmark = pool.Earmark()
		sheet.Report = report(c, sheet.Projects, ballots, account.Balance, returned)
		run, counted, err := s.store.LastRun(ctx, community, id)
		if err != nil {
			return err
		}
		if counted {
			for _, line := range run.Record.Result.Lines {
				sheet.Lines[line.Project] = Voted{line.Voters, line.Support}
			}
		}
		contests, err := s.store.Contests(ctx, community, id)
		if err != nil {
			return err
		}
		sheet.Report.Appeals = len(contests)
		if c.Method == allocation.SolidarityDraw {
			sheet.Projects, sheet.Lines = nil, nil
		}
		sheet.Report.Pool, err = s.poolBook(ctx, c, now)
		return err
	})
	return sheet, err
}

// poolBook is what the cycle's pool did from before the envelope left it until the
// cycle ended, or until now.
func (s *Service) poolBook(ctx context.Context, c Cycle, now time.Time) (PoolBook, error) {
	book := PoolBook{From: c.CreatedAt, Until: now}
	if c.State == Closed || c.State == Cancelled {
		steps, err := s.store.Steps(ctx, c.Community, []domain.ID{c.ID})
		if err != nil {
			return book, err
		}
		book.Until = steps[len(steps)-1].At.Add(time.Microsecond) // the last return belongs to it
	}
	var err error
	book.Opening, book.Flows, err = s.store.PoolFlows(ctx, c.Community, c.Pool, book.From, book.Until)
	if err != nil {
		return book, err
	}
	book.Closing = book.Opening
	for _, f := range book.Flows {
		if f.Incoming {
			book.Closing += f.Minutes
		} else {
			book.Closing -= f.Minutes
			book.Outflows += f.Minutes
		}
	}
	book.Inflows, err = s.store.PoolSources(ctx, c.Community, c.Pool, book.From, book.Until)
	return book, err
}
