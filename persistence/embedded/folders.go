// SPDX-License-Identifier: AGPL-3.0-or-later

package embedded

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const (
	// Root's own home is closed to the user that PostgreSQL runs as.
	rootDataDir  = "/var/lib/hora"
	rootCacheDir = "/var/cache/hora"

	throwawayPrefix = "hora-throwaway-"

	port       = "5432" // only a part of the socket's name
	socketName = ".s.PGSQL." + port
	// The address of a Unix socket holds 104 bytes on macOS, 108 on Linux.
	longestSocket = 99
)

// openDataDir makes the data folder and takes it for this program alone.
func (s *Server) openDataDir(ctx context.Context) (err error) {
	if err := s.placeDataDir(ctx); err != nil {
		return err
	}
	if s.dir, err = filepath.EvalSymlinks(s.dir); err != nil {
		return fmt.Errorf("open the data folder: %w", err)
	}
	if _, err := os.Lstat(filepath.Join(s.dir, "PG_VERSION")); err == nil {
		return notACluster(s.dir, "is itself PostgreSQL's, where hora's would be the folder around it")
	}
	if s.lock, err = lockFile(filepath.Join(s.dir, "hora.lock")); err != nil {
		return err
	}
	return s.placeSocket()
}

// placeDataDir decides where the data folder is and who will work in it.
func (s *Server) placeDataDir(ctx context.Context) (err error) {
	s.dir = s.o.DataDir
	if s.dir == "" && s.o.Throwaway {
		root := throwawayRoot()
		sweepThrowaways(ctx, root)
		s.temporary = true
		s.dir, err = os.MkdirTemp(root, throwawayPrefix)
	} else if s.dir == "" {
		s.dir, err = defaultDataDir()
	} else {
		s.dir, err = filepath.Abs(s.dir)
	}
	if err != nil {
		return fmt.Errorf("find a place for the data folder: %w", err)
	}
	if s.acct, err = chooseAccount(s.cluster()); err != nil {
		return err
	}
	if s.temporary {
		if err := os.Chmod(s.dir, s.folderMode()); err != nil {
			return fmt.Errorf("open the data folder: %w", err)
		}
	}
	if blocked := s.acct.blockedAt(s.dir); blocked != "" {
		return unreachable(blocked, s.acct, "choose a data folder that user can reach, such as HORA_DATA_DIR="+rootDataDir)
	}
	if err := makeDir(s.dir, s.folderMode()); err != nil {
		return fmt.Errorf("make the data folder: %w", foreign(err))
	}
	return nil
}

// folderMode lets the unprivileged user through to its own folders, without
// letting it look around.
func (s *Server) folderMode() fs.FileMode {
	if s.acct != nil {
		return 0o711
	}
	return 0o700
}

// makeDir is os.MkdirAll whatever the umask, which on a hardened server would
// close root's folders to everybody.
func makeDir(path string, mode fs.FileMode) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), mode); err != nil {
		return err
	}
	if err := os.Mkdir(path, mode); err != nil {
		return err
	}
	return os.Chmod(path, mode)
}

// DataDir is the data folder: the one that is named, or else the user's.
func DataDir(named string) (string, error) {
	if named != "" {
		return filepath.Abs(named)
	}
	return defaultDataDir()
}

func defaultDataDir() (string, error) {
	if isRoot() {
		return rootDataDir, nil
	}
	if runtime.GOOS == "windows" {
		dir, err := os.UserCacheDir() // LocalAppData
		return filepath.Join(dir, "hora"), err
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "hora"), nil
	}
	home, err := os.UserHomeDir()
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "hora"), err
	}
	return filepath.Join(home, ".local", "share", "hora"), err
}

// cacheDir is where fetched programs are kept, a folder per version.
func cacheDir() (string, error) {
	if isRoot() {
		return filepath.Join(rootCacheDir, "postgres"), nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "hora", "postgres"), err
}

// placeSocket makes the private folder of the socket, in the data folder or,
// where that path will not do, in a short one derived from it.
func (s *Server) placeSocket() error {
	sum := sha256.Sum256([]byte(s.dir))
	short := "hora-" + hex.EncodeToString(sum[:6])
	for _, dir := range []string{
		filepath.Join(s.dir, "socket"), filepath.Join(os.TempDir(), short), filepath.Join("/tmp", short),
	} {
		if len(filepath.Join(dir, socketName)) > longestSocket || strings.Contains(dir, ",") {
			continue // in an address, a comma would stand between two hosts
		}
		if blocked := s.acct.blockedAt(filepath.Dir(dir)); blocked != "" {
			return unreachable(blocked, s.acct, "choose a data folder that user can reach, such as HORA_DATA_DIR="+rootDataDir)
		}
		if err := s.makePrivate(dir); err != nil {
			return err
		}
		s.socket = dir
		return nil
	}
	return fmt.Errorf("the path of %s is too long for a Unix socket, or has a comma; choose another data folder with HORA_DATA_DIR", s.dir)
}

// makePrivate makes a folder that only the server's user may enter. In a shared
// temporary folder somebody else may have made one of that name, or a link
// to a place of their own, to be given our socket: such a thing is refused.
// Nobody can swap it once it is ours, for the temporary folder is sticky.
func (s *Server) makePrivate(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the folder of the socket: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() || !s.acct.mayOwn(info) || (runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0) {
		return fmt.Errorf("%s should be a private folder of the server's user, and is not; remove it, or choose a data folder with a shorter path with HORA_DATA_DIR", dir)
	}
	return s.acct.own(dir)
}

// sweepThrowaways removes what programs left behind that died together with the
// guard of their throwaway server. A lock nobody holds proves it; a very young
// folder may not have come to its lock yet.
func sweepThrowaways(ctx context.Context, root string) {
	for _, dir := range withPrefix(root, throwawayPrefix) {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || !ownedByUs(info) || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		lock, err := lockFile(filepath.Join(dir, "hora.lock"))
		if err != nil {
			continue
		}
		if !answers(ctx, filepath.Join(dir, "socket")) { // else its server still has to end
			_ = os.RemoveAll(dir) // what resists is tried again next time
		}
		_ = lock.Close()
	}
}

// withPrefix lists what lies in a folder under names that begin so.
func withPrefix(dir, prefix string) []string {
	var paths []string
	entries, _ := os.ReadDir(dir) // callers only tidy up: what cannot be read stays
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), prefix) {
			paths = append(paths, filepath.Join(dir, entry.Name()))
		}
	}
	return paths
}

// clusterVersion reads the major version a data folder was made by; 0 means that
// there is none yet.
func clusterVersion(dir string) (int, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return 0, nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return 0, fmt.Errorf("open the data folder: %w", foreign(err))
	}
	if err != nil {
		return 0, notACluster(dir, "is not a folder")
	}
	text, err := os.ReadFile(filepath.Join(dir, "PG_VERSION"))
	if err != nil {
		return 0, notACluster(dir, "is not empty and holds no PG_VERSION")
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || major <= 0 {
		return 0, notACluster(dir, "has a PG_VERSION that makes no sense")
	}
	return major, nil
}
