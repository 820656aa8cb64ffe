// SPDX-License-Identifier: AGPL-3.0-or-later

package allocation_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

var update = flag.Bool("update", false, "write the golden counts anew")

// script shares nothing with this package: another language, another way of counting.
const script = "../../../docs/examples/recount-allocation.mjs"

// recounts has the script count files again, and answers what it says, by file.
func recounts(t *testing.T, files ...string) (said []string, same bool) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node here: the stranger's script was not tried")
	}
	out, err := exec.CommandContext(t.Context(), node, append([]string{script}, files...)...).CombinedOutput() // #nosec G204 -- our own script
	return strings.Split(strings.TrimSpace(string(out)), "\n"), err == nil
}

func recordOf(t *testing.T, in allocation.Instance) allocation.Record {
	t.Helper()
	return allocation.Record{Instance: in, Result: allocate(t, in), Commitment: allocation.Commitment(in.Cycle, in.Seed)}
}

func write(t *testing.T, name string, r allocation.Record) string {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Forty votes by each of the eight methods, and the published instances, come out the
// same in the stranger's script, with every reason that is given.
func TestAStrangerCountsEveryMethodAgain(t *testing.T) {
	t.Parallel()
	var files []string
	for _, m := range allocation.Methods() {
		votes := rapid.Custom(func(t *rapid.T) allocation.Instance { return anyVote(t, m) })
		for i := range 40 {
			files = append(files, write(t, fmt.Sprintf("%s-%d.json", m, i), recordOf(t, votes.Example(i))))
		}
	}
	published, err := filepath.Glob("testdata/*.pb")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range published {
		text, err := os.Open(name) // #nosec G304 -- our own testdata
		if err != nil {
			t.Fatal(err)
		}
		in, err := allocation.ReadPabulib(text)
		if err != nil {
			t.Fatal(err)
		}
		in.Version = allocation.Version
		files = append(files, write(t, filepath.Base(name)+".json", recordOf(t, in)))
		if err := text.Close(); err != nil {
			t.Fatal(err)
		}
	}
	said, same := recounts(t, files...)
	if !same || len(said) != len(files) {
		t.Errorf("%d lines for %d files", len(said), len(files))
	}
	for _, line := range said {
		if !strings.Contains(line, "The same, to the minute: ") {
			t.Error(line)
		}
	}
}

// Whatever is changed in a published file, the script notices.
func TestAStrangerNoticesWhatWasTouched(t *testing.T) {
	t.Parallel()
	in := allocation.Instance{
		Version: allocation.Version, Method: allocation.Knapsack, Cycle: "c", Seed: "s", Envelope: 100,
		Projects: between("a 60 60", "b 50 50", "c 30 45"), Ballots: saying("ana a 1 b 1", "ben a 1 b 1", "cleo a 1 b 1 c 1"),
	}
	for what, touch := range map[string]func(*allocation.Record){
		"a ballot":         func(r *allocation.Record) { r.Instance.Ballots[2].Choices = r.Instance.Ballots[2].Choices[:2] },
		"the envelope":     func(r *allocation.Record) { r.Instance.Envelope++ },
		"the seed":         func(r *allocation.Record) { r.Instance.Seed = "t"; r.Result.InputHash = r.Instance.Hash() },
		"minutes":          func(r *allocation.Record) { r.Result.Lines[0].Minutes++ },
		"what was left":    func(r *allocation.Record) { r.Result.Left-- },
		"a reason":         func(r *allocation.Record) { r.Result.Lines[1].Cause = allocation.NoSupport },
		"what was missing": func(r *allocation.Record) { r.Result.Lines[1].Missing++ },
		"a second vote": func(r *allocation.Record) {
			r.Instance.Ballots[1].Voter = "ana"
			r.Result.InputHash = r.Instance.Hash()
		},
	} {
		r := recordOf(t, in)
		r.Instance.Ballots = saying("ana a 1 b 1", "ben a 1 b 1", "cleo a 1 b 1 c 1")
		touch(&r)
		if said, same := recounts(t, write(t, "touched.json", r)); same || !strings.Contains(said[0], "NOT the published result") {
			t.Errorf("%s was touched, and the script says %v", what, said)
		}
	}
}

// goldenHash is of the golden counts' inputs and results. It was reckoned once; a
// machine of another kind that comes to another sum counts otherwise.
const goldenHash = "486649c840b778990f6d15b6d6a6a5dfd90deb403929e2ae7bbafa7e21bedaa6"

// Two votes by each method, kept as they were counted, come out the same to the last
// byte wherever this test runs, and in the stranger's script.
func TestGoldenCountsAreTheSameOnEveryMachine(t *testing.T) {
	t.Parallel()
	const golden = "testdata/golden.json"
	if *update {
		var records []allocation.Record
		for _, m := range allocation.Methods() {
			votes := rapid.Custom(func(t *rapid.T) allocation.Instance { return anyVote(t, m) })
			records = append(records, recordOf(t, votes.Example(7)), recordOf(t, votes.Example(28)))
		}
		text, err := json.MarshalIndent(records, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, append(text, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var records []allocation.Record
	if err := json.Unmarshal(text, &records); err != nil {
		t.Fatal(err)
	}
	sum, files := sha256.New(), []string{}
	for i, r := range records {
		if err := r.Verify(); err != nil {
			t.Errorf("%d, %s: %v", i, r.Instance.Method, err)
		}
		again, err := json.Marshal(allocate(t, r.Instance))
		if err != nil {
			t.Fatal(err)
		}
		sum.Write(r.Instance.Canonical())
		sum.Write(again)
		files = append(files, write(t, fmt.Sprintf("%d.json", i), r))
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != goldenHash || len(records) != 16 {
		t.Errorf("%d counts make %s, want %s", len(records), got, goldenHash)
	}
	if said, same := recounts(t, files...); !same {
		t.Error(strings.Join(said, "\n"))
	}
}
