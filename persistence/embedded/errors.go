// SPDX-License-Identifier: AGPL-3.0-or-later

package embedded

import (
	"errors"
	"fmt"
	"io/fs"
)

// Reasons not to start, for errors.Is; the error around them says the way out.
var (
	// ErrNoBinaries means that no usable PostgreSQL programs were found or fetched.
	ErrNoBinaries = errors.New("no PostgreSQL 15 or newer was found")
	// ErrInUse means that another running program holds the data folder.
	ErrInUse = errors.New("the data folder is in use")
	// ErrOtherVersion means that the data folder and the programs are of different major versions.
	ErrOtherVersion = errors.New("the data folder is of another PostgreSQL version")
	// ErrNotACluster means that something that is not a PostgreSQL data folder stands in its place.
	ErrNotACluster = errors.New("this is not a PostgreSQL data folder")
	// ErrUnreachable means that the unprivileged user PostgreSQL must run as cannot get to a folder.
	ErrUnreachable = errors.New("the folder cannot be reached")
)

func noBinaries(why error) error {
	return fmt.Errorf(`%w (%w). Ways out:
  Debian, Ubuntu   sudo apt install postgresql
  Fedora, RHEL     sudo dnf install postgresql-server postgresql-contrib
  macOS            brew install postgresql@18
  Windows          install it from https://www.postgresql.org/download/windows/, or in WSL: sudo apt install postgresql
  elsewhere        set HORA_PG_BIN to the folder that holds initdb, pg_ctl and postgres
  a container      docker compose up
  a database that runs already: set HORA_DATABASE_URL=postgres://user:password@host/database`, ErrNoBinaries, why)
}

func otherVersion(folder string, major int, b binaries) error {
	return fmt.Errorf(`%w: %s was made by PostgreSQL %d, but the programs in %s are PostgreSQL %s. Nothing was changed. Ways out:
  keep the old version   set HORA_PG_BIN to the folder of the programs of PostgreSQL %d
  move the data over     pg_upgrade, see https://www.postgresql.org/docs/current/pgupgrade.html
  dump and restore       pg_dump with the old version, then start hora on a new data folder and restore`,
		ErrOtherVersion, folder, major, b.dir, b.version, major)
}

func notACluster(folder, what string) error {
	return fmt.Errorf("%w: %s %s. Nothing was changed; move it away, or choose another folder with HORA_DATA_DIR",
		ErrNotACluster, folder, what)
}

func inUse(folder, holder string) error {
	if holder != "" {
		holder = " (process " + holder + ")"
	}
	return fmt.Errorf("%w: another hora%s works in %s. Stop that one, or choose another folder with HORA_DATA_DIR",
		ErrInUse, holder, folder)
}

func unreachable(blocked string, a *account, instead string) error {
	return fmt.Errorf(`%w: PostgreSQL refuses to run as root and runs as user %s, who may not pass %s. Ways out:
  %s
  run hora as an ordinary user
  let that user pass: chmod o+x %s`, ErrUnreachable, a.name, blocked, instead, blocked)
}

// foreign adds the way out to an error about somebody else's files.
func foreign(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w; it belongs to another user: run hora as that user, or choose another folder with HORA_DATA_DIR", err)
	}
	return err
}
