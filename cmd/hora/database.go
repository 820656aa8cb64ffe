// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/hora-coop/hora/internal/blob"
	"github.com/hora-coop/hora/persistence"
	"github.com/hora-coop/hora/persistence/embedded"
)

// databaseConfig says which PostgreSQL; with nothing set the program brings its own.
type databaseConfig struct {
	DatabaseURL      string `help:"An existing PostgreSQL 15 or newer; by environment rather than by flag, since it may hold a password." placeholder:"URL"`
	OwnerDatabaseURL string `help:"A login that may migrate, when the server's own may not; default: the same." placeholder:"URL"`
	DataDir          string `help:"Where the program's own PostgreSQL keeps its data; default: the user's data folder." placeholder:"DIR"`
	PGBin            string `name:"pg-bin" help:"Folder of PostgreSQL's programs; default: searched." placeholder:"DIR"`
	NoDownload       bool   `help:"Never fetch PostgreSQL when there is none on this computer."`
}

// media is where pictures are kept when no place is named.
func (c databaseConfig) media() (string, error) {
	dir, err := embedded.DataDir(c.DataDir)
	return blob.Address(filepath.Join(dir, "media")), err
}

// manner is how a command comes to the program's own database.
type manner int

const (
	alone     manner = iota // it is the one program that works in the data folder
	throwaway               // its data lives only as long as the program
	beside                  // it may also look in on a server that runs there
)

// open finds or starts the database; close stops what was started.
func (c databaseConfig) open(ctx context.Context, logger *slog.Logger, how manner) (url string, closeDB func() error, err error) {
	nothing := func() error { return nil }
	if c.DatabaseURL != "" {
		return c.DatabaseURL, nothing, nil
	}
	srv, err := embedded.Start(ctx, embedded.Options{
		DataDir: c.DataDir, BinDir: c.PGBin, NoDownload: c.NoDownload, Throwaway: how == throwaway,
		Logger: logger, Progress: os.Stderr,
	})
	if how == beside && errors.Is(err, embedded.ErrInUse) {
		url, err := embedded.Beside(c.DataDir, embedded.Superuser, embedded.Database)
		return url, nothing, err
	}
	if err != nil {
		return "", nil, err
	}
	return srv.URL(embedded.Superuser, embedded.Database), srv.Stop, nil
}

// migrate brings the database to this version's schema.
func (c databaseConfig) migrate(ctx context.Context, url string) error {
	if c.OwnerDatabaseURL != "" {
		url = c.OwnerDatabaseURL
	}
	return persistence.Migrate(ctx, url)
}
