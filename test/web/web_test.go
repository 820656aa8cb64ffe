// SPDX-License-Identifier: AGPL-3.0-or-later

// Package web uses the dashboard as people do, in a browser, against the program
// with the demonstration's three communities: each file NAME.test.mjs here is told
// the address in HORA_URL.
package web_test

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

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/persistence/pgtest"
)

// The proofs in their order: what only looks comes before what changes something.
var files = []string{"weight", "screens", "pa11y", "keyboard", "stories", "begins", "holds", "duty"}

func TestDashboard(t *testing.T) {
	needs(t)
	database := pgtest.URL(t)
	at := demonstrate(t, database)
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			run(t, file, "HORA_URL="+at)
		})
	}
	t.Run("many", func(t *testing.T) {
		crowd(t, database)
		run(t, "many", "HORA_URL="+at)
	})
}

// crowd lets a hundred thousand people be members of one of the demonstration's
// communities, with an account each, as a superuser does it: at once, and untold in
// the journal. Nothing but reading comes after it.
func crowd(t *testing.T, database string) {
	t.Helper()
	db, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.WithoutCancel(t.Context()))
	began := time.Now()
	_, err = db.Exec(t.Context(), `
		WITH home AS (
			SELECT c.id, max(m.number) AS last FROM community c JOIN member m ON m.community_id = c.id WHERE c.slug = 'riverside' GROUP BY c.id
		), made AS (
			INSERT INTO member (community_id, id, number, kind, display_name, participation, applied_at, admitted_at)
			SELECT home.id, gen_random_uuid(), last + n, 'PERSON',
				(ARRAY['Aïcha', 'Björn', 'Chloé', 'Dev', 'Zénobie'])[1 + n % 5] || ' ' || n, 'ACTIVE', now(), now()
			FROM home, generate_series(1, 100000) n
			RETURNING community_id, id
		)
		INSERT INTO ledger.account (community_id, id, kind, owner_id, floor, opened_at)
		SELECT community_id, gen_random_uuid(), 'MEMBER', id, -1200, now() FROM made`)
	if err == nil {
		_, err = db.Exec(t.Context(), `ANALYZE`)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("100,000 members are made in %v", time.Since(began).Round(time.Millisecond))
}

// run runs one file, and tells the figures it prints.
func run(t *testing.T, file string, environment ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	node := exec.CommandContext(ctx, "node", "--test", "--test-reporter=spec", file+".test.mjs")
	node.Env = append(os.Environ(), environment...)
	said, err := node.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	for _, line := range regexp.MustCompile(`(?m)^((?:axe|bundle|keyboard|Lighthouse|memory|pa11y|story): .*|ℹ (tests|pass|fail) \d+)$`).FindAllString(string(said), -1) {
		t.Log(line)
	}
}

// needs skips where node, the packages or Chromium are missing; the gate, which
// installs them, sets HORA_WEB=required.
func needs(t *testing.T) {
	t.Helper()
	missing := ""
	if _, err := exec.LookPath("node"); err != nil {
		missing = "node is not installed; Node 20 or newer runs the proofs of the dashboard"
	} else if _, err := os.Stat("node_modules"); errors.Is(err, os.ErrNotExist) {
		missing = "the packages are not installed: npm ci --ignore-scripts --prefix test/web"
	} else if _, err := exec.LookPath("chromium"); err != nil && os.Getenv("CHROME_PATH") == "" {
		missing = "Chromium is not installed: apt-get install chromium, or set CHROME_PATH"
	}
	if missing == "" {
		return
	}
	if os.Getenv("HORA_WEB") == "required" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

// build makes the program, pages and all.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "hora")
	if said, err := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", binary, "../../cmd/hora").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return binary
}

// demonstrate runs the demonstration, the same network each time, and answers its address.
func demonstrate(t *testing.T, database string) string {
	t.Helper()
	hora := exec.Command(build(t), "demo", "--seed", "1", "--listen", freePort(t), "--metrics-listen", "", "--log-level", "error", "--cost-per-minute", "0")
	hora.Env = append(os.Environ(), "HORA_DATABASE_URL="+database)
	return start(t, hora)
}

// start starts the program and waits until it listens; it stops when the test ends.
func start(t *testing.T, hora *exec.Cmd) (address string) {
	t.Helper()
	hora.Stderr = os.Stderr
	out, err := hora.StdoutPipe()
	if err == nil {
		err = hora.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	t.Cleanup(func() {
		err := hora.Process.Signal(syscall.SIGTERM)
		for lines.Scan() { // whatever it still says: Wait closes the pipe
		}
		if err := errors.Join(err, hora.Wait()); err != nil {
			t.Errorf("the server does not stop well: %v", err)
		}
	})
	for lines.Scan() {
		if _, at, found := strings.Cut(lines.Text(), "listens on "); found {
			return at
		}
	}
	t.Fatal("the server never says where it listens")
	return ""
}

// freePort is an address that nobody listens on: passkeys, and letters, name the
// very address that the server knows itself by.
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
