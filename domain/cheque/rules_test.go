// SPDX-License-Identifier: AGPL-3.0-or-later

package cheque

import (
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// The community's calendar decides: late in the evening of 2 March in Montréal it
// is the third already elsewhere.
func TestTheDaysOnWhichAChequeHolds(t *testing.T) {
	montreal := community.Community{TimeZone: "America/Toronto"}
	now := time.Date(2026, time.March, 3, 2, 0, 0, 0, time.UTC)
	today := time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		ago, days int
		code      domain.Code
	}{{0, 60, ""}, {-1, 60, Postdated}, {60, 60, ""}, {61, 60, Expired}, {4000, 0, ""}, {-1, 0, Postdated}} {
		var found domain.Check
		dated(&found, "cheque", today.AddDate(0, 0, -c.ago), montreal, now, c.days)
		if err := found.Err(); (c.code == "" && err != nil) || (c.code != "" && !errors.Is(err, c.code)) {
			t.Errorf("%d days ago of %d: %v, want %q", c.ago, c.days, err, c.code)
		}
	}
}

func TestWhoseWordHolds(t *testing.T) {
	key, other := ed25519.NewKeyFromSeed(make([]byte, 32)), ed25519.NewKeyFromSeed(append(make([]byte, 31), 1))
	_, raw, ok := Read(Paper{Provider: 3, Minutes: 60, Day: epoch, ServiceType: "102-A-1"}.Sign(key))
	if !ok {
		t.Fatal("a cheque is not read")
	}
	device := Device{PublicKey: key.Public().(ed25519.PublicKey)}
	if err := trust(device, raw); err != nil {
		t.Error(err)
	}
	device.RevokedAt = epoch
	if err := trust(device, raw); !errors.Is(err, Revoked) {
		t.Errorf("revoked: %v", err)
	}
	device.PublicKey = other.Public().(ed25519.PublicKey)
	if err := trust(device, raw); !errors.Is(err, Forged) {
		t.Errorf("of another device: %v", err)
	}
}
