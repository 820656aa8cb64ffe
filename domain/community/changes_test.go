// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
)

func TestAChangeSaysOnlyWhatItChanges(t *testing.T) {
	c := accorderie(t)
	next := c.must(t, `{"hours":{"starting":600,"floor":null},"power":{"COMMON_RULES":{"days":21}},"levy":{"basisPoints":200,"pool":"PROJECTS"}}`)
	if next.Hours.Starting != 600 || next.Hours.Floor != nil || *next.Hours.SoftFloor != -300 || next.Power[CommonRules].Days != 21 {
		t.Errorf("changed to %+v", next.Hours)
	}
	if next.Power[CommonRules].Quorum != (Fraction{1, 4}) || c.Power[CommonRules].Days != 14 || *c.Hours.Floor != -600 {
		t.Error("a change reaches what it does not speak of")
	}
	var paths []string
	for _, d := range c.Diff(next) {
		paths = append(paths, d.Path)
	}
	if want := []string{"hours.floor", "hours.starting", "levy.basisPoints", "levy.pool", "power.COMMON_RULES.days"}; !slices.Equal(paths, want) {
		t.Errorf("differs in %v, want %v", paths, want)
	}
	if parts := Touched(c.Diff(next)); !slices.Equal(parts, []Part{"hours", "levy", "power"}) {
		t.Errorf("touches %v", parts)
	}
}

func TestWhatNoCharterHasIsNoChange(t *testing.T) {
	for _, changes := range []string{
		``, `[`, `{"hours":{"price":3}}`, `{"weather":{}}`, `{"hours":7}`, `{"hours":{"unit":"a lot"}}`, `{"hours":{"unit":1.5}}`, `[]`, `"x"`,
	} {
		if _, err := accorderie(t).With(Changes(changes)); !errors.Is(err, domain.BadInput) {
			t.Errorf("%s: %v", changes, err)
		}
	}
}

func TestRowsComeAndGoAsOne(t *testing.T) {
	c := accorderie(t)
	gone := c.must(t, `{"power":{"SEATS_BY_LOT":null},"activities":{"kinds":[]}}`)
	for _, d := range c.Diff(gone) {
		if d.New != nil && d.Path != "activities.kinds" {
			t.Errorf("%s goes as %v", d.Path, d.New)
		}
	}
	if _, err := gone.Decides(SeatsByLot); !errors.Is(err, DecisionTypeUnknown) {
		t.Errorf("a row that went decides: %v", err)
	}
}

func TestACharterKeptBeforePowerHasTheReadyRows(t *testing.T) {
	c, err := ReadCharter([]byte(`{"hours":{"unit":15,"starting":900}}`))
	if err != nil || c.Power[Statutes].Mode != Participatory || c.Founding.Members != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err = ReadCharter([]byte(`{"power":{}}`)); err != nil || len(c.Power) != 0 {
		t.Errorf("a matrix that was kept empty is filled: %v, %v", c, err)
	}
}

// From any preset to any other: the difference is empty only between equals, names
// paths that exist, and carrying all parts over makes the other.
func TestDifferencesLeadFromOneCharterToAnother(t *testing.T) {
	all := Presets()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.SampledFrom(all).Draw(t, "from"), rapid.SampledFrom(all).Draw(t, "to")
		found := a.Charter.Diff(b.Charter)
		if (len(found) == 0) != (a.Name == b.Name) {
			t.Fatalf("%s and %s differ in %v", a.Name, b.Name, found)
		}
		back := b.Charter.Diff(a.Charter)
		if len(back) != len(found) {
			t.Fatalf("%d differences there, %d back", len(found), len(back))
		}
		for i := range back {
			if back[i].Path != found[i].Path {
				t.Fatalf("%v there, %v back", found[i], back[i])
			}
		}
		patch := map[string]any{}
		whole, _ := b.Charter.tree()
		for _, part := range Touched(found) {
			patch[string(part)] = whole.(map[string]any)[string(part)]
		}
		raw, err := json.Marshal(patch)
		if err != nil {
			t.Fatal(err)
		}
		// Rows and limits that only the first has must be taken away by name.
		reached, err := a.Charter.With(Changes(raw))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range reached.Diff(b.Charter) {
			if d.New != nil {
				t.Fatalf("carried over, %s is still %v and not %v", d.Path, d.Old, d.New)
			}
		}
	})
}
