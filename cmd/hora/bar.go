// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/hora-coop/hora/domain/ledger"
)

// terminalBar shows on a terminal how far a verification is, and nothing elsewhere:
// neither a file nor a job's log wants it.
func terminalBar(out *os.File, label string) (watch ledger.Watch, done func()) {
	if !term.IsTerminal(int(out.Fd())) {
		return nil, func() {}
	}
	return bar(out, label)
}

// bar draws a line over itself at each new percent; done takes it away.
func bar(out io.Writer, label string) (watch ledger.Watch, done func()) {
	const width = 30
	shown := int64(-1)
	watch = func(rows, of int64) {
		percent := min(100, 100*rows/max(of, 1))
		if percent == shown {
			return
		}
		shown = percent
		full := int(width * percent / 100)
		fmt.Fprintf(out, "\r%-20s [%s%s] %3d %%", label, strings.Repeat("#", full), strings.Repeat(".", width-full), percent)
	}
	return watch, func() {
		if shown >= 0 {
			fmt.Fprint(out, "\r\033[K")
		}
	}
}
