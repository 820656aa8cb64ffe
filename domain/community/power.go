// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hora-coop/hora/domain"
)

// What can go wrong when somebody asks the wrong people.
const (
	DecisionTypeUnknown domain.Code = "DECISION_TYPE_UNKNOWN" // args: known
	WrongBody           domain.Code = "WRONG_BODY"            // args: type, mode, body (and name of a circle, college or role): who decides this here
)

// DecisionType names one kind of decision. A charter may add its own.
type DecisionType string

// The decision types every charter knows (reference: the power matrix of
// domain.md, section 8).
const (
	OpenProject       DecisionType = "OPEN_PROJECT"       // run an event, open a small project
	ProjectAccount    DecisionType = "PROJECT_ACCOUNT"    // spend a project's hours within its budget
	SafetySuspension  DecisionType = "SAFETY_SUSPENSION"  // two officers, for days only
	DailyWork         DecisionType = "DAILY_WORK"         // rota, moderation
	HouseAgreement    DecisionType = "HOUSE_AGREEMENT"    // how we live together
	CommonRules       DecisionType = "COMMON_RULES"       // hours, levy, criteria, duty
	BudgetCycle       DecisionType = "BUDGET_CYCLE"       // common hours for common projects
	CoOwnerAdmission  DecisionType = "CO_OWNER_ADMISSION" // a published list, a vote on an objection
	ObjectedAdmission DecisionType = "OBJECTED_ADMISSION" // that vote
	RoleCandidacy     DecisionType = "ROLE_CANDIDACY"     // entrust a role
	Recall            DecisionType = "RECALL"             // end a mandate before its term
	Exclusion         DecisionType = "EXCLUSION"          // end a membership against the member's will
	AppealDecision    DecisionType = "APPEAL"             // by a panel drawn by lot
	AnnualAccounts    DecisionType = "ANNUAL_ACCOUNTS"    // and the use of a surplus
	PartnerAgreement  DecisionType = "PARTNER_AGREEMENT"  // exchange with another community
	Statutes          DecisionType = "STATUTES"           // the power matrix itself, merger
	SeatsByLot        DecisionType = "SEATS_BY_LOT"       // who sits, drawn
)

// Mode is how power works for a type of decision.
type Mode string

// The modes.
const (
	Participatory Mode = "PARTICIPATORY" // a ballot
	Hierarchical  Mode = "HIERARCHICAL"  // who holds the mandate decides, logged, open to recall
	Distributed   Mode = "DISTRIBUTED"   // anybody acts, after advice and a window for objections
)

// BodyKind is what kind of body decides.
type BodyKind string

// The kinds of body.
const (
	TheAssembly BodyKind = "ASSEMBLY" // everybody of the electorate
	ACollege    BodyKind = "COLLEGE"  // one of the charter's colleges
	ACircle     BodyKind = "CIRCLE"   // a circle, within its domain
	ARole       BodyKind = "ROLE"     // whoever holds the role
)

// Body is who decides. Name is the code of the college, circle or role.
type Body struct {
	Kind BodyKind `json:"kind"`
	Name string   `json:"name,omitempty"`
}

// Electorate is who of the body has a voice.
type Electorate string

// The electorates.
const (
	EveryMember Electorate = "MEMBERS" // every member in good standing
	EveryVoter  Electorate = "VOTERS"  // co-owners; where there is none yet, every member in good standing
	OfTheBody   Electorate = "BODY"    // those who sit in the college, circle or role
)

// Ballot is what somebody writes on it.
type Ballot string

// The ballots.
const (
	YesNoAbstain Ballot = "YES_NO_ABSTAIN"
	Approval     Ballot = "APPROVAL"
	Score        Ballot = "SCORE" // from −2 to 2
	Ranked       Ballot = "RANKED"
	Budget       Ballot = "BUDGET"
)

// Denominator is what a majority is a part of.
type Denominator string

// The denominators.
const (
	OfCast      Denominator = "CAST"      // all ballots
	OfExpressed Denominator = "EXPRESSED" // without abstentions
	OfEntitled  Denominator = "ENTITLED"  // the whole roll
	OfPresent   Denominator = "PRESENT"   // who was there, or had somebody there
)

// Fallback is what follows when a decision does not come about.
type Fallback string

// The fallbacks.
const (
	SecondCall     Fallback = "SECOND_CALL"     // once more without quorum, after FallbackDays
	KeepDiscussing Fallback = "KEEP_DISCUSSING" // nothing changes
	Escalate       Fallback = "ESCALATE"        // another type of decision, EscalateTo
	Lapse          Fallback = "LAPSE"           // what was ordered ends by itself
)

// Reminder is when those who have not spoken are reminded.
type Reminder string

// The reminders.
const (
	HalfTime Reminder = "HALF_TIME"
	LastDay  Reminder = "LAST_DAY" // 24 hours before the end
)

// Timing is when a decision takes effect.
type Timing string

// The timings.
const (
	AtOnce     Timing = "AT_ONCE"
	NextPeriod Timing = "NEXT_PERIOD" // of the charter's calendar
)

// Fraction is an exact part of a whole: counts are compared without rounding.
type Fraction struct {
	Numerator   int64 `json:"numerator"`
	Denominator int64 `json:"denominator"`
}

// Ceil is the fraction of n, rounded up: a quorum of a third of ten is four.
func (f Fraction) Ceil(n int64) int64 {
	return (n*f.Numerator + f.Denominator - 1) / f.Denominator
}

// Majority is the part that carries a decision.
type Majority struct {
	Fraction
	MoreThan bool `json:"moreThan"` // exactly the fraction is not enough
}

// Carries says whether a part of a whole is a majority. Nothing is carried by nobody.
func (m Majority) Carries(part, whole int64) bool {
	reached, needed := part*m.Denominator, whole*m.Numerator
	return part > 0 && (reached > needed || !m.MoreThan && reached == needed)
}

// Rule is one row of the power matrix: who decides, and how.
type Rule struct {
	Label        map[string]string `json:"label"` // by language
	Mode         Mode              `json:"mode"`
	Body         Body              `json:"body"`
	Electorate   Electorate        `json:"electorate"`
	Governs      []Part            `json:"governs"`    // the parts of the charter that this decision changes
	NoticeDays   int               `json:"noticeDays"` // from the announcement until ballots are taken, or until the effect of a mandate holder's act
	Days         int               `json:"days"`       // how long ballots are taken, objections heard, or a suspension lasts
	Ballot       Ballot            `json:"ballot"`
	Secret       bool              `json:"secret"`
	Reasoned     bool              `json:"reasoned"` // a no, a negative score or an objection comes with its reason
	Quorum       Fraction          `json:"quorum"`   // of the roll
	Denominator  Denominator       `json:"denominator"`
	Majority     Majority          `json:"majority"`
	ByCollege    bool              `json:"byCollege"` // counted by the charter's colleges and their weights
	Mandates     int               `json:"mandates"`  // how many others one may vote for; 0 forbids delegation
	Reminders    []Reminder        `json:"reminders"`
	Fallback     Fallback          `json:"fallback"`
	FallbackDays int               `json:"fallbackDays"`
	EscalateTo   DecisionType      `json:"escalateTo,omitempty"`
	Officers     int               `json:"officers"`     // how many mandate holders must agree
	ReviewMonths int               `json:"reviewMonths"` // the outcome comes back after; 0 for never
	Effect       Timing            `json:"effect"`
}

// Power is the power matrix: each decision type with its rule.
type Power map[DecisionType]Rule

//go:embed power.json
var readyRows []byte

// ReadyPower gives the rows that a community has unless it says otherwise.
func ReadyPower() Power {
	var rows Power
	if err := json.Unmarshal(readyRows, &rows); err != nil {
		panic(fmt.Sprintf("power.json: %v", err))
	}
	return rows
}

// Types lists the matrix's decision types by name.
func (p Power) Types() []DecisionType { return slices.Sorted(maps.Keys(p)) }

// Decides says who decides a matter here, and how. Error: DecisionTypeUnknown.
func (c Charter) Decides(t DecisionType) (Rule, error) {
	if rule, ok := c.Power[t]; ok {
		return rule, nil
	}
	known := make([]string, 0, len(c.Power))
	for _, t := range c.Power.Types() {
		known = append(known, string(t))
	}
	return Rule{}, domain.NewError(DecisionTypeUnknown, "type", "known", strings.Join(known, ", "))
}

// Governing is the type of decision that changes a part of the charter: the one
// that names it, and the strictest for a part that nobody named.
func (c Charter) Governing(part Part) DecisionType {
	for _, t := range c.Power.Types() {
		if slices.Contains(c.Power[t].Governs, part) {
			return t
		}
	}
	return Statutes
}

// Require refuses a request to the wrong body and names the right one: a ballot
// asked of the assembly on what a mandate holder decides, an act of a mandate
// holder on what the assembly decides, a circle on what lies outside its domain.
//
// Errors: DecisionTypeUnknown, WrongBody.
func (c Charter) Require(t DecisionType, mode Mode, body Body) (Rule, error) {
	rule, err := c.Decides(t)
	if err == nil && (rule.Mode != mode || rule.Body != body) {
		err = rule.elsewhere(t, "type")
	}
	return rule, err
}

// elsewhere names who decides, to somebody who asked others.
func (r Rule) elsewhere(t DecisionType, field string) error {
	return domain.NewError(WrongBody, field, "type", string(t), "mode", domain.Word("mode."+r.Mode), "body", domain.Word("body."+r.Body.Kind), "name", r.Body.Name)
}

// MayAct says whether somebody's roles carry a mandate to decide this alone, or
// with as many others as the row asks for.
func (r Rule) MayAct(standing domain.Standing) bool {
	return r.Mode == Hierarchical && r.Body.Kind == ARole && standing.Active && standing.Has(domain.Role(r.Body.Name))
}
