// SPDX-License-Identifier: AGPL-3.0-or-later

package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is nil here: there is no root to step down from, and PostgreSQL itself
// refuses to run from an elevated prompt.
type account struct{ name string }

// endsWithProgram is not true, but the guard that would see to it is a Unix shell;
// the next start ends what a killed program left running.
const endsWithProgram = false

func throwawayRoot() string { return os.TempDir() }

func isRoot() bool { return false }

func chooseAccount(string) (*account, error) { return nil, nil } //nolint:nilnil // nil is an account: ourselves

func (*account) prepare(*exec.Cmd) {}

func (*account) own(string) error { return nil }

func (*account) mayOwn(fs.FileInfo) bool { return true }

func (*account) blockedAt(string) string { return "" }

func ownedByUs(fs.FileInfo) bool { return true }

func startGuard(int, string) (dismiss func(), err error) { return func() {}, nil }

// signal goes through pg_ctl, for Windows knows no signals and PostgreSQL has its own.
func (s *Server) signal(ctx context.Context, name string) error {
	_, err := s.run(ctx, "pg_ctl", "kill", name, strconv.Itoa(s.process.Pid))
	return err
}

// lockFile takes a file for this process until it is closed, or the process is
// gone in any way.
func lockFile(path string) (io.Closer, error) {
	const sharingViolation syscall.Errno = 32
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	handle, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, sharingViolation) {
		return nil, inUse(filepath.Dir(path), "")
	}
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	return os.NewFile(uintptr(handle), path), nil
}
