// SPDX-License-Identifier: AGPL-3.0-or-later

package i18n

import (
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
)

func TestMatch(t *testing.T) {
	for name, c := range map[string]struct {
		header    string
		fallbacks []string
		want      Language
	}{
		"nothing said":                    {"", nil, French},
		"the header wins":                 {"en", []string{"fr"}, English},
		"a region is understood":          {"en-CA,en;q=0.9", nil, English},
		"weights count":                   {"en;q=0.2, fr-CA;q=0.8", nil, French},
		"a refused language is not heard": {"fr;q=0, en", nil, English},
		"the first one that we speak":     {"eo, en;q=0.5", []string{"fr"}, English},
		"none that we speak":              {"eo", []string{"en"}, English},
		"anything at all":                 {"*", []string{"en"}, English},
		"the person before the community": {"", []string{"en-GB", "fr"}, English},
		"an empty locale is passed over":  {"", []string{"", "en"}, English},
		"a broken header":                 {";;;q=", []string{"en"}, English},
		"a locale that is no language":    {"", []string{"???"}, French},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Match(c.header, c.fallbacks...); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestMinutes(t *testing.T) {
	for m, want := range map[domain.Minutes][2]string{
		0:                 {"0 h", "0 h"},
		45:                {"45 min", "45 min"},
		-5:                {"−5 min", "−5 min"},
		120:               {"2 h", "2 h"},
		125:               {"2 h 05", "2 h 05"},
		-90:               {"−1 h 30", "−1 h 30"},
		domain.MaxMinutes: {"10\u202f000 h", "10,000 h"},
	} {
		if got := Minutes(French, m); got != strings.ReplaceAll(want[0], " ", unbroken) {
			t.Errorf("French %d: %q", m, got)
		}
		if got := Minutes(English, m); got != want[1] {
			t.Errorf("English %d: %q", m, got)
		}
	}
}

func TestDateTime(t *testing.T) {
	montreal, err := time.LoadLocation("America/Montreal")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		utc    string
		fr, en string
	}{
		{"2026-03-03T19:30:00Z", "mardi 3 mars 2026 à 14 h 30", "Tuesday 3 March 2026, 14:30"},
		{"2026-08-01T13:00:00Z", "samedi 1er août 2026 à 9 h", "Saturday 1 August 2026, 09:00"},
		{"2027-01-01T03:05:00Z", "jeudi 31 décembre 2026 à 22 h 05", "Thursday 31 December 2026, 22:05"},
	} {
		at, err := time.Parse(time.RFC3339, c.utc)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(DateTime(French, at, montreal), unbroken, " "); got != c.fr {
			t.Errorf("French: %q, want %q", got, c.fr)
		}
		if got := DateTime(English, at, montreal); got != c.en {
			t.Errorf("English: %q, want %q", got, c.en)
		}
	}
	first := time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)
	if got := DateTime(French, first, time.UTC); got != "dimanche 1er\u00a0mars 2026 à 0\u00a0h" {
		t.Errorf("a unit must not part from its figure: %q", got)
	}
}

func TestError(t *testing.T) {
	type state string
	for name, c := range map[string]struct {
		err    *domain.Error
		fr, en string
	}{
		"minutes read as hours": {
			domain.NewError("INSUFFICIENT_HOURS", "", "available", domain.Minutes(90), "required", domain.Minutes(150)),
			"Cette action demande 2 h 30 et le compte-temps peut encore aller jusqu’à 1 h 30. ",
			"This takes 2 h 30 and the time account can still go as far as 1 h 30. ",
		},
		"figures that the database did not give": {
			domain.NewError("INSUFFICIENT_HOURS", ""),
			"Cette action irait au-delà de ce que permet le compte-temps. ",
			"This would go further than the time account allows. ",
		},
		"a typed state in words": {
			domain.NewError("EXCHANGE_STATE", "", "state", state("DONE"), "action", "ACCEPT"),
			"Cet échange est marqué comme fait : ", "This exchange is marked as done, ",
		},
		"a state without a word": {
			domain.NewError("LISTING_STATE", "", "state", "MISLAID"),
			"L’état de cette annonce a changé : ", "This listing has changed, ",
		},
		"one": {
			domain.NewError("OPEN_COMMITMENTS", "", "count", 1),
			"Il reste 1 échange accepté ", "1 exchange is still ",
		},
		"none is singular in French only": {
			domain.NewError("OPEN_COMMITMENTS", "", "count", 0),
			"Il reste 0 échange accepté ", "0 exchanges are still ",
		},
		"several": {
			domain.NewError("OPEN_COMMITMENTS", "", "count", int64(2)),
			"Il reste 2 échanges acceptés ", "2 exchanges are still ",
		},
		"millions": {
			domain.NewError("TEXT_TOO_SHORT", "", "min", 1_000_000),
			"Ce texte est trop court. Écrivez au moins 1 000 000 de caractères.",
			"This text is too short. Write at least 1,000,000 characters.",
		},
		"thousands are parted": {
			domain.NewError(domain.TextTooLong, "title", "max", 2000, "actual", 12345),
			"Ce texte compte 12 345 caractères. Raccourcissez-le à 2 000 caractères",
			"This text has 12,345 characters. Shorten it to 2,000 characters",
		},
		"measures": {
			domain.NewError(domain.OutOfRange, "latitude", "min", -90.5, "max", 90.0),
			"Indiquez une valeur entre −90,5 et 90.", "Enter a value between −90.5 and 90.",
		},
		"the known values when there are some": {
			domain.NewError(domain.ValueUnknown, "kind", "known", "OFFER, REQUEST"),
			"Ce choix n’est pas reconnu. Choisissez parmi : OFFER, REQUEST.",
			"This choice is not recognised. Choose one of: OFFER, REQUEST.",
		},
		"and when there are none": {
			domain.NewError(domain.ValueUnknown, "kind"),
			"Ce choix n’est pas reconnu. Choisissez une", "This choice is not recognised. Choose one of the",
		},
		"a code that nobody wrote a text for": {
			domain.NewError("MADE_UP", ""),
			"Quelque chose n’a pas fonctionné de notre côté.", "Something went wrong on our side.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			plain := strings.NewReplacer(unbroken, " ", narrow, " ")
			if got := plain.Replace(Error(French, c.err)); !strings.HasPrefix(got, c.fr) {
				t.Errorf("French: %q", got)
			}
			if got := Error(English, c.err); !strings.HasPrefix(got, c.en) {
				t.Errorf("English: %q", got)
			}
		})
	}
}

func TestErrorLeavesItsArgsAlone(t *testing.T) {
	err := domain.NewError("EXCHANGE_STATE", "", "state", "DONE")
	Error(French, err)
	if err.Args["state"] != "DONE" {
		t.Errorf("the caller's state became %v", err.Args["state"])
	}
}

func TestText(t *testing.T) {
	if got := Text(French, "mail.greeting", map[string]any{"name": "<Éloïse {{.x}}>"}); got != "Bonjour <Éloïse {{.x}}>," {
		t.Errorf("a name is data, not a template: %q", got)
	}
	if got := Text(English, "no.such.text", nil); got != "no.such.text" {
		t.Errorf("a missing text should show its id, not %q", got)
	}
	if got := Text("nl", "state.exchange.DONE", nil); got != "marqué comme fait" {
		t.Errorf("a language we do not speak is French: %q", got)
	}
}

// TestATextWithoutPluralsIsSaidOfAnyCount holds that a count among the args does
// not take the words from a text that needs no plural.
func TestATextWithoutPluralsIsSaidOfAnyCount(t *testing.T) {
	for _, lang := range []Language{French, English} {
		for _, n := range []int{0, 1, 2} {
			if got := Text(lang, "criterion.SHARES.next", map[string]any{"count": n}); got == "criterion.SHARES.next" {
				t.Errorf("%s has no words for %d", lang, n)
			}
		}
	}
}
