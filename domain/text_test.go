// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// said is what a check of 1 to 40 characters answers: the code, or nothing.
func said(text string) Code {
	var c Check
	c.Text("message", text, 1, 40)
	if e, is := errors.AsType[*Error](c.Err()); is {
		return e.Code
	}
	return ""
}

func TestEveryScriptIsWelcome(t *testing.T) {
	for _, text := range []string{
		"Élève, cœur et œuf à Noël",
		"مرحبا بكم في بنك الوقت",
		"שלום לכולם, \u200fשעה אחת\u200f", // with right-to-left marks
		"سلام \u2067Hora\u2069 خوش آمدید", // an isolate, as good programs write it
		"वेलकम 时间银行 ようこそ",
		"merci 👩\u200d🌾🏽",   // joined emoji
		"e\u0301le\u0300ve", // accents apart from their letters
		"two\nlines\tand a tab\r\n",
	} {
		if code := said(text); code != "" {
			t.Errorf("%q is refused as %s", text, code)
		}
	}
}

func TestWhatCannotBeStoredOrDeceivesIsRefused(t *testing.T) {
	var broken string
	if err := json.Unmarshal([]byte(`"caf\ud83d"`), &broken); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"NUL":                          "caf\x00é",
		"an escape":                    "\x1b[31mred",
		"delete":                       "caf\x7fé",
		"a control of the upper half":  "a\u0085b",
		"half a surrogate pair":        broken,
		"bytes that are no text":       "caf\xe9",
		"a right-to-left override":     "total \u202e00,1",
		"a left-to-right override":     "total \u202d1,00",
		"the mark of a broken reading": "caf\ufffd",
	} {
		if code := said(text); code != TextUnreadable {
			t.Errorf("%s answers %q, want %s", name, code, TextUnreadable)
		}
	}
}

func TestLengthsAreInCharacters(t *testing.T) {
	for _, c := range []struct {
		text string
		want Code
	}{
		{"", Required},
		{" \n\t\u00a0 ", Required},
		{strings.Repeat("é", 40), ""},
		{"  " + strings.Repeat("é", 40) + "\n", ""}, // white space around it does not count
		{strings.Repeat("é", 41), TextTooLong},
		{strings.Repeat("界", 40), ""},
		{strings.Repeat("😀", 40), ""},
		{strings.Repeat("😀", 41), TextTooLong},
	} {
		if got := said(c.text); got != c.want {
			t.Errorf("%d characters answer %q, want %q", utf8.RuneCountInString(c.text), got, c.want)
		}
	}
	var c Check
	c.Text("reason", "trop court", 40, 1000)
	e, is := errors.AsType[*Error](c.Err())
	if !is || e.Code != TextTooShort || e.Args["min"] != 40 || e.Args["actual"] != 10 {
		t.Errorf("a short reason answers %v", c.Err())
	}
	var optional Check
	if optional.Text("message", "   ", 0, 10); optional.Err() != nil {
		t.Errorf("nothing, where nothing is needed, answers %v", optional.Err())
	}
}

func TestALineIsOneLine(t *testing.T) {
	var c Check
	if got := c.Line("name", "  Marie\n\t Tremblay\u00a0 Roy ", 1, 40); got != "Marie Tremblay Roy" || c.Err() != nil {
		t.Errorf("kept %q, %v", got, c.Err())
	}
}

func TestWhatIsAcceptedCanBeStoredAndIsKeptAsItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typed := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 60), func(b []byte) string { return string(b) })).Draw(t, "typed")
		var c Check
		kept := c.Text("message", typed, 0, 40)
		if c.Err() != nil {
			return
		}
		if !utf8.ValidString(kept) || strings.ContainsRune(kept, 0) || utf8.RuneCountInString(kept) > 40 {
			t.Fatalf("accepted %q", kept)
		}
		if again := c.Text("message", kept, 0, 40); again != kept || c.Err() != nil {
			t.Fatalf("%q became %q, %v", kept, again, c.Err())
		}
	})
}

func TestAMovementIsWholePositiveAndHumanlyPossible(t *testing.T) {
	for m, fine := range map[Minutes]bool{-1: false, 0: false, 1: true, MaxMinutes: true, MaxMinutes + 1: false} {
		var c Check
		if c.Minutes("minutes", m); (c.Err() == nil) != fine {
			t.Errorf("%d minutes answer %v", m, c.Err())
		}
	}
}
