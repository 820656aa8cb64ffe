// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// kinds says what the id fields of inputs are ids of.
var kinds = map[string]string{
	"communityId": "Community", "memberId": "Member", "onBehalfOf": "Member", "providerId": "Member", "receiverId": "Member",
	"listingId": "Listing", "exchangeId": "Exchange", "serviceTypeId": "ServiceType", "transferId": "Transfer",
	"subjectId": "Exchange", "thanksId": "Thanks", "endorsementId": "Endorsement", "recognitionId": "Star", "memberIds": "Member",
	"complaintId": "Complaint", "reportId": "Report", "measureId": "ModerationMeasure", "appealId": "Appeal", "vettingId": "Vetting", "guardianId": "Member", "templateId": "DutyTemplate", "shiftId": "DutyShift", "bookingId": "DutyBooking", "entryId": "DutyEntry", "swapId": "DutySwap", "leaveId": "DutyLeave", "leadId": "Member", "badgeId": "Badge", "issuedBadgeId": "IssuedBadge",
	"cycleId": "Cycle", "projectId": "Project", "claimId": "Claim", "poolId": "Account", "fromId": "Account", "planId": "ReinvestmentPlan",
	"splitId": "SplitAgreement", "suggestionId": "Suggestion", "federationId": "Community",
	"toId": "Member", "subscriptionId": "ShareSubscription", "redemptionId": "ShareRedemption", "requestId": "ShareSubscription",
	"from": "Account", "to": "Account", "accountId": "Account", "debitId": "Account", "creditId": "Account", "sessionId": "Session",
	"passkeyId": "Passkey", "webhookId": "Webhook", "deliveryId": "WebhookDelivery", "timeChequeId": "TimeCheque", "batchId": "TimeChequeBatch", "deviceKeyId": "DeviceKey",
	"joinSession.sessionId": "GroupSession", "leaveSession.sessionId": "GroupSession",
	"cancelSession.sessionId": "GroupSession", "settleSession.sessionId": "GroupSession", "attendedIds": "Member", "helperId": "Member", "photoId": "Photo", "photoIds": "Photo", "activityId": "Activity", "notificationIds": "Notification",
	"threadId": "Thread", "sendMessage.to": "Member", "decisionId": "Decision", "delegationId": "Delegation", "ownerId": "Member",
	"castBallot.choices": optionOf, "castBallot.ranking": optionOf,
}

// optionOf is what a ballot names: the options of each question are numbered alike.
const optionOf = "an option of the question"

// kindOf says it of one mutation’s field, where the name alone does not.
func kindOf(mutation, field string) string {
	if kind, own := kinds[mutation+"."+field]; own {
		return kind
	}
	return kinds[field]
}

// alsoOf are other types that a field takes.
var alsoOf = map[string][]string{
	"subjectId": {"Member"}, "reportContent.subjectId": {"Listing", "Message", "GroupSession", "Project", "Announcement", "DecisionComment"}, "recognitionId": {"Thanks", "Endorsement", "Milestone", "IssuedBadge"}, "requestId": {"ShareRedemption"},
	"sendMessage.to": {"Listing", "Exchange"},
}

// everybodys are not a community's own: an id of another town is as good.
var everybodys = []string{"ServiceType", "Session", "Passkey", "Person", "Community"}

// idFields are the fields of a mutation's input that take ids.
func idFields(mutation string) []*ast.FieldDefinition {
	var fields []*ast.FieldDefinition
	of := contract().Types[contract().Mutation.Fields.ForName(mutation).Arguments.ForName("input").Type.Name()]
	for _, f := range of.Fields {
		if f.Type.Name() == "ID" {
			fields = append(fields, f)
		}
	}
	return fields
}

// idBundle is a field of a mutation, and a call to spoil by what is put there.
type idBundle struct {
	by              *person
	mutation, field string
	in              input
	list            bool
}

func (b idBundle) refuses(id, field string) {
	b.by.t.Helper()
	value := any(id)
	if b.list {
		value = []string{id}
	}
	code := notFound
	if kindOf(b.mutation, b.field) == optionOf {
		code, field = "OPTION_UNKNOWN", b.field+".0" // each ballot has its own
	}
	b.by.isRefused(b.mutation, with(b.in, b.field, value), code, field)
}

// eachIDField calls fn for each, with the one who may act for others where the
// field says for whom; nothing may change.
func eachIDField(t *testing.T, s *scene, fn func(idBundle)) {
	t.Helper()
	var all []idBundle
	for _, mutation := range mutations(t) {
		for _, f := range idFields(mutation) {
			if kindOf(mutation, f.Name) == "" {
				t.Errorf("%s: the tests do not know of what %s is an id", mutation, f.Name)
				continue
			}
			c := s.callFor(mutation, f.Name)
			if f.Name == "onBehalfOf" {
				c.by = s.founder
			}
			all = append(all, idBundle{c.by, mutation, f.Name, c.in, f.Type.Elem != nil})
		}
	}
	for _, b := range all {
		s.unchanged(b.mutation+" with another "+b.field, func() { fn(b) })
	}
	if len(all) < 40 {
		t.Errorf("only %d fields were tried", len(all))
	}
}

func TestIDsOfAnotherCommunity(t *testing.T) {
	t.Parallel()
	s, hill := twoScenes(t)
	theirs := hill.objects()
	eachIDField(t, s, func(b idBundle) {
		kind := kindOf(b.mutation, b.field)
		if kind == "ServiceType" || kind == optionOf || b.mutation == "suggestProject" || b.field == "communityId" && slices.Contains([]string{"applyToJoin", "subscribeShares"}, b.mutation) {
			return // the catalogue is everybody’s, and anybody may suggest to an open call and ask to join anywhere, with shares or without
		}
		about := anyField // the use case does not find it
		if slices.Contains([]string{"onBehalfOf", "providerId", "receiverId", "to", "debitId", "creditId", "helperId", "attendedIds", "toId"}, b.field) && b.mutation != "sendMessage" {
			about = b.field // what is said beside an id of this community
		}
		b.refuses(theirs[kind], about)
		if slices.Contains(everybodys, kind) {
			return
		}
		if b.field == "attendedIds" {
			b.by.isRefused(b.mutation, with(b.in, b.field, []string{forged(theirs[kind], s.id)}), "NOT_JOINED", b.field)
			return
		}
		if b.field == "receiverId" { // Bruno would propose for two others
			b.by.isRefused(b.mutation, with(b.in, b.field, forged(theirs[kind], s.id)), "NOT_A_PARTY", "")
			return
		}
		b.refuses(forged(theirs[kind], s.id), anyField)
	})
}

func TestIDsOfAnotherType(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	ours := s.objects()
	eachIDField(t, s, func(b idBundle) {
		for _, kind := range slices.Sorted(maps.Keys(ours)) {
			if kind != kindOf(b.mutation, b.field) && !slices.Contains(alsoOf[b.field], kind) && !slices.Contains(alsoOf[b.mutation+"."+b.field], kind) {
				b.refuses(ours[kind], b.field)
			}
		}
	})
}

func TestIDsThatNobodyGaveOut(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	garbage := []string{
		"", "x", "0", "-1", "null", "!!!", "../../etc/passwd", "' OR 1=1 --", "é\u0000", "%00", "00000000-0000-0000-0000-000000000000",
		strings.Repeat("A", 44), strings.Repeat("A", 100_000),
	}
	eachIDField(t, s, func(b idBundle) {
		for _, id := range garbage {
			b.refuses(id, b.field)
		}
		whole := fmt.Sprint(b.in[b.field])
		if len(whole) == 44 {
			b.refuses(whole[:43], b.field)
			b.refuses(whole+"A", b.field)
			b.refuses(whole+"=", b.field)
			b.refuses(strings.ToLower(whole), anyField)
		}
	})
}

func TestATypeThatIsNotInTheCatalogue(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	family := s.nobody.reads(`{ serviceTypes { id children { id } } }`, nil).list("serviceTypes")[0]
	for _, mutation := range []string{"createListing", "updateListing", "proposeExchange"} {
		c := calls[mutation](s)
		for _, id := range []string{"UzEwMi1BLTk5" /* 102-A-99 */, family.text("id"), family.text("children.0.id")} {
			c.by.cannot(mutation, with(c.in, "serviceTypeId", id), "SERVICE_TYPE_UNKNOWN", "serviceTypeId")
		}
	}
}
