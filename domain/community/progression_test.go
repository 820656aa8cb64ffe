// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"testing"

	"github.com/hora-coop/hora/domain"
)

func TestWhatIsWrongWithAPolicy(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Progression)
		field  string
		code   domain.Code
	}{
		"a threshold of zero moves everybody":    {func(p *Progression) { p.Active.Exchanges = 0 }, "active.exchanges", domain.OutOfRange},
		"no partners":                            {func(p *Progression) { p.Active.Partners = 0 }, "active.partners", domain.OutOfRange},
		"no hours":                               {func(p *Progression) { p.Engaged.Given = 0 }, "engaged.given", domain.MinutesOutOfRange},
		"endorsements of nobody":                 {func(p *Progression) { p.Engaged.Endorsements = 0 }, "engaged.endorsements", domain.OutOfRange},
		"a pair that counts nothing":             {func(p *Progression) { p.Pair.Events = 0 }, "pair.events", domain.OutOfRange},
		"a notice too short to act on":           {func(p *Progression) { p.NoticeDays = 13 }, "noticeDays", domain.OutOfRange},
		"everybody falls at once":                {func(p *Progression) { p.Hysteresis = 101 }, "hysteresis", domain.OutOfRange},
		"more partners than exchanges":           {func(p *Progression) { p.Active.Partners = 4 }, "active.partners", PolicyContradiction},
		"more months than the window has":        {func(p *Progression) { p.Active.Exchanges, p.Active.Months = 24, 7 }, "active.months", PolicyContradiction},
		"more for the whole than in all":         {func(p *Progression) { p.Engaged.Associative = 721 }, "engaged.associative", PolicyContradiction},
		"a pair's days longer than the window":   {func(p *Progression) { p.Pair.Days = 181 }, "pair.days", PolicyContradiction},
		"a notice that outlasts what it is from": {func(p *Progression) { p.WindowDays, p.NoticeDays = 60, 31 }, "noticeDays", PolicyContradiction},
		"a grace longer than the window":         {func(p *Progression) { p.GraceDays = 181 }, "graceDays", PolicyContradiction},
	} {
		start, _ := preset("accorderie")
		c.change(&start.Charter.Progression)
		if err := start.Charter.Validate(); !isOnly(err, "progression."+c.field, c.code) {
			t.Errorf("%s answers %v, want %s %s", name, err, c.field, c.code)
		}
	}
}
