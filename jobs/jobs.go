// SPDX-License-Identifier: AGPL-3.0-or-later

// Package jobs is what the program does by itself: it tells people what happened
// (the relay and the mail), does what time has made due, and checks the books.
// One file per job holds its arguments, its work and its schedule.
//
// River decides when to try and who tries; the injected clock decides what is
// due, and the database decides that it happens once. So any number of servers
// may run, crash, or have their clock moved.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/changes"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/internal/mail"
	"github.com/hora-coop/hora/internal/outbound"
	"github.com/hora-coop/hora/internal/telemetry"
)

// Config is what the jobs need of the other rooms; every field is required
// unless it says otherwise.
type Config struct {
	Pool   *pgxpool.Pool // River's own connections, as the server's role
	Schema string        // where River's tables are

	Tx      domain.Tx
	PgxTx   func(context.Context) pgx.Tx // the running transaction, to insert jobs with their cause
	Journal domain.Journal
	Store   Store
	Clock   domain.Clock

	Exchanges Exchanges
	Listings  Listings
	Photos    Photos
	Decisions Decisions
	Cycles    Cycles
	Holds     Holds
	Pairs     Pairs
	Seals     Seals
	Books     Books
	Messages  *messaging.Service
	// Milestones notes what members reached, of events and by the calendar.
	Milestones Milestones
	// Members is what time does to admissions and votes that people asked for.
	Members Members
	// Ways keeps what members did and moves their participation by it.
	Ways       Ways
	Moderation Moderation
	Duties     Duties
	Shares     Shares
	Identity   Pruner

	Mail mail.Sender
	// Link is where a letter's reader answers, an absolute address; nil for none.
	Link func(messaging.Letter) string
	// Links writes letters to sign in with, which lead to SignInURL and a token.
	Links     Links
	SignInURL string
	// Webhooks are told of events, which name objects by GlobalID. With Local, this
	// very machine may be told: in development only.
	Webhooks Webhooks
	GlobalID func(kind changes.Kind, community, id domain.ID) string
	Local    bool

	Logger *slog.Logger
	// Measure starts the measure of one run of a job, telemetry.Metrics.Job; nil for none.
	Measure func(job string) func(telemetry.Outcome)
	// Progress is told which part of a long job is done, from 0 to 1, while it runs; nil
	// for none. When it has run, Measure's function is called.
	Progress func(job string, done float64)

	// InsertOnly leaves the work to other processes (hora worker). The relay still
	// runs, so that what happened here is on its way at once.
	InsertOnly bool
}

// Store is what the jobs need kept. Calls run inside InTx of the community they
// name; Communities runs inside InPlatform.
type Store interface {
	// Communities lists them all.
	Communities(ctx context.Context) ([]community.Community, error)
	domain.Periods
	// Coming is what is due next, the earliest first; Kept is what was done for a
	// period, the latest first.
	Coming(ctx context.Context, community domain.ID, limit int) ([]domain.Periodic, error)
	Kept(ctx context.Context, community domain.ID, limit int) ([]domain.Periodic, error)
	// ForgetKeys removes the notes of idempotency keys made before a time; those
	// of the platform lie under Nowhere.
	ForgetKeys(ctx context.Context, community domain.ID, before time.Time) error
}

// Exchanges is what time and leavers do to exchanges.
type Exchanges interface {
	PassTime(ctx context.Context, community domain.ID) error
	CancelProposalsOf(ctx context.Context, community, member domain.ID) error
	CallOffOf(ctx context.Context, community, member domain.ID) error
}

// Listings is what time and leavers do to listings.
type Listings interface {
	PassTime(ctx context.Context, community domain.ID) error
	ArchiveOf(ctx context.Context, community, member domain.ID) error
}

// Milestones is what members reach by exchanging and by staying.
type Milestones interface {
	Derive(ctx context.Context, events []domain.RecordedEvent) error
	PassTime(ctx context.Context, community domain.ID) error
}

// Moderation is what time does to measures, and to reports that wait.
type Moderation interface {
	PassTime(ctx context.Context, community domain.ID) error
}

// Duties is what the calendar does to work by turns.
type Duties interface {
	PassTime(ctx context.Context, community domain.ID) error
	// CallOffOf frees the shifts of a minor for whom no consent stands.
	CallOffOf(ctx context.Context, community, minor domain.ID) error
}

// Shares is what follows for the shares of somebody who left.
type Shares interface {
	SeeOff(ctx context.Context, community, member domain.ID) error
}

// Members is what time does to what members asked for.
type Members interface {
	PassTime(ctx context.Context, community domain.ID) error
}

// Photos is what time does to pictures that nothing shows.
type Photos interface {
	Sweep(ctx context.Context, community domain.ID) error
}

// Decisions is what the calendar does to questions put to a community.
type Decisions interface {
	PassTime(ctx context.Context, community domain.ID) error
}

// Cycles is what the calendar does to rounds of reinvestment.
type Cycles interface {
	PassTime(ctx context.Context, community domain.ID) error
}

// Holds is what time does to promised hours.
type Holds interface {
	ExpireHolds(ctx context.Context, community domain.ID) error
}

// Pairs is what time does to hours that are on their way between communities, and
// what each of two communities keeps of the other.
type Pairs interface {
	SettlePairs(ctx context.Context, community domain.ID) error
	Mirrors(ctx context.Context, community domain.ID) ([]ledger.MirrorAccount, error)
	MirrorsAgree(ctx context.Context, a, b domain.ID) (ledger.Agreement, error)
}

// Seals puts signed checkpoints on what happened in a community.
type Seals interface {
	Seal(ctx context.Context, community domain.ID) error
}

// Books recomputes a community's ledger and journal, inside InTx, and tells watch how
// far it is.
type Books interface {
	VerifyWatched(ctx context.Context, community domain.ID, watch ledger.Watch) (ledger.Verification, error)
}

// Pruner forgets what no longer matters.
type Pruner interface {
	Prune(ctx context.Context) error
}

// Runner runs the jobs of one node.
type Runner struct {
	cfg    Config
	client *river.Client[pgx.Tx]
	relay  *relay
	// receivers calls webhooks, at public addresses only.
	receivers *http.Client
}

const (
	// calendar is the queue of what the clock starts, so that a thousand letters
	// do not keep an exchange from confirming itself.
	calendar = "calendar"
	// letterLimit bounds one try of a job unless it says otherwise; a mail server
	// gets half of it.
	letterLimit = time.Minute
	// rescueAfter is when a job whose server died is tried again. It is well beyond
	// letterLimit; longer jobs say their own limit, which River honours here too.
	rescueAfter = 5 * time.Minute
	// fetchPause is how soon a worker that is done may look for more. River's own
	// tenth of a second would make eight workers send eighty letters a second.
	fetchPause = 10 * time.Millisecond
)

// New prepares a node's jobs; nothing runs before Start.
func New(cfg Config) (*Runner, error) {
	r := &Runner{cfg: cfg, receivers: outbound.NewClient(DeliverLimit, cfg.Local)}
	settings := &river.Config{
		Schema: cfg.Schema,
		Logger: slog.New(warnings{cfg.Logger.Handler()}),
		// River's indexes belong to the owner, and the server owns nothing.
		ReindexerSchedule: river.NeverSchedule(),
	}
	if !cfg.InsertOnly {
		settings.Workers = river.NewWorkers()
		if err := errors.Join(
			river.AddWorkerSafely(settings.Workers, &worker[letterArgs]{work: r.sendLetter}),
			river.AddWorkerSafely(settings.Workers, &worker[leaverArgs]{work: r.seeOff}),
			river.AddWorkerSafely(settings.Workers, &worker[wardArgs]{work: r.callOff}),
			river.AddWorkerSafely(settings.Workers, &worker[signInLetterArgs]{work: r.sendSignInLetter}),
			river.AddWorkerSafely(settings.Workers, &worker[deliverArgs]{work: r.deliver}),
			river.AddWorkerSafely(settings.Workers, &worker[passTimeArgs]{work: r.passTime, limit: passTimeLimit}),
			river.AddWorkerSafely(settings.Workers, &worker[settlePairsArgs]{work: r.settlePairs, limit: settlePairsLimit}),
			river.AddWorkerSafely(settings.Workers, &worker[sealArgs]{work: r.seal, limit: sealLimit}),
			river.AddWorkerSafely(settings.Workers, &worker[verifyBooksArgs]{work: r.reportBooks, limit: verifyBooksLimit}),
			river.AddWorkerSafely(settings.Workers, &worker[evaluateArgs]{work: r.evaluate, limit: evaluateLimit}),
			river.AddWorkerSafely(settings.Workers, &worker[sweepPhotosArgs]{work: r.sweepPhotos, limit: sweepPhotosLimit}),
			river.AddWorkerSafely(settings.Workers, &worker[pruneArgs]{work: r.prune, limit: pruneLimit}),
		); err != nil {
			return nil, fmt.Errorf("jobs: %w", err)
		}
		settings.PeriodicJobs = []*river.PeriodicJob{passTimeSchedule(), settlePairsSchedule(), sealSchedule(), verifyBooksSchedule(), pruneSchedule(), sweepPhotosSchedule(), evaluateSchedule()}
		settings.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 8}, calendar: {MaxWorkers: 3}, webhookQueue: {MaxWorkers: 8}}
		settings.JobTimeout, settings.RescueStuckJobsAfter = letterLimit, rescueAfter
		settings.FetchCooldown = fetchPause
		// An older server leaves a newer one's jobs to it.
		settings.FetchOnlyKnownKinds = true
		settings.Middleware = []rivertype.Middleware{river.WorkerMiddlewareFunc(r.observe)}
	}
	var err error
	if r.client, err = river.NewClient(riverpgxv5.New(cfg.Pool), settings); err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	r.relay = newRelay(cfg, r.client)
	return r, nil
}

// Start begins to relay and to work. Only Stop ends it: whatever runs when ctx
// ends may finish.
func (r *Runner) Start(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	if !r.cfg.InsertOnly {
		if err := r.client.Start(ctx); err != nil {
			return fmt.Errorf("jobs: start: %w", err)
		}
	}
	r.relay.start(ctx)
	return nil
}

// cutOff is how long what is cut off gets to notice.
const cutOff = 5 * time.Second

// Stop takes nothing new and returns when what runs has finished. When ctx ends
// first, the rest is cut off, to be tried again by another server, and the error
// is that of ctx.
func (r *Runner) Stop(ctx context.Context) error {
	err := r.relay.stop(ctx)
	if r.cfg.InsertOnly {
		return err
	}
	if late := r.client.Stop(ctx); late != nil {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), cutOff)
		defer cancel()
		err = errors.Join(err, late, r.client.StopAndCancel(last))
	}
	return err
}

// Wake says that something happened in a community, after its commit. It never
// waits, and many calls are one.
func (r *Runner) Wake(community domain.ID) { r.relay.wake(community) }

// RelayLag is how long the oldest events that this node knows of have waited to
// be relayed; zero when none do.
func (r *Runner) RelayLag() time.Duration { return r.relay.lag() }

// settleLimit bounds how long ClockMoved waits for letters: a mail server may be
// slow, or retried later.
const settleLimit = 20 * time.Second

// ClockMoved does all that the clock has now made due, and returns when it is
// done, told and sealed: a script may move the clock by a month and look at once.
// In an InsertOnly runner the letters are left to those who send them.
func (r *Runner) ClockMoved(ctx context.Context) error {
	return errors.Join(r.catchUp(ctx), r.seal(ctx, sealArgs{}))
}

func (r *Runner) catchUp(ctx context.Context) error {
	err := errors.Join(r.passTime(ctx, passTimeArgs{}), r.settlePairs(ctx, settlePairsArgs{}), r.evaluate(ctx, evaluateArgs{}))
	_, unverified := r.verifyBooks(ctx)
	err = errors.Join(err, unverified, r.prune(ctx, pruneArgs{}), r.sweepPhotos(ctx, sweepPhotosArgs{}))
	patience, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	// A job that ends while we look may have made something new to tell, so it
	// must be quiet twice.
	for quiet := 0; quiet < 2; {
		relayed, failed := r.relay.drain(ctx)
		if failed != nil {
			return errors.Join(err, failed)
		}
		worked, failed := r.awaitWork(patience)
		if failed != nil {
			if ctx.Err() == nil && patience.Err() != nil {
				r.cfg.Logger.WarnContext(ctx, "the clock was moved; some letters are still on their way")
				return err
			}
			return errors.Join(err, failed)
		}
		quiet++
		if relayed || worked {
			quiet = 0
		}
	}
	return err
}

// awaitWork waits until nothing that an event caused is left to do, and says
// whether there was anything. What failed and is to be retried is not waited for.
func (r *Runner) awaitWork(ctx context.Context) (worked bool, err error) {
	if r.cfg.InsertOnly {
		return false, nil
	}
	due := river.NewJobListParams().
		Kinds(letterArgs{}.Kind(), leaverArgs{}.Kind(), wardArgs{}.Kind(), signInLetterArgs{}.Kind()).
		States(rivertype.JobStateAvailable, rivertype.JobStateRunning).
		Where("scheduled_at <= now()").
		First(1)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		left, err := r.client.JobList(ctx, due)
		if err != nil {
			return worked, fmt.Errorf("jobs: look for what is left to do: %w", err)
		}
		if len(left.Jobs) == 0 {
			return worked, nil
		}
		worked = true
		select {
		case <-ctx.Done():
			return worked, ctx.Err()
		case <-again.C:
		}
	}
}

// everywhere does something in each community. One where it fails does not stop
// the others; the errors come together.
func (r *Runner) everywhere(ctx context.Context, do func(context.Context, community.Community) error) error {
	var all []community.Community
	err := r.cfg.Tx.InPlatform(ctx, func(ctx context.Context, _ time.Time) (err error) {
		all, err = r.cfg.Store.Communities(ctx)
		return err
	})
	errs, told := []error{err}, progressOf(ctx)
	for i, c := range all {
		if ctx.Err() != nil {
			return errors.Join(append(errs, ctx.Err())...)
		}
		told.reached(i, len(all))
		if err := guarded(func() error { return do(ctx, c) }); err != nil {
			errs = append(errs, fmt.Errorf("community %s: %w", c.ID, err))
		}
	}
	told.reached(len(all), len(all))
	return errors.Join(errs...)
}

// guarded turns a panic into an error, so that one community's trouble stays its own.
func guarded(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return do()
}
