// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/duty"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/graph/model"
	"github.com/hora-coop/hora/graph/view"
	"github.com/hora-coop/hora/internal/i18n"
)

// dutyNode reads something of duty by its id.
func (r *Resolver) dutyNode(ctx context.Context, o object) (view.Node, error) {
	who := actor(ctx)
	switch o.kind {
	case dutyTemplateID:
		t, err := r.Duties.Template(ctx, who, o.community, o.key)
		return found(&t, err)
	case dutyShiftID:
		s, err := r.Duties.Shift(ctx, who, o.community, o.key)
		return found(&s, err)
	case dutyBookingID:
		b, err := r.Duties.Booking(ctx, who, o.community, o.key)
		return found(&b, err)
	case dutyEntryID:
		e, err := r.Duties.Entry(ctx, who, o.community, o.key)
		return found(&e, err)
	case dutyLeaveID:
		l, err := r.Duties.Leave(ctx, who, o.community, o.key)
		return found(&l, err)
	case dutySwapID:
		s, err := r.Duties.Swap(ctx, who, o.community, o.key)
		return found(&s, err)
	default:
		return nil, nil
	}
}

// gatedService is the service whose attestations a shift asks for; nil for none.
func gatedService(code string) *listing.ServiceType {
	if t, known := listing.TypeByCode(code); known {
		return &t
	}
	return nil
}

// makeTemplate decodes the input of createDutyTemplate.
func makeTemplate(input model.CreateDutyTemplateInput) (duty.MakeTemplate, error) {
	c, err := want(communityID, input.CommunityID, "communityId")
	if err != nil {
		return duty.MakeTemplate{}, err
	}
	cmd := duty.MakeTemplate{
		Community: c.key, Title: input.Title, Place: deref(input.Place), Week: input.Week, Weekday: input.Weekday, Hour: input.Hour,
		Minute: deref(input.Minute), Length: input.Minutes, Places: input.Places, Key: deref(input.IdempotencyKey),
	}
	if cmd.Lead, err = wantIn(c.key, memberID, input.LeadID, "leadId"); err != nil {
		return cmd, err
	}
	if cmd.ServiceType, err = wantType(input.ServiceTypeID, "serviceTypeId"); err != nil {
		return cmd, err
	}
	if _, known := listing.TypeByCode(cmd.ServiceType); cmd.ServiceType != "" && !known {
		err = domain.NewError(domain.NotFound, "serviceTypeId")
	}
	return cmd, err
}

// attendance decodes the input of recordAttendance.
func attendance(input model.RecordAttendanceInput) (duty.Record, error) {
	s, err := want(dutyShiftID, input.ShiftID, "shiftId")
	if err != nil {
		return duty.Record{}, err
	}
	cmd := duty.Record{Community: s.community, Shift: s.key}
	for i, how := range input.Attendance {
		member, err := wantIn(s.community, memberID, &how.MemberID, fmt.Sprintf("attendance.%d.memberId", i))
		if err != nil {
			return cmd, err
		}
		cmd.Attendance = append(cmd.Attendance, duty.Attendance{Member: member, Outcome: how.Outcome})
	}
	return cmd, nil
}

// withBehalf reads a community and a member in whose name somebody acts.
func withBehalf(communityOf string, onBehalfOf *string) (c, member domain.ID, err error) {
	o, err := want(communityID, communityOf, "communityId")
	if err != nil {
		return c, member, err
	}
	member, err = wantIn(o.key, memberID, onBehalfOf, "onBehalfOf")
	return o.key, member, err
}

// theMember reads the member whom a mutation was about.
func (r *Resolver) theMember(ctx context.Context, in, id domain.ID, err error) (*membership.Member, []model.UserError, error) {
	_, problems, err := answer(ctx, id, err)
	if err != nil || len(problems) > 0 {
		return nil, problems, err
	}
	m, err := load(ctx, of(ctx).loaders.members, in, id)
	return m, problems, err
}

// consequenceText says in words what follows from not coming.
func consequenceText(ctx context.Context, c *view.DutyConsequence) string {
	lang := language(ctx)
	args := map[string]any{"points": c.Points, "balance": c.Balance, "until": i18n.DateTime(lang, c.ExcusedUntil, c.Zone), "due": ""}
	if !c.DueAt.IsZero() {
		args["due"] = i18n.DateTime(lang, c.DueAt, c.Zone)
	}
	return i18n.Text(lang, "duty.consequence."+string(c.Outcome), args)
}

// ifCancelled shows a booking's member what would follow.
func (r *Resolver) ifCancelled(ctx context.Context, b *duty.Booking) (*view.DutyConsequence, error) {
	c, ok, err := r.Duties.Consequence(ctx, actor(ctx), *b)
	if err != nil || !ok {
		return nil, err
	}
	where, err := of(ctx).loaders.communities.Load(ctx, b.Community)
	return &view.DutyConsequence{Consequence: c, Zone: where.Zone()}, err
}

// shiftMembers are those who come, without those whom a block hides.
func (r *Resolver) shiftMembers(ctx context.Context, s *duty.Shift) ([]*membership.Member, error) {
	standing, err := of(ctx).loaders.standings.Load(ctx, s.Community)
	if err != nil {
		return nil, err
	}
	all, err := of(ctx).loaders.dutyBookings.Load(ctx, at{s.Community, s.ID})
	coming := []*membership.Member{}
	for _, b := range all {
		if err == nil && (b.State == duty.Booked || b.State == duty.Attended) && standing.Sees(b.Member) {
			var m *membership.Member
			if m, err = load(ctx, of(ctx).loaders.members, b.Community, b.Member); err == nil {
				coming = append(coming, m)
			}
		}
	}
	return coming, err
}

// roster is a shift's bookings, for whoever leads it and those who look after duty.
func (r *Resolver) roster(ctx context.Context, s *duty.Shift) ([]*duty.Booking, error) {
	standing, err := of(ctx).loaders.standings.Load(ctx, s.Community)
	if err != nil || (!s.LedBy(standing.Member) && !standing.May(domain.ManageDuty)) {
		return nil, err
	}
	return belonging(ctx, of(ctx).loaders.dutyBookings, s.Community, s.ID)
}

// myBooking is the caller's own in a shift.
func (r *Resolver) myBooking(ctx context.Context, s *duty.Shift) (*duty.Booking, error) {
	standing, err := of(ctx).loaders.standings.Load(ctx, s.Community)
	if err != nil {
		return nil, err
	}
	all, err := of(ctx).loaders.dutyBookings.Load(ctx, at{s.Community, s.ID})
	for i := range all {
		if all[i].Member == standing.Member {
			return &all[i], err
		}
	}
	return nil, err
}

func (r *Resolver) dutyShifts(ctx context.Context, in domain.ID, from *time.Time, first *int, after *string, last *int, before *string) (*model.DutyShiftConnection, error) {
	p, err := page(first, after, last, before)
	if err != nil {
		return nil, err
	}
	s, err := r.Duties.Shifts(ctx, actor(ctx), in, deref(from), p)
	if err != nil {
		return nil, err
	}
	edges, nodes, info := connect(ctx, s, p, func(c string, n *duty.Shift) *model.DutyShiftEdge { return &model.DutyShiftEdge{Cursor: c, Node: n} })
	return &model.DutyShiftConnection{Edges: edges, Nodes: nodes, PageInfo: info}, nil
}

func (r *Resolver) dutyEntries(ctx context.Context, a *duty.Account, first *int, after *string, last *int, before *string) (*model.DutyEntryConnection, error) {
	p, err := page(first, after, last, before)
	if err != nil {
		return nil, err
	}
	s, err := r.Duties.Entries(ctx, actor(ctx), a.Community, a.Member, p)
	if err != nil {
		return nil, err
	}
	edges, nodes, info := connect(ctx, s, p, func(c string, n *duty.Entry) *model.DutyEntryEdge { return &model.DutyEntryEdge{Cursor: c, Node: n} })
	return &model.DutyEntryConnection{Edges: edges, Nodes: nodes, PageInfo: info}, nil
}

// shiftOf is the shift of a booking; nil for none, and where it is not for the caller.
func (r *Resolver) shiftOf(ctx context.Context, in, booking domain.ID) (*duty.Shift, error) {
	b, err := load(ctx, of(ctx).loaders.dutyBooking, in, booking)
	if err != nil || b == nil {
		return nil, err
	}
	return load(ctx, of(ctx).loaders.dutyShifts, in, b.Shift)
}

// onDuty decodes what acts on one thing of duty name, and does it.
func onDuty[T any](ctx context.Context, kind idKind, id, field string, do func(o object) (T, error)) (*T, []model.UserError, error) {
	o, err := want(kind, id, field)
	if err != nil {
		return nil, nil, err
	}
	done, err := do(o)
	return answer(ctx, done, err)
}

// memberDuty is where a member stands, for whoever sees it.
func (r *Resolver) memberDuty(ctx context.Context, m *membership.Member) (*duty.Account, error) {
	a, ok, err := r.Duties.Account(ctx, actor(ctx), m.Community, m.ID)
	if errors.Is(err, domain.Forbidden) || errors.Is(err, domain.NotFound) {
		return nil, nil
	}
	if err != nil || !ok {
		return nil, err
	}
	return &a, nil
}
