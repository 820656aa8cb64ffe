// SPDX-License-Identifier: AGPL-3.0-or-later

package recognition

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Store is what recognition needs kept. Every call runs inside InTx of the community.
type Store interface {
	// Hold keeps a giver's other recognitions waiting until the transaction ends,
	// so that limits hold however many phones send at once.
	Hold(ctx context.Context, community, giver domain.ID) error
	// Received is the newest confirmed exchange in which one received a type of
	// service from another; Nowhere when there is none.
	Received(ctx context.Context, community, receiver, provider domain.ID, serviceType string) (domain.ID, error)

	// AddThanks keeps thanks. Error: AlreadyThanked.
	AddThanks(ctx context.Context, t Thanks) error
	// ThanksGiven are the moments since when a member thanked.
	ThanksGiven(ctx context.Context, community, giver domain.ID, since time.Time) ([]time.Time, error)
	Thanks(ctx context.Context, community domain.ID, ids []domain.ID) ([]Thanks, error)
	ThanksOf(ctx context.Context, look Look, page domain.Page) (domain.Slice[Thanks], error)

	AddStar(ctx context.Context, s Star) error
	// StarsGiven are those that a member awarded since a moment.
	StarsGiven(ctx context.Context, community, giver domain.ID, since time.Time) ([]Star, error)
	Stars(ctx context.Context, community domain.ID, ids []domain.ID) ([]Star, error)
	StarsOf(ctx context.Context, look Look, page domain.Page) (domain.Slice[Star], error)

	// AddEndorsement keeps one. Error: AlreadyEndorsed, while another stands.
	AddEndorsement(ctx context.Context, e Endorsement) error
	// Withdraw notes when an endorsement ended.
	Withdraw(ctx context.Context, e Endorsement) error
	Endorsements(ctx context.Context, community domain.ID, ids []domain.ID) ([]Endorsement, error)
	EndorsementsOf(ctx context.Context, look Look, page domain.Page) (domain.Slice[Endorsement], error)

	// Exchanged counts a member's confirmed exchanges with other households: those in
	// which they gave, and the partners of all.
	Exchanged(ctx context.Context, community, member domain.ID) (gave, partners int, err error)
	// AddMilestone keeps one; false when it was reached before.
	AddMilestone(ctx context.Context, m Milestone) (bool, error)
	// Anniversaries are members admitted by then who have no milestone of a year.
	Anniversaries(ctx context.Context, community domain.ID, admitted time.Time, limit int) ([]domain.ID, error)
	Milestones(ctx context.Context, community domain.ID, ids []domain.ID) ([]Milestone, error)
	// MilestonesOf reads a member's, oldest first.
	MilestonesOf(ctx context.Context, look Look) ([]Milestone, error)

	AddBadge(ctx context.Context, b Badge, by domain.ID) error
	// ReviseBadge keeps another version of the criteria. Error: StaleVersion.
	ReviseBadge(ctx context.Context, b Badge, by domain.ID, now time.Time) error
	Badges(ctx context.Context, community domain.ID, ids []domain.ID) ([]Badge, error)
	AllBadges(ctx context.Context, community domain.ID) ([]Badge, error)
	// NextIndex is the first bit of the status list that no badge has. Others who ask
	// wait until the transaction ends.
	NextIndex(ctx context.Context, community domain.ID) (int, error)
	AddIssuedBadge(ctx context.Context, b IssuedBadge) error
	// RevokeBadge notes why one ended; false when it had ended before.
	RevokeBadge(ctx context.Context, b IssuedBadge) (bool, error)
	IssuedBadges(ctx context.Context, community domain.ID, ids []domain.ID) ([]IssuedBadge, error)
	// BadgesOf reads a member's, newest first; revoked ones for themselves alone.
	BadgesOf(ctx context.Context, look Look) ([]IssuedBadge, error)
	// Revoked are the bits of revoked badges, in order, and how many bits are in use.
	Revoked(ctx context.Context, community domain.ID) (bits []int, length int, err error)

	// Flows counts since a moment how often each recognised each.
	Flows(ctx context.Context, community domain.ID, since time.Time) ([]Flow, error)
	// Spread counts what each received from one moment until before another.
	Spread(ctx context.Context, community domain.ID, from, until time.Time) (Spread, error)

	// Hide saves whether a recognition is hidden.
	Hide(ctx context.Context, kind Kind, g Given) error
	// Count counts what a member received.
	Count(ctx context.Context, kind Kind, community, member domain.ID) (int, error)
}

// Kind names one kind of recognition to the store.
type Kind string

// The kinds.
const (
	OfThanks       Kind = "THANKS"
	OfStars        Kind = "STAR"
	OfEndorsements Kind = "ENDORSEMENT"
	OfMilestones   Kind = "MILESTONE"
	OfBadges       Kind = "BADGE"
)

// Look is a member's recognition as another member sees it: what is hidden is
// seen by the one whose it is, and by who gave it.
type Look struct{ Community, Member, Viewer domain.ID }
