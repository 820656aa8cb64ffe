// SPDX-License-Identifier: AGPL-3.0-or-later

package changes

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hora-coop/hora/domain"
)

// nodeOf are the types of the schema that carry another name than their kind.
var nodeOf = map[Kind]string{Session: "GroupSession", Cheque: "TimeCheque", IssuedBadge: "IssuedBadge"}

// untold are the types of object that `changes` never names, and why.
var untold = map[string]string{
	"Person":          "of no community; one’s own, read with the viewer",
	"Notification":    "of its reader alone, told by notificationReceived",
	"Photo":           "told with the member or the listing that shows it",
	"ServiceType":     "the same for all, from the program itself",
	"DeviceKey":       "of its owner alone, whose device made it",
	"TimeChequeBatch": "its cheques are told",
	"Vetting":         "told with its member",
	"Report":          "for those who moderate, who read their desk",
	"Complaint":       "for those who moderate, who read their desk",

	"DutyTemplate":    "the calendar of shifts is read by the week, and derived from its templates",
	"DutyShift":       "the calendar of shifts is read by the week",
	"DutyBooking":     "read with its shift",
	"DutyEntry":       "read with its member",
	"DecisionComment": "read with its decision, which it names",
	"DutyLeave":       "read with its member",
	"DutySwap":        "read with its shift",

	// To be told one day: members see them, and read them anew until then.
	"Announcement":      "not told yet",
	"Thread":            "not told yet",
	"Message":           "not told yet",
	"ModerationMeasure": "not told yet",
	"Appeal":            "not told yet",
	"ReinvestmentPlan":  "not told yet",
	"SplitAgreement":    "not told yet",
	"ShareSubscription": "not told yet",
	"ShareRedemption":   "not told yet",
	"Suggestion":        "not told yet",
}

// Every type of object that has an id is named by some event, or it is said why not.
func TestEveryTypeOfObjectIsTold(t *testing.T) {
	catalogue, err := os.ReadFile("../partner/events.csv")
	if err != nil {
		t.Fatal(err)
	}
	naming := map[string][]string{}
	for line := range strings.SplitSeq(string(catalogue), "\n") {
		kind, _, _ := strings.Cut(line, ";")
		all, _, err := touches(domain.RecordedEvent{Kind: domain.EventKind(kind), Subject: marie, Payload: []byte(`{"member":"` + paul.String() + `"}`)})
		if err != nil {
			t.Fatal(err)
		}
		for _, touch := range all {
			name := nodeOf[touch.Kind]
			if name == "" {
				name = string(touch.Kind[0]) + strings.ToLower(string(touch.Kind[1:]))
			}
			if !slices.Contains(naming[name], kind) {
				naming[name] = append(naming[name], kind)
			}
		}
	}
	files, err := filepath.Glob("../../graph/schema/*.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	nodes := map[string]bool{}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?m)^type (\w+) implements .*\bNode\b`).FindAllStringSubmatch(string(text), -1) {
			nodes[found[1]] = true
		}
	}
	if len(nodes) < 40 {
		t.Fatalf("only %d types of object were found", len(nodes))
	}
	for name := range nodes {
		switch told, why := naming[name], untold[name]; {
		case len(told) == 0 && why == "":
			t.Errorf("no event names %s: see touches in rules.go", name)
		case len(told) > 0 && why != "":
			t.Errorf("%s is told by %s, and said not to be", name, strings.Join(told, ", "))
		default:
			t.Logf("%-18s %s%s", name, strings.Join(told, " "), why)
		}
	}
	for name := range untold {
		if !nodes[name] {
			t.Errorf("%s is no type of object", name)
		}
	}
	for name := range naming {
		if !nodes[name] {
			t.Errorf("events name %s, which is no type of object", name)
		}
	}
}
