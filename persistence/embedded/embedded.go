// SPDX-License-Identifier: AGPL-3.0-or-later

package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

// Superuser is the role that owns the local server.
const Superuser = "postgres"

// Database is the database that exists once Start returns.
const Database = "hora"

// Options says where the server lives; its zero value is what `hora serve` needs.
type Options struct {
	// DataDir holds everything, the server's own folder being DataDir/postgres.
	// Empty means the user's data folder; with Throwaway, a fresh folder in memory
	// or among the temporary ones, removed when the server or the program ends.
	DataDir string
	// BinDir is the folder of PostgreSQL's programs (HORA_PG_BIN); empty means to search.
	BinDir string
	// NoDownload forbids to fetch PostgreSQL when there is none on this computer.
	NoDownload bool
	// Throwaway trades durability for speed, for tests and the demonstration;
	// never set it together with a DataDir that somebody's hours are in.
	Throwaway bool
	// Logger is told what happens; nil for nobody.
	Logger *slog.Logger
	// Progress gets a line for a person to read before a step that takes its time; nil for nobody.
	Progress io.Writer

	// Tests look elsewhere for the programs, and fetch them from elsewhere.
	places     func(context.Context) (preferred, others []string)
	repository string
}

// Server is a running local PostgreSQL.
type Server struct {
	o         Options
	dir       string   // the data folder, absolute, links resolved
	socket    string   // the folder of the Unix socket
	temporary bool     // dir is ours to remove
	acct      *account // who PostgreSQL runs as; nil means ourselves
	bin       binaries
	stalePID  int // of a server that died without clearing away its lock files

	lock    io.Closer
	log     *os.File
	process *os.Process
	exited  chan struct{} // closed when the server is gone; nil before it starts
	guard   func()        // dismisses what watches over the program's death

	up   atomic.Bool // an end of the server would be a surprise
	stop func() error
}

// Start brings up the local server and returns once it answers. Cancelling ctx
// interrupts the start only; the server runs until Stop or the program's death.
//
// Errors: ErrNoBinaries, ErrInUse, ErrOtherVersion, ErrNotACluster, ErrUnreachable.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if o.places == nil {
		o.places = everywhere
	}
	s := &Server{o: o, guard: func() {}}
	s.stop = sync.OnceValue(func() error { return s.shutdown(context.WithoutCancel(ctx)) })
	steps := []func(context.Context) error{
		s.openDataDir, s.chooseBinaries, s.ensureCluster, s.stopLeftover, s.launch, s.ensureDatabase,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.Stop())
		}
	}
	o.Logger.Info("local PostgreSQL is up", "version", s.bin.version, "folder", s.dir, "pid", s.process.Pid)
	return s, nil
}

// URL is the address of a database of this server, for pgx, over the Unix socket.
func (s *Server) URL(user, database string) string {
	return address(s.socket, user, database)
}

// Stop ends the server, disconnecting whoever is still connected, and returns
// when it is gone. Further calls wait for the first and return its error.
func (s *Server) Stop() error { return s.stop() }

// shutdown also clears up after a Start that failed half-way.
func (s *Server) shutdown(ctx context.Context) error {
	s.up.Store(false)
	err := s.endPostmaster(ctx)
	s.guard()
	if s.log != nil {
		err = errors.Join(err, s.log.Close())
	}
	if s.socket != "" {
		_ = os.Remove(s.socket) // emptied by the server; what is left otherwise helps to see why
	}
	if s.temporary {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}

// ensureDatabase creates the program's database the first time.
func (s *Server) ensureDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.URL(Superuser, "postgres"))
	if err != nil {
		return fmt.Errorf("reach the local PostgreSQL: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is pending on it
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", Database).Scan(&exists)
	if err == nil && !exists {
		_, err = conn.Exec(ctx, "CREATE DATABASE "+Database)
	}
	if err != nil {
		return fmt.Errorf("create the database %q: %w", Database, err)
	}
	return nil
}

func (s *Server) cluster() string { return filepath.Join(s.dir, "postgres") }
