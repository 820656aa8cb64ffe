// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"time"

	"github.com/hora-coop/hora/domain"
)

// AgeOfMajority is the age at which somebody is of age.
const AgeOfMajority = 18

// Minors is what members under age need here, beyond a guardian's consent, which they
// need everywhere.
type Minors struct {
	FromAge int `json:"fromAge"` // the youngest who is admitted; AgeOfMajority: nobody under age
	// Vetting is the attestation that an adult needs to deal with one of them; empty where
	// only their guardian and household may.
	Vetting string `json:"vetting,omitempty"`
}

// Admits says whether somebody who comes of age on a day is old enough on another one.
func (m Minors) Admits(comesOfAge, on time.Time) bool {
	return !on.Before(comesOfAge.AddDate(m.FromAge-AgeOfMajority, 0, 0))
}

func (m Minors) check(check *domain.Check, safety Safety) {
	between(check, "minors.fromAge", m.FromAge, 1, AgeOfMajority)
	_, known := safety.VettingKind(m.Vetting)
	check.That(known || m.Vetting == "", domain.ValueUnknown, "minors.vetting", "known", safety.VettingCodes())
}
