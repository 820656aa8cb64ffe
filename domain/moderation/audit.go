// SPDX-License-Identifier: AGPL-3.0-or-later

package moderation

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/conversation"
	"github.com/hora-coop/hora/domain/duty"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/recognition"
	"github.com/hora-coop/hora/domain/workshop"
)

// Act is one thing that staff did, as the journal has it.
type Act struct {
	Community domain.ID
	Position  int64
	Kind      domain.EventKind
	Person    domain.ID // who did it
	Member    domain.ID // the same as a member; Nowhere when they are none any more
	Subject   domain.ID
	At        time.Time
}

// ActFilter narrows the audit log.
type ActFilter struct {
	Member  domain.ID // who did it; Nowhere for anybody
	Subject domain.ID // what it happened to; Nowhere for anything
	Kinds   []domain.EventKind
	From    time.Time // zero: from the first; else from this moment on
	Until   time.Time // zero: until now; else until before this moment
}

// Acts is what of the journal is asked for.
type Acts struct {
	Kinds       []domain.EventKind // never empty
	Person      domain.ID
	Subject     domain.ID
	From, Until time.Time
	Reader      domain.ID   // the member who reads
	Near        []domain.ID // with whom they live, themselves among them
}

// staffActs are the events that only those whom a community entrusted make; the
// audit log is made of them, and its index too (journal.event_staff_idx): a kind that
// comes here wants a migration that makes it anew.
var staffActs = []domain.EventKind{
	MeasureTaken, MeasureUndone, MeasureHanded, AppealDecided, ComplaintAsk, ComplaintAlone, ComplaintClosed, ComplaintReopened,
	membership.Welcomed, membership.NotAdmitted, membership.RoleGiven, membership.RoleEnded, membership.HouseholdNoted,
	membership.VettingRecorded, membership.VettingWithdrawn,
	membership.OrientationNoted, membership.AdmissionSettled, membership.CardGiven, membership.CardTaken,
	membership.MinorRecorded, membership.MinorRemoved, membership.ConsentRecorded, membership.ConsentWithdrawn,
	membership.SuspendedIt, membership.Reinstated, listing.EventApproved, listing.EventSentBack, listing.EventRemoved, listing.EventRestored,
	exchange.Resolve.EventKind(), ledger.TransferReversed, ledger.TransferCorrected, ledger.LimitsSet, ledger.EarmarkOpened, ledger.AllowedOnce,
	activity.Granted, activity.Refused, cheque.BatchIsUndone,
	duty.TemplateMade, duty.TemplateOver, duty.ShiftCancelled, duty.DayIsClosed, duty.Noted, duty.Corrected, duty.Extended, duty.LeaveDecided, duty.PointsGranted,
	recognition.BadgeDefined, recognition.BadgeRevised, recognition.BadgeIssued, recognition.BadgeRevoked,
	ledger.HoursSponsored, community.CharterChanged, conversation.Announced, workshop.CalledOff, // but for a session's own host
	"WEBHOOK_CREATED", "WEBHOOK_ROTATED", "WEBHOOK_ENABLED", "WEBHOOK_REMOVED", "SUGGESTION_REMOVED", // of rooms that stand higher
}

// ofMinors are those of them that tell who is under age, which only those who admit know.
var ofMinors = []domain.EventKind{membership.MinorRecorded, membership.MinorRemoved, membership.ConsentRecorded, membership.ConsentWithdrawn}

// StaffActs lists the kinds of the audit log.
func StaffActs() []domain.EventKind { return slices.Clone(staffActs) }

// check asks the journal for what the filter wants, the person apart.
func (f ActFilter) check() (Acts, error) {
	var c domain.Check
	for _, kind := range f.Kinds {
		c.That(slices.Contains(staffActs, kind), domain.ValueUnknown, "actions")
	}
	asked := Acts{Kinds: f.Kinds, Subject: f.Subject, From: f.From, Until: f.Until}
	if len(asked.Kinds) == 0 {
		asked.Kinds = staffActs
	}
	return asked, c.Err()
}

// Acts reads what those whom the community entrusted did, newest first. It is the
// journal itself, which nobody can edit; what was done about whoever reads, and with a
// complaint by or about them, is not for them, and of minors only those who admit read.
//
// Errors: NotFound, Forbidden, ValueUnknown.
func (s *Service) Acts(ctx context.Context, actor domain.Actor, community domain.ID, filter ActFilter, page domain.Page) (domain.Slice[Act], error) {
	asked, wrong := filter.check()
	var found domain.Slice[Act]
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeAuditLog)
		if err != nil {
			return err
		}
		asked.Reader = standing.Member
		if wrong != nil {
			return wrong
		}
		if asked.Near, err = s.near(ctx, community, standing.Member); err != nil {
			return err
		}
		if !standing.May(domain.AdmitMembers) {
			asked.Kinds = slices.DeleteFunc(slices.Clone(asked.Kinds), func(kind domain.EventKind) bool { return slices.Contains(ofMinors, kind) })
			if len(asked.Kinds) == 0 {
				return nil
			}
		}
		if filter.Member != domain.Nowhere {
			who, err := s.members.LoadAll(ctx, community, []domain.ID{filter.Member})
			if err != nil || len(who) == 0 {
				return domain.NewError(domain.NotFound, "memberId").Because(err)
			}
			if asked.Person = who[0].Person; asked.Person == domain.Nowhere {
				return nil // without an account nobody did anything
			}
		}
		found, err = s.store.Acts(ctx, community, asked, page)
		return err
	})
	return found, err
}
