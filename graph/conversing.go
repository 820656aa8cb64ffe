// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"errors"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/conversation"
	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/graph/live"
	"github.com/hora-coop/hora/graph/model"
)

// sending decodes the input of sendMessage.
func sending(input model.SendMessageInput) (conversation.Send, error) {
	cmd := conversation.Send{Body: input.Body, Key: deref(input.IdempotencyKey)}
	if input.ThreadID != nil && input.To != nil {
		return cmd, domain.NewError(domain.NotFound, "threadId")
	}
	if input.ThreadID != nil {
		t, err := want(threadID, *input.ThreadID, "threadId")
		if err != nil {
			return cmd, err
		}
		cmd.Community, cmd.Thread = t.community, t.key
	} else {
		o, ok := parseID(deref(input.To))
		switch {
		case ok && o.kind == exchangeID:
			cmd.Exchange = o.key
		case ok && o.kind == listingID:
			cmd.Listing = o.key
		case ok && o.kind == memberID:
			cmd.Member = o.key
		default:
			return cmd, domain.NewError(domain.NotFound, "to")
		}
		cmd.Community = o.community
	}
	var err error
	cmd.OnBehalfOf, err = wantIn(cmd.Community, memberID, input.OnBehalfOf, "onBehalfOf")
	return cmd, err
}

func (r *Resolver) threads(ctx context.Context, community domain.ID, first *int, after *string, last *int, before *string) (*model.ThreadConnection, error) {
	p, err := page(first, after, last, before)
	if err != nil {
		return nil, err
	}
	s, err := r.Conversations.List(ctx, actor(ctx), community, p)
	if err != nil {
		return nil, err
	}
	upcoming(ctx, s.Items, of(ctx).loaders.expectThread)
	edges, nodes, info := connect(ctx, s, p, func(c string, n *conversation.Thread) *model.ThreadEdge { return &model.ThreadEdge{Cursor: c, Node: n} })
	return &model.ThreadConnection{Edges: edges, Nodes: nodes, PageInfo: info}, nil
}

func (r *Resolver) messages(ctx context.Context, t *conversation.Thread, first *int, after *string, last *int, before *string) (*model.MessageConnection, error) {
	p, err := page(first, after, last, before)
	if err != nil {
		return nil, err
	}
	s, err := r.Conversations.Messages(ctx, actor(ctx), t.Community, t.ID, p)
	if err != nil {
		return nil, err
	}
	upcoming(ctx, s.Items, of(ctx).loaders.expectMessage)
	edges, nodes, info := connect(ctx, s, p, func(c string, n *conversation.Message) *model.MessageEdge {
		return &model.MessageEdge{Cursor: c, Node: n}
	})
	return &model.MessageConnection{Edges: edges, Nodes: nodes, PageInfo: info}, nil
}

func (r *Resolver) announcements(ctx context.Context, community domain.ID, first *int, after *string, last *int, before *string) (*model.AnnouncementConnection, error) {
	p, err := page(first, after, last, before)
	if err != nil {
		return nil, err
	}
	s, err := r.Conversations.Announcements(ctx, actor(ctx), community, p)
	if err != nil {
		return nil, err
	}
	edges, nodes, info := connect(ctx, s, p, func(c string, n *conversation.Announcement) *model.AnnouncementEdge {
		return &model.AnnouncementEdge{Cursor: c, Node: n}
	})
	return &model.AnnouncementConnection{Edges: edges, Nodes: nodes, PageInfo: info}, nil
}

// threadAbout is what the caller and the other wrote about an exchange or a listing.
func threadAbout(ctx context.Context, community, subject domain.ID) (*conversation.Thread, error) {
	found, err := of(ctx).loaders.threadsAbout.Load(ctx, at{community, subject})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// written streams what is written to the caller, in every community they belong to now.
func (r *Resolver) written(ctx context.Context) (<-chan *conversation.Message, error) {
	where, err := inTurn(ctx, r, r.whereAdmitted)
	if err != nil {
		return nil, err
	}
	wake := make(chan struct{}, 1)
	var followers []*live.Follower
	leave := func() {
		for _, f := range followers {
			f.Leave()
		}
	}
	for _, c := range where {
		followers = append(followers, r.Live.Follow(c, wake, func(e domain.RecordedEvent) bool { return e.Kind == conversation.Sent }))
	}
	read, err := inTurn(ctx, r, func(ctx context.Context) (map[domain.ID]int64, error) { return r.Live.Happened(ctx, where) })
	if err != nil {
		leave()
		return nil, err
	}
	who := actor(ctx)
	return stream(ctx, leave, func(tell func(*conversation.Message) error) error {
		for {
			if err := awaken(ctx, wake); err != nil {
				return err
			}
			for _, c := range where {
				news, err := inTurn(ctx, r, func(ctx context.Context) ([]conversation.Message, error) {
					return r.Conversations.After(ctx, who, c, read[c], domain.LargestPage)
				})
				if err != nil {
					return err
				}
				for _, m := range news {
					if err := tell(&m); err != nil {
						return err
					}
					read[c] = m.Position
				}
			}
		}
	}), nil
}

// whereAdmitted are the caller's communities where somebody may write to them: not
// those to which they only applied.
func (r *Resolver) whereAdmitted(ctx context.Context) (where []domain.ID, err error) {
	places, err := r.Members.Places(ctx, actor(ctx))
	if err != nil {
		return nil, err
	}
	for _, c := range places {
		standing, err := of(ctx).loaders.standings.Load(ctx, c)
		if err != nil {
			return nil, err
		}
		if standing.Admitted {
			where = append(where, c)
		}
	}
	return where, nil
}

func (l *loaders) expectThread(ctx context.Context, t conversation.Thread) {
	expect(ctx, "Thread.with", l.members, t.Community, t.First)
	expect(ctx, "Thread.with", l.members, t.Community, t.Second)
	expect(ctx, "Thread.exchange", l.exchanges, t.Community, t.Exchange)
	expect(ctx, "Thread.listing", l.listings, t.Community, t.Listing)
	expect(ctx, "Thread.lastMessage", l.lastMessages, t.Community, t.ID)
}

func (l *loaders) expectMessage(ctx context.Context, m conversation.Message) {
	expect(ctx, "Message.sender", l.members, m.Community, m.Sender)
	expect(ctx, "Message.thread", l.threads, m.Community, m.Thread)
}

// threadOf is the thread that a notification is about; nil where a block hides it.
func (r *Resolver) threadOf(ctx context.Context, n *messaging.Notification) (*conversation.Thread, error) {
	t, err := load(ctx, of(ctx).loaders.threads, n.Community, n.About)
	if err != nil {
		return nil, err
	}
	standing, err := of(ctx).loaders.standings.Load(ctx, n.Community)
	if err != nil || standing.Sees(t.Other(standing.Member)) {
		return t, err
	}
	seen, err := r.Conversations.Thread(ctx, actor(ctx), n.Community, n.About)
	if errors.Is(err, domain.NotFound) {
		return nil, nil
	}
	return &seen, err
}
