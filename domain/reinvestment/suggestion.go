// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"slices"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// What can go wrong with a suggestion.
const (
	SuggestionsClosed  domain.Code = "SUGGESTIONS_CLOSED"   // the charter lets members only
	MembersSubmit      domain.Code = "MEMBERS_SUBMIT"       // who is a member submits projects
	SuggesterBarred    domain.Code = "SUGGESTER_BARRED"     // suspended or excluded by the community
	SuggestionStands   domain.Code = "SUGGESTION_STATE"     // args: state; it does not allow this
	TooManySuggestions domain.Code = "TOO_MANY_SUGGESTIONS" // args: max; of one person in one cycle, open at a time or in all
	CallFull           domain.Code = "CALL_FULL"            // args: max; of everybody in one cycle, open at a time
)

// How much one person suggests to one cycle: so many at a time, and so many in all,
// those that were answered or taken back among them.
const (
	mostOpen     = 3
	mostSuggests = 10
	// mostWaiting is how many wait at a time for an answer in one cycle, whoever made them.
	mostWaiting = 100
)

// SuggestionState is where a suggestion stands.
type SuggestionState string

// The states of a suggestion.
const (
	SuggestionOpen      SuggestionState = "OPEN"
	SuggestionAdopted   SuggestionState = "ADOPTED"   // a member carries a project that was made of it
	SuggestionDeclined  SuggestionState = "DECLINED"  // with reasons
	SuggestionWithdrawn SuggestionState = "WITHDRAWN" // by whoever suggested it: theirs alone from then on
	SuggestionLapsed    SuggestionState = "LAPSED"    // the call ended
	SuggestionRemoved   SuggestionState = "REMOVED"   // by those who moderate, with reasons
)

// suggestionMoves are all there are. A project that was made of a suggestion is its
// owner's, so that what was adopted stays.
var suggestionMoves = map[SuggestionState][]SuggestionState{
	SuggestionOpen:     {SuggestionAdopted, SuggestionDeclined, SuggestionWithdrawn, SuggestionLapsed, SuggestionRemoved},
	SuggestionDeclined: {SuggestionRemoved},
	SuggestionLapsed:   {SuggestionRemoved},
}

// Suggestion is a project that somebody who is no member of the community suggests. It
// stays as it was written; a member who adopts it words and carries the project.
type Suggestion struct {
	Community, Cycle, ID          domain.ID
	Person                        domain.ID // who suggested it
	Title, Purpose, Beneficiaries string
	Note                          string // may be empty
	Minimum, Maximum              domain.Minutes
	State                         SuggestionState
	Reason                        string    // of declining or removing
	Project                       domain.ID // that was made of it; Nowhere before
	CreatedAt                     time.Time
	EndedAt                       time.Time // zero while it is open
	Version                       int
}

// to moves a suggestion. Error: SuggestionStands.
func (g Suggestion) to(next SuggestionState, now time.Time) (Suggestion, error) {
	if !slices.Contains(suggestionMoves[g.State], next) {
		return g, domain.NewError(SuggestionStands, "suggestionId", "state", string(g.State))
	}
	g.State, g.EndedAt = next, now
	return g, nil
}

// visibleTo says who sees a suggestion: whoever made it, always; members, unless it was
// withdrawn; what was removed, only those whose work it is.
func (g Suggestion) visibleTo(standing domain.Standing, person domain.ID) bool {
	return g.Person == person || standing.Admitted && slices.Contains(seenBy(standing), g.State)
}

// seenBy are the states in which somebody sees what others suggested.
func seenBy(standing domain.Standing) []SuggestionState {
	seen := []SuggestionState{SuggestionOpen, SuggestionAdopted, SuggestionDeclined, SuggestionLapsed}
	if standing.May(domain.RunCycles) || standing.May(domain.Moderate) {
		seen = append(seen, SuggestionRemoved)
	}
	return seen
}

// Suggest is what somebody says to suggest a project.
type Suggest struct {
	Community, Cycle              domain.ID
	Title, Purpose, Beneficiaries string
	Note                          string
	Minimum, Maximum              domain.Minutes // 0 as maximum: the minimum
	Key                           string         `json:"-"`
}

// check tidies a suggestion and says all that is wrong with it.
func (cmd Suggest) check() (Suggest, error) {
	var c domain.Check
	cmd.Title = c.Line("title", cmd.Title, 3, 100)
	cmd.Purpose = c.Text("purpose", cmd.Purpose, 20, 2000)
	cmd.Beneficiaries = c.Text("beneficiaries", cmd.Beneficiaries, 3, 1000)
	cmd.Note = c.Text("note", cmd.Note, 0, 1000)
	c.Minutes("minimumMinutes", cmd.Minimum)
	if cmd.Maximum == 0 {
		cmd.Maximum = cmd.Minimum
	} else {
		c.Minutes("maximumMinutes", cmd.Maximum)
	}
	c.That(cmd.Minimum <= cmd.Maximum || c.Err() != nil, allocation.ProjectInvalid, "minimumMinutes", "name", cmd.Title)
	return cmd, c.Err()
}

// Already is how many suggestions a cycle has.
type Already struct {
	Open, All int // a person's
	Waiting   int // everybody's that are open
}

// room says whether a person may suggest once more to a cycle.
func (a Already) room() error {
	switch {
	case a.Open >= mostOpen:
		return domain.NewError(TooManySuggestions, "cycleId", "max", mostOpen)
	case a.All >= mostSuggests:
		return domain.NewError(TooManySuggestions, "cycleId", "max", mostSuggests)
	case a.Waiting >= mostWaiting:
		return domain.NewError(CallFull, "cycleId", "max", mostWaiting)
	}
	return nil
}

// takes says whether a cycle takes suggestions at a moment. A draw and an epoch are about
// oneself: there is nothing that others could carry.
func (c Cycle) takes(now time.Time) error {
	switch {
	case c.State == Draft: // not announced to anybody outside
		return domain.NewError(domain.NotFound, "cycleId")
	case c.State != OpenCall || !now.Before(c.Calendar.FeasibilityAt):
		return domain.NewError(CycleState, "cycleId", "state", string(c.State))
	case credits(c.Method):
		return domain.NewError(NotWithMethod, "cycleId")
	}
	return nil
}

// Adopt is what a member says to carry what somebody suggested: what is left out is as it
// was suggested.
type Adopt struct {
	Submit
	Suggestion domain.ID
}

// of fills in what the adopting member left as it was suggested.
func (cmd Submit) of(g Suggestion) Submit {
	cmd.Cycle = g.Cycle
	if cmd.Title == "" {
		cmd.Title = g.Title
	}
	if cmd.Body == "" {
		cmd.Body = strings.TrimSpace(g.Purpose + "\n\n" + g.Beneficiaries)
	}
	if cmd.Minimum == 0 && cmd.Maximum == 0 {
		cmd.Maximum = g.Maximum
	}
	if cmd.Minimum == 0 {
		cmd.Minimum = g.Minimum
	}
	return cmd
}

// The events of suggestions.
const (
	SuggestionMade      domain.EventKind = "SUGGESTION_MADE"
	SuggestionTaken     domain.EventKind = "SUGGESTION_ADOPTED"
	SuggestionRefused   domain.EventKind = "SUGGESTION_DECLINED"
	SuggestionGone      domain.EventKind = "SUGGESTION_WITHDRAWN"
	SuggestionOver      domain.EventKind = "SUGGESTION_LAPSED"
	SuggestionTakenAway domain.EventKind = "SUGGESTION_REMOVED"
)
