// SPDX-License-Identifier: AGPL-3.0-or-later

// Package i18n holds every text that Hora shows to a person, in French and in
// English, and the ways to write time in both. The texts are in fr.json and
// en.json; a test keeps the two alike and complete.
package i18n

import (
	"embed"
	"fmt"
	"maps"
	"strings"
	"time"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"github.com/hora-coop/hora/domain"
)

// Language is one of the languages that Hora speaks; any other value is taken
// for French.
type Language string

// The languages, the one for strangers first.
const (
	French  Language = "fr"
	English Language = "en"
)

// languages and matcher share one order: the matcher answers with an index.
var (
	languages = []Language{French, English}
	matcher   = language.NewMatcher([]language.Tag{language.French, language.English})
)

// Match chooses the language to speak: what the browser or app asks for, else
// the first fallback that we speak (the person's locale, then the community's),
// else French.
func Match(acceptLanguage string, fallbacks ...string) Language {
	for _, text := range append([]string{acceptLanguage}, fallbacks...) {
		if lang, ok := Wish(text); ok {
			return lang
		}
	}
	return French
}

// Wish is the language that a header or a locale asks for; ok is false when it
// asks for none that we speak. A header that cannot be read is no wish at all.
func Wish(text string) (lang Language, ok bool) {
	tags, _, _ := language.ParseAcceptLanguage(text)
	_, index, confidence := matcher.Match(tags...)
	return languages[index], confidence > language.No
}

//go:embed fr.json en.json
var files embed.FS

var localizers = load()

// load reads the catalogue once. A file that cannot be read is a mistake in the
// program, and shows in the first test that imports this package.
func load() map[Language]*goi18n.Localizer {
	bundle := goi18n.NewBundle(language.French)
	all := make(map[Language]*goi18n.Localizer, len(languages))
	for _, lang := range languages {
		if _, err := bundle.LoadMessageFileFS(files, string(lang)+".json"); err != nil {
			panic(fmt.Sprintf("i18n: %v", err))
		}
		all[lang] = goi18n.NewLocalizer(bundle, string(lang))
	}
	return all
}

// Text writes a text of the catalogue. Among the args, domain.Minutes are shown
// as hours and minutes, a domain.Word as its text, a domain.Label as what it says in
// the language, domain.Money as an amount,
// numbers and times in the language's way; a time is told
// in its own zone. A text that does not exist gives its id.
func Text(lang Language, id string, args map[string]any) string {
	if text, ok := render(lang, id, args); ok {
		return text
	}
	return id
}

// Error tells a person what went wrong and the way out.
func Error(lang Language, e *domain.Error) string {
	args := maps.Clone(e.Args)
	if state, ok := args["state"]; ok {
		// EXCHANGE_STATE speaks of state.exchange.*, and so on. A state without a
		// word is left out rather than shown as a code.
		area, _ := strings.CutSuffix(strings.ToLower(string(e.Code)), "_state")
		word, known := render(lang, fmt.Sprintf("state.%s.%v", area, state), nil)
		args["state"] = ""
		if known {
			args["state"] = word
		}
	}
	if text, ok := render(lang, "error."+string(e.Code), args); ok {
		return text
	}
	return Text(lang, "error."+string(domain.Internal), nil)
}

func render(lang Language, id string, args map[string]any) (string, bool) {
	localizer, ok := localizers[lang]
	if !ok {
		localizer = localizers[French]
	}
	shown := make(map[string]any, len(args))
	for name, value := range args {
		shown[name] = show(lang, value)
	}
	config := goi18n.LocalizeConfig{MessageID: id, TemplateData: shown, PluralCount: count(args)}
	text, err := localizer.Localize(&config)
	if err != nil && config.PluralCount != nil {
		config.PluralCount = nil // a text that says the same of one and of many has no form for one
		text, err = localizer.Localize(&config)
	}
	return text, err == nil
}

// count finds the figure that decides a text's plural: the first of these args.
func count(args map[string]any) any {
	for _, name := range []string{"count", "max", "min", "retryAfter"} {
		switch n := args[name].(type) {
		case int, int64:
			return n
		}
	}
	return nil
}

func show(lang Language, value any) any {
	switch v := value.(type) {
	case domain.Minutes:
		return Minutes(lang, v)
	case domain.Money:
		return Money(lang, v)
	case domain.Word:
		return Text(lang, string(v), nil)
	case domain.Label:
		return v[string(lang)]
	case time.Time:
		return DateTime(lang, v, v.Location())
	case int:
		return whole(lang, int64(v))
	case int64:
		return whole(lang, v)
	case float64:
		return decimal(lang, v)
	}
	return value
}
