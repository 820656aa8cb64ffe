// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/graph/model"
	"github.com/hora-coop/hora/internal/i18n"
)

// amendment decodes the input of amendCharter.
func amendment(input model.AmendCharterInput) (community.Amendment, error) {
	c, err := want(communityID, input.CommunityID, "communityId")
	if err != nil {
		return community.Amendment{}, err
	}
	changes, err := charterChanges("changes", input.Changes)
	return community.Amendment{
		Community: c.key, Changes: changes, From: deref(input.EffectiveFrom), Version: deref(input.Version),
		Reason: input.Reason, Key: deref(input.IdempotencyKey),
	}, err
}

// charterChanges writes changes of the contract as a patch of the charter: rows of
// the power matrix by their type, a body whole, and service types by their code. They
// were sent in the field at.
func charterChanges(at string, input map[string]any) (community.Changes, error) {
	patch := map[string]any{}
	for part, changed := range input {
		switch part {
		case "activities":
			patch[part] = map[string]any{"kinds": changed}
		case "safety":
			rules, _ := changed.(map[string]any)
			safety, err := safetyChanges(rules)
			if err != nil {
				return nil, domain.Moved(err, func(field string) string { return at + "." + field })
			}
			patch[part] = safety
		case "power", "withoutTypes":
		default:
			patch[part] = changed
		}
	}
	power := map[string]any{}
	rows, _ := input["power"].([]map[string]any)
	for _, row := range rows {
		changed := map[string]any{}
		for field, value := range row {
			if body, is := value.(*model.BodyInput); is && body != nil {
				value = map[string]any{"kind": body.Kind, "name": body.Name}
			}
			if field != "type" {
				changed[field] = value
			}
		}
		power[fmt.Sprint(row["type"])] = changed
	}
	gone, _ := input["withoutTypes"].([]string)
	for _, t := range gone {
		power[t] = nil
	}
	if len(power) > 0 {
		patch["power"] = power
	}
	raw, err := json.Marshal(patch)
	return community.Changes(raw), err
}

// whereSent moves the fields of an error to where changes of a charter were sent, the
// field at: rows that a charter keeps by their names stand in lists. What no row was
// sent for is about the whole list.
func whereSent(err error, at string, changes map[string]any) error {
	if err == nil {
		return nil
	}
	var sent struct {
		Power      []struct{ Type string }
		Activities []struct{ Code string }
		Assembly   struct{ Colleges []struct{ Code string } }
		Safety     struct {
			Vetting []struct{ Code string }
			Gates   []struct{ ServiceTypeID string }
		}
	}
	raw, failed := json.Marshal(changes)
	if failed == nil {
		failed = json.Unmarshal(raw, &sent)
	}
	if failed != nil {
		return failed
	}
	names := map[string][]string{}
	for _, row := range sent.Power {
		names["power"] = append(names["power"], row.Type)
	}
	for _, row := range sent.Activities {
		names["activities.kinds"] = append(names["activities.kinds"], row.Code)
	}
	for _, row := range sent.Assembly.Colleges {
		names["assembly.colleges"] = append(names["assembly.colleges"], row.Code)
	}
	for _, row := range sent.Safety.Vetting {
		names["safety.vetting"] = append(names["safety.vetting"], row.Code)
	}
	for _, row := range sent.Safety.Gates {
		o, _ := parseID(row.ServiceTypeID)
		names["safety.gates"] = append(names["safety.gates"], o.code)
	}
	lists := map[string]string{
		"power": "power", "activities.kinds": "activities", "assembly.colleges": "assembly.colleges", "safety.vetting": "safety.vetting", "safety.gates": "safety.gates",
	}
	return domain.Moved(err, func(field string) string {
		for kept, list := range lists {
			if below, is := strings.CutPrefix(field+".", at+"."+kept+"."); is {
				return strings.TrimSuffix(at+"."+list+"."+row(names[kept], below), ".")
			}
		}
		return field
	})
}

// row is a field below a list, "NAME.rest.", by the place of the row with that name.
func row(names []string, field string) string {
	for i, name := range names {
		if rest, is := strings.CutPrefix(field, name+"."); is {
			return strconv.Itoa(i) + "." + rest
		}
		if field == strconv.Itoa(i)+"." { // the name itself is what is wrong
			return field + "code"
		}
	}
	return ""
}

func powerRule(ctx context.Context, t community.DecisionType, r community.Rule) *model.PowerRule {
	governs := make([]string, len(r.Governs))
	for i, part := range r.Governs {
		governs[i] = string(part)
	}
	return &model.PowerRule{
		Type: string(t), Label: r.Label[string(language(ctx))], Mode: r.Mode, Body: r.Body.Kind, BodyName: orAbsent(r.Body.Name),
		Electorate: r.Electorate, Governs: governs, NoticeDays: r.NoticeDays, Days: r.Days, Ballot: r.Ballot, Secret: r.Secret,
		Reasoned: r.Reasoned, Quorum: &r.Quorum, Denominator: r.Denominator, Majority: &r.Majority.Fraction, MoreThan: r.Majority.MoreThan,
		ByCollege: r.ByCollege, Mandates: r.Mandates, Reminders: r.Reminders, Fallback: r.Fallback, FallbackDays: r.FallbackDays,
		EscalateTo: orAbsent(string(r.EscalateTo)), Officers: r.Officers, ReviewMonths: r.ReviewMonths, Effect: r.Effect,
	}
}

// charterDiff tells what a version has otherwise than another; the one before
// when none is named, and for a preset the default.
func (r *Resolver) charterDiff(ctx context.Context, c *community.Charter, from int) ([]*model.CharterDifference, error) {
	var old community.Charter
	var err error
	switch {
	case c.Community == domain.Nowhere:
		old = community.Default()
	case from != 0:
		old, err = r.Communities.Version(ctx, c.Community, from)
	default:
		if old, err = r.Communities.Before(ctx, *c); errors.Is(err, domain.NotFound) {
			old, err = *c, nil // the first: nothing was before
		}
	}
	if err != nil {
		return nil, err
	}
	return differences(language(ctx), old, *c), nil
}

// differences tells them one by one, in plain words.
func differences(lang i18n.Language, old, c community.Charter) []*model.CharterDifference {
	told := []*model.CharterDifference{}
	for _, d := range old.Diff(c) {
		shown := &model.CharterDifference{Part: string(d.Part()), Path: d.Path}
		args := map[string]any{"what": ruleName(lang, old, c, d.Path), "old": "", "new": ""}
		text := "charter.changed"
		row := rowPath.MatchString(d.Path)
		if row && d.Old == nil {
			text = "charter.added"
		} else if row && d.New == nil {
			text = "charter.removed"
		} else {
			before, after := ruleValue(lang, d.Path, d.Old), ruleValue(lang, d.Path, d.New)
			shown.Old, shown.New = &before, &after
			args["old"], args["new"] = before, after
		}
		shown.Text = i18n.Text(lang, text, args)
		told = append(told, shown)
	}
	return told
}

// rowPath is a row that has a name of its own.
var rowPath = regexp.MustCompile(`^(power|activities\.kinds|assembly\.colleges|safety\.vetting|safety\.gates)\.[^.]+$`)

// ruleName is what a rule is called: of a row, the row and the field.
func ruleName(lang i18n.Language, old, c community.Charter, path string) string {
	steps := strings.Split(path, ".")
	var label map[string]string
	var field string
	switch {
	case steps[0] == "power" && len(steps) > 1:
		t := community.DecisionType(steps[1])
		label = old.Power[t].Label
		if rule, there := c.Power[t]; there {
			label = rule.Label
		}
		field = "charter.power." + strings.Join(steps[2:], ".")
	case steps[0] == "activities" && len(steps) > 2:
		kind, there := c.ActivityKind(steps[2])
		if !there {
			kind, _ = old.ActivityKind(steps[2])
		}
		label, field = kind.Label, "charter.activities."+strings.Join(steps[3:], ".")
	case steps[0] == "assembly" && len(steps) > 2:
		label, field = c.College(steps[2]).Label, "charter.colleges."+strings.Join(steps[3:], ".")
		if label == nil {
			label = old.College(steps[2]).Label
		}
	case steps[0] == "safety" && len(steps) > 2:
		label, field = safetyRow(lang, old, c, steps[1], steps[2]), "charter."+steps[1]+"."+strings.Join(steps[3:], ".")
	default:
		return i18n.Text(lang, "charter."+path, nil)
	}
	if strings.HasSuffix(field, ".") {
		return label[string(lang)]
	}
	return label[string(lang)] + " – " + i18n.Text(lang, field, nil)
}

// safetyRow is what a kind of check, or a service that asks for one, is called.
func safetyRow(lang i18n.Language, old, c community.Charter, list, code string) map[string]string {
	if list == "gates" {
		t, _ := listing.TypeByCode(code)
		return map[string]string{string(lang): i18n.Text(lang, "charter.gate", map[string]any{"what": t.Label(string(lang))})}
	}
	kind, there := c.Safety.VettingKind(code)
	if !there {
		kind, _ = old.Safety.VettingKind(code)
	}
	return kind.Label
}

// ruleValue is a rule's value in words.
func ruleValue(lang i18n.Language, path string, value any) string {
	field := path[strings.LastIndex(path, ".")+1:]
	switch v := value.(type) {
	case nil:
		return i18n.Text(lang, "charter.none", nil)
	case bool:
		return i18n.Text(lang, fmt.Sprintf("charter.%t", v), nil)
	case float64:
		switch {
		case strings.HasPrefix(path, "hours."), path == "payouts.above":
			return i18n.Minutes(lang, domain.Minutes(v))
		case field == "basisPoints" || field == "floorBasisPoints" || field == "weight" || field == "roleShare" || path == "reserve.target" || path == "dormancy.safePart":
			return i18n.Text(lang, "charter.percent", map[string]any{"count": v / 100})
		}
		return fmt.Sprint(int64(v))
	case string:
		return choice(lang, field, v)
	case []any:
		words := make([]string, len(v))
		for i, item := range v {
			words[i] = ruleValue(lang, path, item)
		}
		if len(words) == 0 {
			return i18n.Text(lang, "charter.none", nil)
		}
		return strings.Join(words, ", ")
	case map[string]any:
		return thing(lang, field, v)
	}
	return fmt.Sprint(value)
}

// choice is a value of a list of choices in words, or as it is: a name.
func choice(lang i18n.Language, field, code string) string {
	id := "choice." + code
	if field == "governs" {
		id = "charter.part." + code
	}
	if text := i18n.Text(lang, id, nil); text != id {
		return text
	}
	if code == "" {
		return i18n.Text(lang, "charter.none", nil)
	}
	return code
}

// thing is a body, an exact part, or a text in both languages.
func thing(lang i18n.Language, field string, v map[string]any) string {
	switch field {
	case "body":
		name, _ := v["name"].(string)
		return strings.TrimSpace(i18n.Text(lang, fmt.Sprintf("body.%v", v["kind"]), nil) + " " + name)
	case "label":
		return fmt.Sprint(v[string(lang)])
	}
	if after, is := v["afterDays"]; is {
		share, _ := v["basisPoints"].(float64)
		return i18n.Text(lang, "charter.repayment", map[string]any{"count": share / 100, "what": after})
	}
	if title, is := v["title"].(map[string]any); is {
		return fmt.Sprintf("%v %v", title[string(lang)], v["version"])
	}
	if label, is := v["label"].(map[string]any); is {
		return fmt.Sprint(label[string(lang)])
	}
	part := fmt.Sprintf("%v/%v", v["numerator"], v["denominator"])
	if more, is := v["moreThan"].(bool); is {
		return i18n.Text(lang, fmt.Sprintf("charter.moreThan.%t", more), map[string]any{"what": part})
	}
	return part
}
