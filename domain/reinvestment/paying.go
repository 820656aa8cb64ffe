// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"context"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/media"
)

// ClaimPayout is what somebody says to be credited for work on a project.
type ClaimPayout struct {
	Community, Project domain.ID
	OnBehalfOf         domain.ID
	Milestone          int // from 1; 0 for none
	Minutes            domain.Minutes
	Proof              string
	Photos             []domain.ID `json:",omitempty"` // that show it
	Key                string      `json:"-"`
}

// Claim asks for hours of a grant. Only the project's owner claims.
//
// Errors: NotFound, Forbidden, PaidByItself, CycleState, ProjectState, ClaimBeyondGrant, OutOfRange, Required, media.WrongState, media.InUse, IdempotencyKeyReused.
func (s *Service) Claim(ctx context.Context, actor domain.Actor, cmd ClaimPayout) (Claim, error) {
	var made Claim
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		member, err := s.members.ActingAs(ctx, actor, cmd.Community, cmd.OnBehalfOf, domain.TakePart)
		if err != nil {
			return err
		}
		var check domain.Check
		check.Minutes("minutes", cmd.Minutes)
		cmd.Proof = check.Text("proof", cmd.Proof, 10, 2000)
		if err := check.Err(); err != nil {
			return err
		}
		own, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.TakePart)
		if err != nil {
			return err
		}
		filer := domain.Nowhere
		if own.Member != member {
			filer = own.Member
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "claimPayout", Input: cmd}, func() (domain.ID, error) {
			return s.claim(ctx, actor, member, filer, cmd, now)
		})
		if err != nil {
			return err
		}
		made, err = s.claimByID(ctx, cmd.Community, id)
		return err
	})
	return made, err
}

func (s *Service) claim(ctx context.Context, actor domain.Actor, member, filer domain.ID, cmd ClaimPayout, now time.Time) (domain.ID, error) {
	p, err := s.project(ctx, cmd.Community, cmd.Project)
	if err != nil {
		return domain.Nowhere, err
	}
	c, err := s.held(ctx, cmd.Community, p.Cycle) // what nobody waits for does not go back before this claim is in
	if err != nil {
		return domain.Nowhere, err
	}
	switch {
	case p.Owner != member && p.Confidential:
		return domain.Nowhere, domain.NewError(domain.NotFound, "projectId")
	case p.Owner != member:
		return domain.Nowhere, domain.Forbidden
	case credits(c.Method):
		return domain.Nowhere, domain.NewError(PaidByItself, "projectId")
	case c.State != Paying:
		return domain.Nowhere, domain.NewError(CycleState, "projectId", "state", string(c.State))
	case p.Stage != Funded:
		return domain.Nowhere, domain.NewError(ProjectState, "projectId", "state", string(p.Stage))
	case cmd.Milestone < 0 || cmd.Milestone > len(p.Milestones):
		return domain.Nowhere, domain.NewError(domain.OutOfRange, "milestone", "min", 1, "max", len(p.Milestones))
	}
	earlier, err := s.store.ClaimsOf(ctx, cmd.Community, []domain.ID{p.ID})
	if err != nil {
		return domain.Nowhere, err
	}
	if left := p.claimable(earlier, cmd.Milestone); cmd.Minutes > left {
		return domain.Nowhere, domain.NewError(ClaimBeyondGrant, "minutes", "available", left, "required", cmd.Minutes)
	}
	_, charter, err := s.communities.Rules(ctx, c.Community, c.Calendar.VotingAt) // the policy that stood then
	if err != nil {
		return domain.Nowhere, err
	}
	// Saving the project raises its version, so two claims at once cannot both see what is left.
	if _, err := s.store.SaveProject(ctx, p); err != nil {
		return domain.Nowhere, err
	}
	made := Claim{
		Community: c.Community, Cycle: c.ID, Project: p.ID, ID: domain.NewID(), Member: member, FiledBy: filer, Milestone: cmd.Milestone,
		Minutes: cmd.Minutes, Proof: cmd.Proof, Stage: Claimed, Approvals: c.approversNeeded(claimed(earlier)+cmd.Minutes, charter.Payouts), CreatedAt: now, Version: 1,
	}
	s.tell(ctx, actor, ClaimMade, made.ID, Told{Cycle: c.ID, Member: member, Minutes: made.Minutes})
	if err := s.store.AddClaim(ctx, made); err != nil {
		return domain.Nowhere, err
	}
	return made.ID, s.photos.Prove(ctx, made.Community, member, made.ID, cmd.Photos)
}

// Proofs reads the pictures of claims, as far as somebody may see them: of their own
// claims, or of all for those who approve them.
func (s *Service) Proofs(ctx context.Context, actor domain.Actor, community domain.ID, claims []domain.ID) (found []media.Photo, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		all, err := s.store.Claims(ctx, community, claims)
		if err != nil {
			return err
		}
		var seen []domain.ID
		for _, c := range all {
			if c.Member == standing.Member || standing.May(domain.ApproveClaims) {
				seen = append(seen, c.ID)
			}
		}
		found, err = s.photos.ProofsOf(ctx, community, seen)
		return err
	})
	return found, err
}

// Approve agrees to a claim. Whoever claims never approves, nor whoever filed it for them,
// nor whom either of them lives with;
// above the cycle's limit a second person must, above the charter's as many as it says.
// The last approval credits the hours.
//
// Errors: NotFound, Forbidden, ClaimState, OwnClaim, HouseholdClaim, ApprovedBefore, CycleState.
func (s *Service) Approve(ctx context.Context, actor domain.Actor, community, id domain.ID) (Claim, error) {
	return s.onClaim(ctx, actor, community, id, func(ctx context.Context, standing domain.Standing, c Cycle, claim Claim) error {
		if slices.Contains(claim.Approvers, standing.Member) {
			return domain.NewError(ApprovedBefore, "claimId")
		}
		claim.Approvers = append(claim.Approvers, standing.Member)
		if len(claim.Approvers) < claim.Needed(c) {
			s.tell(ctx, actor, ClaimApproved, claim.ID, Told{Cycle: c.ID, Member: claim.Member, Minutes: claim.Minutes})
			_, err := s.store.SaveClaim(ctx, claim)
			return err
		}
		return s.pay(ctx, actor, c, claim)
	})
}

func (s *Service) pay(ctx context.Context, actor domain.Actor, c Cycle, claim Claim) error {
	account, err := s.hours.AccountOf(ctx, c.Community, claim.Member)
	if err != nil {
		return err
	}
	p, err := s.project(ctx, c.Community, claim.Project)
	if err != nil {
		return err
	}
	p.Paid += claim.Minutes
	if _, err := s.store.SaveProject(ctx, p); err != nil {
		return err
	}
	leg := ledger.Transfer{ID: domain.NewID(), Kind: ledger.Grant, Minutes: claim.Minutes, Debit: c.Account, Credit: account.ID}
	claim.Stage, claim.Transfer = Paid, leg.ID
	if _, err := s.store.SaveClaim(ctx, claim); err != nil {
		return err
	}
	_, err = s.hours.Post(ctx, ledger.Posting{
		Community: c.Community, Key: "claim/" + claim.ID.String(), Legs: []ledger.Transfer{leg},
		Event: domain.Event{ID: domain.NewID(), Kind: ClaimPaid, Actor: actor.Person, Subject: claim.ID, Payload: Told{Cycle: c.ID, Member: claim.Member, Minutes: claim.Minutes}},
	})
	return err
}

// Decline refuses a claim, with a reason; it may be claimed anew.
//
// Errors: NotFound, Forbidden, ClaimState, OwnClaim, HouseholdClaim, Required.
func (s *Service) Decline(ctx context.Context, actor domain.Actor, community, id domain.ID, reason string) (Claim, error) {
	return s.onClaim(ctx, actor, community, id, func(ctx context.Context, _ domain.Standing, c Cycle, claim Claim) error {
		var check domain.Check
		claim.Reason = check.Text("reason", reason, 1, 1000)
		if err := check.Err(); err != nil {
			return err
		}
		claim.Stage = Declined
		s.tell(ctx, actor, ClaimDeclined, claim.ID, Told{Cycle: c.ID, Member: claim.Member, Minutes: claim.Minutes})
		_, err := s.store.SaveClaim(ctx, claim)
		return err
	})
}

func (s *Service) onClaim(ctx context.Context, actor domain.Actor, community, id domain.ID,
	do func(context.Context, domain.Standing, Cycle, Claim) error,
) (Claim, error) {
	var claim Claim
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.ApproveClaims)
		if err != nil {
			return err
		}
		if claim, err = s.claimByID(ctx, community, id); err != nil {
			return err
		}
		c, err := s.held(ctx, community, claim.Cycle)
		if err != nil {
			return err
		}
		switch {
		case claim.Member == standing.Member || claim.FiledBy == standing.Member:
			return domain.NewError(OwnClaim, "claimId")
		case claim.Stage != Claimed:
			return domain.NewError(ClaimState, "claimId", "state", string(claim.Stage))
		case c.State != Paying && c.State != Reporting:
			return domain.NewError(CycleState, "claimId", "state", string(c.State))
		}
		if err := s.notOfHousehold(ctx, standing.Member, claim); err != nil {
			return err
		}
		if err := do(ctx, standing, c, claim); err != nil {
			return err
		}
		claim, err = s.claimByID(ctx, community, id)
		return err
	})
	return claim, err
}

// notOfHousehold refuses whom whoever claims lives with, or whoever filed the claim for
// them.
func (s *Service) notOfHousehold(ctx context.Context, approver domain.ID, claim Claim) error {
	for _, who := range []domain.ID{claim.Member, claim.FiledBy} {
		if who == domain.Nowhere {
			continue
		}
		family, err := s.members.Together(ctx, claim.Community, who, approver)
		if err != nil {
			return err
		}
		if family {
			return domain.NewError(HouseholdClaim, "claimId")
		}
	}
	return nil
}

func (s *Service) claimByID(ctx context.Context, community, id domain.ID) (Claim, error) {
	found, err := s.store.Claims(ctx, community, []domain.ID{id})
	if err != nil {
		return Claim{}, err
	}
	if len(found) == 0 {
		return Claim{}, domain.NewError(domain.NotFound, "claimId")
	}
	return found[0], nil
}

// ClaimOf reads one claim for a member.
func (s *Service) ClaimOf(ctx context.Context, actor domain.Actor, community, id domain.ID) (Claim, error) {
	var claim Claim
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		_, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err == nil {
			claim, err = s.claimByID(ctx, community, id)
		}
		return err
	})
	return claim, err
}

// ClaimsOf reads the claims of a page of projects at once.
func (s *Service) ClaimsOf(ctx context.Context, community domain.ID, projects []domain.ID) (found []Claim, err error) {
	err = s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) (err error) {
		found, err = s.store.ClaimsOf(ctx, community, projects)
		return err
	})
	return found, err
}
