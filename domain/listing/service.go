// SPDX-License-Identifier: AGPL-3.0-or-later

package listing

import (
	"context"
	"errors"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/media"
	"github.com/hora-coop/hora/domain/membership"
)

// Service is the use cases of offers and requests.
type Service struct {
	tx          domain.Tx
	store       Store
	access      domain.Access
	communities *community.Service
	members     *membership.Service
	photos      *media.Service
}

// New makes the listings' room.
func New(tx domain.Tx, store Store, access domain.Access, communities *community.Service, members *membership.Service, photos *media.Service) *Service {
	return &Service{tx: tx, store: store, access: access, communities: communities, members: members, photos: photos}
}

// Create publishes an offer or a request, or sends it to review where the
// charter asks for it.
//
// Errors: NotFound, Forbidden, Required, TextTooLong, ServiceTypeUnknown, ValueUnknown, OutOfRange,
// membership.AbilityLimited, membership.OfAgeOnly, IdempotencyKeyReused and those of media.Show.
func (s *Service) Create(ctx context.Context, actor domain.Actor, cmd Create) (Listing, error) {
	var l Listing
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		owner, err := s.members.ActingAs(ctx, actor, cmd.Community, cmd.OnBehalfOf, domain.TakePart)
		if err != nil {
			return err
		}
		content, err := cmd.Content.check()
		if err != nil {
			return err
		}
		if cmd.Kind != Offer && cmd.Kind != Request {
			return domain.NewError(domain.ValueUnknown, "kind")
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "createListing", Input: cmd}, func() (domain.ID, error) {
			if err := s.able(ctx, cmd.Community, owner, cmd.Kind, content, "", now); err != nil {
				return domain.Nowhere, err
			}
			where, rules, err := s.communities.Rules(ctx, cmd.Community, now)
			if err != nil {
				return domain.Nowhere, err
			}
			l = Listing{
				Community: cmd.Community, ID: domain.NewID(), Member: owner, Kind: cmd.Kind, Content: content,
				State: PendingReview, CreatedAt: now, Version: 1,
			}
			if !rules.Listings.Review {
				l = l.publish(where, rules, now)
			}
			s.tell(ctx, actor, EventCreated, l)
			if err := s.store.Add(ctx, l); err != nil {
				return domain.Nowhere, err
			}
			if len(cmd.Photos) == 0 {
				return l.ID, nil
			}
			return l.ID, s.photos.Show(ctx, l.Community, l.Member, l.ID, cmd.Photos, now)
		})
		if err != nil {
			return err
		}
		l, err = s.Load(ctx, cmd.Community, id)
		return err
	})
	return l, err
}

// able refuses what a measure keeps a member from for now, and what a minor shows
// outside of the community.
func (s *Service) able(ctx context.Context, community, owner domain.ID, kind Kind, content Content, field string, now time.Time) error {
	ability := membership.Offering
	if kind == Request {
		ability = membership.Requesting
	}
	found, err := s.members.Load(ctx, community, owner)
	if err != nil {
		return err
	}
	if err := s.members.Able(ctx, found[0], ability, field, now); err != nil {
		return err
	}
	if field == "" {
		field = "visibility"
	}
	return content.staysInside(found[0], field, now)
}

// staysInside refuses that a minor is shown outside of the community.
func (w Content) staysInside(owner membership.Member, field string, now time.Time) error {
	if w.Visibility != Inside && owner.UnderAge(now) {
		return domain.NewError(membership.OfAgeOnly, field)
	}
	return nil
}

// publish shows a listing from now until the charter's expiry.
func (l Listing) publish(where community.Community, rules community.Charter, now time.Time) Listing {
	l.State, l.ExpiresAt, l.MetAt = Published, time.Time{}, time.Time{}
	if l.PublishedAt.IsZero() {
		l.PublishedAt = now
	}
	if rules.Listings.ExpiryDays > 0 {
		l.ExpiresAt = where.After(now, rules.Listings.ExpiryDays)
	}
	return l
}

// Update changes what a listing says; version is the one the editor saw, and the
// pictures stay when photos is nil.
//
// Errors: NotFound, Forbidden, StaleVersion, WrongState and those of Create.
func (s *Service) Update(ctx context.Context, actor domain.Actor, community, id domain.ID, version int, edit func(Content) Content, photos []domain.ID) (Listing, error) {
	return s.change(ctx, actor, community, id, domain.ActForMember, func(ctx context.Context, l Listing, now time.Time) (Listing, error) {
		if l.Version != version {
			return l, domain.NewError(domain.StaleVersion, "version", "current", l.Version)
		}
		l, err := l.step(update)
		if err != nil {
			return l, err
		}
		if l.Content, err = edit(l.Content).check(); err == nil && l.Content.Visibility != Inside {
			var owner []membership.Member
			if owner, err = s.members.Load(ctx, community, l.Member); err == nil {
				err = l.Content.staysInside(owner[0], "visibility", now)
			}
		}
		if err == nil && photos != nil {
			err = s.photos.Show(ctx, community, l.Member, l.ID, photos, now)
		}
		return l, err
	}, EventUpdated)
}

// Renew shows a listing for another term, in one tap.
//
// Errors: NotFound, WrongState, membership.AbilityLimited, membership.OfAgeOnly,
// domain.ConsentMissing, IdempotencyKeyReused.
func (s *Service) Renew(ctx context.Context, actor domain.Actor, community, id domain.ID, key string) (Listing, error) {
	var l Listing
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		if _, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity); err != nil {
			return err
		}
		once := domain.Once{Person: actor.Person, Key: key, Action: "renewListing", Input: id}
		_, _, err := s.tx.Once(ctx, once, func() (domain.ID, error) {
			_, err := s.publishing(ctx, actor, community, id, domain.ActForMember, renew, EventRenewed)
			return id, err
		})
		if err == nil {
			l, err = s.Load(ctx, community, id)
		}
		return err
	})
	return l, err
}

// Approve publishes what waited for review. Errors: NotFound, Forbidden, WrongState.
func (s *Service) Approve(ctx context.Context, actor domain.Actor, community, id domain.ID) (Listing, error) {
	var l Listing
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.ApproveListings)
		if err != nil {
			return err
		}
		if l, err = s.publishing(ctx, actor, community, id, domain.ApproveListings, approve, EventApproved); err != nil {
			return err
		}
		return s.store.AddReview(ctx, l.reviewed(Approved, standing.Member, "", now))
	})
	return l, err
}

func (s *Service) publishing(ctx context.Context, actor domain.Actor, community, id domain.ID, p domain.Permission, a action, told domain.EventKind) (Listing, error) {
	return s.change(ctx, actor, community, id, p, func(ctx context.Context, l Listing, now time.Time) (Listing, error) {
		l, err := l.step(a)
		if err == nil && a == renew {
			err = s.able(ctx, community, l.Member, l.Kind, l.Content, "listingId", now)
		}
		if err != nil {
			return l, err
		}
		where, rules, err := s.communities.Rules(ctx, community, now)
		return l.publish(where, rules, now), err
	}, told)
}

// MarkMet says that a request found its answer, and when. Errors: NotFound, WrongState.
func (s *Service) MarkMet(ctx context.Context, actor domain.Actor, community, id domain.ID) (Listing, error) {
	return s.change(ctx, actor, community, id, domain.ActForMember, func(_ context.Context, l Listing, now time.Time) (Listing, error) {
		l, err := l.step(meet)
		l.MetAt = now
		return l, err
	}, EventMet)
}

// Archive takes a listing away for good. Errors: NotFound, WrongState.
func (s *Service) Archive(ctx context.Context, actor domain.Actor, community, id domain.ID) (Listing, error) {
	return s.change(ctx, actor, community, id, domain.ActForMember, func(_ context.Context, l Listing, _ time.Time) (Listing, error) {
		return l.step(archive)
	}, EventArchived)
}

// change is the frame of every act on a listing: its owner may, and those who
// hold the permission.
func (s *Service) change(ctx context.Context, actor domain.Actor, community, id domain.ID, p domain.Permission,
	act func(context.Context, Listing, time.Time) (Listing, error), told domain.EventKind,
) (Listing, error) {
	var l Listing
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if l, err = s.Load(ctx, community, id); err != nil {
			return err
		}
		if !actor.System && l.Member != standing.Member && !standing.May(p) {
			return domain.Forbidden
		}
		if l, err = act(ctx, l, now); err != nil {
			return err
		}
		if l.State == Archived || l.State == Removed { // what nobody finds shows nothing
			if err := s.photos.Show(ctx, community, l.Member, l.ID, []domain.ID{}, now); err != nil {
				return err
			}
		}
		s.tell(ctx, actor, told, l)
		l, err = s.store.Save(ctx, l)
		return err
	})
	return l, err
}

// Load reads one listing inside the caller's transaction, for the rooms above.
func (s *Service) Load(ctx context.Context, community, id domain.ID) (Listing, error) {
	found, err := s.store.ByIDs(ctx, community, []domain.ID{id})
	if err != nil {
		return Listing{}, err
	}
	if len(found) == 0 {
		return Listing{}, domain.NotFound
	}
	return found[0], nil
}

// LoadAll reads listings inside the caller's transaction, for pages that name them.
func (s *Service) LoadAll(ctx context.Context, community domain.ID, ids []domain.ID) ([]Listing, error) {
	return s.store.ByIDs(ctx, community, ids)
}

// Listing reads one for a member of the community. What is not published is for
// its owner and for those who moderate.
func (s *Service) Listing(ctx context.Context, actor domain.Actor, community, id domain.ID) (Listing, error) {
	var l Listing
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if l, err = s.Load(ctx, community, id); err != nil {
			return err
		}
		if !l.VisibleTo(standing) {
			return domain.NotFound
		}
		return nil
	})
	return l, err
}

// VisibleTo says who may read it: every member, but for those from whom a block
// keeps its owner, or, while it is not published or rests, its owner and those who moderate.
func (l Listing) VisibleTo(standing domain.Standing) bool {
	return standing.Admitted && standing.Sees(l.Member) && (!l.hidden() || l.Member == standing.Member || standing.May(domain.ApproveListings))
}

func (l Listing) hidden() bool {
	return l.Rests || l.State == Draft || l.State == PendingReview || l.State == Removed
}

// Search finds listings. Other states than PUBLISHED are for one's own and for
// those who moderate.
func (s *Service) Search(ctx context.Context, actor domain.Actor, community domain.ID, filter Filter, order Order, page domain.Page, count bool) (domain.Slice[Listing], int, error) {
	var found domain.Slice[Listing]
	var total int
	err := s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.SeeCommunity)
		if err != nil {
			return err
		}
		if filter, err = filter.check(); err != nil {
			return err
		}
		if len(filter.States) > 0 && filter.Member != standing.Member && !standing.May(domain.ApproveListings) {
			return domain.Forbidden
		}
		filter.Without = standing.Apart
		if count {
			if total, err = s.store.Count(ctx, community, filter); err != nil {
				return err
			}
		}
		found, err = s.store.Search(ctx, community, filter, order, page)
		return err
	})
	return found, total, err
}

// PassTime expires listings whose time has come.
func (s *Service) PassTime(ctx context.Context, community domain.ID) error {
	for {
		var due []Listing
		err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) (err error) {
			due, err = s.store.Due(ctx, community, now, 200)
			return err
		})
		if err != nil || len(due) == 0 {
			return err
		}
		for _, l := range due {
			err := s.endAsProgram(ctx, l, expire, EventExpired)
			if err != nil && !errors.Is(err, WrongState) && !errors.Is(err, domain.StaleVersion) {
				return err
			}
		}
	}
}

// ArchiveOf takes a leaver's listings away.
func (s *Service) ArchiveOf(ctx context.Context, community, member domain.ID) error {
	return s.tx.InTx(ctx, community, func(ctx context.Context, _ time.Time) error {
		theirs, err := s.store.Of(ctx, community, member)
		for _, l := range theirs {
			if err == nil {
				err = s.endAsProgram(ctx, l, archive, EventArchived)
			}
		}
		return err
	})
}

func (s *Service) endAsProgram(ctx context.Context, l Listing, a action, told domain.EventKind) error {
	_, err := s.change(ctx, domain.System, l.Community, l.ID, domain.ActForMember, func(_ context.Context, l Listing, _ time.Time) (Listing, error) {
		return l.step(a)
	}, told)
	return err
}

func (s *Service) tell(ctx context.Context, actor domain.Actor, kind domain.EventKind, l Listing) {
	s.tx.Record(ctx, domain.Event{
		ID: domain.NewID(), Kind: kind, Actor: actor.Person, Subject: l.ID,
		Payload: Told{Member: l.Member, Kind: l.Kind, State: l.State},
	})
}

// Told is the payload of a listing's events.
type Told struct {
	Member domain.ID `json:"member"`
	Kind   Kind      `json:"kind"`
	State  State     `json:"state"`
	Review domain.ID `json:"review,omitzero"` // the step of its review; Nowhere for what is none
}
