// SPDX-License-Identifier: AGPL-3.0-or-later

package listing

import (
	_ "embed"
	"encoding/csv"
	"strings"
)

// The catalogue is Hora's own list of about 120 service types in three levels,
// with labels in both languages and words that people search with.
//
//go:embed catalogue.csv
var catalogueCSV string

// ServiceType is one entry of the catalogue: a family, a sub-family or a type.
type ServiceType struct {
	Code     string // family-letter-number; shorter for a family or sub-family
	French   string
	English  string
	Synonyms string
}

// Label is the type's name in a language.
func (t ServiceType) Label(language string) string {
	if language == "en" {
		return t.English
	}
	return t.French
}

// Parent is the code one level up, empty for a family.
func (t ServiceType) Parent() string {
	cut := strings.LastIndexByte(t.Code, '-')
	return t.Code[:max(cut, 0)]
}

// Leaf says whether it is a type itself, which a listing can have.
func (t ServiceType) Leaf() bool { return strings.Count(t.Code, "-") == 2 }

var catalogue, byCode = readCatalogue()

func readCatalogue() ([]ServiceType, map[string]ServiceType) {
	lines, err := csv.NewReader(strings.NewReader(catalogueCSV)).ReadAll()
	if err != nil {
		panic("catalogue: " + err.Error()) // a broken build; the package's test shows it first
	}
	all := make([]ServiceType, 0, len(lines)-1)
	index := make(map[string]ServiceType, len(lines)-1)
	for _, line := range lines[1:] {
		t := ServiceType{Code: line[0], French: line[1], English: line[2], Synonyms: line[3]}
		all = append(all, t)
		index[t.Code] = t
	}
	return all, index
}

// TypeByCode finds a type, sub-family or family.
func TypeByCode(code string) (ServiceType, bool) {
	t, ok := byCode[code]
	return t, ok
}

// Types lists what lies directly under a code, or the families for "".
func Types(parent string) []ServiceType {
	var found []ServiceType
	for _, t := range catalogue {
		if t.Parent() == parent {
			found = append(found, t)
		}
	}
	return found
}
