// SPDX-License-Identifier: AGPL-3.0-or-later

package i18n

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/currency"

	"github.com/hora-coop/hora/domain"
)

// French keeps a figure and its unit on one line with a space that does not
// break, and parts thousands with a narrow one.
const (
	unbroken = "\u00a0"
	narrow   = "\u202f"
	minus    = "−"
)

var (
	joursFR = [...]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}
	moisFR  = [...]string{
		"janvier", "février", "mars", "avril", "mai", "juin",
		"juillet", "août", "septembre", "octobre", "novembre", "décembre",
	}
)

// Minutes shows an amount of time: "2 h 05", "45 min", "−1 h 30".
func Minutes(lang Language, m domain.Minutes) string {
	space, sign := unbroken, ""
	if lang == English {
		space = " "
	}
	if m < 0 {
		sign, m = minus, -m
	}
	hours, rest := int64(m/60), int64(m%60)
	switch {
	case rest == 0:
		return sign + whole(lang, hours) + space + "h"
	case hours == 0:
		return fmt.Sprintf("%s%d%smin", sign, rest, space)
	}
	return fmt.Sprintf("%s%s%sh%s%02d", sign, whole(lang, hours), space, space, rest)
}

// Day shows a day in a time zone, shorter: "3 mars 2026", "3 March 2026".
func Day(lang Language, t time.Time, zone *time.Location) string {
	t = t.In(zone)
	if lang == English {
		return t.Format("2 January 2006")
	}
	day := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		day = "1er"
	}
	return fmt.Sprintf("%s%s%s %d", day, unbroken, moisFR[t.Month()-1], t.Year())
}

// Date shows a day in a time zone: "mardi 3 mars 2026", "Tuesday 3 March 2026".
func Date(lang Language, t time.Time, zone *time.Location) string {
	if lang == English {
		return t.In(zone).Format("Monday ") + Day(lang, t, zone)
	}
	return joursFR[t.In(zone).Weekday()] + " " + Day(lang, t, zone)
}

// DateTime shows a moment in a time zone: "mardi 3 mars 2026 à 14 h 30",
// "Tuesday 3 March 2026, 14:30".
func DateTime(lang Language, t time.Time, zone *time.Location) string {
	t = t.In(zone)
	if lang == English {
		return Date(lang, t, zone) + t.Format(", 15:04")
	}
	clock := strconv.Itoa(t.Hour()) + unbroken + "h"
	if t.Minute() > 0 {
		clock += unbroken + t.Format("04")
	}
	return Date(lang, t, zone) + " à " + clock
}

// whole parts thousands: "10 000" in French, "10,000" in English.
func whole(lang Language, n int64) string {
	digits, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		digits, sign = digits[1:], minus
	}
	mark := narrow
	if lang == English {
		mark = ","
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + mark + digits[i:]
	}
	return sign + digits
}

// decimal writes a measure such as a latitude, with the language's own comma.
func decimal(lang Language, f float64) string {
	text := strings.Replace(strconv.FormatFloat(f, 'f', -1, 64), "-", minus, 1)
	if lang != English {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}

// Money shows an amount with its currency: "1 234,50 EUR", "1,234.50 EUR".
func Money(lang Language, m domain.Money) string {
	space := unbroken
	if lang == English {
		space = " "
	}
	return amount(m, func(n int64) string { return whole(lang, n) }, lang) + space + m.Currency
}

// Figure shows an amount as a sheet adds it up: "1234,50", "1234.50".
func Figure(lang Language, m domain.Money) string {
	return amount(m, func(n int64) string { return strconv.FormatInt(n, 10) }, lang)
}

// amount has as many decimals as its currency; one that nobody knows has two.
func amount(m domain.Money, units func(int64) string, lang Language) string {
	scale := 2
	if unit, err := currency.ParseISO(m.Currency); err == nil {
		scale, _ = currency.Standard.Rounding(unit)
	}
	one := int64(1)
	for range scale {
		one *= 10
	}
	if scale == 0 {
		return units(m.Minor)
	}
	mark := ","
	if lang == English {
		mark = "."
	}
	return fmt.Sprintf("%s%s%0*d", units(m.Minor/one), mark, scale, max(m.Minor%one, -(m.Minor%one)))
}
