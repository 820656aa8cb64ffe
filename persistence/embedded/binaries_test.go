// SPDX-License-Identifier: AGPL-3.0-or-later

package embedded

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// realPrograms is the folder the search finds on this computer.
func realPrograms(t *testing.T) string {
	t.Helper()
	s := &Server{o: Options{places: everywhere, NoDownload: true}}
	found, err := s.findBinaries(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return found[0].dir
}

// script writes a program that does what it is told.
func script(t *testing.T, path, does string) {
	t.Helper()
	mkdir(t, filepath.Dir(path), 0o755)
	write(t, path, "#!/bin/sh\n"+does+"\n")
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

// otherPrograms is a folder that claims to be of another version.
func otherPrograms(t *testing.T, version string) string {
	t.Helper()
	dir := dataDir(t)
	for _, program := range programs {
		script(t, filepath.Join(dir, program), "echo '"+program+" (PostgreSQL) "+version+" (Somebody 1.2)'")
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestNoBinaries(t *testing.T) {
	t.Parallel()
	nowhere := func(context.Context) (preferred, others []string) { return nil, nil }
	ways := []string{
		"apt install postgresql", "dnf install postgresql-server", "brew install postgresql@", "Windows", "WSL",
		"docker compose up", "HORA_DATABASE_URL", "HORA_PG_BIN",
	}
	refused(t, Options{DataDir: dataDir(t), places: nowhere}, ErrNoBinaries, ways...)
	refused(t, Options{DataDir: dataDir(t), BinDir: t.TempDir()}, ErrNoBinaries, append(ways, "holds no postgres")...)
	refused(t, Options{DataDir: dataDir(t), BinDir: otherPrograms(t, "14.9")}, ErrNoBinaries, "PostgreSQL 14.9")
}

func TestDataFolderChoosesItsVersion(t *testing.T) {
	t.Parallel()
	actual, newer := realPrograms(t), otherPrograms(t, "99.1")
	dir := dataDir(t)
	stop(t, start(t, Options{DataDir: dir, Throwaway: true, BinDir: actual}))
	both := func(context.Context) (preferred, others []string) { return []string{newer}, []string{actual} }
	s := start(t, Options{DataDir: dir, places: both})
	if s.bin.dir != actual {
		t.Errorf("started %s", s.bin.dir)
	}
	stop(t, s)
	refused(t, Options{DataDir: dir, BinDir: newer}, ErrOtherVersion, "PostgreSQL 99.1")
}

func TestNewestOfTheUsualPlaces(t *testing.T) {
	t.Parallel()
	old, newest, preferred := otherPrograms(t, "15beta1"), otherPrograms(t, "98.2"), otherPrograms(t, "16.3")
	for want, places := range map[string][2][]string{
		newest:    {nil, {old, "/nowhere", newest}},
		preferred: {{t.TempDir(), preferred}, {old, newest}},
	} {
		s := &Server{o: Options{places: func(context.Context) (a, b []string) { return places[0], places[1] }}}
		found, err := s.findBinaries(t.Context(), 0)
		if err != nil || found[0].dir != want {
			t.Errorf("found %v %v, want %s first", found, err, want)
		}
	}
}

func TestSearch(t *testing.T) {
	actual := realPrograms(t)
	linked, wrapped := t.TempDir(), t.TempDir()
	for _, program := range programs {
		symlink(t, filepath.Join(actual, program), filepath.Join(linked, program))
	}
	t.Setenv("PATH", linked)
	if preferred, _ := everywhere(t.Context()); len(preferred) != 1 || preferred[0] != actual {
		t.Errorf("through links: %v, want %s", preferred, actual)
	}
	// A wrapper without its siblings is no use, but pg_config knows the place.
	script(t, filepath.Join(wrapped, "initdb"), "exec "+filepath.Join(actual, "initdb")+` "$@"`)
	script(t, filepath.Join(wrapped, "pg_config"), "echo "+actual)
	t.Setenv("PATH", wrapped)
	preferred, _ := everywhere(t.Context())
	if !slices.Equal(preferred, []string{wrapped, actual}) {
		t.Errorf("through a wrapper: %v", preferred)
	}
	if found := inspectAll(t.Context(), preferred); len(found) != 1 || found[0].dir != actual {
		t.Errorf("found %v, want %s", found, actual)
	}
}

// repository serves one build, whose programs are those of this computer.
func repository(t *testing.T, version embeddedpostgres.PostgresVersion) string {
	t.Helper()
	actual, tree := realPrograms(t), t.TempDir()
	for _, program := range programs {
		script(t, filepath.Join(tree, "bin", program), "exec "+filepath.Join(actual, program)+` "$@"`)
	}
	packed, err := exec.Command("tar", "-cJf", "-", "-C", tree, "bin").Output()
	if err != nil {
		t.Skipf("packing the build: %v", err)
	}
	var jar bytes.Buffer
	archive := zip.NewWriter(&jar)
	entry, err := archive.Create("postgres-anything.txz")
	if err == nil {
		_, err = entry.Write(packed)
	}
	if err := errors.Join(err, archive.Close()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, string(version)+".jar"):
			_, _ = w.Write(jar.Bytes())
		case strings.HasSuffix(r.URL.Path, ".sha256"):
			fmt.Fprintf(w, "%x", sha256.Sum256(jar.Bytes()))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestFetch(t *testing.T) {
	t.Parallel()
	cache := filepath.Join(dataDir(t), "cache")
	s := &Server{o: Options{Progress: t.Output(), repository: repository(t, embeddedpostgres.V17)}}
	for range 2 { // the second finds that another program was quicker
		b, err := s.fetchInto(t.Context(), filepath.Join(cache, "17"), embeddedpostgres.V17)
		if err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(cache); err != nil || len(left) != 1 {
			t.Errorf("the cache holds %v %v", left, err)
		}
		keepHours(t, start(t, Options{Throwaway: true, BinDir: b.dir}))
	}
	if _, err := s.fetchInto(t.Context(), filepath.Join(cache, "16"), embeddedpostgres.V16); err == nil {
		t.Error("fetched a build that is not there")
	} else {
		t.Log(err)
	}
}

func TestFetchWithoutANetwork(t *testing.T) {
	t.Parallel()
	nowhere := func(context.Context) (preferred, others []string) { return nil, nil }
	for name, repository := range map[string]string{
		"nobody there": "http://127.0.0.1:1",
		"no answer":    silence(t),
		"no such name": "http://maven.invalid",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			o := Options{DataDir: dataDir(t), places: nowhere, repository: repository}
			begun := time.Now()
			_, err := Start(ctx, o)
			if !errors.Is(err, ErrNoBinaries) || !strings.Contains(err.Error(), "apt install") {
				t.Errorf("got %v", err)
			}
			if took := time.Since(begun); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
			t.Log(err)
		})
	}
}
