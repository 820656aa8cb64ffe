// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Store is what the room needs kept. Every call runs inside InTx of the
// community it names. Changes are guarded by the version that was read, so that
// two servers never do one step twice.
type Store interface {
	SplitStore
	DormantStore
	SuggestionStore

	AddCycle(ctx context.Context, c Cycle, first Step) error
	// TakeCycle has everybody else who takes or moves it wait until this transaction
	// ends. NotFound when there is none.
	TakeCycle(ctx context.Context, community, id domain.ID) error
	// HoldCycle keeps a cycle as it is until this transaction ends; others may hold it too.
	// NotFound when there is none.
	HoldCycle(ctx context.Context, community, id domain.ID) error
	// MoveCycle saves a cycle's state, calendar, roll and version with one more line of
	// history. StaleVersion when somebody was first.
	MoveCycle(ctx context.Context, c Cycle, step Step) (Cycle, error)
	// RemindCycle notes that those whom a cycle waits for in its state are reminded.
	// StaleVersion when somebody was first.
	RemindCycle(ctx context.Context, c Cycle) error
	// WakeCycle has the calendar come back to a cycle at another moment than its next step's.
	// StaleVersion when somebody was first.
	WakeCycle(ctx context.Context, c Cycle, at time.Time) error
	// WithoutProject lists the members present who have submitted nothing to a cycle.
	WithoutProject(ctx context.Context, community, cycle domain.ID) ([]domain.ID, error)
	// WithoutBallot lists those of a cycle's roll who have cast none: in an epoch its peers.
	WithoutBallot(ctx context.Context, c Cycle) ([]domain.ID, error)
	// WithUnclaimed lists the owners of projects whose grant is not claimed whole.
	WithUnclaimed(ctx context.Context, community, cycle domain.ID) ([]domain.ID, error)
	Cycles(ctx context.Context, community domain.ID, ids []domain.ID) ([]Cycle, error)
	// ListCycles lists the newest first.
	ListCycles(ctx context.Context, community domain.ID, page domain.Page) (domain.Slice[Cycle], error)
	// EarliestDue is what was due first, not after a time, but for what is left out; ok is
	// false when nothing is.
	EarliestDue(ctx context.Context, community domain.ID, at time.Time, without []domain.ID) (due Due, ok bool, err error)
	Steps(ctx context.Context, community domain.ID, cycles []domain.ID) ([]Step, error)

	AddPlan(ctx context.Context, p Plan) error
	// SavePlan saves a plan's turn, next moment and end. StaleVersion when somebody was first.
	SavePlan(ctx context.Context, p Plan) (Plan, error)
	Plans(ctx context.Context, community domain.ID, ids []domain.ID) ([]Plan, error)
	// ListPlans lists the newest first.
	ListPlans(ctx context.Context, community domain.ID) ([]Plan, error)
	// PlanTurns lists what plans did, the latest first, a hundred of each at most.
	PlanTurns(ctx context.Context, community domain.ID, plans []domain.ID) ([]PlanTurn, error)
	// PoolFlows adds up what came into an account and went, by reason, from one moment
	// to before another, and says what it held at the first.
	PoolFlows(ctx context.Context, community, account domain.ID, from, until time.Time) (opening domain.Minutes, flows []Flow, err error)
	// Returned adds up what went from a cycle's account back to its pool.
	Returned(ctx context.Context, c Cycle) (domain.Minutes, error)
	// AddReservePlan keeps the plan of the reserve; false when the community has one.
	AddReservePlan(ctx context.Context, p Plan) (bool, error)
	HasReservePlan(ctx context.Context, community domain.ID) (bool, error)
	// CameIn adds up by pool what came into pools from one moment to before another:
	// not from other pools, nor from what cycles set aside, nor from another community,
	// and less what was undone meanwhile.
	CameIn(ctx context.Context, community domain.ID, pools []domain.ID, from, until time.Time) (map[domain.ID]domain.Minutes, error)
	// PositiveBalances adds up what members have above zero.
	PositiveBalances(ctx context.Context, community domain.ID) (domain.Minutes, error)
	// PoolSources adds up what came into an account from one moment to before another,
	// by where it came from.
	PoolSources(ctx context.Context, community, account domain.ID, from, until time.Time) ([]SourceFlow, error)
	// HoursGiven adds up what each present member gave from one moment to before another.
	HoursGiven(ctx context.Context, community domain.ID, from, until time.Time) ([]Given, error)

	// AddProject numbers the project within its cycle.
	AddProject(ctx context.Context, p Project) (Project, error)
	SaveProject(ctx context.Context, p Project) (Project, error)
	// Decide keeps what a count granted to each project on the ballot.
	Decide(ctx context.Context, community, cycle domain.ID, granted map[domain.ID]domain.Minutes) error
	Projects(ctx context.Context, community domain.ID, ids []domain.ID) ([]Project, error)
	// ProjectsOf lists those of cycles in their order of filing.
	ProjectsOf(ctx context.Context, community domain.ID, cycles []domain.ID) ([]Project, error)
	// PayInFull notes of projects that all that was granted is credited.
	PayInFull(ctx context.Context, community domain.ID, projects []domain.ID) error
	// QueueDraws has every other count of a draw wait until this transaction ends.
	QueueDraws(ctx context.Context, community domain.ID) error
	// Drawn adds up, by member, what other draws that were counted after a moment
	// granted; once they paid, what they paid.
	Drawn(ctx context.Context, community domain.ID, owners []domain.ID, without domain.ID, after time.Time) (map[domain.ID]domain.Minutes, error)
	// MakeEligible puts what nobody looked at on the ballot: silence refuses nothing.
	MakeEligible(ctx context.Context, community, cycle domain.ID) error

	// PutBallot replaces a member's earlier ballot, and its receipt. VotedInPerson where a
	// helper casts it and the earlier one is the voter's own.
	PutBallot(ctx context.Context, b Ballot) error
	// BallotOf is a member's ballot; ok is false when they cast none.
	BallotOf(ctx context.Context, community, cycle, member domain.ID) (b Ballot, ok bool, err error)
	Ballots(ctx context.Context, community, cycle domain.ID) ([]Ballot, error)
	// FreezeRoll writes down who may vote, admitted before voting begins and in good
	// standing, and says how many.
	FreezeRoll(ctx context.Context, c Cycle) (int64, error)
	// Seated says whether a member is on a cycle's roll.
	Seated(ctx context.Context, community, cycle, member domain.ID) (bool, error)

	AddRun(ctx context.Context, r Run) error
	// LastRun is the count that stands; ok is false before there is one.
	LastRun(ctx context.Context, community, cycle domain.ID) (r Run, ok bool, err error)
	AddContest(ctx context.Context, c Contest) error
	// Contests lists the challenges to a count, the oldest first.
	Contests(ctx context.Context, community, cycle domain.ID) ([]Contest, error)

	AddClaim(ctx context.Context, c Claim) error
	SaveClaim(ctx context.Context, c Claim) (Claim, error)
	Claims(ctx context.Context, community domain.ID, ids []domain.ID) ([]Claim, error)
	ClaimsOf(ctx context.Context, community domain.ID, projects []domain.ID) ([]Claim, error)
}

// SplitStore keeps agreements to divide at the source.
type SplitStore interface {
	AddAgreement(ctx context.Context, a Agreement) error
	// TakeAgreement has everybody else who takes it wait until this transaction ends.
	// NotFound when there is none.
	TakeAgreement(ctx context.Context, community, id domain.ID) error
	AddSplitVersion(ctx context.Context, a Agreement, v SplitVersion) error
	SaveSplitVersion(ctx context.Context, a Agreement, v SplitVersion) error
	Agreements(ctx context.Context, community domain.ID, ids []domain.ID) ([]Agreement, error)
	// ListAgreements lists the newest first, a hundred at most.
	ListAgreements(ctx context.Context, community domain.ID) ([]Agreement, error)
	AddSplitSettlement(ctx context.Context, x SplitSettlement) error
	// SplitSettlements lists the latest first, a hundred at most.
	SplitSettlements(ctx context.Context, community, agreement domain.ID) ([]SplitSettlement, error)
}

// SuggestionStore keeps what people who are no members suggest.
type SuggestionStore interface {
	// SentAway says whether the community has suspended or excluded a person, though they
	// may have left since.
	SentAway(ctx context.Context, community, person domain.ID) (bool, error)
	// AddSuggestion keeps one, and notes where its person is to look for it.
	AddSuggestion(ctx context.Context, g Suggestion) error
	// SaveSuggestion keeps where it stands; what it says stays. StaleVersion when somebody
	// was first.
	SaveSuggestion(ctx context.Context, g Suggestion) error
	// LapseSuggestions ends those of a cycle that are open, and says which they were.
	LapseSuggestions(ctx context.Context, community, cycle domain.ID, at time.Time) ([]domain.ID, error)
	Suggestions(ctx context.Context, community domain.ID, ids []domain.ID) ([]Suggestion, error)
	// SuggestionsOf are those that projects were made of.
	SuggestionsOf(ctx context.Context, community domain.ID, projects []domain.ID) ([]Suggestion, error)
	// SuggestionsBy are a person's, the newest first, a hundred at most.
	SuggestionsBy(ctx context.Context, community, person domain.ID) ([]Suggestion, error)
	// ListSuggestions lists those of a cycle in some states, the newest first.
	ListSuggestions(ctx context.Context, community, cycle domain.ID, states []SuggestionState, page domain.Page) (domain.Slice[Suggestion], error)
	// Suggested counts a cycle's suggestions, and a person's among them.
	Suggested(ctx context.Context, community, cycle, person domain.ID) (Already, error)
	CountSuggestions(ctx context.Context, community, cycle domain.ID, states []SuggestionState) (int, error)
	// CyclesIn are the cycles that stand in a state.
	CyclesIn(ctx context.Context, community domain.ID, state State) ([]Cycle, error)
}

// Due is a cycle or a plan that the calendar asks for.
type Due struct {
	ID      domain.ID
	Plan    bool
	Version int // as which it is due
}
