// SPDX-License-Identifier: AGPL-3.0-or-later

package changes

import (
	"context"
	"errors"
	"slices"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/activity"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/recognition"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/domain/workshop"
)

// told is a touch with its event's place.
type told struct {
	touch
	at Place
}

// show reads what was touched and keeps what somebody may see of it. An object
// stands where it was touched last, and a cursor never leads past something that
// is told after it: of several objects of one event only the last carries its place.
func (s *Service) show(ctx context.Context, standing domain.Standing, cursor Cursor, touched []told) ([]Change, error) {
	if len(touched) == 0 {
		return nil, nil
	}
	shelf, err := s.read(ctx, standing, cursor.Community, touched)
	if err != nil {
		return nil, err
	}
	type entry struct {
		Change
		at Place
	}
	var entries []entry
	last := map[Object]int{}
	for _, t := range touched {
		for _, object := range shelf.find(t.touch) {
			value := shelf.values[object]
			verdict := shelf.judge(standing, object.Kind, value)
			if verdict == hidden && value != nil && t.untilNow != domain.Nowhere && standing.Sees(t.untilNow) {
				verdict = gone
			}
			if verdict == hidden {
				continue
			}
			if verdict == gone {
				value = nil
			}
			last[object] = len(entries)
			entries = append(entries, entry{Change{Object: object, Value: value}, t.at})
		}
	}
	var changes []Change
	for i, e := range entries {
		if last[e.Object] != i {
			continue
		}
		e.Cursor = cursor
		e.Cursor.Place = e.at
		if n := len(changes); n > 0 && changes[n-1].Cursor.Place == e.at {
			changes[n-1].Cursor.Place = before(changes[:n-1], cursor)
		}
		changes = append(changes, e.Change)
	}
	return changes, nil
}

// before is the place up to which all was told by some changes.
func before(changes []Change, start Cursor) Place {
	if n := len(changes); n > 0 {
		return changes[n-1].Cursor.Place
	}
	return start.Place
}

// shelf is what was read for a page.
type shelf struct {
	values map[Object]any
	of     map[domain.ID][]Object // what is found by an owner, an exchange or a batch
	shown  map[domain.ID]bool     // projects that somebody sees, for themselves or as a helper
}

// read takes one statement for each kind of object, whatever the page's length.
func (s *Service) read(ctx context.Context, standing domain.Standing, in domain.ID, touched []told) (shelf, error) {
	ids := map[Kind][]domain.ID{}
	var owners []domain.ID
	for _, t := range touched {
		if t.ofOwner {
			owners = append(owners, t.ID)
		} else if t.direct() {
			ids[t.Kind] = append(ids[t.Kind], t.ID)
		}
	}
	on := shelf{map[Object]any{}, map[domain.ID][]Object{}, map[domain.ID]bool{}}
	communities, err := some(ids[Community], func(ids []domain.ID) ([]community.Community, error) { return s.areas.Communities.ByIDs(ctx, ids) })
	keep(on, Community, communities, func(c community.Community) domain.ID { return c.ID })
	if err != nil {
		return on, err
	}
	members, err := some(ids[Member], func(ids []domain.ID) ([]membership.Member, error) { return s.areas.Members.LoadAll(ctx, in, ids) })
	keep(on, Member, members, func(m membership.Member) domain.ID { return m.ID })
	if err != nil {
		return on, err
	}
	listings, err := some(ids[Listing], func(ids []domain.ID) ([]listing.Listing, error) { return s.areas.Listings.LoadAll(ctx, in, ids) })
	keep(on, Listing, listings, func(l listing.Listing) domain.ID { return l.ID })
	if err != nil {
		return on, err
	}
	exchanges, err := some(ids[Exchange], func(ids []domain.ID) ([]exchange.Exchange, error) { return s.areas.Exchanges.LoadAll(ctx, in, ids) })
	keep(on, Exchange, exchanges, func(x exchange.Exchange) domain.ID { return x.ID })
	if err != nil {
		return on, err
	}
	decisions, err := some(ids[Decision], func(ids []domain.ID) ([]governance.Decision, error) { return s.areas.Decisions.Decisions(ctx, in, ids) })
	keep(on, Decision, decisions, func(d governance.Decision) domain.ID { return d.ID })
	if err != nil {
		return on, err
	}
	if err := errors.Join(s.readTogether(ctx, in, on, ids), s.readCycles(ctx, standing, in, on, ids), s.readCheques(ctx, in, on, touched), s.readRecognition(ctx, in, on, ids)); err != nil {
		return on, err
	}
	return on, s.readHours(ctx, in, on, ids, owners)
}

// readTogether reads what is done in common: sessions, and work for the community.
func (s *Service) readTogether(ctx context.Context, in domain.ID, on shelf, ids map[Kind][]domain.ID) error {
	sessions, err := some(ids[Session], func(ids []domain.ID) ([]workshop.Session, error) { return s.areas.Workshops.LoadAll(ctx, in, ids) })
	keep(on, Session, sessions, func(w workshop.Session) domain.ID { return w.ID })
	if err != nil {
		return err
	}
	activities, err := some(ids[Activity], func(ids []domain.ID) ([]activity.Activity, error) { return s.areas.Activities.LoadAll(ctx, in, ids) })
	keep(on, Activity, activities, func(a activity.Activity) domain.ID { return a.ID })
	return err
}

// readCheques finds them by their own ids, by the exchanges they settled and by the
// batches they came with.
func (s *Service) readCheques(ctx context.Context, in domain.ID, on shelf, touched []told) error {
	var ids, exchanges, batches []domain.ID
	for _, t := range touched {
		switch {
		case t.ofExchange:
			exchanges = append(exchanges, t.ID)
		case t.ofBatch:
			batches = append(batches, t.ID)
		case t.Kind == Cheque:
			ids = append(ids, t.ID)
		}
	}
	if len(ids)+len(exchanges)+len(batches) == 0 {
		return nil
	}
	found, err := s.areas.Cheques.Find(ctx, in, ids, exchanges, batches)
	keep(on, Cheque, found, func(c cheque.Cheque) domain.ID { return c.ID })
	for _, c := range found {
		for _, by := range []domain.ID{c.Exchange, c.Batch} {
			on.of[by] = append(on.of[by], Object{Cheque, c.ID})
		}
	}
	return err
}

func (s *Service) readCycles(ctx context.Context, standing domain.Standing, in domain.ID, on shelf, ids map[Kind][]domain.ID) error {
	cycles, err := some(ids[Cycle], func(ids []domain.ID) ([]reinvestment.Cycle, error) { return s.areas.Cycles.Cycles(ctx, in, ids) })
	keep(on, Cycle, cycles, func(c reinvestment.Cycle) domain.ID { return c.ID })
	if err != nil {
		return err
	}
	projects, err := some(ids[Project], func(ids []domain.ID) ([]reinvestment.Project, error) { return s.areas.Cycles.Projects(ctx, in, ids) })
	keep(on, Project, projects, func(p reinvestment.Project) domain.ID { return p.ID })
	if err == nil && len(projects) > 0 {
		projects, err = s.areas.Cycles.ShownTo(ctx, standing, projects)
	}
	if err != nil {
		return err
	}
	for _, p := range projects {
		on.shown[p.ID] = true
	}
	claims, err := some(ids[Claim], func(ids []domain.ID) ([]reinvestment.Claim, error) { return s.areas.Cycles.Claims(ctx, in, ids) })
	keep(on, Claim, claims, func(c reinvestment.Claim) domain.ID { return c.ID })
	return err
}

func (s *Service) readRecognition(ctx context.Context, in domain.ID, on shelf, ids map[Kind][]domain.ID) error {
	if !slices.ContainsFunc(append(received, Badge), func(k Kind) bool { return len(ids[k]) > 0 }) {
		return nil
	}
	by := s.areas.Recognition.Readers()
	return errors.Join(
		readGiven(ctx, in, on, ids, Thanks, by.Thanks, func(t recognition.Thanks) domain.ID { return t.ID }),
		readGiven(ctx, in, on, ids, Star, by.Stars, func(star recognition.Star) domain.ID { return star.ID }),
		readGiven(ctx, in, on, ids, Endorsement, by.Endorsements, func(e recognition.Endorsement) domain.ID { return e.ID }),
		readGiven(ctx, in, on, ids, Milestone, by.Milestones, func(m recognition.Milestone) domain.ID { return m.ID }),
		readGiven(ctx, in, on, ids, Badge, by.Badges, func(b recognition.Badge) domain.ID { return b.ID }),
		readGiven(ctx, in, on, ids, IssuedBadge, by.IssuedBadges, func(b recognition.IssuedBadge) domain.ID { return b.ID }),
	)
}

func readGiven[V any](ctx context.Context, in domain.ID, on shelf, ids map[Kind][]domain.ID, kind Kind, by recognition.ByIDs[V], id func(V) domain.ID) error {
	found, err := some(ids[kind], func(ids []domain.ID) ([]V, error) { return by(ctx, in, ids) })
	keep(on, kind, found, id)
	return err
}

// readHours reads accounts after transfers, whose sides say who may see them.
func (s *Service) readHours(ctx context.Context, in domain.ID, on shelf, ids map[Kind][]domain.ID, owners []domain.ID) error {
	transfers, err := some(ids[Transfer], func(ids []domain.ID) ([]ledger.Transfer, error) { return s.areas.Ledger.Transfers(ctx, in, ids) })
	keep(on, Transfer, transfers, func(t ledger.Transfer) domain.ID { return t.ID })
	if err != nil {
		return err
	}
	accounts := ids[Account]
	for _, t := range transfers {
		accounts = append(accounts, t.Debit, t.Credit)
	}
	found, err := some(accounts, func(ids []domain.ID) ([]ledger.Account, error) { return s.areas.Ledger.Accounts(ctx, in, ids) })
	keep(on, Account, found, func(a ledger.Account) domain.ID { return a.ID })
	if err != nil {
		return err
	}
	owned, err := some(owners, func(ids []domain.ID) ([]ledger.Account, error) { return s.areas.Ledger.AccountsOf(ctx, in, ids) })
	keep(on, Account, owned, func(a ledger.Account) domain.ID { return a.ID })
	for _, a := range owned {
		on.of[a.Owner] = append(on.of[a.Owner], Object{Account, a.ID})
	}
	return err
}

// some reads each of the ids once, and nothing when there are none.
func some[V any](ids []domain.ID, read func([]domain.ID) ([]V, error)) ([]V, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	once := map[domain.ID]bool{}
	var each []domain.ID
	for _, id := range ids {
		if !once[id] {
			once[id] = true
			each = append(each, id)
		}
	}
	return read(each)
}

func keep[V any](on shelf, kind Kind, values []V, id func(V) domain.ID) {
	for _, v := range values {
		on.values[Object{kind, id(v)}] = v
	}
}

// find is what a touch is of.
func (on shelf) find(t touch) []Object {
	if t.direct() {
		return []Object{t.Object}
	}
	return on.of[t.ID]
}

// verdict is what somebody is shown of an object that was touched.
type verdict int

const (
	hidden verdict = iota // they never saw it, and learn nothing of it
	shown
	gone // they may have seen it, and do not any more
)

// judge asks each area's own rule.
func (on shelf) judge(standing domain.Standing, kind Kind, value any) verdict {
	visible := false
	switch v := value.(type) {
	case nil:
		if kind == Member || kind == Listing || kind == Exchange {
			return gone
		}
	case community.Community, governance.Decision, reinvestment.Cycle, reinvestment.Claim, workshop.Session, recognition.Badge:
		visible = true
	case reinvestment.Project:
		visible = on.shown[v.ID]
	case recognition.Thanks:
		visible = v.VisibleTo(standing)
	case recognition.Star:
		visible = v.VisibleTo(standing)
	case recognition.Milestone:
		visible = v.VisibleTo(standing)
	case recognition.Endorsement:
		visible = v.VisibleTo(standing)
		if !visible && v.Given.VisibleTo(standing) { // they saw it until it was withdrawn
			return gone
		}
	case recognition.IssuedBadge:
		visible = v.VisibleTo(standing)
		if !visible && v.Given.VisibleTo(standing) { // they saw it until it was revoked
			return gone
		}
	case cheque.Cheque:
		visible = v.VisibleTo(standing)
	case activity.Activity:
		visible = v.VisibleTo(standing)
	case membership.Member:
		visible = v.VisibleTo(standing)
	case listing.Listing:
		visible = v.VisibleTo(standing)
		if !visible && standing.Sees(v.Member) && !v.PublishedAt.IsZero() {
			return gone
		}
	case exchange.Exchange:
		visible = v.VisibleTo(standing)
	case ledger.Transfer:
		debit, _ := on.values[Object{Account, v.Debit}].(ledger.Account)
		credit, _ := on.values[Object{Account, v.Credit}].(ledger.Account)
		visible = ledger.MaySeeTransfer(standing, debit, credit)
	case ledger.Account:
		visible = ledger.MaySee(standing, v)
	}
	if visible {
		return shown
	}
	return hidden
}
