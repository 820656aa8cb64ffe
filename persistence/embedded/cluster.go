// SPDX-License-Identifier: AGPL-3.0-or-later

package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// An unfinished data folder carries the marker beside it: only that makes it
// certain that it is ours to remove.
const (
	partialPrefix = "postgres.partial-"
	partialMarker = "made-by-hora-may-be-removed"
)

// ensureCluster makes PostgreSQL's data folder the first time.
func (s *Server) ensureCluster(ctx context.Context) error {
	s.removePartials()
	major, err := clusterVersion(s.cluster())
	if err != nil || major != 0 {
		return err
	}
	fmt.Fprintf(s.o.Progress, "Preparing a PostgreSQL %d data folder in %s (once)\n", s.bin.major, s.dir)
	partial, err := os.MkdirTemp(s.dir, partialPrefix)
	if err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if err := errors.Join(
		os.WriteFile(filepath.Join(partial, partialMarker), nil, 0o600),
		s.acct.own(partial),
	); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	fresh := filepath.Join(partial, "cluster")
	if err := s.initdb(ctx, fresh); err != nil {
		return errors.Join(err, os.RemoveAll(partial))
	}
	if err := os.Remove(s.cluster()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("replace the empty data folder: %w", err)
	}
	if err := os.Rename(fresh, s.cluster()); err != nil {
		return fmt.Errorf("put the data folder in place: %w", err)
	}
	if !s.o.Throwaway {
		// Were the rename lost in a power cut, the next start would find the members'
		// hours in a folder marked for removal.
		if err := errors.Join(syncDir(partial), syncDir(s.dir)); err != nil {
			return fmt.Errorf("put the data folder in place: %w", err)
		}
	}
	return os.RemoveAll(partial)
}

// removePartials removes what an interrupted initdb left.
func (s *Server) removePartials() {
	for _, partial := range withPrefix(s.dir, partialPrefix) {
		if _, err := os.Lstat(filepath.Join(partial, partialMarker)); err != nil {
			continue
		}
		if err := os.RemoveAll(partial); err != nil {
			s.o.Logger.Warn("an unfinished data folder could not be removed", "folder", partial, "error", err)
		}
	}
}

// syncDir makes the names in a folder durable. Windows has no such call and needs none.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// initdb asks for C.UTF-8, which sorts by code point everywhere alike, so that an
// update of the system's locales cannot corrupt an index.
func (s *Server) initdb(ctx context.Context, dir string) error {
	args := []string{
		"-D", dir, "-U", Superuser, "--encoding=UTF8", "--auth-local=trust", "--auth-host=reject", "--no-instructions",
	}
	if s.o.Throwaway {
		args = append(args, "--no-sync")
	}
	var said []byte
	var err error
	for _, locale := range []string{"C.UTF-8", "C"} {
		said, err = s.run(ctx, "initdb", append(args, "--locale="+locale)...)
		if err == nil || !bytes.Contains(said, []byte("invalid locale")) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("make the data folder with %s: %w: %s", s.bin.path("initdb"), err, bytes.TrimSpace(said))
	}
	return nil
}

// run runs one of PostgreSQL's programs to its end and returns what it printed.
func (s *Server) run(ctx context.Context, program string, args ...string) ([]byte, error) {
	cmd := s.command(ctx, program, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	ended, err := spawn(cmd)
	if err == nil {
		err = <-ended
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return said.Bytes(), err
}

// command prepares one of PostgreSQL's programs to run as the right user and with
// nothing of the program's environment but what finding files takes.
func (s *Server) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.bin.path(program), args...)
	cmd.Dir = s.dir // our own may be closed to that user
	cmd.Env = []string{"LC_ALL=C"}
	for _, name := range []string{
		"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SystemRoot", "COMSPEC", "TEMP", "TMP",
	} {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.WaitDelay = 5 * time.Second // a grandchild may hold the output open
	s.acct.prepare(cmd)
	return cmd
}
