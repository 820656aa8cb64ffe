// SPDX-License-Identifier: AGPL-3.0-or-later

package i18n

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// A page's text: t('inbox.none'); of a kind: t(`inbox.${kind}`); a word of the whole catalogue: word(`state.exchange.${state}`).
	said     = regexp.MustCompile(`\bt\(\s*'([\w.-]+)'`)
	saidOf   = regexp.MustCompile("\\bt\\(\\s*`([\\w.-]+\\.)\\$\\{")
	wordOf   = regexp.MustCompile("\\bword\\(\\s*`([\\w.-]+\\.)\\$\\{")
	stateOf  = regexp.MustCompile(`<State of="([\w.]+)"`)
	eitherOf = regexp.MustCompile(`\bt\([^()'` + "`" + `]*\? '([\w.-]+)' : '([\w.-]+)'`)
)

// TestThePagesAndTheCatalogueAgree reads the pages' source: what they say has a
// text in both languages, and no text is kept that no page says.
func TestThePagesAndTheCatalogueAgree(t *testing.T) {
	texts := readCatalogue(t, French)
	used, kinds := map[string]bool{}, []string{}
	err := filepath.WalkDir("../../web/src", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.Contains([]string{".ts", ".svelte"}, filepath.Ext(path)) {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, match := range said.FindAllSubmatch(source, -1) {
			used["web."+string(match[1])] = true
		}
		for _, match := range eitherOf.FindAllSubmatch(source, -1) {
			used["web."+string(match[1])], used["web."+string(match[2])] = true, true
		}
		for _, match := range saidOf.FindAllSubmatch(source, -1) {
			kinds = append(kinds, "web."+string(match[1]))
		}
		for _, match := range append(wordOf.FindAllSubmatch(source, -1), stateOf.FindAllSubmatch(source, -1)...) {
			kinds = append(kinds, strings.TrimSuffix(string(match[1]), ".")+".")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(used) < 20 {
		t.Fatalf("only %d texts were found in the pages", len(used))
	}
	for id := range used {
		if texts[id] == nil {
			t.Errorf("a page says %s, which has no text", id)
		}
	}
	of := func(id string) func(string) bool {
		return func(kind string) bool { return strings.HasPrefix(id, kind) }
	}
	for _, kind := range kinds {
		found := false
		for id := range texts {
			found = found || strings.HasPrefix(id, kind)
		}
		if !found {
			t.Errorf("a page says something of the kind %s, which has no texts", kind)
		}
	}
	for id := range texts {
		if strings.HasPrefix(id, "web.") && !used[id] && !slices.ContainsFunc(kinds, of(id)) {
			t.Errorf("no page says %s", id)
		}
	}
}
