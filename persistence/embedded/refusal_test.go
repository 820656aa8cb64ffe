// SPDX-License-Identifier: AGPL-3.0-or-later

package embedded

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree lists everything in a folder with sizes and times, but for our own lock.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() == "hora.lock" || path == dir {
			return err
		}
		info, err := entry.Info()
		all = append(all, path+" "+info.Mode().String()+" "+info.ModTime().String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// refused starts on a folder that must not be touched and returns the refusal.
func refused(t *testing.T, o Options, want error, words ...string) {
	t.Helper()
	before := tree(t, o.DataDir)
	s, err := tryStart(t, o)
	if !errors.Is(err, want) || s != nil {
		t.Fatalf("got %v, want %v", err, want)
	}
	t.Log(err)
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error does not say %q", word)
		}
	}
	if diff := cmp.Diff(before, tree(t, o.DataDir)); diff != "" {
		t.Errorf("the folder was touched: %s", diff)
	}
}

func TestFolderInUseIsRefused(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	s := start(t, Options{DataDir: dir, Throwaway: true})
	keepHours(t, s)
	if _, err := tryStart(t, Options{DataDir: dir}); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "HORA_DATA_DIR") {
		t.Errorf("got %v", err)
	}
	hours(t, s)
	stop(t, s)
	hours(t, start(t, Options{DataDir: dir}))
}

func TestOtherVersionIsRefused(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	s := start(t, Options{DataDir: dir, Throwaway: true})
	stop(t, s)
	write(t, filepath.Join(s.cluster(), "PG_VERSION"), "99\n")
	refused(t, Options{DataDir: dir}, ErrOtherVersion,
		"PostgreSQL 99", "PostgreSQL "+s.bin.version, "pg_upgrade", "HORA_PG_BIN", "dump and restore")
}

func TestWhatIsNotAClusterIsRefused(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]func(t *testing.T, dir string){
		"somebody's files": func(t *testing.T, dir string) {
			mkdir(t, filepath.Join(dir, "postgres"), 0o755)
			write(t, filepath.Join(dir, "postgres", "photo.jpg"), "the only one")
		},
		"a file": func(t *testing.T, dir string) { write(t, filepath.Join(dir, "postgres"), "notes") },
		"nonsense": func(t *testing.T, dir string) {
			mkdir(t, filepath.Join(dir, "postgres"), 0o755)
			write(t, filepath.Join(dir, "postgres", "PG_VERSION"), "nine\n")
			if isRoot() {
				if err := os.Chown(filepath.Join(dir, "postgres", "PG_VERSION"), 4242, 4242); err != nil {
					t.Fatal(err)
				}
			}
		},
		"a cluster itself": func(t *testing.T, dir string) { write(t, filepath.Join(dir, "PG_VERSION"), "15\n") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := dataDir(t)
			fill(t, dir)
			refused(t, Options{DataDir: dir}, ErrNotACluster, "HORA_DATA_DIR", "Nothing was changed")
		})
	}
}

func TestEmptyFolderIsFilled(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	mkdir(t, filepath.Join(dir, "postgres"), 0o755)
	keepHours(t, start(t, Options{DataDir: dir, Throwaway: true}))
}

func TestUnreachableFolderIsRefused(t *testing.T) {
	t.Parallel()
	if !isRoot() {
		t.Skip("only root has to hand its folder to somebody else")
	}
	closed := filepath.Join(dataDir(t), "closed")
	mkdir(t, closed, 0o700)
	refused(t, Options{DataDir: closed}, ErrUnreachable, closed, "HORA_DATA_DIR", "chmod o+x")
	if _, err := tryStart(t, Options{DataDir: filepath.Join(closed, "deeper", "still")}); !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	if left := tree(t, closed); len(left) != 0 {
		t.Errorf("made %v", left)
	}
	// A link does not open the way.
	link := filepath.Join(filepath.Dir(closed), "link")
	symlink(t, closed, link)
	if _, err := tryStart(t, Options{DataDir: link}); !errors.Is(err, ErrUnreachable) {
		t.Errorf("through a link: got %v", err)
	}
}

func TestClusterOfRootIsRefused(t *testing.T) {
	t.Parallel()
	if !isRoot() {
		t.Skip("needs root")
	}
	dir := dataDir(t)
	s := start(t, Options{DataDir: dir, Throwaway: true})
	stop(t, s)
	if err := os.Chown(filepath.Join(s.cluster(), "PG_VERSION"), 0, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := tryStart(t, Options{DataDir: dir}); err == nil || !strings.Contains(err.Error(), "chown -R postgres") {
		t.Errorf("got %v", err)
	}
}
