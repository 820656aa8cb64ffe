// SPDX-License-Identifier: AGPL-3.0-or-later

package conversation

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
)

// Service is the use cases of writing to one another.
type Service struct {
	tx        domain.Tx
	store     Store
	access    domain.Access
	members   *membership.Service
	listings  *listing.Service
	exchanges *exchange.Service
}

// New makes the conversations' room.
func New(tx domain.Tx, store Store, access domain.Access, members *membership.Service, listings *listing.Service, exchanges *exchange.Service) *Service {
	return &Service{tx: tx, store: store, access: access, members: members, listings: listings, exchanges: exchanges}
}

// Send sends a message. What two members agreed on they may still talk about when
// one of them rests; anything else is for those who take part.
//
// Errors: NotFound, Forbidden, Required, TextTooLong, BothSides, membership.MemberInactive,
// membership.AbilityLimited, membership.VettingMissing, domain.ConsentMissing,
// IdempotencyKeyReused.
func (s *Service) Send(ctx context.Context, actor domain.Actor, cmd Send) (Message, error) {
	var sent Message
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		may := domain.SeeCommunity // with whom who rests, or waits for a guardian's consent, may speak is `reachable`'s to say
		if cmd.OnBehalfOf != domain.Nowhere && cmd.Exchange == domain.Nowhere && cmd.Thread == domain.Nowhere {
			may = domain.TakePart
		}
		writer, err := s.members.ActingAs(ctx, actor, cmd.Community, cmd.OnBehalfOf, may)
		if err != nil {
			return err
		}
		if cmd, err = cmd.check(); err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "sendMessage", Input: cmd}, func() (domain.ID, error) {
			return s.send(ctx, actor, writer, cmd, now)
		})
		if err != nil {
			return err
		}
		found, err := s.store.Messages(ctx, cmd.Community, []domain.ID{id})
		if err == nil {
			sent = found[0]
		}
		return err
	})
	return sent, err
}

func (s *Service) send(ctx context.Context, actor domain.Actor, writer domain.ID, cmd Send, now time.Time) (domain.ID, error) {
	id := cmd.Thread
	if id == domain.Nowhere {
		reader, err := s.reader(ctx, actor, writer, cmd)
		if err != nil {
			return id, err
		}
		if id, err = s.store.OpenThread(ctx, open(cmd, writer, reader, now)); err != nil {
			return id, err
		}
	}
	apart, err := s.members.ApartFrom(ctx, actor, cmd.Community, writer)
	if err != nil {
		return id, err
	}
	t, err := s.thread(ctx, cmd.Community, Viewer{writer, apart}, id)
	if err != nil {
		return id, err
	}
	if err := s.reachable(ctx, actor, t, writer, now); err != nil {
		return id, err
	}
	if err := s.mayWrite(ctx, actor, t, writer, cmd.OnBehalfOf != domain.Nowhere, now); err != nil {
		return id, err
	}
	before, err := s.store.Threads(ctx, t.Community, Viewer{Member: t.Other(writer)}, []domain.ID{t.ID})
	if err != nil {
		return id, err
	}
	m := Message{Community: t.Community, ID: domain.NewID(), Thread: t.ID, Sender: writer, Typist: actor.Person, Body: cmd.Body, SentAt: now}
	if err := s.store.AddMessage(ctx, m); err != nil {
		return id, err
	}
	s.tx.Record(ctx, domain.Event{
		ID: domain.NewID(), Kind: Sent, Actor: actor.Person, Subject: m.ID,
		Payload: SentTold{Thread: t.ID, Sender: writer, Receiver: t.Other(writer), Exchange: t.Exchange, Waits: before[0].Unread > 0},
	})
	return m.ID, nil
}

// reader finds to whom a first message goes: the other side of the exchange, who
// published the listing, or a member. What somebody may not see is not found, nor is
// whom a block hides, but for what is about an exchange that is under way.
func (s *Service) reader(ctx context.Context, actor domain.Actor, writer domain.ID, cmd Send) (domain.ID, error) {
	var reader domain.ID
	underWay := false
	switch {
	case cmd.Exchange != domain.Nowhere:
		found, err := s.exchanges.LoadAll(ctx, cmd.Community, []domain.ID{cmd.Exchange})
		if err != nil {
			return reader, err
		}
		if len(found) == 0 || !found[0].Party(writer) {
			return reader, domain.NewError(domain.NotFound, "to")
		}
		reader, underWay = found[0].Other(writer), found[0].UnderWay()
	case cmd.Listing != domain.Nowhere:
		l, err := s.listings.Load(ctx, cmd.Community, cmd.Listing)
		if err != nil {
			return reader, domain.NewError(domain.NotFound, "to").Because(err)
		}
		standing, err := s.access.Standing(ctx, actor.Person, cmd.Community)
		if err != nil {
			return reader, err
		}
		if !l.VisibleTo(standing) {
			return reader, domain.NewError(domain.NotFound, "to")
		}
		reader = l.Member
	default:
		m, err := s.members.Load(ctx, cmd.Community, cmd.Member)
		if err != nil || m[0].AdmittedAt.IsZero() { // an application is not shown to members
			return reader, domain.NewError(domain.NotFound, "to").Because(err)
		}
		reader = cmd.Member
	}
	if reader == writer {
		return reader, domain.NewError(domain.BothSides, "to")
	}
	if underWay {
		return reader, nil
	}
	hidden, err := s.members.Strangers(ctx, actor, cmd.Community, writer, reader)
	if err == nil && hidden {
		err = domain.NewError(domain.NotFound, "to")
	}
	return reader, err
}

// reachable: both of the two still belong, somebody who rests or was suspended only
// speaks of what was agreed, and so do a minor and an adult who may not deal with each
// other, but with who coordinates, moderates or keeps the hours.
func (s *Service) reachable(ctx context.Context, actor domain.Actor, t Thread, writer domain.ID, now time.Time) error {
	both, err := s.members.Load(ctx, t.Community, writer, t.Other(writer))
	if err != nil {
		return err
	}
	var own, other membership.Member
	for _, m := range both {
		if m.ID == writer {
			own = m
		} else {
			other = m
		}
		switch {
		case m.ID == writer && t.Exchange == domain.Nowhere && !m.Participation.InGoodStanding() && !actor.System:
			return domain.Forbidden
		case m.ID != writer && !m.Participation.Admitted():
			return domain.NewError(membership.MemberInactive, "to", "name", m.DisplayName)
		}
	}
	refused := s.members.Meet(ctx, own, other, "to", "to", now)
	if _, ok := domain.Problems(refused); !ok {
		return refused
	}
	var present []domain.ID // a role of who rests or is suspended opens no door
	for _, m := range both {
		if m.Participation.InGoodStanding() {
			present = append(present, m.ID)
		}
	}
	grants, err := s.members.Roles(ctx, t.Community, present)
	if err != nil || slices.ContainsFunc(grants, func(g membership.RoleGrant) bool { return slices.Contains(domain.ReachEverybody, g.Role) }) {
		return err
	}
	promised, err := s.promised(ctx, t)
	if err != nil || promised {
		return err
	}
	return refused
}

// promised says whether a thread is about what was agreed and is not over.
func (s *Service) promised(ctx context.Context, t Thread) (bool, error) {
	if t.Exchange == domain.Nowhere {
		return false, nil
	}
	found, err := s.exchanges.LoadAll(ctx, t.Community, []domain.ID{t.Exchange})
	return len(found) == 1 && found[0].UnderWay() && (found[0].State != exchange.Proposed || found[0].Hold != domain.Nowhere), err
}

// mayWrite refuses whom a measure keeps from writing, also in somebody else's name,
// but for what was agreed and is not over.
func (s *Service) mayWrite(ctx context.Context, actor domain.Actor, t Thread, writer domain.ID, forAnother bool, now time.Time) error {
	hands := []domain.ID{writer}
	if forAnother {
		own, err := s.access.Standing(ctx, actor.Person, t.Community)
		if err != nil {
			return err
		}
		if own.Member != domain.Nowhere {
			hands = append(hands, own.Member)
		}
	}
	for _, hand := range hands {
		err := s.members.AbleByID(ctx, t.Community, hand, membership.Messaging, "", now)
		if err == nil {
			continue
		}
		if !errors.Is(err, membership.AbilityLimited) {
			return err
		}
		promised, failed := s.promised(ctx, t)
		if failed != nil {
			return failed
		}
		if !promised {
			return err
		}
	}
	return nil
}

func (s *Service) thread(ctx context.Context, community domain.ID, viewer Viewer, id domain.ID) (Thread, error) {
	found, err := s.store.Threads(ctx, community, viewer, []domain.ID{id})
	if err != nil {
		return Thread{}, err
	}
	if len(found) == 0 {
		return Thread{}, domain.NewError(domain.NotFound, "threadId")
	}
	return found[0], nil
}

// MarkRead notes that the actor has read a thread to its end. Error: NotFound.
func (s *Service) MarkRead(ctx context.Context, actor domain.Actor, community, thread domain.ID) error {
	return s.own(ctx, actor, community, func(ctx context.Context, viewer Viewer) error {
		t, err := s.thread(ctx, community, viewer, thread)
		if err == nil {
			err = s.store.See(ctx, t, viewer.Member)
		}
		return err
	})
}

// Announce speaks to many members at once; each of them is told.
//
// Errors: NotFound, Forbidden, Required, TextTooShort, TextTooLong, ValueUnknown, IdempotencyKeyReused.
func (s *Service) Announce(ctx context.Context, actor domain.Actor, cmd Announce) (Announcement, error) {
	var made Announcement
	err := s.tx.InTx(ctx, cmd.Community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, cmd.Community, domain.MakeAnnouncements)
		if err != nil {
			return err
		}
		if cmd, err = cmd.check(); err != nil {
			return err
		}
		id, _, err := s.tx.Once(ctx, domain.Once{Person: actor.Person, Key: cmd.Key, Action: "announce", Input: cmd}, func() (domain.ID, error) {
			a := Announcement{
				Community: cmd.Community, ID: domain.NewID(), Audience: cmd.Audience, Title: cmd.Title, Body: cmd.Body, Member: standing.Member, At: now,
			}
			s.tx.Record(ctx, domain.Event{
				ID: domain.NewID(), Kind: Announced, Actor: actor.Person, Subject: a.ID, Payload: AnnouncedTold{Audience: a.Audience, Member: a.Member},
			})
			return a.ID, s.store.AddAnnouncement(ctx, a)
		})
		if err != nil {
			return err
		}
		found, err := s.store.Announcements(ctx, cmd.Community, []domain.ID{id})
		if err == nil {
			made = found[0]
		}
		return err
	})
	return made, err
}
