// SPDX-License-Identifier: AGPL-3.0-or-later

// Package clients runs programs that others wrote against the server that people
// run: each is a file NAME.test.mjs here, told the address in HORA_URL.
package clients_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hora-coop/hora/persistence/pgtest"
)

func TestOutsideClients(t *testing.T) {
	needs(t)
	server := serve(t)
	files, err := filepath.Glob("*.test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatalf("no clients are here: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, ".test.mjs"), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			node := exec.CommandContext(ctx, "node", "--test", "--test-reporter=spec", file)
			node.Env = append(os.Environ(), server...)
			said, err := node.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			for _, line := range regexp.MustCompile(`(?m)^(\S.* \d+ of \d+|ℹ (tests|pass|fail) \d+)$`).FindAllString(string(said), -1) {
				t.Log(line)
			}
		})
	}
}

// needs skips where node or the packages are missing; the gate, which installs
// them, sets HORA_CLIENTS=required.
func needs(t *testing.T) {
	t.Helper()
	missing := ""
	if _, err := exec.LookPath("node"); err != nil {
		missing = "node is not installed; Node 20 or newer runs the outside clients"
	} else if _, err := os.Stat("node_modules"); errors.Is(err, os.ErrNotExist) {
		missing = "the packages are not installed: npm ci --ignore-scripts --prefix test/clients"
	}
	if missing == "" {
		return
	}
	if os.Getenv("HORA_CLIENTS") == "required" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

// freePort is an address that nobody listens on: who signs in by a browser comes
// back to the very address that the server knows itself by.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return "localhost:" + port
}

// serve builds the program and runs it in development, on a database of its own.
// It answers what clients are told: where it is, and how to start one more.
func serve(t *testing.T) (environment []string) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "hora")
	if said, err := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", binary, "../../cmd/hora").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	hora := exec.Command(binary, "serve", "--dev", "--listen", freePort(t), "--metrics-listen", "", "--log-level", "error", "--cost-per-minute", "0")
	database := "HORA_DATABASE_URL=" + pgtest.URL(t)
	hora.Env = append(os.Environ(), database)
	hora.Stderr = os.Stderr
	out, err := hora.StdoutPipe()
	if err == nil {
		err = hora.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(hora.Process.Signal(syscall.SIGTERM), hora.Wait()); err != nil {
			t.Errorf("the server does not stop well: %v", err)
		}
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, at, found := strings.Cut(lines.Text(), "listens on "); found {
			// One more server on the same database is the same place to its tokens.
			return []string{"HORA_URL=" + at, "HORA_BINARY=" + binary, database, "HORA_PUBLIC_URL=" + at}
		}
	}
	t.Fatal("the server never says where it listens")
	return nil
}
