// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
)

type verifyBooksArgs struct{}

// Kind implements river.JobArgs.
func (verifyBooksArgs) Kind() string { return "verify-books" }

const (
	// verifyBooksLimit is generous: it reads every entry there ever was.
	verifyBooksLimit = time.Hour
	// quietHour is when a community's day begins for its books: people sleep.
	quietHour = 2
	// mostDifferences bounds what is kept of books that are all wrong.
	mostDifferences = 100
)

// Nights differ from community to community, so it asks often; each has one
// verification per night.
func verifyBooksSchedule() *river.PeriodicJob { return every(10*time.Minute, verifyBooksArgs{}) }

// checkedBooks is what a night's verification found.
type checkedBooks struct {
	Entries     int64          `json:"entries"`
	Sum         domain.Minutes `json:"sum"`
	Differences []string       `json:"differences"`
}

// reportBooks is the scheduled verification. Books that differ make it fail, so
// that whoever watches over the server is woken.
func (r *Runner) reportBooks(ctx context.Context, _ verifyBooksArgs) error {
	wrong, err := r.verifyBooks(ctx)
	if wrong > 0 {
		err = errors.Join(err, fmt.Errorf("the books of %d communities do not add up", wrong))
	}
	return err
}

// verifyBooks recomputes the books of every community where the current day's
// verification is missing, and says in how many they differ.
func (r *Runner) verifyBooks(ctx context.Context) (wrong int, err error) {
	err = r.everywhere(ctx, func(ctx context.Context, c community.Community) error {
		differences, err := r.verifyOnce(ctx, c)
		if len(differences) > 0 {
			wrong++
		}
		for _, d := range differences {
			r.cfg.Logger.ErrorContext(ctx, "the books do not add up", "community", c.ID, "difference", d)
		}
		return err
	})
	return wrong, err
}

// verifyOnce verifies a community's books unless it was done for its current day.
// The reading has a transaction of its own, since it wants one snapshot; two
// servers may then both read, but one keeps the result and tells.
func (r *Runner) verifyOnce(ctx context.Context, c community.Community) (differences []string, err error) {
	job, period, done := verifyBooksArgs{}.Kind(), "", false
	err = r.cfg.Tx.InTx(ctx, c.ID, func(ctx context.Context, now time.Time) (err error) {
		period = booksDay(now, c.Zone())
		done, err = r.cfg.Store.Done(ctx, c.ID, job, period)
		return err
	})
	if err != nil || done {
		return nil, err
	}
	var v ledger.Verification
	err = r.cfg.Tx.InTx(ctx, c.ID, func(ctx context.Context, _ time.Time) (err error) {
		v, err = r.cfg.Books.VerifyWatched(ctx, c.ID, progressOf(ctx).within("rows"))
		return err
	})
	if err != nil {
		return nil, err
	}
	apart, err := r.compareMirrors(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	v.Differences = append(v.Differences, apart...)
	found := checkedBooks{Entries: v.Entries, Sum: v.Sum, Differences: append([]string{}, v.Differences...)}
	if more := len(found.Differences) - mostDifferences; more > 0 {
		found.Differences = append(found.Differences[:mostDifferences], fmt.Sprintf("and %d more", more))
	}
	first := false
	err = r.cfg.Tx.InTx(ctx, c.ID, func(ctx context.Context, now time.Time) (err error) {
		first, err = r.cfg.Store.Keep(ctx, c.ID, job, period, now, found)
		return err
	})
	if err != nil || !first {
		return nil, err
	}
	return found.Differences, nil
}

// compareMirrors says where a community's mirrors and those of its partners do not
// agree, which neither's own books can tell.
func (r *Runner) compareMirrors(ctx context.Context, id domain.ID) (differences []string, err error) {
	mirrors, err := r.cfg.Pairs.Mirrors(ctx, id)
	for _, m := range mirrors {
		found, failed := r.cfg.Pairs.MirrorsAgree(ctx, id, m.Partner)
		err = errors.Join(err, failed)
		for _, d := range found.Differences {
			differences = append(differences, fmt.Sprintf("account %s, the mirror of community %s: %s", m.Account, m.Partner, d))
		}
	}
	return differences, err
}

// booksDay is the calendar day to which a moment belongs for the books: it begins
// at the quiet hour of the community's own clocks. Reckoned on what the clocks
// show, it has no gap and no repetition when they are put forward or back.
func booksDay(now time.Time, zone *time.Location) string {
	shown := now.In(zone)
	year, month, day := shown.Date()
	return time.Date(year, month, day, shown.Hour()-quietHour, 0, 0, 0, time.UTC).Format(time.DateOnly)
}
