// SPDX-License-Identifier: AGPL-3.0-or-later

package listing

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// ReviewStep is what happened to a listing under review.
type ReviewStep string

// The steps of a review.
const (
	SentBack   ReviewStep = "SENT_BACK"   // with what to change
	FiledAgain ReviewStep = "FILED_AGAIN" // by its owner, or in their name
	Approved   ReviewStep = "APPROVED"
)

// longestReason is how much a reviewer may write, in characters.
const longestReason = 2000

// The events of reviews.
const (
	EventSentBack  domain.EventKind = "LISTING_SENT_BACK"
	EventSubmitted domain.EventKind = "LISTING_SUBMITTED" // again, after it was sent back
)

// Review is one step of a listing's review. It is kept for good, with what the
// listing said at that moment.
type Review struct {
	Community   domain.ID
	ID          domain.ID
	Listing     domain.ID
	Step        ReviewStep
	By          domain.ID // the member who did it
	Reason      string    // what to change; empty but where it was sent back
	Title       string
	Description string
	At          time.Time
}

// SendBack is a listing to be sent back.
type SendBack struct {
	Community domain.ID
	Listing   domain.ID
	Reason    string
	Key       string `json:"-"`
}

// reviewed is a step as it is kept.
func (l Listing) reviewed(step ReviewStep, by domain.ID, reason string, now time.Time) Review {
	return Review{
		Community: l.Community, ID: domain.NewID(), Listing: l.ID, Step: step, By: by, Reason: reason,
		Title: l.Title, Description: l.Description, At: now,
	}
}

// SendBack answers a listing under review with what to change. Its owner is told,
// and may change it and file it again.
//
// Errors: NotFound, Forbidden, Required, TextTooLong, WrongState, IdempotencyKeyReused.
func (s *Service) SendBack(ctx context.Context, actor domain.Actor, cmd SendBack) (Listing, error) {
	var c domain.Check
	cmd.Reason = c.Text("reason", cmd.Reason, 1, longestReason)
	var l Listing
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.ApproveListings)
		if err != nil {
			return err
		}
		once := domain.Once{Person: actor.Person, Key: cmd.Key, Action: "sendListingBack", Input: cmd}
		_, _, err = s.tx.Once(ctx, once, func() (domain.ID, error) {
			if err := c.Err(); err != nil {
				return domain.Nowhere, err
			}
			l, err := s.Load(ctx, cmd.Community, cmd.Listing)
			if err != nil {
				return domain.Nowhere, err
			}
			if l, err = l.step(sendBack); err != nil {
				return domain.Nowhere, err
			}
			return l.ID, s.keep(ctx, actor, l, l.reviewed(SentBack, standing.Member, cmd.Reason, now), EventSentBack)
		})
		if err == nil {
			l, err = s.Load(ctx, cmd.Community, cmd.Listing)
		}
		return err
	})
	return l, err
}

// Submit files a listing again that was sent back: it waits for review, or is
// published where the charter asks for none any more.
//
// Errors: NotFound, Forbidden, WrongState, membership.AbilityLimited, IdempotencyKeyReused.
func (s *Service) Submit(ctx context.Context, actor domain.Actor, community, id domain.ID, key string) (Listing, error) {
	var l Listing
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.TakePart)
		if err != nil {
			return err
		}
		once := domain.Once{Person: actor.Person, Key: key, Action: "submitListing", Input: id}
		_, _, err = s.tx.Once(ctx, once, func() (domain.ID, error) {
			return id, s.submit(ctx, actor, standing, community, id, now)
		})
		if err == nil {
			l, err = s.Load(ctx, community, id)
		}
		return err
	})
	return l, err
}

func (s *Service) submit(ctx context.Context, actor domain.Actor, standing domain.Standing, community, id domain.ID, now time.Time) error {
	l, err := s.Load(ctx, community, id)
	if err != nil {
		return err
	}
	if l.Member != standing.Member && !standing.May(domain.ActForMember) {
		return domain.Forbidden
	}
	if l, err = l.step(submit); err != nil {
		return err
	}
	if err := s.able(ctx, community, l.Member, l.Kind, l.Content, "listingId", now); err != nil {
		return err
	}
	where, rules, err := s.communities.Rules(ctx, community, now)
	if err != nil {
		return err
	}
	if !rules.Listings.Review {
		l = l.publish(where, rules, now)
	}
	return s.keep(ctx, actor, l, l.reviewed(FiledAgain, standing.Member, "", now), EventSubmitted)
}

// keep saves a listing with the step that its review made.
func (s *Service) keep(ctx context.Context, actor domain.Actor, l Listing, r Review, kind domain.EventKind) error {
	s.tx.Record(ctx, domain.Event{
		ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: l.ID,
		Payload: Told{Member: l.Member, Kind: l.Kind, State: l.State, Review: r.ID},
	})
	if _, err := s.store.Save(ctx, l); err != nil {
		return err
	}
	return s.store.AddReview(ctx, r)
}

// Reviews reads how listings were reviewed, oldest first: each owner's own, all of
// them for those who review.
func (s *Service) Reviews(ctx context.Context, actor domain.Actor, community domain.ID, listings []domain.ID) ([]Review, error) {
	var found []Review
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := s.access.Standing(ctx, actor.Person, community)
		if err != nil || standing.Member == domain.Nowhere {
			return err
		}
		owner := standing.Member
		if standing.May(domain.ApproveListings) {
			owner = domain.Nowhere
		}
		found, err = s.store.ReviewsOf(ctx, community, listings, owner)
		return err
	})
	return found, err
}

// LoadReviews reads steps inside the caller's transaction, those that exist.
func (s *Service) LoadReviews(ctx context.Context, community domain.ID, ids []domain.ID) ([]Review, error) {
	return s.store.Reviews(ctx, community, ids)
}
