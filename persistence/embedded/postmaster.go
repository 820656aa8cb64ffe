// SPDX-License-Identifier: AGPL-3.0-or-later

package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// A fast shutdown writes a checkpoint; beyond this it is cut short, which costs
	// a recovery at the next start and no data.
	shutdownPatience = time.Minute
	// How often and how long to wait for a server that was killed to let go.
	lingerTries, lingerPause = 25, 200 * time.Millisecond

	largestLog = 8 << 20
)

// stopLeftover ends the server of a program that died, if it still runs. The
// socket tells: it is ours alone, and only a living server answers there, while a
// process number in a file may belong to anybody by now.
func (s *Server) stopLeftover(ctx context.Context) error {
	pid := recordedPID(s.cluster())
	if pid == 0 {
		return nil
	}
	if !answers(ctx, s.socket) {
		s.stalePID = pid
		return nil
	}
	s.o.Logger.Warn("stopping the PostgreSQL that an earlier run left behind", "folder", s.dir, "pid", pid)
	said, err := s.run(ctx, "pg_ctl", "stop", "-D", s.cluster(), "-m", "fast", "-t", "60")
	if err != nil && answers(ctx, s.socket) { // else it was about to end by itself
		return fmt.Errorf("%w: the PostgreSQL that an earlier run left behind does not end (%w: %s); end process %d and start again",
			ErrInUse, err, strings.TrimSpace(string(said)), pid)
	}
	return nil
}

// launch starts the server and waits until it answers. One that was killed a
// moment ago, itself rather than with its program, may still hold the folder.
func (s *Server) launch(ctx context.Context) error {
	if err := s.openLog(); err != nil {
		return err
	}
	for try := 1; ; try++ {
		err := s.launchOnce(ctx)
		if err != nil {
			s.guard()
		}
		if try == lingerTries || !errors.Is(err, ErrInUse) {
			return err
		}
		select {
		case <-time.After(lingerPause):
		case <-ctx.Done():
			return err
		}
	}
}

func (s *Server) launchOnce(ctx context.Context) error {
	begin, err := s.log.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	cmd := s.command(context.WithoutCancel(ctx), "postgres", s.settings()...)
	cmd.Stdout, cmd.Stderr = s.log, s.log
	if s.stalePID != 0 {
		// PostgreSQL will not start while the number in an old postmaster.pid belongs
		// to any process of its user, as it soon does in a container. By this variable
		// pg_ctl excepts its own parent; the check that counts, of the shared memory
		// of whoever used the folder, is made all the same.
		cmd.Env = append(cmd.Env, "PG_GRANDPARENT_PID="+strconv.Itoa(s.stalePID))
	}
	ended, err := spawn(cmd)
	if err != nil {
		return fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	s.process, s.exited = cmd.Process, make(chan struct{})
	go s.watch(ended)
	if s.temporary || !endsWithProgram {
		remove := ""
		if s.temporary {
			remove = s.dir
		}
		if s.guard, err = startGuard(s.process.Pid, remove); err != nil {
			return fmt.Errorf("watch over the program's end: %w", err)
		}
	}
	if err := s.waitReady(ctx, begin); err != nil {
		return err
	}
	s.up.Store(true)
	return nil
}

// spawn starts a process and tells its end. The kernel ties the parent-death
// signal to the thread that forked, not to the program, so that thread is kept
// for as long as the process lives.
func spawn(cmd *exec.Cmd) (<-chan error, error) {
	started, ended := make(chan error), make(chan error, 1)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with this function
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	return ended, <-started
}

// watch notes the server's end, and reports one that nobody asked for.
func (s *Server) watch(ended <-chan error) {
	err := <-ended
	if s.up.Load() {
		s.o.Logger.Error("the local PostgreSQL ended by itself", "error", err, "log", s.log.Name())
	}
	close(s.exited)
}

// waitReady has no limit of its own: after a crash the recovery takes as long as
// it takes, and cutting it short would only make it begin again.
func (s *Server) waitReady(ctx context.Context, begin int64) error {
	for {
		conn, err := pgx.Connect(ctx, s.URL(Superuser, "postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		refused, answered := errors.AsType[*pgconn.PgError](err)
		if answered && refused.Code != "57P03" { // 57P03: still starting up
			return fmt.Errorf("reach the local PostgreSQL: %w", err)
		}
		select {
		case <-s.exited:
			return s.lastWords(begin)
		case <-ctx.Done():
			return fmt.Errorf("wait for the local PostgreSQL: %w", context.Cause(ctx))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// lastWords explains a server that did not come up by what it logged.
func (s *Server) lastWords(begin int64) error {
	said, _ := io.ReadAll(io.NewSectionReader(s.log, begin, 16<<10)) // what can be read
	words := strings.TrimSpace(string(said))
	if strings.Contains(words, "is still in use") || strings.Contains(words, `lock file "postmaster.pid" already exists`) {
		return fmt.Errorf("%w: another PostgreSQL works in %s; end it and start again: %s", ErrInUse, s.cluster(), words)
	}
	return fmt.Errorf("the local PostgreSQL did not start: %s", words)
}

// endPostmaster asks for a fast shutdown and waits for it.
func (s *Server) endPostmaster(ctx context.Context) error {
	if s.exited == nil {
		return nil
	}
	for _, signal := range []string{"INT", "QUIT"} {
		// What cannot be signalled is about to be found gone, or to be reported below.
		if err := s.signal(ctx, signal); err != nil {
			s.o.Logger.Debug("the local PostgreSQL could not be signalled", "error", err)
		}
		select {
		case <-s.exited:
			return nil
		case <-time.After(shutdownPatience):
		}
	}
	return fmt.Errorf("the local PostgreSQL (process %d) does not end", s.process.Pid)
}

// settings are those that the program's promises rest on, so they stand above
// the data folder's postgresql.conf; everything else may be tuned there.
func (s *Server) settings() []string {
	durable := "on"
	if s.o.Throwaway {
		durable = "off"
	}
	args := []string{"-D", s.cluster()}
	for _, setting := range []string{
		"listen_addresses=",
		"port=" + port,
		`unix_socket_directories="` + strings.ReplaceAll(s.socket, `"`, `""`) + `"`,
		"unix_socket_permissions=0700",
		"max_connections=100",
		"timezone=UTC",
		"log_timezone=UTC",
		"fsync=" + durable,
		"full_page_writes=" + durable,
		"synchronous_commit=" + durable,
		"logging_collector=off",
		"log_destination=stderr",
		"log_statement=none",            // statements carry what people wrote
		"log_min_error_statement=panic", // those that failed too
		"log_error_verbosity=terse",     // details quote the row in question
		"log_min_duration_statement=-1",
	} {
		args = append(args, "-c", setting)
	}
	return args
}

// openLog appends to the log; one that grew large is kept once and begun anew.
func (s *Server) openLog() (err error) {
	path := filepath.Join(s.dir, "postgres.log")
	if info, err := os.Stat(path); err == nil && info.Size() > largestLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return fmt.Errorf("put the old log aside: %w", err)
		}
	}
	if s.log, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600); err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	return nil
}

// recordedPID is the process number in postmaster.pid; 0 if there is none.
func recordedPID(cluster string) int {
	text, _ := os.ReadFile(filepath.Join(cluster, "postmaster.pid"))
	first, _, _ := strings.Cut(string(text), "\n")
	pid, _ := strconv.Atoi(strings.TrimSpace(first))
	return max(pid, 0)
}

// answers says whether a living server listens on the socket in the folder.
func answers(ctx context.Context, folder string) bool {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", filepath.Join(folder, socketName))
	if err != nil {
		return false
	}
	_ = conn.Close() // nothing was said
	return true
}
