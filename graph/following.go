// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/changes"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/domain/recognition"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/domain/workshop"
	"github.com/hora-coop/hora/graph/live"
	"github.com/hora-coop/hora/graph/model"
	"github.com/hora-coop/hora/graph/view"
)

// changes answers what became different since a cursor.
func (r *Resolver) since(ctx context.Context, id string, since *string, first *int) (*model.Changes, error) {
	c, err := want(communityID, id, "communityId")
	if err != nil {
		return nil, err
	}
	p, err := page(first, nil, nil, nil)
	if err != nil {
		return nil, err
	}
	found, err := r.Changes.Since(ctx, actor(ctx), c.key, deref(since), p.Limit)
	if err != nil {
		return nil, err
	}
	told := &model.Changes{
		Items: make([]*model.Change, len(found.Changes)), NextCursor: found.Next.String(),
		HasMore: found.HasMore, ResetRequired: found.Reset,
	}
	for i, change := range found.Changes {
		if told.Items[i], err = presented(ctx, change); err != nil {
			return nil, err
		}
	}
	return told, nil
}

// nodeKinds are the types of id that changes speak of.
var nodeKinds = map[changes.Kind]idKind{
	changes.Community: communityID, changes.Member: memberID, changes.Listing: listingID,
	changes.Exchange: exchangeID, changes.Transfer: transferID, changes.Account: accountID,
	changes.Decision: decisionID, changes.Cycle: cycleID, changes.Project: projectID, changes.Claim: claimID,
	changes.Session: groupSessionID, changes.Activity: activityID, changes.Cheque: chequeID,
	changes.Thanks: thanksID, changes.Star: starID, changes.Endorsement: endorsementID, changes.Milestone: milestoneID,
	changes.Badge: badgeID, changes.IssuedBadge: issuedBadgeID,
}

// ObjectID is the global id of something that an event changed.
func ObjectID(kind changes.Kind, community, id domain.ID) string {
	return globalID(nodeKinds[kind], community, id)
}

func presented(ctx context.Context, change changes.Change) (*model.Change, error) {
	in := change.Cursor.Community
	shown := &model.Change{Cursor: change.Cursor.String(), ObjectID: globalID(nodeKinds[change.Kind], in, change.ID), Kind: model.ChangeKindUpsert}
	switch v := change.Value.(type) {
	case nil:
		shown.Kind = model.ChangeKindTombstone
	case community.Community:
		shown.Node = &v
	case membership.Member:
		shown.Node = &v
	case listing.Listing:
		shown.Node = &v
	case exchange.Exchange:
		shown.Node = &v
	case governance.Decision:
		shown.Node = &v
	case reinvestment.Cycle:
		shown.Node = &v
	case reinvestment.Project:
		shown.Node = &v
	case reinvestment.Claim:
		shown.Node = &v
	case workshop.Session:
		shown.Node = &v
	case activity.Activity:
		shown.Node = &v
	case cheque.Cheque:
		shown.Node = &v
	case recognition.Thanks:
		shown.Node = &v
	case recognition.Star:
		shown.Node = &v
	case recognition.Endorsement:
		shown.Node = &v
	case recognition.Milestone:
		shown.Node = &v
	case recognition.Badge:
		shown.Node = &v
	case recognition.IssuedBadge:
		shown.Node = &v
	case ledger.Transfer:
		shown.Node = &v
	case ledger.Account:
		standing, err := of(ctx).loaders.standings.Load(ctx, in)
		if err != nil {
			return nil, err
		}
		shown.Node = view.AccountFor(standing, v)
	}
	return shown, nil
}

// eventsAtOnce is how many events a stream reads at a time.
const eventsAtOnce = 50

// follow streams what happens in a community, of some kinds of object or of all,
// after a cursor or from now on. It ends, with the reason, when the caller may not
// follow any more, or sees more or less than when they began. What show has no
// answer for is left out.
func follow[T any](ctx context.Context, r *Resolver, id string, since *string, show func(context.Context, changes.Change) (*T, error), kinds ...changes.Kind) (<-chan *T, error) {
	c, err := want(communityID, id, "communityId")
	if err != nil {
		return nil, err
	}
	who := actor(ctx)
	read := func(since string) (changes.Page, error) {
		return inTurn(ctx, r, func(ctx context.Context) (changes.Page, error) {
			return r.Changes.Since(ctx, who, c.key, since, eventsAtOnce, kinds...)
		})
	}
	// Whatever happens wakes us before we know from where: nothing lies between.
	var begun atomic.Pointer[changes.Cursor]
	wake := make(chan struct{}, 1)
	follower := r.Live.Follow(c.key, wake, func(e domain.RecordedEvent) bool {
		cursor := begun.Load()
		return cursor == nil || cursor.Wakes(e, kinds...)
	})
	first, err := read(deref(since))
	if err == nil && first.Reset {
		err = domain.NewError(domain.CursorInvalid, "since")
	}
	if err != nil {
		follower.Leave()
		return nil, err
	}
	begun.Store(&first.Next)
	return stream(ctx, follower.Leave, func(tell func(*T) error) error {
		for page := first; ; {
			for _, change := range page.Changes {
				shown, err := show(r.afresh(ctx), change)
				if err == nil && shown != nil {
					err = tell(shown)
				}
				if err != nil {
					return err
				}
			}
			if page.Reset {
				return ending(page)
			}
			if !page.HasMore {
				if err := awaken(ctx, wake); err != nil {
					return err
				}
			}
			var err error
			if page, err = read(page.Next.String()); err != nil {
				return err
			}
		}
	}), nil
}

// ending is why somebody cannot go on from their cursor: they are a member no
// more, or must start again.
func ending(page changes.Page) error {
	if len(page.Changes) > 0 {
		return domain.Forbidden
	}
	return domain.NewError(domain.CursorInvalid, "since")
}

// stream runs what tells, until it has an error or the caller has enough.
func stream[T any](ctx context.Context, leave func(), run func(tell func(*T) error) error) <-chan *T {
	rest(ctx)
	out := make(chan *T)
	ready := live.Waits(ctx)
	tell := func(v *T) error {
		ready()
		select {
		case out <- v:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	go func() {
		defer ready()
		defer close(out)
		defer leave()
		defer func() {
			if cause := recover(); cause != nil {
				live.Fail(ctx, graphql.GetOperationContext(ctx).Recover(ctx, cause))
			}
		}()
		if err := run(tell); ctx.Err() == nil {
			live.Fail(ctx, err)
		}
	}()
	return out
}

func awaken(ctx context.Context, wake <-chan struct{}) error {
	select {
	case <-wake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// inTurn gives a stream's look at the database the deadline that any answer has, and
// lets only a few look at once: after a restart all come back together.
func inTurn[V any](ctx context.Context, r *Resolver, read func(context.Context) (V, error)) (v V, err error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	done, err := r.Live.Turn(ctx)
	if err != nil {
		return v, err
	}
	defer done()
	return read(ctx)
}

// receive streams what the caller is told, in every community where they have something to read now.
func (r *Resolver) receive(ctx context.Context) (<-chan *model.NotificationReceipt, error) {
	where, err := inTurn(ctx, r, func(ctx context.Context) ([]domain.ID, error) { return r.Members.Places(ctx, actor(ctx)) })
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
		followers = append(followers, r.Live.Follow(c, wake, nil))
	}
	told, err := inTurn(ctx, r, func(ctx context.Context) (map[domain.ID]int64, error) { return r.Live.Told(ctx, where) })
	if err != nil {
		leave()
		return nil, err
	}
	who := actor(ctx)
	return stream(ctx, leave, func(tell func(*model.NotificationReceipt) error) error {
		for {
			if err := awaken(ctx, wake); err != nil {
				return err
			}
			for _, c := range where {
				news, err := inTurn(ctx, r, func(ctx context.Context) ([]messaging.Notification, error) {
					return r.Messages.After(ctx, who, c, told[c], domain.LargestPage)
				})
				if err != nil {
					return err
				}
				for _, n := range news {
					receipt, err := inTurn(ctx, r, func(ctx context.Context) (*model.NotificationReceipt, error) { return r.receipt(ctx, n) })
					if err == nil {
						err = tell(receipt)
					}
					if err != nil {
						return err
					}
					told[c] = n.Position
				}
			}
		}
	}), nil
}

// receipt adds where a notification's event stands, for those who may follow its
// community.
func (r *Resolver) receipt(ctx context.Context, n messaging.Notification) (*model.NotificationReceipt, error) {
	receipt := &model.NotificationReceipt{Notification: &n}
	at, err := r.Changes.At(ctx, actor(ctx), n.Community, n.Position)
	switch {
	case errors.Is(err, domain.NotFound), errors.Is(err, domain.Forbidden):
		return receipt, nil
	case err != nil:
		return nil, err
	}
	cursor := at.String()
	receipt.Cursor = &cursor
	return receipt, nil
}
