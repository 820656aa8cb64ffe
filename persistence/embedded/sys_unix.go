// SPDX-License-Identifier: AGPL-3.0-or-later

//go:build unix

package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// account is the unprivileged user PostgreSQL runs as when the program is root;
// nil stands for ourselves.
type account struct {
	name     string
	uid, gid uint32
}

func isRoot() bool { return os.Geteuid() == 0 }

// chooseAccount takes the owner of an existing data folder, else `postgres` or `nobody`.
func chooseAccount(cluster string) (*account, error) {
	if !isRoot() {
		return nil, nil //nolint:nilnil // nil is an account: ourselves
	}
	if info, err := os.Stat(filepath.Join(cluster, "PG_VERSION")); err == nil {
		stat := info.Sys().(*syscall.Stat_t)
		if stat.Uid == 0 {
			return nil, fmt.Errorf("%s belongs to root, and PostgreSQL refuses to run as root; give it to its user again: chown -R postgres %[1]s", cluster)
		}
		return &account{name: fmt.Sprint("number ", stat.Uid), uid: stat.Uid, gid: stat.Gid}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, fmt.Errorf("look up the user %q: %w", name, err)
		}
		return &account{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it as; create one, or run hora as an ordinary user")
}

// prepare makes cmd run as the account, out of reach of the terminal's Ctrl-C: the
// program ends the server when it has no more use for it.
func (a *account) prepare(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if a != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	endWithProgram(cmd.SysProcAttr)
}

// own gives a path to the account.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	return os.Lchown(path, int(a.uid), int(a.gid))
}

// mayOwn says whether a path belongs to the account, or to us who would give it.
func (a *account) mayOwn(info fs.FileInfo) bool {
	return ownedByUs(info) || a != nil && info.Sys().(*syscall.Stat_t).Uid == a.uid
}

func ownedByUs(info fs.FileInfo) bool {
	return info.Sys().(*syscall.Stat_t).Uid == uint32(os.Geteuid())
}

// blockedAt finds the uppermost folder on the way to path, or path itself, that
// the account may not pass; empty if the way is free. What does not exist yet
// will be made passable.
func (a *account) blockedAt(path string) (blocked string) {
	if a == nil {
		return ""
	}
	for {
		if target, err := filepath.EvalSymlinks(path); err == nil {
			path = target
			break
		}
		path = filepath.Dir(path)
	}
	for {
		if info, err := os.Stat(path); err != nil || !a.mayPass(info) {
			blocked = path
		}
		parent := filepath.Dir(path)
		if parent == path {
			return blocked
		}
		path = parent
	}
}

func (a *account) mayPass(info fs.FileInfo) bool {
	stat := info.Sys().(*syscall.Stat_t)
	switch {
	case stat.Uid == a.uid:
		return info.Mode()&0o100 != 0
	case stat.Gid == a.gid:
		return info.Mode()&0o010 != 0
	default:
		return info.Mode()&0o001 != 0
	}
}

// lockFile takes a file for this process until it is closed, or the process is
// gone in any way; children do not inherit it.
func lockFile(path string) (io.Closer, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", foreign(err))
	}
	// A child that is just being started holds its parent's files until it becomes
	// another program, so a lock that was given back may be held a moment longer.
	for tries := 0; ; tries++ {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || tries == 20 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder, _ := io.ReadAll(io.LimitReader(file, 20)) // a help to the reader, no more
		err = inUse(filepath.Dir(path), strings.TrimSpace(string(holder)))
	}
	if err == nil {
		err = file.Truncate(0)
	}
	if err == nil {
		_, err = fmt.Fprintln(file, os.Getpid())
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// signal speaks to the server, which is our child, so the number is surely its own.
func (s *Server) signal(_ context.Context, name string) error {
	return s.process.Signal(map[string]os.Signal{"INT": syscall.SIGINT, "QUIT": syscall.SIGQUIT}[name])
}

// The guard's standard input ends with the program, however that ends. The wait
// is bounded because a dead process nobody reaps looks alive.
const guardScript = `read -r _
kill -INT "$1"
i=0
while [ $i -lt 100 ] && kill -0 "$1"; do sleep 0.1; i=$((i+1)); done
[ -z "$2" ] || rm -rf -- "$2"`

// startGuard has a shell end the process, and remove a folder if given, when the
// program is gone without having dismissed it.
func startGuard(pid int, remove string) (dismiss func(), err error) {
	cmd := exec.Command("/bin/sh", "-c", guardScript, "hora-guard", strconv.Itoa(pid), remove) //nolint:noctx // only the end of the program, or dismissal, may end it
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	alive, err := cmd.StdinPipe()
	if err != nil {
		return func() {}, err
	}
	if err := cmd.Start(); err != nil {
		return func() {}, err
	}
	return func() {
		_ = cmd.Process.Kill() // before its input ends, or it would act
		_ = cmd.Wait()         // it was killed
		_ = alive.Close()
	}, nil
}
