// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestABarIsDrawnOncePerPercentAndTakenAway(t *testing.T) {
	var out strings.Builder
	watch, done := bar(&out, "nord")
	for rows := range int64(1001) {
		watch(rows, 1000)
	}
	watch(2000, 1000) // what was posted meanwhile
	done()
	said := out.String()
	same(t, "lines", strings.Count(said, "\r"), 102)
	for _, want := range []string{"nord                 [..............................]   0 %", "[###############...............]  50 %", "[##############################] 100 %\r\033[K"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in %q", want, said)
		}
	}
}

func TestAFileGetsNoBar(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	watch, done := terminalBar(file, "nord")
	if done(); watch != nil {
		t.Error("a file is told how far it is")
	}
}
