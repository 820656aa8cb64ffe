// SPDX-License-Identifier: AGPL-3.0-or-later

package allocation_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// The files' `selected` column was filled by a program that shares nothing with
// this one: another language, every supporter sorted, a fraction for every voter.
func TestPabulibInstances(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.pb")
	if err != nil || len(files) < 10 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file) // #nosec G304 -- our own testdata
			if err != nil {
				t.Fatal(err)
			}
			in, err := allocation.ReadPabulib(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			r := allocate(t, in)
			want := selected(t, text)
			for _, line := range r.Lines {
				if (line.Minutes > 0) != want[line.Project] {
					t.Errorf("%s: %+v, the file says %v", line.Project, line, want[line.Project])
				}
			}
			var out bytes.Buffer
			if err := allocation.WritePabulib(&out, in, r); err != nil {
				t.Fatal(err)
			}
			back, err := allocation.ReadPabulib(bytes.NewReader(out.Bytes()))
			if err != nil {
				t.Fatalf("%v in\n%s", err, &out)
			}
			if back.Hash() != in.Hash() {
				t.Errorf("written and read back it is another vote:\n%s", &out)
			}
			if again := selected(t, out.Bytes()); len(again) != len(want) {
				t.Errorf("%v, want %v", again, want)
			}
		})
	}
}

func selected(t *testing.T, text []byte) map[string]bool {
	t.Helper()
	_, rest, _ := bytes.Cut(text, []byte("PROJECTS\n"))
	part, _, _ := bytes.Cut(rest, []byte("VOTES\n"))
	r := csv.NewReader(bytes.NewReader(part))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := slices.Index(rows[0], "selected")
	out := map[string]bool{}
	for _, row := range rows[1:] {
		if row[column] == "1" {
			out[row[0]] = true
		}
	}
	return out
}

func TestPabulibFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		code domain.Code
		says string
	}{
		"half a minute":    {"META\nkey;value\nbudget;10.5\n", allocation.FormatUnreadable, "10.5"},
		"ranked":           {"META\nkey;value\nbudget;10\nvote_type;ordinal\nPROJECTS\nproject_id;cost\na;1\nVOTES\nvoter_id;vote\n1;a\n", allocation.FormatUnreadable, "ordinal"},
		"points lost":      {"META\nkey;value\nbudget;10\nvote_type;scoring\nPROJECTS\nproject_id;cost\na;1\nb;1\nVOTES\nvoter_id;vote;points\n1;a,b;3\n", allocation.FormatUnreadable, "2 projects and 1 points"},
		"points of fifty":  {"META\nkey;value\nbudget;10\nvote_type;cumulative\nPROJECTS\nproject_id;cost\na;1\nb;1\nVOTES\nvoter_id;vote;points\n1;a,b;5,0\n2;a,b;50,50\n", allocation.FormatUnreadable, "line:12"},
		"parts of points":  {"META\nkey;value\nbudget;10\nvote_type;cumulative\nPROJECTS\nproject_id;cost\na;1\nVOTES\nvoter_id;vote;points\n1;a;2.5\n", allocation.FormatUnreadable, "2.5"},
		"points taken":     {"META\nkey;value\nbudget;10\nvote_type;scoring\nPROJECTS\nproject_id;cost\na;1\nVOTES\nvoter_id;vote;points\n1;a;-1\n", allocation.FormatUnreadable, "-1 points"},
		"no part":          {"hello;you\nwhat;is\n", allocation.FormatUnreadable, "META"},
		"unknown project":  {"META\nkey;value\nbudget;10\nPROJECTS\nproject_id;cost\na;1\nVOTES\nvoter_id;vote\n1;z\n", allocation.ProjectUnknown, "z"},
		"voter twice":      {"META\nkey;value\nbudget;10\nPROJECTS\nproject_id;cost\na;1\nVOTES\nvoter_id;vote\n1;a\n1;a\n", allocation.VoterTwice, "1"},
		"costs nothing":    {"META\nkey;value\nbudget;10\nPROJECTS\nproject_id;cost\na;0\nVOTES\nvoter_id;vote\n", allocation.ProjectInvalid, "a"},
		"a negative chest": {"META\nkey;value\nbudget;-10\n", allocation.EnvelopeInvalid, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := allocation.ReadPabulib(strings.NewReader(c.text))
			if !errors.Is(err, c.code) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %s with %q", err, c.code, c.says)
			}
		})
	}
}

func TestAStrangerCountsARecordAgain(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/town-25.pb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	in, err := allocation.ReadPabulib(file)
	if err != nil {
		t.Fatal(err)
	}
	in.Version, in.Cycle, in.Seed = allocation.Version, "spring 2027", "drawn beforehand"
	honest := func() allocation.Record {
		record := allocation.Record{Instance: in, Result: allocate(t, in), Commitment: allocation.Commitment(in.Cycle, in.Seed)}
		text, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		read, err := allocation.ReadRecord(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return read
	}
	if err := honest().Verify(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		tamper func(*allocation.Record)
		code   domain.Code
	}{
		"a score raised": {func(r *allocation.Record) {
			r.Instance.Ballots[3].Choices[0].Value = 5 - r.Instance.Ballots[3].Choices[0].Value
		}, allocation.ResultMismatch},
		"a ballot left out":       {func(r *allocation.Record) { r.Instance.Ballots = r.Instance.Ballots[1:] }, allocation.ResultMismatch},
		"another project funded":  {func(r *allocation.Record) { r.Result.Lines[0].Minutes++ }, allocation.ResultMismatch},
		"the rest kept":           {func(r *allocation.Record) { r.Result.Left-- }, allocation.ResultMismatch},
		"a line hidden":           {func(r *allocation.Record) { r.Result.Lines = r.Result.Lines[1:] }, allocation.ResultMismatch},
		"a seed drawn again":      {func(r *allocation.Record) { r.Instance.Seed = "drawn afterwards" }, allocation.CommitmentMismatch},
		"another way of counting": {func(r *allocation.Record) { r.Instance.Version = "hora-allocation/0" }, allocation.RecordVersion},
		"a ballot twice":          {func(r *allocation.Record) { r.Instance.Ballots = append(r.Instance.Ballots, r.Instance.Ballots[0]) }, allocation.VoterTwice},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			record := honest()
			c.tamper(&record)
			if err := record.Verify(); !errors.Is(err, c.code) {
				t.Errorf("%v, want %s", err, c.code)
			}
		})
	}
	if _, err := allocation.ReadRecord(strings.NewReader("{\"instance\": 3}")); !errors.Is(err, allocation.RecordUnreadable) {
		t.Error(err)
	}
}
