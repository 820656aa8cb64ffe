// SPDX-License-Identifier: AGPL-3.0-or-later

package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const oldestMajor = 15

// programs are those we run; a folder must hold them all.
var programs = []string{"postgres", "initdb", "pg_ctl"}

// usualPlaces is where packages put the programs without linking them into PATH.
var usualPlaces = []string{
	"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
	"/usr/lib/postgresql*/bin",  // openSUSE
	"/usr/libexec/postgresql*",  // Alpine
	"/usr/pgsql-*/bin",          // the PostgreSQL project's packages for Fedora, RHEL
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/usr/local/pgsql/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
	"/Library/PostgreSQL/*/bin",
	`C:\Program Files\PostgreSQL\*\bin`,
}

// binaries is a folder of PostgreSQL's programs.
type binaries struct {
	dir     string
	major   int
	version string // as they say it, such as 17.5
}

func (b binaries) path(program string) string { return filepath.Join(b.dir, program) }

var versionLine = regexp.MustCompile(`\) ((\d+)\S*)`)

// inspect finds out whether a folder holds the programs, and which version.
func inspect(ctx context.Context, dir string) (binaries, error) {
	for _, program := range programs {
		if _, err := exec.LookPath(filepath.Join(dir, program)); err != nil {
			return binaries{}, fmt.Errorf("%s holds no %s", dir, program)
		}
	}
	said, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return binaries{}, fmt.Errorf("ask %s for its version: %w", filepath.Join(dir, "postgres"), err)
	}
	found := versionLine.FindSubmatch(said)
	if found == nil {
		return binaries{}, fmt.Errorf("%s does not look like PostgreSQL's", filepath.Join(dir, "postgres"))
	}
	b := binaries{dir: dir, version: string(found[1])}
	b.major, _ = strconv.Atoi(string(found[2])) // digits
	if b.major < oldestMajor {
		return binaries{}, fmt.Errorf("%s holds PostgreSQL %s", dir, b.version)
	}
	return b, nil
}

// chooseBinaries takes the programs that fit the data folder, or the first found
// when there is none yet.
func (s *Server) chooseBinaries(ctx context.Context) error {
	major, err := clusterVersion(s.cluster())
	if err != nil {
		return err
	}
	found, err := s.findBinaries(ctx, major)
	if err != nil {
		return err
	}
	s.bin = found[0]
	if major != 0 {
		i := slices.IndexFunc(found, func(b binaries) bool { return b.major == major })
		if i < 0 {
			return otherVersion(s.cluster(), major, s.bin)
		}
		s.bin = found[i]
	}
	if blocked := s.acct.blockedAt(s.bin.path("postgres")); blocked != "" {
		return unreachable(blocked, s.acct, "set HORA_PG_BIN to programs that user can run")
	}
	return nil
}

// findBinaries lists the usable ones, the preferred first. The major version of
// an existing data folder says which to fetch if there are none.
func (s *Server) findBinaries(ctx context.Context, major int) ([]binaries, error) {
	if s.o.BinDir != "" {
		dir, err := filepath.Abs(s.o.BinDir)
		if err != nil {
			return nil, err
		}
		b, err := inspect(ctx, dir)
		if err != nil {
			return nil, noBinaries(fmt.Errorf("HORA_PG_BIN: %w", err))
		}
		return []binaries{b}, nil
	}
	preferred, others := s.o.places(ctx)
	newestFirst := inspectAll(ctx, others)
	slices.SortStableFunc(newestFirst, func(a, b binaries) int { return cmp.Compare(b.major, a.major) })
	if found := append(inspectAll(ctx, preferred), newestFirst...); len(found) > 0 {
		return found, nil
	}
	if s.o.NoDownload {
		return nil, noBinaries(errors.New("and fetching it was forbidden"))
	}
	b, err := s.fetch(ctx, major)
	if err != nil {
		return nil, noBinaries(err)
	}
	return []binaries{b}, nil
}

func inspectAll(ctx context.Context, dirs []string) []binaries {
	var found []binaries
	for _, dir := range dirs {
		if b, err := inspect(ctx, dir); err == nil {
			found = append(found, b)
		}
	}
	return found
}

// everywhere lists the folders PATH leads to, then the usual ones. What is on PATH
// may be a link into the real folder, or a wrapper script without its siblings;
// pg_config knows then.
func everywhere(ctx context.Context) (preferred, others []string) {
	for _, program := range programs {
		path, err := exec.LookPath(program)
		if err != nil {
			continue
		}
		if target, err := filepath.EvalSymlinks(path); err == nil {
			preferred = append(preferred, filepath.Dir(target))
		}
	}
	if said, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		preferred = append(preferred, strings.TrimSpace(string(said)))
	}
	patterns := usualPlaces
	if cache, err := cacheDir(); err == nil {
		patterns = append(slices.Clip(patterns), filepath.Join(cache, "*", "bin"))
	}
	for _, pattern := range patterns {
		dirs, _ := filepath.Glob(pattern) // the patterns are valid
		others = append(others, dirs...)
	}
	return slices.Compact(preferred), others
}
