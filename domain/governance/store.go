// SPDX-License-Identifier: AGPL-3.0-or-later

package governance

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

// Store is what the room needs kept. Every call runs inside InTx of the
// community it names. Changes are guarded by the version that was read, so that
// two servers never do one step twice.
type Store interface {
	AddDecision(ctx context.Context, d Decision) error
	// SaveDecision keeps what changes of a decision and raises its version.
	// StaleVersion when somebody was first.
	SaveDecision(ctx context.Context, d Decision) (Decision, error)
	Decisions(ctx context.Context, community domain.ID, ids []domain.ID) ([]Decision, error)
	// Steady reads a decision and keeps its state still until the transaction ends;
	// many may at once.
	Steady(ctx context.Context, community, id domain.ID) (Decision, bool, error)
	// ListDecisions lists the newest first, of some states or of all.
	ListDecisions(ctx context.Context, community domain.ID, states []State, page domain.Page) (domain.Slice[Decision], error)
	// Due lists the decisions whose next moment is not after a time.
	Due(ctx context.Context, community domain.ID, at time.Time, limit int) ([]domain.ID, error)
	// Waiting lists the open decisions on whose roll a member stands who neither
	// voted nor declared a conflict, the first to close first.
	Waiting(ctx context.Context, community, member domain.ID) ([]Decision, error)

	// FreezeRoll writes down who may vote, at once, each in their college, and says
	// how many. A member whose services are suspended keeps the vote. Where the rules
	// ask for voters and a community has none yet, its members in good standing vote.
	FreezeRoll(ctx context.Context, d Decision, now time.Time) (int64, error)
	// Colleges counts a roll by college, less declared conflicts.
	Colleges(ctx context.Context, community, decision domain.ID) (map[string]int64, error)
	// Seat is somebody's line on the roll; ok is false for a stranger to it.
	Seat(ctx context.Context, community, decision, member domain.ID) (s Seat, ok bool, err error)
	// MarkVoted notes that somebody voted.
	MarkVoted(ctx context.Context, community, decision domain.ID, members []domain.ID) error
	MarkConflict(ctx context.Context, community, decision, member domain.ID, why string) error
	// Undecided lists those of a roll who neither voted nor declared a conflict.
	Undecided(ctx context.Context, community, decision domain.ID) ([]domain.ID, error)
	Turnouts(ctx context.Context, community domain.ID, decisions []domain.ID) ([]Turnout, error)

	// AddKey keeps the key that ties ballots to members while votes are taken.
	AddKey(ctx context.Context, community, decision domain.ID, key []byte) error
	Key(ctx context.Context, community, decision domain.ID) ([]byte, error)
	// PutBallot replaces an earlier ballot in its slot and keeps its receipt.
	PutBallot(ctx context.Context, b Ballot) (Ballot, error)
	// BallotIn reads the ballot of a slot; ok is false for none.
	BallotIn(ctx context.Context, community, decision domain.ID, slot []byte) (b Ballot, ok bool, err error)
	// Ballots reads the box in the order of receipts.
	Ballots(ctx context.Context, community, decision domain.ID) ([]Ballot, error)
	// Publish writes the box anew in the order of receipts, then destroys it and its key.
	Publish(ctx context.Context, community, decision domain.ID) error
	// PublishedBallots reads what was published, in the order of receipts.
	PublishedBallots(ctx context.Context, community, decision domain.ID) ([]Published, error)
	ListPublished(ctx context.Context, community, decision domain.ID, page domain.Page) (domain.Slice[Published], error)

	// HoldVotes keeps other delegations of these members waiting until the transaction
	// ends, so that limits hold however many give theirs at once.
	HoldVotes(ctx context.Context, community domain.ID, members ...domain.ID) error
	AddDelegation(ctx context.Context, g Delegation) error
	// EndDelegation notes when one ended; false when it had ended before.
	EndDelegation(ctx context.Context, community, id domain.ID, now time.Time) (bool, error)
	Delegations(ctx context.Context, community domain.ID, ids []domain.ID) ([]Delegation, error)
	// DelegationsOf lists what a member gave or holds and what runs, the newest first.
	DelegationsOf(ctx context.Context, community, member domain.ID, now time.Time) ([]Delegation, error)
	// Running lists the delegations that run for a type of decision and, unless it is
	// Nowhere, for one of that type.
	Running(ctx context.Context, community, decision domain.ID, t community.DecisionType, now time.Time) ([]Delegation, error)
	// DelegationsIn lists those that would hold in a decision, or that held.
	DelegationsIn(ctx context.Context, d Decision) ([]Delegation, error)
	// Represented lists those of a roll who did not vote, and for whom another did, the
	// first to have asked first. One given for the decision goes before one for its type.
	Represented(ctx context.Context, d Decision) ([]Represented, error)
	// MarkCarried notes on the roll that somebody was represented, and by which delegation.
	MarkCarried(ctx context.Context, community, decision, member, delegation domain.ID) error
	// Uncarry takes the ballots of the represented out of the box again.
	Uncarry(ctx context.Context, community, decision domain.ID) error

	AddComment(ctx context.Context, c Comment) error
	Comments(ctx context.Context, community domain.ID, decisions []domain.ID) ([]Comment, error)
	CommentByID(ctx context.Context, community, id domain.ID) (Comment, bool, error)
}
