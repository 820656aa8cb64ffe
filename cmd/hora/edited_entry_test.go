// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hora-coop/hora/domain/ledger"
)

// What hora verify prints of an entry that was edited by hand names the community,
// the account, the entry and the event; so does the proof against a checkpoint.
func TestEditingOneEntryByHandIsNamed(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	bruno.confirms(anna.gave(bruno, 60), 60)
	town.seal()
	kept := filepath.Join(t.TempDir(), "checkpoint")
	if err := os.WriteFile(kept, []byte(anna.checkpoint(nil).text("note")), 0o600); err != nil {
		t.Fatal(err)
	}
	account := keyOf(anna.account())
	if _, err := town.owner.Exec(t.Context(), `UPDATE ledger.entry SET balance_after = 961 WHERE account_id = $1 AND seq = 2`, account); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(fmt.Sprintf(`(?m)^  %s: account %s, entry 2, position \d+: 60 minutes make 961, but the balance before was 900$`,
		town.slug, ask[string](town.program, `SELECT $1::uuid::text`, account)))
	said := ""
	tell := func(slug string, v ledger.Verification) { said += new(verifyCmd).told(slug, v) }
	if err := town.app.verify(t.Context(), tell); !errors.Is(err, errBooksDiffer) {
		t.Errorf("hora verify ends with %v", err)
	}
	if _, err := town.app.verifyAgainst(t.Context(), kept, tell); !errors.Is(err, errBooksDiffer) {
		t.Errorf("hora verify --checkpoint ends with %v", err)
	}
	if found := want.FindAllString(said, -1); len(found) != 2 {
		t.Errorf("they say %s, looked for %s", said, want)
	}
}
