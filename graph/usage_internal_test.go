// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hora-coop/hora/domain"
)

// Names that strangers invent do not push out the releases that people use.
func TestInventedNamesLeaveRoomForOthers(t *testing.T) {
	day := time.Date(2026, time.March, 2, 0, 0, 1, 0, time.UTC)
	u := NewUsage(clockAt(day))
	field := map[string]bool{"Member.number": true}
	invented := func() { // by somebody who is not signed in
		for i := range 200 {
			u.count(Request{Client: "invented", Release: strconv.Itoa(i)}, field)
		}
	}
	use := func(client, release string) domain.FieldUse {
		return domain.FieldUse{Field: "Member.number", Client: client, Release: release, Day: "2026-03-02"}
	}
	app := Request{Client: "members-app", Release: "1.4.0"}
	invented()
	u.count(app, field) // nobody knows it yet
	signed := app
	signed.Actor.Person = domain.NewID()
	u.count(signed, field)
	u.count(app, field) // signing in, the next time
	counts := u.Take()
	got := []int64{counts[use("invented", "49")], counts[use("invented", "50")], counts[use("other", "other")], counts[use("members-app", "1.4.0")]}
	if diff := cmp.Diff([]int64{1, 0, 151, 2}, got); diff != "" {
		t.Error(diff)
	}
}
