// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/hora-coop/hora/domain"
)

// Changes is what a change of the charter says: a JSON merge patch (RFC 7396) on
// the charter's own JSON. What it does not speak of stays; null takes a limit, a
// decision type away.
type Changes json.RawMessage

// MarshalJSON keeps the patch as it is, within a decision's effect for instance.
func (ch Changes) MarshalJSON() ([]byte, error) { return json.RawMessage(ch).MarshalJSON() }

// UnmarshalJSON takes the patch as it is.
func (ch *Changes) UnmarshalJSON(data []byte) error {
	*ch = append((*ch)[:0], data...)
	return nil
}

// With is the charter as it would be with the changes. Error: BadInput for a
// patch that speaks of what no charter has.
func (c Charter) With(changes Changes) (Charter, error) {
	base, err := c.tree()
	if err != nil {
		return c, err
	}
	var patch any
	reader := json.NewDecoder(bytes.NewReader(changes))
	reader.UseNumber() // a figure that is far too large is told by its field, so it must come through
	if err := reader.Decode(&patch); err != nil {
		return c, domain.NewError(domain.BadInput, "").Because(err)
	}
	merged, err := json.Marshal(merge(base, patch))
	if err != nil {
		return c, fmt.Errorf("encode the charter: %w", err)
	}
	var next Charter
	decoder := json.NewDecoder(bytes.NewReader(merged))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&next); err != nil {
		return c, domain.NewError(domain.BadInput, "").Because(err)
	}
	return next, nil
}

// ReadCharter reads a charter as it was kept. One kept before power was part of
// it has the ready rows.
func ReadCharter(body []byte) (c Charter, err error) {
	if err = json.Unmarshal(body, &c); err == nil && c.Power == nil {
		c.Power = ReadyPower()
		c.Assembly.Period = EachQuarter
	}
	if err == nil && c.Safety.LimitDays == 0 { // one kept before there was a part on safety
		c.Safety = Default().Safety
	}
	if err == nil && c.Minors.FromAge == 0 { // one kept before it spoke of minors admits none until it does
		c.Minors = Minors{FromAge: AgeOfMajority}
	}
	if err == nil && c.Duty.CycleWeeks == 0 { // one kept before it spoke of duty has none
		c.Duty = Default().Duty
	}
	return c, err
}

func (c Charter) tree() (tree any, err error) {
	raw, err := json.Marshal(c)
	if err == nil {
		err = json.Unmarshal(raw, &tree)
	}
	return tree, err
}

// merge is RFC 7396, section 2.
func merge(base, patch any) any {
	changes, is := patch.(map[string]any)
	if !is {
		return patch
	}
	merged := map[string]any{}
	if object, is := base.(map[string]any); is {
		maps.Copy(merged, object)
	}
	for name, value := range changes {
		if value == nil {
			delete(merged, name)
		} else {
			merged[name] = merge(merged[name], value)
		}
	}
	return merged
}

// Difference is one rule that two charters have otherwise. The values are as in
// JSON; nil where one of them has none.
type Difference struct {
	Path     string // dotted: hours.starting, power.STATUTES.majority
	Old, New any
}

// Part is the part of the charter it lies in.
func (d Difference) Part() Part {
	part, _, _ := strings.Cut(d.Path, ".")
	return Part(part)
}

// whole are the values that are told as one: a fraction, a body, a list. Things
// with a code of their own are told one by one.
var whole = []string{"quorum", "majority", "body", "label"}

// Diff lists what is otherwise in a later charter, part by part.
func (c Charter) Diff(later Charter) []Difference {
	before, err := c.tree()
	after, err2 := later.tree()
	if err != nil || err2 != nil {
		return nil // a charter is always JSON: it was read from there
	}
	var found []Difference
	for _, part := range Parts() {
		old, _ := before.(map[string]any)[string(part)]
		renewed, _ := after.(map[string]any)[string(part)]
		differ(&found, string(part), old, renewed)
	}
	return found
}

func differ(found *[]Difference, path string, before, after any) {
	if reflect.DeepEqual(before, after) {
		return
	}
	a, isA := byName(before)
	b, isB := byName(after)
	if !isA && !isB || slices.Contains(whole, path[strings.LastIndex(path, ".")+1:]) || rowComesOrGoes(path, before, after) {
		*found = append(*found, Difference{path, before, after})
		return
	}
	names := slices.Collect(maps.Keys(a))
	for name := range b {
		if _, both := a[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		differ(found, path+"."+name, a[name], b[name])
	}
}

// rowComesOrGoes: a decision type, an activity or a college that is new or gone
// is told as one.
func rowComesOrGoes(path string, before, after any) bool {
	return strings.Contains(path, ".") && (before == nil || after == nil)
}

// byName sees an object, or a list of things with a code, by name.
func byName(value any) (map[string]any, bool) {
	if object, is := value.(map[string]any); is {
		return object, true
	}
	list, is := value.([]any)
	if !is || len(list) == 0 {
		return nil, false
	}
	named := map[string]any{}
	for _, item := range list {
		object, _ := item.(map[string]any)
		code, coded := object["code"].(string)
		if !coded {
			return nil, false
		}
		named[code] = object
	}
	return named, true
}

// Touched are the parts that differ.
func Touched(differences []Difference) []Part {
	var parts []Part
	for _, d := range differences {
		if !slices.Contains(parts, d.Part()) {
			parts = append(parts, d.Part())
		}
	}
	return parts
}
