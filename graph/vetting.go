// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"fmt"
	"maps"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/graph/model"
)

// safetyRules shows the part of a charter that protects members. A gate before what
// is no more in the catalogue stands before nothing.
func safetyRules(s community.Safety) *model.SafetyRules {
	rules := &model.SafetyRules{LimitDays: s.LimitDays, NoticeDays: s.NoticeDays, Vetting: pointers(s.Vetting), Gates: []*model.VettingGate{}}
	for _, g := range s.Gates {
		t, known := listing.TypeByCode(g.ServiceType)
		if !known {
			continue
		}
		gate := &model.VettingGate{ServiceType: &t, Vetting: []*community.VettingKind{}}
		for _, code := range g.Vetting {
			if kind, known := s.VettingKind(code); known {
				gate.Vetting = append(gate.Vetting, &kind)
			}
		}
		rules.Gates = append(rules.Gates, gate)
	}
	return rules
}

// safetyChanges writes changes of the contract as the charter has them: gates by their
// service type's code. The field of an error is below the changes.
func safetyChanges(changed map[string]any) (map[string]any, error) {
	gates, named := changed["gates"].([]*model.VettingGateInput)
	if !named {
		return changed, nil
	}
	kept := make([]community.Gate, len(gates))
	for i, g := range gates {
		field := fmt.Sprintf("safety.gates.%d.serviceTypeId", i)
		o, err := want(serviceTypeID, g.ServiceTypeID, field)
		if err != nil {
			return nil, err
		}
		if _, known := listing.TypeByCode(o.code); !known {
			return nil, domain.NewError(domain.NotFound, field)
		}
		kept[i] = community.Gate{ServiceType: o.code, Vetting: g.Vetting}
	}
	patch := maps.Clone(changed)
	patch["gates"] = kept
	return patch, nil
}

// vettingKind is a kind as the charter has it today; what it has no more keeps its code.
func vettingKind(ctx context.Context, in domain.ID, code string) (*community.VettingKind, error) {
	charter, err := of(ctx).loaders.charters.Load(ctx, in)
	if err != nil {
		return nil, err
	}
	kind, known := charter.Safety.VettingKind(code)
	if !known {
		kind = community.VettingKind{Code: code, Label: map[string]string{"fr": code, "en": code}}
	}
	return &kind, nil
}

// listingVetting tells which attestations a listing asks for, and of who offers,
// whether they have them.
func (r *Resolver) listingVetting(ctx context.Context, l *listing.Listing) ([]*model.ListingVetting, error) {
	charter, err := of(ctx).loaders.charters.Load(ctx, l.Community)
	if err != nil {
		return nil, err
	}
	told := []*model.ListingVetting{}
	for _, kind := range charter.Safety.Asks(l.ServiceType) {
		asked := &model.ListingVetting{Kind: &kind}
		if l.Kind == listing.Offer {
			all, err := of(ctx).loaders.vettings.Load(ctx, at{l.Community, l.Member})
			if err != nil {
				return nil, err
			}
			valid := membership.HoldsVetting(all, kind.Code, r.Clock.Now())
			asked.Valid = &valid
		}
		told = append(told, asked)
	}
	return told, nil
}

// memberLimits tells what measures keep from a member, to whoever may know.
func (r *Resolver) memberLimits(ctx context.Context, m *membership.Member) ([]*model.MemberLimit, error) {
	told := []*model.MemberLimit{}
	if len(m.Limits) == 0 {
		return told, nil
	}
	standing, err := of(ctx).loaders.standings.Load(ctx, m.Community)
	if err != nil || (standing.Member != m.ID && !standing.May(domain.Moderate)) {
		return told, err
	}
	for _, a := range membership.Abilities() {
		if until := m.LimitedUntil(a, r.Clock.Now()); !until.IsZero() {
			told = append(told, &model.MemberLimit{Ability: a, Until: until})
		}
	}
	return told, nil
}
