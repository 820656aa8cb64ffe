// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hora-coop/hora/domain"
)

// LegalForm is the kind of cooperative in law, with caps on who holds its capital.
type LegalForm string

// The legal forms whose caps are checked; a community may have none.
const (
	NoLegalForm LegalForm = ""
	SCIC        LegalForm = "SCIC" // société coopérative d’intérêt collectif
	SCOP        LegalForm = "SCOP" // société coopérative et participative
)

// Shares are the rules of the share register. A nominal of zero means that the
// community has no shares, which is how most begin.
type Shares struct {
	Nominal          int64        `json:"nominal"`          // of one share, in the currency's smallest unit
	Currency         string       `json:"currency"`         // ISO 4217
	Minimum          int          `json:"minimum"`          // shares of a full holder
	LowIncomeMinimum int          `json:"lowIncomeMinimum"` // for whoever has little; 0: the same
	Instalments      int          `json:"instalments"`      // the most that a subscription is paid in
	SecondAbove      *int64       `json:"secondAbove"`      // above this amount two people confirm; absent: never
	Floor            int64        `json:"floor"`            // capital is never paid out below
	FloorBasisPoints int          `json:"floorBasisPoints"` // nor below this part of the highest it ever was
	Redemption       []Repayment  `json:"redemption"`       // how shares are bought back; none: all at once
	TailDays         int          `json:"tailDays"`         // how long somebody answers for debts of their time
	Texts            []SharesText `json:"texts"`            // what a holder agrees to beforehand
	LegalForm        LegalForm    `json:"legalForm"`
}

// Repayment is one step of buying shares back.
type Repayment struct {
	AfterDays   int `json:"afterDays"`   // from the request on
	BasisPoints int `json:"basisPoints"` // of the shares; all steps together are 10,000
}

// SharesText is a version of a text that holders agree to: rules, risk, data.
type SharesText struct {
	Code    string            `json:"code"`
	Version string            `json:"version"`
	Title   map[string]string `json:"title"` // by language
	URL     string            `json:"url"`
}

// Of is an amount of so many shares.
func (s Shares) Of(shares int) domain.Money {
	return domain.Money{Minor: int64(shares) * s.Nominal, Currency: s.Currency}
}

// MinimumFor is how many shares make a full holder.
func (s Shares) MinimumFor(lowIncome bool) int {
	if lowIncome && s.LowIncomeMinimum > 0 {
		return s.LowIncomeMinimum
	}
	return max(s.Minimum, 1)
}

// FloorOf is what the capital never goes below, given the highest it ever was.
func (s Shares) FloorOf(highest int64) int64 {
	part := highest/10_000*int64(s.FloorBasisPoints) + (highest%10_000*int64(s.FloorBasisPoints)+9_999)/10_000
	return max(s.Floor, part)
}

// dearest is the most that one share may be, in the currency's smallest unit.
const dearest = 100_000_000

var currencyShape = regexp.MustCompile(`^[A-Z]{3}$`)

func (s Shares) check(check *domain.Check) {
	between(check, "shares.nominal", int(s.Nominal), 0, dearest)
	if s.Nominal == 0 {
		return
	}
	check.That(currencyShape.MatchString(s.Currency), domain.ValueUnknown, "shares.currency", "known", "EUR, CAD, CHF, …")
	between(check, "shares.minimum", s.Minimum, 1, 10_000)
	between(check, "shares.lowIncomeMinimum", s.LowIncomeMinimum, 0, max(s.Minimum, 0))
	between(check, "shares.instalments", s.Instalments, 0, 36)
	check.That(s.Floor >= 0, domain.OutOfRange, "shares.floor", "min", 0, "max", dearest)
	between(check, "shares.floorBasisPoints", s.FloorBasisPoints, 0, 10_000)
	between(check, "shares.tailDays", s.TailDays, 0, longest)
	known(check, "shares.legalForm", s.LegalForm, NoLegalForm, SCIC, SCOP)
	all, last := 0, 0
	for i, r := range s.Redemption {
		field := fmt.Sprintf("shares.redemption.%d", i)
		between(check, field+".afterDays", r.AfterDays, last, longest)
		between(check, field+".basisPoints", r.BasisPoints, 1, 10_000)
		all, last = all+r.BasisPoints, r.AfterDays
	}
	if len(s.Redemption) > 0 {
		between(check, "shares.redemption", all, 10_000, 10_000)
	}
	names := make([]string, len(s.Texts))
	for i, t := range s.Texts {
		names[i] = t.Code
		field := "shares.texts." + t.Code
		labels(check, field+".title", t.Title)
		check.Line(field+".version", t.Version, 1, 40)
		check.That(strings.HasPrefix(t.URL, "https://"), domain.ValueUnknown, field+".url", "known", "https://…")
	}
	codes(check, "shares.texts", names)
}
