// SPDX-License-Identifier: AGPL-3.0-or-later

package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// dataDir is a folder that the unprivileged user of a run as root can reach, which
// those of t.TempDir are not.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "hora-embedded-test-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := tryStart(t, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func tryStart(t *testing.T, o Options) (*Server, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	o.NoDownload = true
	o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	o.Progress = t.Output()
	s, err := Start(ctx, o)
	if err == nil {
		t.Cleanup(func() { stop(t, s) })
	}
	return s, err
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// ask runs SQL on the program's database and returns the first column of its one
// row, or nothing.
func ask(t *testing.T, s *Server, sql string) string {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // cleanups ask too
	conn, err := pgx.Connect(ctx, s.URL(Superuser, Database))
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return strings.Join(found, ",")
}

// keepHours writes something worth keeping; hours reads it.
func keepHours(t *testing.T, s *Server) {
	t.Helper()
	ask(t, s, "CREATE TABLE hours AS SELECT '42' AS minutes")
}

func hours(t *testing.T, s *Server) {
	t.Helper()
	if got := ask(t, s, "SELECT minutes FROM hours"); got != "42" {
		t.Errorf("hours: got %q, want 42", got)
	}
}

func TestDataOutlivesTheServer(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(dataDir(t), "not", "yet")
	begun := time.Now()
	s := start(t, Options{DataDir: dir})
	t.Logf("initdb, start and create database, durable: %v", time.Since(begun).Round(time.Millisecond))
	keepHours(t, s)
	begun = time.Now()
	stop(t, s)
	t.Logf("stop: %v", time.Since(begun).Round(time.Millisecond))
	stop(t, s)
	if answers(t.Context(), s.socket) {
		t.Error("the server still answers after Stop")
	}
	if _, err := os.Stat(s.socket); !os.IsNotExist(err) {
		t.Errorf("the socket's folder is still there: %v", err)
	}

	begun = time.Now()
	s = start(t, Options{DataDir: dir})
	t.Logf("start again: %v", time.Since(begun).Round(time.Millisecond))
	hours(t, s)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	s := start(t, Options{DataDir: dir})
	stop(t, s)
	// What the promises rest on cannot be undone in the data folder's own configuration.
	conf, err := os.OpenFile(filepath.Join(s.cluster(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(conf, "fsync = off\nlisten_addresses = '*'\nwork_mem = 5MB")
	if err := conf.Close(); err != nil {
		t.Fatal(err)
	}
	s = start(t, Options{DataDir: dir})
	want := map[string]string{
		"listen_addresses": "", "max_connections": "100", "TimeZone": "UTC", "server_encoding": "UTF8",
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "work_mem": "5MB",
		"log_statement": "none", "log_min_error_statement": "panic", "log_error_verbosity": "terse",
	}
	for name, value := range want {
		if got := ask(t, s, "SHOW "+name); got != value {
			t.Errorf("%s: got %q, want %q", name, got, value)
		}
	}
	if got := ask(t, s, "SELECT datcollate FROM pg_database WHERE datname = 'hora'"); got != "C.UTF-8" && got != "C" {
		t.Errorf("collation: %q", got)
	}
	if info, err := os.Stat(s.socket); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the socket's folder is not private: %v %v", info.Mode(), err)
	}
	log, err := os.ReadFile(filepath.Join(dir, "postgres.log"))
	if err != nil || !strings.Contains(string(log), "ready to accept connections") {
		t.Errorf("the log tells nothing: %v: %s", err, log)
	}
}

func TestThrowaway(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	s := start(t, Options{Throwaway: true})
	t.Logf("initdb, start and create database, throwaway: %v", time.Since(begun).Round(time.Millisecond))
	if got := ask(t, s, "SHOW fsync"); got != "off" {
		t.Errorf("fsync: %q", got)
	}
	begun = time.Now()
	stop(t, s)
	t.Logf("stop: %v", time.Since(begun).Round(time.Millisecond))
	if _, err := os.Stat(s.dir); !os.IsNotExist(err) {
		t.Errorf("the throwaway folder is still there: %v", err)
	}
}

func TestOddAndLongDataFolders(t *testing.T) {
	t.Parallel()
	for name, folder := range map[string]string{
		"odd":  `Ma coopé, "l'heure" [1]*`,
		"long": strings.Repeat("a-long-name/", 12),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{DataDir: filepath.Join(dataDir(t), folder), Throwaway: true})
			if length := len(filepath.Join(s.socket, socketName)); length > longestSocket {
				t.Errorf("%d bytes of socket path", length)
			}
			if name == "long" && filepath.Dir(s.socket) != filepath.Clean(os.TempDir()) {
				t.Errorf("the socket is in %s", s.socket)
			}
			keepHours(t, s)
			hours(t, s)
			stop(t, s)
			if _, err := os.Stat(s.socket); !os.IsNotExist(err) {
				t.Errorf("the socket's folder is still there: %v", err)
			}
		})
	}
}

func TestSocketFolderOfSomebodyElseIsRefused(t *testing.T) {
	t.Parallel()
	for name, squat := range map[string]func(t *testing.T, path string){
		"link":    func(t *testing.T, path string) { symlink(t, dataDir(t), path) },
		"open":    func(t *testing.T, path string) { mkdir(t, path, 0o777) },
		"a file":  func(t *testing.T, path string) { write(t, path, "") },
		"foreign": func(t *testing.T, path string) { foreignDir(t, path) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &Server{dir: filepath.Join(dataDir(t), strings.Repeat("x", 90))}
			if err := s.placeSocket(); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(s.socket); err != nil {
				t.Fatal(err)
			}
			squat(t, s.socket)
			t.Cleanup(func() { _ = os.Remove(s.socket) })
			if err := s.placeSocket(); err == nil || !strings.Contains(err.Error(), "remove it") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestChildrenDoNotInheritSecrets(t *testing.T) {
	t.Setenv("HORA_SIGNING_KEY", "secret")
	t.Setenv("PGOPTIONS", "-c fsync=off")
	s := &Server{dir: "/"}
	env := s.command(t.Context(), "postgres").Env
	if slices.ContainsFunc(env, func(v string) bool {
		return strings.HasPrefix(v, "HORA_") || strings.HasPrefix(v, "PG")
	}) {
		t.Errorf("inherited: %q", env)
	}
}

func TestURL(t *testing.T) {
	t.Parallel()
	s := &Server{socket: `/tmp/Ma coopé&c?#%`}
	c, err := pgx.ParseConfig(s.URL("hora_server", "hora"))
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.Host, c.User, c.Database, c.TLSConfig == nil}
	if diff := cmp.Diff([]any{s.socket, "hora_server", "hora", true}, got); diff != "" {
		t.Error(diff)
	}
}

func TestLogIsPutAsideWhenLarge(t *testing.T) {
	t.Parallel()
	s := &Server{dir: dataDir(t)}
	path := filepath.Join(s.dir, "postgres.log")
	write(t, path, "old")
	if err := os.Truncate(path, largestLog+1); err != nil {
		t.Fatal(err)
	}
	if err := s.openLog(); err != nil {
		t.Fatal(err)
	}
	defer s.log.Close()
	if kept, err := os.Stat(path + ".1"); err != nil || kept.Size() != largestLog+1 {
		t.Errorf("the old log was not kept: %v", err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(path, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func symlink(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

// foreignDir is a private folder of another user, which only root can stage.
func foreignDir(t *testing.T, path string) {
	t.Helper()
	if !isRoot() {
		t.Skip("needs root")
	}
	mkdir(t, path, 0o700)
	if err := os.Chown(path, 4242, 4242); err != nil {
		t.Fatal(err)
	}
}

// silence is a repository that takes calls and never answers.
func silence(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return "http://" + listener.Addr().String()
}
