// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

import "time"

// Clock tells the time. It is always injected, so that a test or a
// demonstration can live a month in a second.
type Clock interface {
	Now() time.Time
}
