// SPDX-License-Identifier: AGPL-3.0-or-later

package embedded

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Beside is the address of a database whose server another hora program runs in
// this data folder, so that looking after people (a forgotten password, the
// nightly check by hand) needs no downtime. It fails when none runs there.
func Beside(dataDir, user, database string) (string, error) {
	if dataDir == "" {
		var err error
		if dataDir, err = defaultDataDir(); err != nil {
			return "", err
		}
	}
	// PostgreSQL tells the folder of its socket in the fifth line.
	pid, err := os.ReadFile(filepath.Join(dataDir, "postgres", "postmaster.pid"))
	if err != nil {
		return "", fmt.Errorf("find the running server: %w", err)
	}
	lines := strings.Split(string(pid), "\n")
	if len(lines) < 5 || lines[4] == "" {
		return "", fmt.Errorf("find the running server: it is starting or stopping; try again in a moment")
	}
	return address(lines[4], user, database), nil
}

// address is how pgx is told to use a Unix socket.
func address(socket, user, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(user), Path: "/" + database}
	query := url.Values{"host": {socket}, "port": {port}, "sslmode": {"disable"}}.Encode()
	u.RawQuery = strings.ReplaceAll(query, "+", "%20") // here a plus is a plus, as in libpq
	return u.String()
}
