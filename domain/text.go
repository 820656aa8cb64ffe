// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Word names a text of the catalogue, among an error's args: it is told in the
// reader's language.
type Word string

// Label is a text that a charter gives in each language, among an error's args.
type Label map[string]string

// Check collects what is wrong with an input, so that somebody on a phone
// learns of all of it at once.
type Check struct{ errs []error }

// That records the error unless the condition holds.
func (c *Check) That(ok bool, code Code, field string, args ...any) {
	if !ok {
		c.errs = append(c.errs, NewError(code, field, args...))
	}
}

// Also records what another check found.
func (c *Check) Also(err error) {
	if err != nil {
		c.errs = append(c.errs, err)
	}
}

// Text tidies and measures a text that people typed: white space at the ends
// goes, and what cannot be stored or would deceive the eye is refused.
func (c *Check) Text(field, text string, minimum, maximum int) string {
	text = strings.TrimSpace(text)
	length := utf8.RuneCountInString(text)
	switch {
	case length == 0 && minimum > 0:
		c.That(false, Required, field)
	case length > maximum:
		c.That(false, TextTooLong, field, "max", maximum, "actual", length)
	case strings.ContainsFunc(text, deceptive) || !utf8.ValidString(text):
		c.That(false, TextUnreadable, field)
	case length < minimum:
		c.That(false, TextTooShort, field, "min", minimum, "actual", length)
	}
	return text
}

// Line is Text on one line: names, titles, slugs.
func (c *Check) Line(field, text string, minimum, maximum int) string {
	return c.Text(field, strings.Join(strings.Fields(text), " "), minimum, maximum)
}

// Minutes checks one movement of time: whole, positive, humanly possible.
func (c *Check) Minutes(field string, m Minutes) {
	c.That(m >= 1 && m <= MaxMinutes, MinutesOutOfRange, field, "min", Minutes(1), "max", MaxMinutes)
}

// Err is nil when everything holds, else all that does not.
func (c *Check) Err() error { return errors.Join(c.errs...) }

// deceptive finds control characters (PostgreSQL refuses NUL), the mark a JSON
// reader leaves for a broken surrogate, and the overrides that make a text read
// differently from what it says. Right-to-left scripts themselves are welcome.
func deceptive(r rune) bool {
	switch {
	case r == '\n' || r == '\t' || r == '\r':
		return false
	case r == utf8.RuneError || r == '\u202D' || r == '\u202E':
		return true
	}
	return unicode.IsControl(r)
}
