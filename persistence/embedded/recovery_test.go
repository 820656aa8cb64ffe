// SPDX-License-Identifier: AGPL-3.0-or-later

//go:build unix

package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary run with this variable is a program to be killed, which has a
// server in the data folder it names, or a throwaway one, or a guarded process.
const programVariable = "HORA_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if does, ok := os.LookupEnv(programVariable); ok {
		if err := beProgram(does); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		select {}
	}
	os.Exit(m.Run())
}

// keepGuard keeps the garbage collector from closing what the guard waits for.
var keepGuard func()

func beProgram(does string) error {
	if does == "guard" {
		cmd := exec.Command("sleep", "60")
		if err := cmd.Start(); err != nil {
			return err
		}
		folder, err := os.MkdirTemp("", "hora-guarded-")
		if err != nil {
			return err
		}
		if keepGuard, err = startGuard(cmd.Process.Pid, folder); err != nil {
			return err
		}
		fmt.Println(folder, cmd.Process.Pid)
		return nil
	}
	o := Options{DataDir: does, NoDownload: true}
	if does == "throwaway" {
		o = Options{Throwaway: true, NoDownload: true}
	}
	s, err := Start(context.Background(), o)
	if err != nil {
		return err
	}
	fmt.Println(s.dir, s.process.Pid)
	return nil
}

// program runs the test binary as a program with a server of its own and returns
// its process and what it said: its folder, and the process number to watch.
func program(t *testing.T, does string) (cmd *exec.Cmd, folder string, pid int) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), programVariable+"="+does)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill9(t, cmd) })
	said, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the program did not start: %s %v", said, err)
	}
	if _, err := fmt.Sscan(said, &folder, &pid); err != nil {
		t.Fatalf("the program said %q", said)
	}
	return cmd, folder, pid
}

func kill9(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for begun := time.Now(); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("never came: %s", what)
		}
	}
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func TestServerEndsWithAKilledProgram(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	cmd, _, pid := program(t, dir)
	keepHours(t, &Server{socket: filepath.Join(dir, "socket")})
	kill9(t, cmd)
	begun := time.Now()
	eventually(t, "the server's end", func() bool { return recordedPID(filepath.Join(dir, "postgres")) == 0 && !alive(pid) })
	t.Logf("the server was gone %v after its program", time.Since(begun).Round(time.Millisecond))
	hours(t, start(t, Options{DataDir: dir}))
}

func TestRestartRightAfterAKill(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	for round := range 3 {
		cmd, _, _ := program(t, dir)
		s := &Server{socket: filepath.Join(dir, "socket")}
		if round == 0 {
			keepHours(t, s)
		}
		hours(t, s)
		kill9(t, cmd)
	}
	hours(t, start(t, Options{DataDir: dir}))
}

func TestThrowawayIsRemovedAfterAKill(t *testing.T) {
	t.Parallel()
	// The guarded process is ended and its folder removed without the kernel's help.
	for _, does := range []string{"throwaway", "guard"} {
		t.Run(does, func(t *testing.T) {
			t.Parallel()
			cmd, folder, pid := program(t, does)
			kill9(t, cmd)
			eventually(t, "the end of process and folder", func() bool {
				_, err := os.Stat(folder)
				return os.IsNotExist(err) && !alive(pid)
			})
		})
	}
}

func TestDismissedGuardDoesNothing(t *testing.T) {
	t.Parallel()
	victim := exec.Command("sleep", "60")
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill9(t, victim) })
	folder := t.TempDir()
	dismiss, err := startGuard(victim.Process.Pid, folder)
	if err != nil {
		t.Fatal(err)
	}
	dismiss()
	time.Sleep(100 * time.Millisecond)
	if _, err := os.Stat(folder); err != nil || !alive(victim.Process.Pid) {
		t.Error("a dismissed guard acted")
	}
}

// The parent-death signal is tied to a thread, and Ctrl-C reaches a terminal's
// whole process group: neither may end the server under the program.
func TestServerOutlivesThreadAndTerminal(t *testing.T) {
	t.Parallel()
	var s *Server
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked, so the thread ends here
		var err error
		s, err = tryStart(t, Options{Throwaway: true})
		failed <- err
	}()
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	keepHours(t, s)
	if group, err := syscall.Getpgid(s.process.Pid); err != nil || group == syscall.Getpgrp() {
		t.Errorf("the server is in the program's process group %d: %v", group, err)
	}
}

// crash kills the server itself, leaving its lock files, and takes the program's
// end for granted.
func crash(t *testing.T, s *Server) {
	t.Helper()
	s.up.Store(false)
	if err := s.process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.exited
	stop(t, s)
	if recordedPID(s.cluster()) == 0 {
		t.Fatal("the crash left no postmaster.pid")
	}
}

func TestCrashedServer(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	s := start(t, Options{DataDir: dir})
	keepHours(t, s)
	crash(t, s)
	s = start(t, Options{DataDir: dir})
	hours(t, s)

	// The number of the dead server now belongs to another process of its user.
	crash(t, s)
	other := exec.Command("sleep", "60")
	s.acct.prepare(other)
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill9(t, other) })
	old, reused := strconv.Itoa(s.process.Pid), strconv.Itoa(other.Process.Pid)
	for _, path := range []string{filepath.Join(s.cluster(), "postmaster.pid"), filepath.Join(s.socket, socketName+".lock")} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, strings.Replace(string(text), old, reused, 1))
	}
	hours(t, start(t, Options{DataDir: dir}))
	if !alive(other.Process.Pid) {
		t.Error("the innocent process was ended")
	}
}

// startByHand runs a server on the data folder of s that no program looks after.
func startByHand(t *testing.T, s *Server, socket string) (pid int) {
	t.Helper()
	s.socket = socket
	var quoted []string
	for _, arg := range s.settings()[2:] {
		quoted = append(quoted, "'"+arg+"'")
	}
	cmd := s.command(t.Context(), "pg_ctl", "start", "-w", "-D", s.cluster(), "-o", strings.Join(quoted, " "))
	if err := cmd.Run(); err != nil {
		t.Fatalf("pg_ctl start: %v", err)
	}
	t.Cleanup(func() {
		_, _ = s.run(context.Background(), "pg_ctl", "stop", "-D", s.cluster(), "-m", "immediate")
	})
	return recordedPID(s.cluster())
}

func TestLeftoverServerIsStopped(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	s := start(t, Options{DataDir: dir})
	stop(t, s)
	if err := s.makePrivate(s.socket); err != nil {
		t.Fatal(err)
	}
	leftover := startByHand(t, s, s.socket)
	keepHours(t, s)
	s = start(t, Options{DataDir: dir})
	hours(t, s)
	if s.process.Pid == leftover {
		t.Error("the leftover server was taken over")
	}
	eventually(t, "the leftover server's end", func() bool { return !alive(leftover) })
}

func TestServerOfSomebodyElseIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	s := start(t, Options{DataDir: dir})
	stop(t, s)
	elsewhere := filepath.Join(dir, "elsewhere")
	if err := s.makePrivate(elsewhere); err != nil {
		t.Fatal(err)
	}
	theirs := startByHand(t, s, elsewhere)
	if _, err := tryStart(t, Options{DataDir: dir}); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "another PostgreSQL") {
		t.Errorf("got %v", err)
	}
	if !alive(theirs) || recordedPID(s.cluster()) != theirs || !answers(t.Context(), elsewhere) {
		t.Error("the other server was disturbed")
	}
}

func TestUnfinishedDataFolder(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	ours, theirs := filepath.Join(dir, partialPrefix+"1"), filepath.Join(dir, partialPrefix+"2")
	for _, partial := range []string{ours, theirs} {
		mkdir(t, filepath.Join(partial, "cluster", "base"), 0o700)
		write(t, filepath.Join(partial, "cluster", "PG_VERSION"), "15\n")
	}
	write(t, filepath.Join(ours, partialMarker), "")

	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	if _, err := Start(ctx, Options{DataDir: dir, NoDownload: true}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an interrupted start: got %v", err)
	}
	if left := withPrefix(dir, "postgres.partial-"); len(left) != 1 || left[0] != theirs {
		t.Errorf("left behind: %v, want %s alone", left, theirs)
	}
	if _, err := os.Stat(filepath.Join(dir, "postgres")); !os.IsNotExist(err) {
		t.Errorf("half a data folder: %v", err)
	}
	s := start(t, Options{DataDir: dir})
	keepHours(t, s)
	hours(t, s)
}

func TestSweepOfThrowaways(t *testing.T) {
	t.Parallel()
	tmp := dataDir(t)
	long := time.Now().Add(-time.Hour)
	for _, name := range []string{"dead", "held", "young"} {
		dir := filepath.Join(tmp, throwawayPrefix+name)
		mkdir(t, dir, 0o700)
		write(t, filepath.Join(dir, "postgres.log"), "")
		if name == "held" {
			lock, err := lockFile(filepath.Join(dir, "hora.lock"))
			if err != nil {
				t.Fatal(err)
			}
			defer lock.Close()
		}
		if name != "young" {
			if err := os.Chtimes(dir, long, long); err != nil {
				t.Fatal(err)
			}
		}
	}
	sweepThrowaways(t.Context(), tmp)
	for name, want := range map[string]bool{"dead": false, "held": true, "young": true} {
		_, err := os.Stat(filepath.Join(tmp, throwawayPrefix+name))
		if got := err == nil; got != want {
			t.Errorf("%s: kept %v, want %v", name, got, want)
		}
	}
}
