// SPDX-License-Identifier: AGPL-3.0-or-later

package messaging

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/conversation"
	"github.com/hora-coop/hora/domain/duty"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/moderation"
	"github.com/hora-coop/hora/domain/progression"
	"github.com/hora-coop/hora/domain/recognition"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
	"github.com/hora-coop/hora/domain/shares"
	"github.com/hora-coop/hora/domain/workshop"
)

// told is who an event concerns, before members become persons.
type told struct {
	kind     Kind
	members  []domain.ID
	toStaff  Kind          // what coordinators are told; empty when it is not for them
	staff    []domain.Role // who is told instead of coordinators
	exchange domain.ID
	about    map[domain.ID]domain.ID // for each side told, the other it speaks of
	whom     domain.ID               // the member of whom coordinators are told
	minutes  domain.Minutes
	each     map[domain.ID]domain.Minutes // minutes of each side told, where they differ
	due      time.Time                    // when what is announced comes
	voters   domain.ID                    // a decision: told are those of its roll who have not voted
	cycle    domain.ID                    // told are those whom it waits for
	waiting  reinvestment.State           // in this state
	actedFor domain.ID                    // told as well when somebody else acted in their name
	thing    domain.ID                    // the thread, the announcement or the review
	many     conversation.Audience        // told instead of members

	toModerators Kind        // what coordinators and moderators are told
	spared       []domain.ID // those of them who are not: the case is theirs
	sparedHome   domain.ID   // nor those who live with this member, whom the case is about
	stuck        *stuck      // what waits for too long, and may wait for nobody
	also         domain.ID   // who is told something else
	alsoKind     Kind

	suggested     domain.ID // a suggestion, or a project: told is whoever suggested it, a member or not
	suggestedKind Kind
	guarded       []domain.ID // the guardians of the minors among them are told
}

// others are those of whom a guardian may have to be told, and who are not told
// themselves.
func (t told) others() []domain.ID {
	return slices.DeleteFunc(slices.Clone(t.guarded), func(m domain.ID) bool { return slices.Contains(t.members, m) })
}

// guards says whether a member's guardian is told.
func (t told) guards(m membership.Member, at time.Time) bool {
	return slices.Contains(t.guarded, m.ID) && m.UnderAge(at) && m.Guarded.Guardian != domain.Nowhere
}

// tell says whom an event concerns; ok is false when nobody needs to know.
func tell(e domain.RecordedEvent) (t told, ok bool, err error) {
	if strings.HasPrefix(string(e.Kind), "EXCHANGE_") {
		t, err = tellExchange(e)
		return t, true, err
	}
	switch e.Kind {
	case membership.Applied:
		return told{toStaff: MemberApplied, whom: e.Subject}, true, nil
	case membership.NotAdmitted:
		return told{kind: MemberDeclined, members: []domain.ID{e.Subject}}, true, nil
	case membership.Welcomed:
		t := told{kind: MemberAdmitted, members: []domain.ID{e.Subject}}
		var posted ledger.PostedLegs
		if err := payload(e, &posted); err != nil {
			return t, false, err
		}
		for _, leg := range posted.Legs {
			t.minutes += leg.Minutes
		}
		return t, true, nil
	case cheque.Waits, cheque.GivenUp:
		return tellCheque(e)
	case cheque.BatchIsUndone, cheque.DeviceRegistered, cheque.DeviceRevoked:
		return tellConcerned(e)
	case workshop.SeatTaken, workshop.SeatWaits, workshop.SeatLeft, workshop.SeatGiven, workshop.CalledOff, workshop.SettledItAt:
		return tellSession(e)
	case membership.HelperNamed, membership.HelperEnded:
		return tellHelp(e)
	case activity.Noted, activity.Granted, activity.Refused:
		return tellActivity(e)
	case ledger.BalanceLow, ledger.BalanceHigh:
		return tellBalance(e)
	case ledger.CrossingUndone:
		return tellUndone(e)
	case reinvestment.ProjectSubmitted, reinvestment.ProjectReviewed, reinvestment.ProjectDecided,
		reinvestment.ProjectPaid, reinvestment.ClaimMade, reinvestment.ClaimPaid, reinvestment.ClaimDeclined, reinvestment.BallotCast,
		reinvestment.AllocationDoubted, reinvestment.AllocationHeld:
		return tellReinvestment(e)
	case reinvestment.SuggestionMade, reinvestment.SuggestionTaken, reinvestment.SuggestionRefused, reinvestment.SuggestionOver, reinvestment.SuggestionTakenAway:
		return tellSuggestion(e)
	case reinvestment.CycleReminds, reinvestment.CycleDelayed:
		return tellAwaited(e)
	case reinvestment.DormantContacted, reinvestment.DormantHeld, reinvestment.DormantReturned, reinvestment.DormantLapsed:
		return tellDormant(e)
	case governance.DecisionOpened, governance.DecisionRemembers, governance.DecisionCalled:
		return told{kind: Kind(e.Kind), voters: e.Subject}, true, nil
	case governance.DecisionClosed, governance.DecisionExecuted, governance.DecisionFailed, governance.DecisionReview:
		var about governance.Told
		err := said(e, &about)
		return told{kind: Kind(e.Kind), members: []domain.ID{about.Member}}, err == nil && about.Member != domain.Nowhere, err
	case governance.DelegationGiven, governance.DelegationEnded:
		return tellDelegation(e)
	case recognition.Thanked, recognition.Starred, recognition.Endorsed:
		return tellRecognition(e)
	case membership.AdmissionListed, membership.AdmissionObjected, membership.AdmissionSettled:
		return tellAdmission(e)
	case membership.GovernanceMoved:
		return tellVote(e)
	case shares.Subscribed, shares.Paid, shares.SecondAwaited, shares.Transferred, shares.Given, shares.Asked, shares.PaidOut:
		return tellShares(e)
	case conversation.Sent:
		return tellMessage(e)
	case conversation.Announced:
		var a conversation.AnnouncedTold
		err := payload(e, &a)
		return told{kind: Announced, many: a.Audience, whom: a.Member, thing: e.Subject}, true, err
	case recognition.BadgeIssued, recognition.BadgeRevoked:
		var b recognition.BadgeTold
		err := payload(e, &b)
		return told{kind: Kind(e.Kind), members: []domain.ID{b.Member}, about: map[domain.ID]domain.ID{b.Member: b.Giver}}, true, err
	case progression.Moved, progression.NoticeGiven:
		return tellWay(e)
	case moderation.Reported, moderation.ReportLate, moderation.MeasureTaken, moderation.MeasureUndone, moderation.MeasureLapsed:
		return tellModeration(e)
	case membership.VettingRecorded, membership.VettingExpiring, membership.VettingWithdrawn:
		return tellVetting(e)
	case membership.MinorRecorded, membership.MinorRemoved, membership.CameOfAge,
		membership.ConsentRecorded, membership.ConsentWithdrawn, membership.GuardianWithdrew, membership.GuardianReplaced:
		return tellMinor(e)
	case duty.PlaceCalledOff, duty.PlaceLeft, duty.PlaceTaken, duty.Noted, duty.Corrected, duty.Alerted, duty.Suspended, duty.Restored, duty.Extended,
		duty.ToNote, duty.SwapIsOffered, duty.SwapDone, duty.SwapWithdrawn, duty.LeaveAsked, duty.LeaveBegins, duty.LeaveEnded, duty.LeaveDecided,
		duty.PatternSet, duty.PointsGiven, duty.PointsGranted:
		return tellDuty(e)
	case moderation.Appealed, moderation.AppealLate, moderation.AppealDecided:
		return tellAppeal(e)
	case moderation.Complained, moderation.ComplaintAsk, moderation.ComplaintAlone, moderation.ComplaintClosed, moderation.ComplaintReopened:
		return tellComplaint(e)
	case listing.EventSentBack, listing.EventSubmitted:
		return tellReview(e)
	case recognition.MilestoneReached:
		var m recognition.MilestoneTold
		err := payload(e, &m)
		return told{kind: Kind("MILESTONE_" + m.Reached), members: []domain.ID{m.Member}}, true, err
	}
	return t, false, nil
}

// tellBalance: a member hears that their balance is low or high, coordinators
// that somebody's is low, so that they can help to find what that member can give.
func tellBalance(e domain.RecordedEvent) (t told, ok bool, err error) {
	var at ledger.Stands
	if err := payload(e, &at); err != nil || at.Member == domain.Nowhere {
		return t, false, err
	}
	t = told{kind: BalanceHigh, members: []domain.ID{at.Member}, minutes: at.Balance}
	if e.Kind == ledger.BalanceLow {
		t.kind, t.toStaff, t.whom = BalanceLow, MemberBalanceLow, at.Member
	}
	return t, true, nil
}

// tellUndone: nobody chose that hours come back from elsewhere, perhaps across a
// limit; coordinators explain it to whom they came back.
func tellUndone(e domain.RecordedEvent) (told, bool, error) {
	var posted struct {
		About ledger.Crossed `json:"about"`
	}
	err := payload(e, &posted)
	return told{toStaff: CrossingUndone, whom: posted.About.Member, minutes: posted.About.Minutes}, err == nil, err
}

// tellRecognition: whoever is recognised hears by whom, and for which exchange.
func tellRecognition(e domain.RecordedEvent) (t told, ok bool, err error) {
	var g recognition.Told
	if err := payload(e, &g); err != nil {
		return t, false, err
	}
	kinds := map[domain.EventKind]Kind{recognition.Thanked: ThanksReceived, recognition.Starred: StarReceived, recognition.Endorsed: SkillEndorsed}
	return told{
		kind: kinds[e.Kind], members: []domain.ID{g.Member}, about: map[domain.ID]domain.ID{g.Member: g.Giver}, exchange: g.Exchange,
	}, true, nil
}

// tellExchange: what one side does, the other hears; what the program or a
// coordinator does, both hear.
func tellExchange(e domain.RecordedEvent) (told, error) {
	var x exchange.Told
	if err := said(e, &x); err != nil {
		return told{}, err
	}
	t := told{
		kind: chequeKind(x, Kind(e.Kind)), exchange: e.Subject, minutes: x.Minutes,
		about: map[domain.ID]domain.ID{x.Provider: x.Receiver, x.Receiver: x.Provider},
	}
	switch x.Member {
	case x.Provider:
		t.members = []domain.ID{x.Receiver}
	case x.Receiver:
		t.members = []domain.ID{x.Provider}
	default:
		t.members = []domain.ID{x.Provider, x.Receiver}
	}
	if e.Actor != domain.Nowhere && len(t.members) == 1 {
		t.actedFor = x.Member
	}
	if t.kind == ExchangeDisputed {
		t.toStaff = DisputeToSettle
	}
	if e.Kind != exchange.Remind.EventKind() {
		t.guarded = []domain.ID{x.Provider, x.Receiver}
	}
	return t, nil
}

// tellReinvestment: coordinators hear what waits for them, a project's owner what
// became of it and of their claims.
func tellReinvestment(e domain.RecordedEvent) (t told, ok bool, err error) {
	var about reinvestment.Told
	if err := said(e, &about); err != nil {
		return t, false, err
	}
	t.minutes = about.Minutes
	owner := func(kind Kind) { t.kind, t.members = kind, []domain.ID{about.Member} }
	thing := "PROJECT_"
	switch {
	case about.Method == allocation.SolidarityDraw:
		thing = "REQUEST_"
	case about.Method == allocation.PeerEpoch && e.Kind == reinvestment.ProjectDecided:
		thing = "PEER_"
	}
	switch e.Kind {
	case reinvestment.ProjectSubmitted:
		t.toStaff, t.whom, t.actedFor = Kind(thing+"TO_REVIEW"), about.Member, about.Member
	case reinvestment.ClaimMade:
		t.toStaff, t.whom, t.actedFor = ClaimToApprove, about.Member, about.Member
		t.staff = []domain.Role{domain.Coordinator, domain.Treasurer} // those who approve
	case reinvestment.ClaimPaid:
		owner(ClaimPaid)
	case reinvestment.ClaimDeclined:
		owner(ClaimDeclined)
	case reinvestment.ProjectReviewed:
		owner(Kind(thing + about.State))
	case reinvestment.ProjectDecided:
		owner(Kind(thing + about.State))
		t.suggested, t.suggestedKind = e.Subject, Kind("SUGGESTION_"+about.State)
	case reinvestment.ProjectPaid:
		owner(GrantPaid)
	case reinvestment.AllocationDoubted, reinvestment.AllocationHeld:
		if about.State == reinvestment.Differs {
			t.toStaff, t.whom = AllocationDiffers, about.Member
			t.staff = []domain.Role{domain.Coordinator, domain.Treasurer}
		}
	case reinvestment.BallotCast:
		t.actedFor = about.Member // who voted for themselves is nobody's business
	}
	return t, true, nil
}

// tellSuggestion: coordinators hear that there is one, whoever suggested it what became of
// it.
func tellSuggestion(e domain.RecordedEvent) (t told, ok bool, err error) {
	var about reinvestment.Told
	err = said(e, &about)
	t = told{suggested: e.Subject, suggestedKind: Kind(e.Kind), minutes: about.Minutes}
	if e.Kind == reinvestment.SuggestionMade {
		t.toStaff = SuggestionMade // whoever suggested it knows
	}
	return t, err == nil, err
}

// tellAwaited: whoever a cycle waits for hears when that ends.
func tellAwaited(e domain.RecordedEvent) (told, bool, error) {
	var about reinvestment.Told
	err := said(e, &about)
	kind, ok := map[reinvestment.State]Kind{
		reinvestment.OpenCall: CycleCallEnds, reinvestment.Voting: CycleVoteEnds, reinvestment.Paying: CycleClaimsEnd,
	}[reinvestment.State(about.State)]
	return told{kind: kind, cycle: about.Cycle, waiting: reinvestment.State(about.State), due: about.By}, ok && err == nil, err
}

// said reads what the room that recorded an event said in it, also when the
// event came with a posting.
func said(e domain.RecordedEvent, into any) error {
	var posted struct {
		About json.RawMessage `json:"about"`
	}
	if err := payload(e, &posted); err != nil {
		return err
	}
	if len(posted.About) > 0 {
		e.Payload = posted.About
	}
	return payload(e, into)
}

func payload(e domain.RecordedEvent, into any) error {
	if len(e.Payload) == 0 || string(e.Payload) == "null" {
		return nil
	}
	if err := json.Unmarshal(e.Payload, into); err != nil {
		return fmt.Errorf("event %d of %s: %w", e.Position, e.Community, err)
	}
	return nil
}

// tellMessage: who has unread messages of a thread knows already that there is
// something to read.
func tellMessage(e domain.RecordedEvent) (t told, ok bool, err error) {
	var m conversation.SentTold
	if err := payload(e, &m); err != nil || m.Waits {
		return t, false, err
	}
	return told{
		kind: MessageReceived, members: []domain.ID{m.Receiver}, about: map[domain.ID]domain.ID{m.Receiver: m.Sender}, exchange: m.Exchange, thing: m.Thread,
	}, true, nil
}
