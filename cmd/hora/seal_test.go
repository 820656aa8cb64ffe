// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/ledger"
)

const (
	transferWithProof = `Transfer { id kind minutes debit { id } credit { id } proof { checkpoint position size at body leaf hashes } }`
	checkpointSince   = `query($slug: String!, $since: String) { community(slug: $slug) { ledgerCheckpoint(since: $since) { note size root sealedAt consistency } } }`
)

// checkpoint is the last that somebody sees; nil when they see none.
func (p *person) checkpoint(since any) thing {
	p.t.Helper()
	return p.reads(checkpointSince, input{"slug": p.slug, "since": since}).thing("community.ledgerCheckpoint")
}

// seal lets a minute pass, after which everything that happened is sealed.
func (p *program) seal() {
	p.t.Helper()
	p.advance(time.Minute)
}

// examiner is a stranger with the published example, and the keys as anybody gets
// them.
type examiner struct {
	*program
	folder string
}

func (p *program) examiner() *examiner {
	p.t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		p.t.Skip("the example needs node")
	}
	e := &examiner{p, p.t.TempDir()}
	e.fetchKeys()
	return e
}

func (e *examiner) fetchKeys() {
	e.t.Helper()
	status, keys := e.http(http.MethodGet, "/.well-known/hora-checkpoint-keys", nil)
	if status != http.StatusOK {
		e.t.Fatalf("the keys answer %d", status)
	}
	e.file("keys", string(keys))
}

func (e *examiner) file(name, content string) string {
	e.t.Helper()
	path := filepath.Join(e.folder, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		e.t.Fatal(err)
	}
	return path
}

// examine runs the example on an answer, and says whether it believes it.
func (e *examiner) examine(answer any, older string) (said string, believed bool) {
	e.t.Helper()
	raw, err := json.Marshal(answer)
	if err != nil {
		e.t.Fatal(err)
	}
	args := []string{"../../docs/examples/verify-transfer.mjs", filepath.Join(e.folder, "keys"), e.file("answer.json", string(raw))}
	if older != "" {
		args = append(args, e.file("older.txt", older))
	}
	out, err := exec.CommandContext(e.t.Context(), "node", args...).CombinedOutput()
	if exit, is := errors.AsType[*exec.ExitError](err); err != nil && (!is || exit.ExitCode() != 1) {
		e.t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out)), err == nil
}

func TestAStrangersScriptFollowsProofs(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	stranger := town.examiner()
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en")
	town.seal()
	old := anna.checkpoint(nil)
	same(t, "what shows that it extends nothing", len(old.list("consistency")), 0)

	moved := bruno.confirms(anna.gave(bruno, 60), 60).text("transfers.0.id")
	same(t, "a proof before it is sealed", anna.sees(moved, transferWithProof).thing("proof"), nil)
	for range 6 {
		bruno.asks(anna, 15)
		town.seal()
	}
	proven := anna.sees(moved, transferWithProof)
	said, believed := stranger.examine(map[string]any{"data": map[string]any{"node": proven}}, "")
	if !believed || !strings.Contains(said, "EXCHANGE, 60 minutes, is at position") {
		t.Errorf("it says %s", said)
	}
	now := bruno.checkpoint(old.text("note"))
	same(t, "it grew", now.int("size") > old.int("size"), true)
	said, believed = stranger.examine(now, old.text("note"))
	if !believed || !strings.Contains(said, fmt.Sprintf("checkpoint of %d extends the one of %d", now.int("size"), old.int("size"))) {
		t.Errorf("it says %s", said)
	}
	same(t, "by its size", bruno.checkpoint(fmt.Sprint(old.int("size"))).find("consistency"), now.find("consistency"))
	if _, believed := stranger.examine(bruno.checkpoint(now.text("note")), now.text("note")); !believed {
		t.Error("a checkpoint does not extend itself")
	}
	town.liesAreNotBelieved(stranger, proven, old, now)
}

// liesAreNotBelieved changes each part of what was proven.
func (w *town) liesAreNotBelieved(stranger *examiner, proven, old, now thing) {
	w.t.Helper()
	lie := func(change func(transfer, proof map[string]any)) (said string, believed bool) {
		transfer, proof := maps.Clone(proven), maps.Clone(proven.thing("proof"))
		transfer["proof"] = map[string]any(proof)
		change(transfer, proof)
		return stranger.examine(transfer, "")
	}
	hashes := func(o thing, path string) []any { return slices.Clone(o.find(path).([]any)) }
	other := proven.text("proof.leaf")
	for name, change := range map[string]func(transfer, proof map[string]any){
		"more minutes":       func(tr, _ map[string]any) { tr["minutes"] = 61 },
		"another kind":       func(tr, _ map[string]any) { tr["kind"] = "GIFT" },
		"turned round":       func(tr, _ map[string]any) { tr["debit"], tr["credit"] = tr["credit"], tr["debit"] },
		"another transfer":   func(tr, _ map[string]any) { tr["id"] = forged(tr["id"].(string), tr["id"].(string)) },
		"another body":       func(_, p map[string]any) { p["body"] = strings.Replace(p["body"].(string), "60", "61", 1) },
		"another moment":     func(_, p map[string]any) { p["at"] = "2026-03-02T12:00:00.000001Z" },
		"another position":   func(_, p map[string]any) { p["position"] = p["position"].(float64) + 1 },
		"another hash":       func(_, p map[string]any) { h := hashes(proven, "proof.hashes"); h[0] = other; p["hashes"] = h },
		"a hash less":        func(_, p map[string]any) { p["hashes"] = hashes(proven, "proof.hashes")[1:] },
		"a hash more":        func(_, p map[string]any) { p["hashes"] = append(hashes(proven, "proof.hashes"), other) },
		"another checkpoint": func(_, p map[string]any) { p["checkpoint"] = old["note"] },
		"a checkpoint that nobody signed": func(_, p map[string]any) {
			p["checkpoint"] = strings.Replace(p["checkpoint"].(string), fmt.Sprintf("\n%v\n", p["size"]), "\n999\n", 1)
		},
		"no proof": func(tr, _ map[string]any) { delete(tr, "proof") },
	} {
		if said, believed := lie(change); believed || !strings.Contains(said, "NOT PROVEN") {
			w.t.Errorf("%s: %s", name, said)
		}
	}
	rewritten := maps.Clone(now)
	rewritten["consistency"] = append([]any{other}, hashes(now, "consistency")[1:]...)
	if said, believed := stranger.examine(rewritten, old.text("note")); believed {
		w.t.Errorf("another history: %s", said)
	}
	if said, believed := stranger.examine(old, now.text("note")); believed {
		w.t.Errorf("the older extends the newer: %s", said)
	}
}

func TestProofsAreForThoseWhoMayReadTheTransfer(t *testing.T) {
	t.Parallel()
	s, hill := twoScenes(t)
	moved := s.bruno.confirms(s.anna.gave(s.bruno, 15), 15).text("transfers.0.id")
	s.seal()
	for _, p := range []*person{s.anna, s.bruno, s.founder} {
		if p.sees(moved, transferWithProof).thing("proof") == nil {
			t.Errorf("%s gets no proof", p.name)
		}
	}
	for _, p := range []*person{s.clara, s.nobody, hill.founder, s.stranger()} {
		if code := p.looksFor(moved); code != notFound && code != signIn {
			t.Errorf("%s reads the transfer: %q", p.name, code)
		}
	}
	// Every member reads the community's statement, but proofs of others' openings
	// tell whose they are.
	lines := s.clara.reads(`query($slug: String!) { community(slug: $slug) { account { entries { nodes { transfer { proof { size } } } } } } }`,
		input{"slug": s.slug}).list("community.account.entries.nodes")
	own := 0
	for _, l := range lines {
		if l.thing("transfer.proof") != nil {
			own++
		}
	}
	same(t, "proofs that Clara gets of the openings", own, 1)
	if s.clara.checkpoint(nil) == nil {
		t.Error("Clara, a member, gets no checkpoint")
	}
	for p, code := range map[*person]string{s.stranger(): signIn, s.nobody: notFound, s.dario: forbidden, hill.founder: notFound} {
		a := p.gql(p.bearer(), checkpointSince, input{"slug": s.slug})
		if found := a.problems(); len(found) != 1 || found[0].Code != code {
			t.Errorf("%s reads the checkpoint: %s", p.name, a.raw)
		}
	}
	elsewhere := hill.founder.checkpoint(nil).text("note")
	for _, since := range []string{"yesterday", "-1", "100000", elsewhere} {
		a := s.anna.gql(s.anna.bearer(), checkpointSince, input{"slug": s.slug, "since": since})
		if found := a.problems(); len(found) != 1 || found[0].Code != "BAD_USER_INPUT" {
			t.Errorf("since %q: %s", since, a.raw)
		}
	}
}

func TestHoraVerifyTakesACheckpoint(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en")
	bruno.confirms(anna.gave(bruno, 60), 60)
	town.seal()
	kept := filepath.Join(t.TempDir(), "checkpoint.txt")
	note := strings.ReplaceAll(strings.TrimSpace(anna.checkpoint(nil).text("note")), "\n", "\r\n") // as a letter brought it
	if err := os.WriteFile(kept, []byte(note), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := town.app.keys.Rotate(t.Context(), identity.ForSeal); err != nil {
		t.Fatal(err)
	}
	anna.confirms(bruno.gave(anna, 30), 30)
	town.advance(day)

	var told string
	var found ledger.Verification
	tell := func(slug string, v ledger.Verification) { told, found = slug, v }
	check := func() error {
		_, err := town.app.verifyAgainst(t.Context(), kept, tell)
		return err
	}
	if err := check(); err != nil || told != town.slug || len(found.Differences) > 0 {
		t.Errorf("%s: %v, %v", told, found.Differences, err)
	}
	position := ask[int64](town.program, `WITH changed AS (
		UPDATE journal.event SET body = convert_to(replace(convert_from(body, 'UTF8'), '"minutes":60', '"minutes":61'), 'UTF8')
		 WHERE kind = 'EXCHANGE_CONFIRMED' AND position('"minutes":60' IN convert_from(body, 'UTF8')) > 0 RETURNING pos) SELECT pos FROM changed`)
	if err := check(); !errors.Is(err, errBooksDiffer) {
		t.Errorf("with an event rewritten: %v", err)
	}
	all := strings.Join(found.Differences, "\n")
	if !strings.Contains(all, fmt.Sprintf("position %d: ", position)) || !strings.Contains(all, "is not the one that the checkpoint signed") {
		t.Errorf("it says\n%s", all)
	}
	if err := os.WriteFile(kept, []byte(strings.Replace(note, "hora/", "hora/0", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := check(); err == nil || errors.Is(err, errBooksDiffer) {
		t.Errorf("what is no checkpoint: %v", err)
	}
}
