// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"testing"
	"time"
)

// A charter that was kept before it spoke of minors admits none, and stays valid; every
// preset names a check that it has.
func TestAnOldCharterAdmitsNobodyUnderAge(t *testing.T) {
	c, err := ReadCharter([]byte(`{"power": {}, "safety": {"limitDays": 30}}`))
	if err != nil || c.Minors != (Minors{FromAge: AgeOfMajority}) {
		t.Fatalf("%+v, %v", c.Minors, err)
	}
	day := time.Date(2030, time.May, 4, 0, 0, 0, 0, time.UTC)
	if c.Minors.Admits(day, day.AddDate(0, 0, -1)) || !c.Minors.Admits(day, day) {
		t.Error("it is not the day that counts")
	}
	ages := map[string]int{}
	for _, p := range Presets() {
		ages[p.Name] = p.Charter.Minors.FromAge
		if _, known := p.Charter.Safety.VettingKind(p.Charter.Minors.Vetting); !known {
			t.Errorf("%s asks for %q", p.Name, p.Charter.Minors.Vetting)
		}
	}
	if ages["accorderie-qc"] != 14 || ages["accorderie-fr"] != 15 || ages["banc-del-temps"] != 16 {
		t.Error(ages)
	}
}
