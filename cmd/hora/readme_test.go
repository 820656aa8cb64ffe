// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// A stranger pastes the README's walk: it must end as the README says.
func TestReadmeWalk(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)<!-- walk:.*?```sh\n(.*?)```").FindSubmatch(readme)
	if block == nil {
		t.Fatal("the README has no walk")
	}
	url := bootedAddress(t)
	script := strings.ReplaceAll(string(block[1]), "http://localhost:8080", url)
	out, err := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	last := lines[len(lines)-1]
	for _, balance := range []string{
		`"account":{"balance":-2700}`,
		`"displayName":"Anna","account":{"balance":960}`,
		`"displayName":"Bruno","account":{"balance":840}`,
		`"displayName":"Fatou","account":{"balance":900}`,
	} {
		if !strings.Contains(last, balance) {
			t.Errorf("the walk does not end with %s:\n%s", balance, last)
		}
	}
	if !strings.Contains(string(out), "Retouches et ourlets") {
		t.Error("Bruno did not find Anna's offer")
	}
	if n := strings.Count(string(out), `"transfers":[{"minutes":60}]`); n != 2 {
		t.Errorf("%d of the two confirmations show the one transfer", n)
	}
}
