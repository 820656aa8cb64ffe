// SPDX-License-Identifier: AGPL-3.0-or-later

package cheque

import (
	"crypto/ed25519"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// LargestPile is how many slips one batch takes: what an evening of typing gives,
// several times over.
const LargestPile = 5000

// dated refuses a day that is still to come in the community's calendar, and one
// that lies too many days back; 0 days mean that nothing is too old.
func dated(c *domain.Check, field string, day time.Time, where community.Community, now time.Time, days int) {
	today := calendarDay(now.In(where.Zone()))
	c.That(!day.After(today), Postdated, field)
	c.That(days == 0 || !day.AddDate(0, 0, days).Before(today), Expired, field, "max", days)
}

// calendarDay is the day of a moment, as midnight UTC.
func calendarDay(local time.Time) time.Time {
	year, month, day := local.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// noon is the middle of a day where the community is.
func noon(day time.Time, where community.Community) time.Time {
	year, month, date := day.Date()
	return time.Date(year, month, date, 12, 0, 0, 0, where.Zone()).UTC()
}

// trust says whether a device's word holds for a cheque that was just brought.
func trust(d Device, raw []byte) error {
	switch {
	case !signedBy(d.PublicKey, raw):
		return domain.NewError(Forged, "cheque")
	case !d.RevokedAt.IsZero():
		// Whenever it is dated: whoever found the phone could date it back.
		return domain.NewError(Revoked, "cheque", "at", d.RevokedAt)
	}
	return nil
}

// serial is a signed cheque's number.
func (p Paper) serial() string { return hex.EncodeToString(p.Serial[:]) }

// check tidies a slip and says all that is wrong with what only it can know.
func (l Line) check(c *domain.Check, line string, where community.Community, now time.Time, days int, seen map[string]bool) (Line, time.Time) {
	var number domain.Check
	l.Number = strings.ToUpper(number.Line(line+"number", l.Number, 1, 20))
	c.Also(number.Err())
	c.That(!seen[l.Number], NumberTaken, line+"number", "number", l.Number)
	seen[l.Number] = number.Err() == nil
	day, err := time.Parse(time.DateOnly, strings.TrimSpace(l.Day))
	if err != nil {
		c.That(false, DayInvalid, line+"date")
		return l, day
	}
	dated(c, line+"date", day, where, now, days)
	return l, day
}

// field is where a line's fields lie, before ours says where that was sent.
func field(line int) string { return "lines." + strconv.Itoa(line) + "." }

// ours moves problems from a batch's "lines" to where they were sent.
func ours(err error) error {
	problems, _ := domain.Problems(err)
	for _, p := range problems {
		if rest, is := strings.CutPrefix(p.Field, "lines."); is {
			p.Field = "cheques." + rest
		}
	}
	return err
}

// newDevice reads a public key.
func newDevice(name string, key []byte) (Device, error) {
	var c domain.Check
	name = c.Line("name", name, 1, 100)
	c.That(len(key) == ed25519.PublicKeySize && !weak(key), KeyInvalid, "publicKey")
	return Device{Name: name, PublicKey: key}, c.Err()
}

// weak finds keys of small order, under which anybody signs anything. A key that
// is one accepts the all-zero answer for the identity point.
func weak(key []byte) bool {
	_, known := smallOrder[string(key)]
	return known
}

// smallOrder are the encodings of the points of order 1, 2, 4 and 8 on
// edwards25519, with those that are not reduced (RFC 8032, section 5.1.3, lets
// readers be lenient about them).
var smallOrder = decodeAll(
	"0100000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000080",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
)

func decodeAll(points ...string) map[string]struct{} {
	known := make(map[string]struct{}, len(points))
	for _, p := range points {
		raw, err := hex.DecodeString(p)
		if err != nil {
			panic(err) // constants
		}
		known[string(raw)] = struct{}{}
	}
	return known
}
