// SPDX-License-Identifier: AGPL-3.0-or-later

// Package messaging tells people what concerns them. It derives from the events
// that the other areas record; nothing waits for it.
package messaging

import (
	"time"

	"github.com/hora-coop/hora/domain"
)

// Kind says what a notification tells.
type Kind string

// The kinds of notification; each has its texts in both languages.
const (
	ExchangeProposed  Kind = "EXCHANGE_PROPOSED"
	ExchangeRevised   Kind = "EXCHANGE_REVISED"
	ExchangeAccepted  Kind = "EXCHANGE_ACCEPTED"
	ExchangeDeclined  Kind = "EXCHANGE_DECLINED"
	ExchangeCancelled Kind = "EXCHANGE_CANCELLED"
	ExchangeDone      Kind = "EXCHANGE_DONE"
	ExchangeReminder  Kind = "EXCHANGE_REMINDER"
	ExchangeConfirmed Kind = "EXCHANGE_CONFIRMED"
	ExchangeDisputed  Kind = "EXCHANGE_DISPUTED"
	ExchangeResolved  Kind = "EXCHANGE_RESOLVED"
	ExchangeExpired   Kind = "EXCHANGE_EXPIRED"
	DisputeToSettle   Kind = "DISPUTE_TO_SETTLE"  // for coordinators
	ActedForYou       Kind = "ACTED_FOR_YOU"      // somebody did it in the member's name
	BalanceLow        Kind = "BALANCE_LOW"        // it stays allowed
	MemberBalanceLow  Kind = "MEMBER_BALANCE_LOW" // for coordinators
	BalanceHigh       Kind = "BALANCE_HIGH"       // giving is suggested
	CrossingUndone    Kind = "CROSSING_UNDONE"    // for coordinators
	MemberApplied     Kind = "MEMBER_APPLIED"
	MemberAdmitted    Kind = "MEMBER_ADMITTED"
	MemberDeclined    Kind = "MEMBER_DECLINED"
	ProjectToReview   Kind = "PROJECT_TO_REVIEW" // for coordinators
	ProjectEligible   Kind = "PROJECT_ELIGIBLE"
	ProjectRefused    Kind = "PROJECT_REFUSED"
	ProjectFunded     Kind = "PROJECT_FUNDED"
	ProjectUnfunded   Kind = "PROJECT_UNFUNDED"
	ClaimToApprove    Kind = "CLAIM_TO_APPROVE" // for those who approve
	AllocationDiffers Kind = "ALLOCATION_DIFFERS"
	ClaimPaid         Kind = "CLAIM_PAID"
	ClaimDeclined     Kind = "CLAIM_DECLINED"
	RequestToReview   Kind = "REQUEST_TO_REVIEW" // for coordinators; of a solidarity draw, as the next
	RequestEligible   Kind = "REQUEST_ELIGIBLE"
	RequestRefused    Kind = "REQUEST_REFUSED"
	RequestFunded     Kind = "REQUEST_FUNDED"
	RequestUnfunded   Kind = "REQUEST_UNFUNDED"
	PeerFunded        Kind = "PEER_FUNDED" // what peers gave
	PeerUnfunded      Kind = "PEER_UNFUNDED"
	GrantPaid         Kind = "GRANT_PAID"       // by itself
	CycleCallEnds     Kind = "CYCLE_CALL_ENDS"  // for those who submitted nothing
	CycleVoteEnds     Kind = "CYCLE_VOTE_ENDS"  // for those who have not voted
	CycleClaimsEnd    Kind = "CYCLE_CLAIMS_END" // for those whose grant is not claimed whole
	SuggestionMade    Kind = "SUGGESTION_MADE"  // for coordinators; the next for whoever suggested it
	SuggestionAdopted Kind = "SUGGESTION_ADOPTED"
	SuggestionRefused Kind = "SUGGESTION_DECLINED"
	SuggestionLapsed  Kind = "SUGGESTION_LAPSED"
	SuggestionRemoved Kind = "SUGGESTION_REMOVED"
	SuggestionFunded  Kind = "SUGGESTION_FUNDED" // the project that was made of it
	SuggestionLost    Kind = "SUGGESTION_UNFUNDED"
	DormantContacted  Kind = "DORMANT_CONTACTED"
	DormantHeld       Kind = "DORMANT_HELD"
	DormantReturned   Kind = "DORMANT_RETURNED"
	DormantLapsed     Kind = "DORMANT_LAPSED"
	MemberUnheard     Kind = "MEMBER_UNHEARD" // for coordinators

	DecisionOpened   Kind = "DECISION_OPENED"   // for those who may vote
	DecisionReminder Kind = "DECISION_REMINDER" // for those who have not voted
	DecisionRecalled Kind = "DECISION_SECOND_CALL"
	DecisionClosed   Kind = "DECISION_CLOSED"   // for whoever asked
	DecisionExecuted Kind = "DECISION_EXECUTED" // for whoever asked
	DecisionFailed   Kind = "DECISION_FAILED"   // for whoever asked
	DecisionReview   Kind = "DECISION_REVIEW_DUE"
	DelegationGiven  Kind = "DELEGATION_GIVEN"
	DelegationEnded  Kind = "DELEGATION_ENDED"

	ChequeWritten    Kind = "TIME_CHEQUE_WRITTEN"
	ChequeSettled    Kind = "TIME_CHEQUE_SETTLED"
	ChequePending    Kind = "TIME_CHEQUE_PENDING"
	ChequeWithdrawn  Kind = "TIME_CHEQUE_WITHDRAWN"
	ChequesUndone    Kind = "TIME_CHEQUES_UNDONE"
	DeviceRegistered Kind = "DEVICE_KEY_REGISTERED"
	DeviceRevoked    Kind = "DEVICE_KEY_REVOKED"

	SessionJoined    Kind = "SESSION_JOINED"
	SessionWaiting   Kind = "SESSION_WAITING"
	SessionSeatFree  Kind = "SESSION_SEAT_FREE"
	SessionLeft      Kind = "SESSION_LEFT"
	SessionCancelled Kind = "SESSION_CANCELLED"
	SessionSettled   Kind = "SESSION_SETTLED"
	ActivityLogged   Kind = "ACTIVITY_LOGGED" // for those who approve
	ActivityApproved Kind = "ACTIVITY_APPROVED"
	ActivityDeclined Kind = "ACTIVITY_DECLINED"
	HelperNamed      Kind = "HELPER_NAMED"
	HelperEnded      Kind = "HELPER_ENDED"
	ThanksReceived   Kind = "THANKS_RECEIVED"
	StarReceived     Kind = "STAR_RECEIVED"
	SkillEndorsed    Kind = "SKILL_ENDORSED"
	FirstHelp        Kind = "MILESTONE_FIRST_HELP"
	TenPartners      Kind = "MILESTONE_TEN_PARTNERS"
	AYear            Kind = "MILESTONE_A_YEAR"
	MessageReceived  Kind = "MESSAGE_RECEIVED"
	Announced        Kind = "ANNOUNCEMENT"
	BadgeIssued      Kind = "BADGE_ISSUED"
	BadgeRevoked     Kind = "BADGE_REVOKED"

	MemberActive     Kind = "MEMBER_ACTIVE"
	MemberEngaged    Kind = "MEMBER_ENGAGED"
	MemberAtRisk     Kind = "MEMBER_AT_RISK" // announces DORMANT
	MemberDormant    Kind = "MEMBER_DORMANT"
	MemberRestored   Kind = "MEMBER_RESTORED"
	EngagementEnding Kind = "ENGAGEMENT_ENDING" // announces ACTIVE
	EngagementEnded  Kind = "ENGAGEMENT_ENDED"
	ReportFiled      Kind = "REPORT_FILED"    // for coordinators and moderators
	ReportUrgent     Kind = "REPORT_URGENT"   // for coordinators and moderators
	ReportOverdue    Kind = "REPORT_OVERDUE"  // for coordinators and moderators
	ReportAnswered   Kind = "REPORT_ANSWERED" // for who reported
	MeasureTaken     Kind = "MEASURE_TAKEN"
	MeasureUndone    Kind = "MEASURE_UNDONE"
	MeasureLapsed    Kind = "MEASURE_LAPSED"
	AppealFiled      Kind = "APPEAL_FILED"   // for coordinators and moderators
	AppealOverdue    Kind = "APPEAL_OVERDUE" // for coordinators and moderators
	AppealDecided    Kind = "APPEAL_DECIDED" // for who took the measure
	MeasureUpheld    Kind = "MEASURE_UPHELD" // for who appealed, as the next
	MeasureOver      Kind = "MEASURE_OVERTURNED"
	ModeratorNeeded  Kind = "MODERATOR_NEEDED"       // for the board: what is late may be answered by nobody
	CaseStuck        Kind = "CASE_STUCK"             // for who waits for that answer
	ComplaintFiled   Kind = "COMPLAINT_FILED"        // for coordinators and moderators
	ComplaintAsked   Kind = "COMPLAINT_ASKED"        // for coordinators and moderators
	ComplaintAlone   Kind = "COMPLAINT_GLASS_BROKEN" // for coordinators, moderators and who complained
	ComplaintClosed  Kind = "COMPLAINT_CLOSED"       // for coordinators, moderators and who complained, as the next
	ComplaintAnew    Kind = "COMPLAINT_REOPENED"
	ListingSentBack  Kind = "LISTING_SENT_BACK"
	ListingToReview  Kind = "LISTING_TO_REVIEW" // for coordinators and moderators: one they sent back

	VettingRecorded       Kind = "VETTING_RECORDED"
	VettingExpiring       Kind = "VETTING_EXPIRING"
	MemberVettingExpiring Kind = "MEMBER_VETTING_EXPIRING" // for coordinators
	VettingWithdrawn      Kind = "VETTING_WITHDRAWN"

	MinorRecorded          Kind = "MINOR_RECORDED"
	MinorRemoved           Kind = "MINOR_REMOVED"
	CameOfAge              Kind = "MINOR_CAME_OF_AGE"
	ConsentRecorded        Kind = "GUARDIAN_CONSENT_RECORDED"
	ConsentWithdrawn       Kind = "GUARDIAN_CONSENT_WITHDRAWN"
	WardConsentRecorded    Kind = "WARD_CONSENT_RECORDED" // for the guardian, as the next
	WardConsentWithdrawn   Kind = "WARD_CONSENT_WITHDRAWN"
	WardConsentReplaced    Kind = "WARD_CONSENT_REPLACED" // for who was the guardian
	WardReleased           Kind = "WARD_RELEASED"
	WardExchange           Kind = "WARD_EXCHANGE"
	MemberConsentWithdrawn Kind = "MEMBER_CONSENT_WITHDRAWN" // for coordinators
	DutyCalledOff          Kind = "DUTY_CALLED_OFF"
	DutyCancelled          Kind = "DUTY_CANCELLED" // for whoever leads the shift, else for coordinators
	DutyNoted              Kind = "DUTY_NOTED"
	DutyCorrected          Kind = "DUTY_CORRECTED"
	DutyAlerted            Kind = "DUTY_ALERTED"
	DutySuspended          Kind = "DUTY_SUSPENDED"
	MemberDutySuspended    Kind = "MEMBER_DUTY_SUSPENDED" // for coordinators
	DutyRestored           Kind = "DUTY_RESTORED"
	DutyExtended           Kind = "DUTY_EXTENDED"
	DutyToNote             Kind = "DUTY_TO_NOTE" // for whoever led the shift, else for coordinators
	DutySwapOffered        Kind = "DUTY_SWAP_OFFERED"
	DutySwapped            Kind = "DUTY_SWAPPED"
	DutyLeaveRequested     Kind = "DUTY_LEAVE_REQUESTED" // for coordinators
	DutyLeaveGranted       Kind = "DUTY_LEAVE_GRANTED"
	DutyLeaveDeclined      Kind = "DUTY_LEAVE_DECLINED"
	DutyPointsGranted      Kind = "DUTY_POINTS_GRANTED"

	AdmissionListed   Kind = "ADMISSION_LISTED" // for coordinators; its due is when it is tacit
	AdmissionObjected Kind = "ADMISSION_OBJECTED"
	AdmissionToDecide Kind = "ADMISSION_TO_DECIDE" // for coordinators
	CoOwnerAdmitted   Kind = "CO_OWNER_ADMITTED"
	AdmissionRefused  Kind = "ADMISSION_REFUSED"
	VoteEnding        Kind = "VOTE_ENDING"
	VoteEnded         Kind = "VOTE_ENDED"

	SharePaymentAwaited    Kind = "SHARE_PAYMENT_AWAITED" // for those who keep the register, as the next
	ShareRedemptionAwaited Kind = "SHARE_REDEMPTION_AWAITED"
	SharesSecondAwaited    Kind = "SHARES_SECOND_AWAITED"
	SharesSubscribed       Kind = "SHARES_SUBSCRIBED"
	SharesPaid             Kind = "SHARES_PAID"
	SharesTransferred      Kind = "SHARES_TRANSFERRED"
	SharesGiven            Kind = "SHARES_GIVEN"
	SharesRedemptionAsked  Kind = "SHARES_REDEMPTION_ASKED"
	SharesRedeemed         Kind = "SHARES_REDEEMED"
)

// Notification is one thing told to one person. Its text is made when it is
// read, in their language and with today's names.
type Notification struct {
	Community domain.ID
	ID        domain.ID
	Person    domain.ID
	Kind      Kind
	Exchange  domain.ID // what it is about; Nowhere for a membership
	Member    domain.ID // of whom it speaks
	About     domain.ID // the thread, the announcement, the review or the suggestion it tells of
	Minutes   domain.Minutes
	Due       time.Time // when what it announces comes; zero for nothing
	Position  int64     // of the event it derives from
	CreatedAt time.Time
	ReadAt    time.Time
}

// Letter is a notification with all that its text needs.
type Letter struct {
	Notification
	To            string // e-mail, empty when there is none
	Name          string // the recipient's
	Locale        string
	MemberName    string
	CommunityName string
	CommunitySlug string
	TimeZone      string // the community's
	ServiceType   string
	Title, Body   string // of an announcement, a listing sent back, a suggestion
}
