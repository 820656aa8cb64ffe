// SPDX-License-Identifier: AGPL-3.0-or-later

package view

import (
	"time"

	"github.com/hora-coop/hora/domain/duty"
)

// DutyConsequence is what follows from not coming, where clocks show the community's time.
type DutyConsequence struct {
	duty.Consequence
	Zone *time.Location
}
