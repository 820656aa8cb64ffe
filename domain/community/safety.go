// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hora-coop/hora/domain"
)

// Safety is what protects members: how long something may be kept from one of them,
// which checks are attested here, and which services ask for one of whoever gives them.
type Safety struct {
	LimitDays  int           `json:"limitDays"`  // the longest that moderators limit somebody
	NoticeDays int           `json:"noticeDays"` // before an attestation ends, its member and coordinators are told
	Vetting    []VettingKind `json:"vetting"`
	Gates      []Gate        `json:"gates"`
}

// VettingKind is a kind of check that somebody may attest to have seen.
type VettingKind struct {
	Code   string            `json:"code"`
	Label  map[string]string `json:"label"`  // by language
	Months int               `json:"months"` // for how long it holds at most, from the day it was seen
}

// Gate says which attestations a service asks of whoever gives it: a type of the
// catalogue, or a family or sub-family with everything below it.
type Gate struct {
	ServiceType string   `json:"code"`
	Vetting     []string `json:"vetting"` // codes, all of them asked for
}

// VettingKind finds a kind by its code.
func (s Safety) VettingKind(code string) (VettingKind, bool) {
	i := slices.IndexFunc(s.Vetting, func(k VettingKind) bool { return k.Code == code })
	if i < 0 {
		return VettingKind{}, false
	}
	return s.Vetting[i], true
}

// VettingCodes lists the kinds' codes, for somebody who named another.
func (s Safety) VettingCodes() string {
	codes := make([]string, len(s.Vetting))
	for i, k := range s.Vetting {
		codes[i] = k.Code
	}
	return strings.Join(codes, ", ")
}

// over says whether a gate stands before a service type.
func (g Gate) over(serviceType string) bool {
	return serviceType == g.ServiceType || strings.HasPrefix(serviceType, g.ServiceType+"-")
}

// Asks lists what services of some types ask of whoever gives them, each kind once,
// in the order of the charter's list.
func (s Safety) Asks(serviceTypes ...string) []VettingKind {
	var asked []VettingKind
	for _, kind := range s.Vetting {
		if slices.ContainsFunc(s.Gates, func(g Gate) bool {
			return slices.Contains(g.Vetting, kind.Code) && slices.ContainsFunc(serviceTypes, g.over)
		}) {
			asked = append(asked, kind)
		}
	}
	return asked
}

// typeShape is how the catalogue's families, sub-families and types are called.
var typeShape = regexp.MustCompile(`^[0-9]{3}(-[A-Z](-[0-9]{1,3})?)?$`)

func (s Safety) check(check *domain.Check) {
	between(check, "safety.limitDays", s.LimitDays, 1, 90)
	between(check, "safety.noticeDays", s.NoticeDays, 1, 180)
	names := make([]string, len(s.Vetting))
	for i, k := range s.Vetting {
		names[i] = k.Code
		labels(check, "safety.vetting."+k.Code+".label", k.Label)
		between(check, "safety.vetting."+k.Code+".months", k.Months, 1, 120)
	}
	codes(check, "safety.vetting", names)
	between(check, "safety.gates", len(s.Gates), 0, domain.LargestPage)
	for i, g := range s.Gates {
		once := !slices.ContainsFunc(s.Gates[:i], func(other Gate) bool { return other.ServiceType == g.ServiceType })
		check.That(once && typeShape.MatchString(g.ServiceType), domain.ValueUnknown, fmt.Sprintf("safety.gates.%d", i))
		field := "safety.gates." + g.ServiceType + ".vetting"
		check.That(len(g.Vetting) > 0, domain.Required, field)
		for j, code := range g.Vetting {
			_, known := s.VettingKind(code)
			check.That(known && !slices.Contains(g.Vetting[:j], code), domain.ValueUnknown, field, "known", s.VettingCodes())
		}
	}
}
