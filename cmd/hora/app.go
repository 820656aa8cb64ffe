// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/mod/semver"
	"golang.org/x/sync/errgroup"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/domain/partner"
	"github.com/hora-coop/hora/graph"
	"github.com/hora-coop/hora/graph/live"
	"github.com/hora-coop/hora/internal/blob"
	"github.com/hora-coop/hora/internal/mail"
	"github.com/hora-coop/hora/internal/password"
	"github.com/hora-coop/hora/internal/telemetry"
	"github.com/hora-coop/hora/jobs"
	"github.com/hora-coop/hora/persistence"
	"github.com/hora-coop/hora/server"
	"github.com/hora-coop/hora/server/passkey"
	"github.com/hora-coop/hora/server/token"
)

// serverConfig is what serving needs beside a database; every field has a flag
// and an environment variable HORA_….
type serverConfig struct {
	Listen        string `default:"localhost:8080" help:"Address to serve on."`
	MetricsListen string `default:"localhost:9090" help:"Address for Prometheus, apart from the public one; empty for none."`
	PublicURL     string `help:"Where people reach this server, https://…; default http:// and the address listened on."`
	MediaURL      string `name:"media-url" help:"Where members' pictures are kept: file:///a/folder, or s3://bucket?region=…; default: media in the data folder." placeholder:"URL"`
	SMTPURL       string `name:"smtp-url" help:"Where letters are handed over: smtp://user:password@host:587; without it none are sent." placeholder:"URL"`
	MailFrom      string `help:"The address letters come from." placeholder:"ADDRESS"`
	MinAppVersion string `name:"min-app-version" help:"The oldest version of the apps that this server still supports; older ones ask their person to update." placeholder:"X.Y.Z"`
	JobsPage      bool   `help:"Serve the page of the server's own work, to those who administer it, at /jobs; always with --dev."`
	GraphiQL      bool   `name:"graphiql" help:"Serve GraphiQL, to try the API in a browser, at /graphiql; always with --dev."`
	Dev           bool   `help:"Development: /dev/clock and /dev/mail, on a loopback address only."`
	Jobs          bool   `default:"true" negatable:"" help:"Do background work in this process too."`
	edgeConfig
	LogLevel string `default:"info" enum:"debug,info,warn,error" help:"How much to log: ${enum}."`
}

// App is the whole program: what tests boot is what people run.
type App struct {
	cfg     serverConfig
	logger  *slog.Logger
	clock   *clock
	db      *persistence.DB
	rooms   rooms
	files   blob.Store
	url     string
	people  *identity.Service
	issuer  *token.Issuer
	keys    *identity.Keyring
	sealer  *token.Sealer
	badges  *token.Badges
	notary  *ledger.Notary
	jobs    *jobs.Runner
	live    *live.Hub
	metrics *telemetry.Metrics
	usage   *graph.Usage
	outbox  *mail.Outbox // development only

	// Handler serves every public address.
	Handler http.Handler
	// Listening is told the address once requests are answered; nil for nobody.
	Listening func(address string)
}

// Open wires the program on a migrated database.
func Open(ctx context.Context, cfg serverConfig, databaseURL string, logger *slog.Logger, clock *clock) (*App, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, url: databaseURL, logger: logger, clock: clock, metrics: telemetry.NewMetrics()}
	var err error
	a.db, err = persistence.Open(ctx, databaseURL, persistence.Options{Clock: clock, Tracer: telemetry.Tracer{}})
	if err != nil {
		return nil, err
	}
	if a.files, err = blob.Open(cfg.MediaURL); err != nil {
		a.db.Close()
		return nil, err
	}
	a.keys = identity.NewKeyring(a.db, persistence.IdentityStore{}, clock)
	a.badges = token.NewBadges(a.keys, cfg.PublicURL)
	a.rooms = openRooms(a.db, a.files, token.NewTickets(a.keys), a.badges, letterBox{a}, cfg.Dev)
	a.issuer = token.New(a.keys, cfg.PublicURL, clock)
	ceremonies, err := passkey.New(cfg.PublicURL, cfg.PasskeyOrigins)
	if err != nil {
		a.db.Close()
		return nil, fmt.Errorf("--public-url or --passkey-origins: %w", err)
	}
	a.people = openIdentity(a.db, a.keys, a.issuer, clock, identity.Doors{Post: letterBox{a}, Ceremonies: ceremonies})
	a.sealer = token.NewSealer(a.keys)
	a.notary = ledger.NewNotary(a.db, persistence.SealStore{}, a.sealer, a.rooms.ledger)
	if a.jobs, err = a.openJobs(); err != nil {
		a.db.Close()
		return nil, err
	}
	a.live = live.NewHub(a.rooms.changes, a.people, jobs.Reader, logger)
	a.db.Committed = func(community domain.ID) {
		a.jobs.Wake(community)
		a.live.Wake(community)
	}
	a.metrics.WatchPool(a.db.Pool().Stat)
	a.metrics.WatchRelay(a.jobs.RelayLag)
	a.metrics.WatchStreams(a.live.Connections)
	a.usage = graph.NewUsage(clock)
	parts, err := a.serverParts()
	if err != nil {
		a.db.Close()
		return nil, err
	}
	a.Handler = server.New(parts)
	return a, nil
}

// passwordCost is what keeping a password takes. The tests of this package, where
// hundreds sign in, set a lower one; those of package password keep the real one.
var passwordCost = password.Recommended

// openIdentity wires who people are; the demonstration does it once per clock.
func openIdentity(db *persistence.DB, keys *identity.Keyring, issuer *token.Issuer, clock domain.Clock, doors identity.Doors) *identity.Service {
	return identity.New(db, persistence.IdentityStore{}, keys, password.New(passwordCost, max(1, runtime.NumCPU()/2)), issuer, token.NewMemory(clock), doors)
}

// letterBox has the jobs write letters and tell webhooks; they are opened after the
// rooms.
type letterBox struct{ app *App }

// PostLink implements identity.Post.
func (b letterBox) PostLink(ctx context.Context, link domain.ID) error {
	return b.app.jobs.PostLink(ctx, link)
}

// PostDeliveries implements partner.Post.
func (b letterBox) PostDeliveries(ctx context.Context, deliveries []partner.Delivery) error {
	return b.app.jobs.PostDeliveries(ctx, deliveries)
}

// check fills what follows from other settings, and refuses what is dangerous.
func (c *serverConfig) check() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("--listen %q is not an address like localhost:8080: %w", c.Listen, err)
	}
	if c.PublicURL == "" {
		c.PublicURL = c.scheme() + "://" + c.Listen
	}
	if err := c.edgeConfig.check(); err != nil {
		return err
	}
	if c.MinAppVersion != "" && !semver.IsValid("v"+c.MinAppVersion) {
		return fmt.Errorf("--min-app-version %q is not a version like 2.4.0", c.MinAppVersion)
	}
	ip := net.ParseIP(host)
	if c.Dev && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("--dev lets anybody move the clock and read letters: it serves on localhost only, not on %q", c.Listen)
	}
	return nil
}

func (a *App) openJobs() (*jobs.Runner, error) {
	sender, err := a.mailSender()
	if err != nil {
		return nil, err
	}
	return jobs.New(jobs.Config{
		Pool: a.db.Pool(), Schema: persistence.RiverSchema,
		Tx: a.db, PgxTx: persistence.PgxTx, Journal: persistence.JournalStore{}, Store: persistence.JobStore{}, Clock: a.clock,
		Exchanges: a.rooms.exchanges, Listings: a.rooms.listings, Photos: a.rooms.photos, Decisions: a.rooms.decisions, Cycles: a.rooms.cycles,
		Holds: a.rooms.ledger, Pairs: a.rooms.ledger, Seals: a.notary, Books: persistence.LedgerStore{},
		Messages: a.rooms.messages, Milestones: a.rooms.recognition, Members: a.rooms.members, Ways: a.rooms.ways, Moderation: a.rooms.moderation, Duties: a.rooms.duties,
		Shares: a.rooms.shares, Identity: a.people,
		Mail: sender, Link: func(messaging.Letter) string { return a.cfg.PublicURL }, Links: a.people, SignInURL: a.cfg.PublicURL + server.SignInPath + "?token=",
		Webhooks: a.rooms.partners, GlobalID: graph.ObjectID, Local: a.cfg.Dev,
		Logger: a.logger, Measure: a.metrics.Job, Progress: a.metrics.JobProgress, InsertOnly: !a.cfg.Jobs,
	})
}

// mailSender is the mail server that was named, the developer's outbox, or
// nobody, which is said once.
func (a *App) mailSender() (mail.Sender, error) {
	switch {
	case a.cfg.Dev:
		a.outbox = mail.NewOutbox(a.clock)
		return a.outbox, nil
	case a.cfg.SMTPURL == "":
		a.logger.Warn("no mail server is set (HORA_SMTP_URL): people are told in their apps only")
		return unsent{}, nil
	}
	return mail.NewSMTP(a.cfg.SMTPURL, a.cfg.MailFrom)
}

// unsent takes letters of a server without a mail server; people still find
// everything in their apps.
type unsent struct{}

func (unsent) Send(context.Context, mail.Message) error { return nil }

func (a *App) serverParts() (server.Config, error) {
	documents, err := a.openDocuments()
	if err != nil {
		return server.Config{}, err
	}
	c := server.Config{
		Resolver: &graph.Resolver{
			Tx: a.db, Reading: a.db.Reading, Clock: a.clock, Version: version, Identity: a.people,
			Ledger: a.rooms.ledger, Notary: a.notary, Communities: a.rooms.communities, Members: a.rooms.members,
			Desk:    membership.NewDesk(a.db, a.rooms.members, a.rooms.communities, a.people),
			Cheques: a.rooms.cheques, Workshops: a.rooms.workshops, Activities: a.rooms.activities, Duties: a.rooms.duties,
			Listings: a.rooms.listings, Exchanges: a.rooms.exchanges, Messages: a.rooms.messages,
			Statements: a.rooms.statements, Photos: a.rooms.photos, PublicURL: a.cfg.PublicURL, MinAppVersion: a.cfg.MinAppVersion,
			Origins: a.cfg.CORSOrigins, Documents: documents, Budgets: graph.NewBudgets(a.cfg.CostPerMinute), Usage: a.usage,
			Governance: a.rooms.decisions, Reinvestment: a.rooms.cycles, Recognitions: a.rooms.recognition, Conversations: a.rooms.threads,
			Ways: a.rooms.ways, Partners: a.rooms.partners, Moderation: a.rooms.moderation, Simulations: a.rooms.simulations, Vitalities: a.rooms.vitalities, ShareBook: a.rooms.shares, Changes: a.rooms.changes, Live: a.live,
		},
		Authenticate: a.people.Authenticate, FollowLink: a.people.FollowLink, JWKS: a.issuer.JWKS, CheckpointKeys: a.sealer.VerifierKeys, Badges: a.badges, Ready: a.db.Ready,
		Metrics: a.metrics, Logger: a.logger, GraphiQL: a.cfg.GraphiQL,
		TrustedProxies: a.cfg.TrustedProxies, Secure: strings.HasPrefix(a.cfg.PublicURL, "https://"),
	}
	if jobs.HasPage && (a.cfg.JobsPage || a.cfg.Dev) {
		c.JobsPage = &server.JobsPage{Show: a.jobs.Page, Operators: a.people}
	}
	if a.cfg.Dev {
		c.Dev = &server.Dev{Mail: a.outbox, Clock: a.clock, Moved: a.jobs.ClockMoved}
	}
	return c, nil
}

// Run serves until ctx ends, then finishes what it began.
func (a *App) Run(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w; choose another address with --listen", err)
	}
	if err := a.jobs.Start(ctx); err != nil {
		return errors.Join(err, listener.Close())
	}
	running, stop := errgroup.WithContext(ctx)
	if listener, err = a.cfg.secured(listener); err != nil {
		return errors.Join(err, a.jobs.Stop(ctx))
	}
	a.serve(running, stop, listener, a.Handler)
	running.Go(func() error {
		a.keepUsage(stop)
		return nil
	})
	running.Go(func() error {
		keepSmall(stop)
		return nil
	})
	running.Go(func() error { // streams take leave while requests finish
		<-stop.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(stop), 10*time.Second)
		defer cancel()
		a.live.Close(last)
		return nil
	})
	if a.cfg.MetricsListen != "" {
		metrics, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.cfg.MetricsListen)
		if err != nil { // a figure nobody can read must not keep people from their hours
			a.logger.Warn("metrics are not served", "error", err)
		} else {
			a.serve(running, stop, metrics, a.metrics.Handler())
		}
	}
	if a.Listening != nil {
		a.Listening(listener.Addr().String())
	}
	err = running.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	return errors.Join(err, a.jobs.Stop(last))
}

// serve answers on one listener until ctx ends; requests under way may finish.
func (a *App) serve(running *errgroup.Group, ctx context.Context, listener net.Listener, handler http.Handler) {
	srv := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(a.logger.Handler(), slog.LevelDebug), Protocols: &http.Protocols{},
	}
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetHTTP2(true)
	srv.Protocols.SetUnencryptedHTTP2(true) // behind a proxy
	running.Go(func() error {
		if err := srv.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	running.Go(func() error {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return srv.Shutdown(last)
	})
}

// Close gives the database back.
func (a *App) Close() { a.db.Close() }

func newLogger(level string) *slog.Logger {
	var l slog.Level
	_ = l.UnmarshalText([]byte(level)) // the flag's enum lets only levels in
	return telemetry.NewLogger(os.Stderr, l)
}
