// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Store is what membership needs kept. It is also how every room learns
// somebody's standing. All calls run inside InTx of the community, except
// Memberships, which reads the platform's directory of who belongs where.
type Store interface {
	domain.Access

	// Add keeps a new membership. Error: AlreadyMember.
	Add(ctx context.Context, m Member) error
	// Save changes a member whose version is still m.Version, which it raises.
	// Error: StaleVersion.
	Save(ctx context.Context, m Member) (Member, error)
	// MoveCapital changes the capital facet, and nothing else, of a member for whom
	// it still is m.Capital. Error: MemberState.
	MoveCapital(ctx context.Context, m Member, next Capital) error
	ByIDs(ctx context.Context, community domain.ID, ids []domain.ID) ([]Member, error)
	ByNumber(ctx context.Context, community domain.ID, number int) (Member, error)
	OfPerson(ctx context.Context, community, person domain.ID) (Member, error)
	List(ctx context.Context, community domain.ID, filter Filter, page domain.Page) (domain.Slice[Member], error)
	Count(ctx context.Context, community domain.ID, filter Filter) (int, error)
	// NextNumber gives the next member number; it waits for others who ask.
	NextNumber(ctx context.Context, community domain.ID) (int, error)

	// OpenCommitments counts a member's exchanges that are accepted, done or
	// disputed, or discussed anew while hours stay promised: what somebody who
	// leaves would leave others with.
	OpenCommitments(ctx context.Context, community, member domain.ID) (int, error)

	AddRole(ctx context.Context, g RoleGrant) error
	EndRole(ctx context.Context, community, member domain.ID, role domain.Role, at time.Time) error
	RolesOf(ctx context.Context, community domain.ID, members []domain.ID, at time.Time) ([]RoleGrant, error)
	Holders(ctx context.Context, community domain.ID, role domain.Role, at time.Time) ([]Member, error)
	// InStates lists who is in one of some states of participation.
	InStates(ctx context.Context, community domain.ID, states []Participation) ([]Member, error)
	// LockRole holds who has a role still until the transaction ends.
	LockRole(ctx context.Context, community domain.ID, role domain.Role) error

	// AddHelper keeps a consent; EndHelp withdraws the one that stands, if any.
	AddHelper(ctx context.Context, h Helper) error
	EndHelp(ctx context.Context, community, member, helper domain.ID, at time.Time) error
	HelpersOf(ctx context.Context, community domain.ID, members []domain.ID, at time.Time) ([]Helper, error)
	// NotedFor says whether a person noted, of anybody but themselves, a consent that
	// stands and names another person as the helper.
	NotedFor(ctx context.Context, community, by, helper domain.ID, at time.Time) (bool, error)
	// Attach makes a person of a member who was none.
	Attach(ctx context.Context, m Member) error
	// Household lists who lives together with a member, by id, the member among
	// them; empty when nobody noted it.
	Household(ctx context.Context, community, member domain.ID) ([]domain.ID, error)
	// NoteHousehold makes members leave their households for this one.
	NoteHousehold(ctx context.Context, community, household domain.ID, members []domain.ID, at time.Time) error

	// Govern moves the third facet, with what it rests on; false when the member was
	// in another state. The database refuses what rests on nothing.
	Govern(ctx context.Context, m Member, next Governance, why Because, at time.Time) (bool, error)
	// VotesWithoutShares lists who still votes whose shares are being bought back, or were.
	VotesWithoutShares(ctx context.Context, community domain.ID, limit int) ([]Member, error)
	// Orient notes that somebody was welcomed.
	Orient(ctx context.Context, m Member) error
	AddAdmission(ctx context.Context, a Admission) error
	// SettleAdmission saves what became of an open one.
	SettleAdmission(ctx context.Context, a Admission) error
	// Object keeps an objection; false when its member had objected already.
	Object(ctx context.Context, o Objection) (bool, error)
	AdmissionsByID(ctx context.Context, community domain.ID, ids []domain.ID) ([]Admission, error)
	// OpenAdmission holds a member's, until the transaction ends. Error: NotFound.
	OpenAdmission(ctx context.Context, community, member domain.ID) (Admission, error)
	OpenAdmissions(ctx context.Context, community domain.ID, limit int) ([]Admission, error)
	// TacitAdmissions holds those to which nobody objected in time, of candidates who
	// still have the shares.
	TacitAdmissions(ctx context.Context, community domain.ID, now time.Time, limit int) ([]Admission, error)
	// AdmissionOf is a member's last.
	AdmissionOf(ctx context.Context, community, member domain.ID) (a Admission, found bool, err error)

	AddBlock(ctx context.Context, b Block) error
	// EndBlock takes one away; false when there is none.
	EndBlock(ctx context.Context, community, member, blocked domain.ID) (bool, error)
	// BlocksBy lists whom a member blocked, the last first.
	BlocksBy(ctx context.Context, community, member domain.ID) ([]Block, error)
	// ApartFrom lists the members between whom and one a block stands and does not rest.
	ApartFrom(ctx context.Context, community, member domain.ID) ([]domain.ID, error)

	// NoteBulk keeps what became of one member in a run, and answers what was kept of
	// them before, which then stays; it waits for whoever notes the same.
	NoteBulk(ctx context.Context, community, run domain.ID, o BulkOutcome, at time.Time) (known *BulkOutcome, err error)

	// Limit notes what a measure keeps from a member; Unlimit takes one measure's back.
	Limit(ctx context.Context, community, member domain.ID, l Limit) error
	Unlimit(ctx context.Context, community, member, cause domain.ID) error

	AddVetting(ctx context.Context, v Vetting) error
	Vettings(ctx context.Context, community domain.ID, ids []domain.ID) ([]Vetting, error)
	// VettingsOf are those of some members, the last to end first.
	VettingsOf(ctx context.Context, community domain.ID, members []domain.ID) ([]Vetting, error)
	// WithdrawVetting notes that one was taken back; false when it had been.
	WithdrawVetting(ctx context.Context, v Vetting) (bool, error)
	// TakeExpiringVettings marks those whose end is to be told and answers them, each
	// once, but for those that another of the kind outlasts.
	TakeExpiringVettings(ctx context.Context, community domain.ID, now time.Time, limit int) ([]Vetting, error)

	// NoteMinor keeps on which day a member comes of age, or another day than before; a
	// consent stays. ForgetMinor takes it away, and the consent with it.
	NoteMinor(ctx context.Context, m Minor) error
	ForgetMinor(ctx context.Context, community, member domain.ID) error
	// SaveConsent keeps a minor's consent, in the place of the one before.
	SaveConsent(ctx context.Context, m Minor) error
	// HoldMinor lets nobody else change what is known of a minor until the transaction
	// ends. ReleaseWards takes a guardian's consents away, and says of whom.
	HoldMinor(ctx context.Context, community, member domain.ID) error
	ReleaseWards(ctx context.Context, community, guardian domain.ID) ([]domain.ID, error)
	Minors(ctx context.Context, community domain.ID, members []domain.ID) ([]Minor, error)
	// WardsOf lists the minors for whom a member's consent as a guardian stands.
	WardsOf(ctx context.Context, community, guardian domain.ID, now time.Time) ([]domain.ID, error)
	// TakeOfAge takes away those who are of age, and answers what was known of them.
	TakeOfAge(ctx context.Context, community domain.ID, now time.Time, limit int) ([]Minor, error)

	// Memberships lists where a person belongs, and as which member.
	Memberships(ctx context.Context, person domain.ID) ([]Belonging, error)
	// Places are the communities where a person has something to read: as a member, or as
	// somebody who suggested something.
	Places(ctx context.Context, person domain.ID) ([]domain.ID, error)
	// NameOf reads a person's display name and e-mail, to start a membership with.
	NameOf(ctx context.Context, person domain.ID) (name, email string, err error)
}

// Belonging says which member a person is in a community.
type Belonging struct{ Community, Member domain.ID }
