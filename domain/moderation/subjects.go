// SPDX-License-Identifier: AGPL-3.0-or-later

package moderation

import (
	"context"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/conversation"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/domain/workshop"
)

// accused finds whom a subject concerns, for somebody who can see it, and what it says
// where those who moderate could not look at it afterwards.
func (s *Service) accused(ctx context.Context, actor domain.Actor, standing domain.Standing, community domain.ID, about Subject) (accused domain.ID, quote string, err error) {
	switch about.Kind {
	case AboutMember, AboutListing, AboutExchange:
		accused, err = s.side(ctx, standing, community, about)
	case AboutMessage: // of the two, who received it; what is hidden already was reported
		var m conversation.Message
		m, err = s.said.Threads.MessageTo(ctx, community, standing.Member, about.ID)
		if accused, quote = m.Sender, m.Body; err == nil && m.Removed {
			err = domain.NotFound
		}
	case AboutSession:
		var planned workshop.Session
		planned, err = s.said.Workshops.Session(ctx, actor, community, about.ID)
		accused, quote = planned.Host, planned.Title
	case AboutProject:
		var p reinvestment.Project
		p, err = s.said.Cycles.Project(ctx, actor, community, about.ID)
		accused, quote = p.Owner, p.Title
	case AboutAnnouncement:
		var a conversation.Announcement
		a, err = s.said.Threads.Announcement(ctx, actor, community, about.ID)
		accused, quote = a.Member, a.Title
	case AboutComment:
		var c governance.Comment
		c, err = s.said.Decisions.OneComment(ctx, actor, community, about.ID)
		if accused, quote = c.Member, c.Body; err == nil && c.Removed {
			err = domain.NotFound
		}
	default:
		err = domain.NotFound
	}
	if err != nil {
		return domain.Nowhere, "", domain.NewError(domain.NotFound, "subjectId").Because(err)
	}
	return accused, quote, nil
}

// side is the member whom a subject is, belongs to, or was exchanged with.
func (s *Service) side(ctx context.Context, standing domain.Standing, community domain.ID, about Subject) (domain.ID, error) {
	none := domain.NewError(domain.NotFound, "subjectId")
	switch about.Kind {
	case AboutMember:
		found, err := s.members.LoadAll(ctx, community, []domain.ID{about.ID})
		if err == nil {
			standing, err = s.despiteBlock(ctx, standing, community, about.ID)
		}
		if err != nil || len(found) == 0 || !found[0].VisibleTo(standing) {
			return domain.Nowhere, none.Because(err)
		}
		return found[0].ID, nil
	case AboutListing:
		found, err := s.listings.LoadAll(ctx, community, []domain.ID{about.ID})
		if err == nil && len(found) > 0 {
			standing, err = s.despiteBlock(ctx, standing, community, found[0].Member)
		}
		if err != nil || len(found) == 0 || !found[0].VisibleTo(standing) {
			return domain.Nowhere, none.Because(err)
		}
		return found[0].Member, nil
	case AboutExchange: // of its sides; who sees every exchange is no witness to it
		found, err := s.exchanges.LoadAll(ctx, community, []domain.ID{about.ID})
		if err != nil || len(found) == 0 || !found[0].Party(standing.Member) {
			return domain.Nowhere, none.Because(err)
		}
		return found[0].Other(standing.Member), nil
	default:
		return domain.Nowhere, none
	}
}

// despiteBlock lets somebody report whom they blocked themselves: not wanting to see
// a member is no reason to keep quiet about them.
func (s *Service) despiteBlock(ctx context.Context, standing domain.Standing, community, member domain.ID) (domain.Standing, error) {
	if standing.Sees(member) {
		return standing, nil
	}
	own, err := s.members.Blocked(ctx, community, standing.Member, member)
	if own {
		standing.Apart = nil
	}
	return standing, err
}
