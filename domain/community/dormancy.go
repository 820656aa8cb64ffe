// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"time"

	"github.com/hora-coop/hora/domain"
)

// Dormancy is what becomes of the hours of a member nobody has heard of for long:
// after some attempts to reach them they lie apart, theirs for years. The zero value
// is nothing at all, as in the charters that were written before there was such a rule.
type Dormancy struct {
	Months   int `json:"months"`   // without a movement on their account; 0: hours never lie apart
	Contacts int `json:"contacts"` // attempts to reach them first
	Days     int `json:"days"`     // to answer, after each attempt
	Years    int `json:"years"`    // they can be reclaimed; then they are the whole's
	// SafePart is how much of what lies apart may be used meanwhile, in hundredths of a percent.
	SafePart int `json:"safePart"`
}

// On says whether hours ever lie apart.
func (d Dormancy) On() bool { return d.Months > 0 }

// QuietSince is before when an account moved last, for its member to be asked at a moment.
func (d Dormancy) QuietSince(at time.Time) time.Time { return at.AddDate(0, -d.Months, 0) }

// Usable is how much more of what lies apart may be used, while so much is owed and so
// much of it is in use already; less than none is, where more was given back than owed.
func (d Dormancy) Usable(owed, inUse domain.Minutes) domain.Minutes {
	return max(0, max(0, owed)*domain.Minutes(min(max(d.SafePart, 0), 10_000))/10_000-inUse)
}

func (d Dormancy) check(check *domain.Check) {
	least := 0
	if d.On() {
		least = 1
	}
	between(check, "dormancy.months", d.Months, 0, 120)
	between(check, "dormancy.contacts", d.Contacts, least, 12)
	between(check, "dormancy.days", d.Days, least, 90)
	between(check, "dormancy.years", d.Years, least, 30)
	between(check, "dormancy.safePart", d.SafePart, 0, 10_000)
}
