// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"strings"
	"testing"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/persistence"
)

// Whom no block concerns asks for the feed and the list of members with the same
// statement as if there were none, and so by the same plan. Learning that there is
// none, with one's standing, takes a few blocks more.
func TestABlockCostsNothingToOthers(t *testing.T) {
	c := aCountry(t)
	v := c.village(t)
	v.crowded(t)
	anna, bruno := v.joins(t, "Anna"), v.joins(t, "Bruno")
	heard := map[string]*listener{"feed": {about: "FROM listing l\n"}, "members": {about: "FROM member\n"}, "standing": {about: "FROM member_block b WHERE"}}
	asks := func(who resident) (statements map[string]string) {
		statements = map[string]string{}
		for name, l := range heard {
			db := c.open(t, persistence.Options{Clock: c.clock, Tracer: l})
			members := membership.New(db, persistence.MemberStore{}, nil, nil)
			if _, _, err := listing.New(db, persistence.ListingStore{}, persistence.MemberStore{}, nil, members, nil).
				Search(v.ctx, who.Actor, v.id, listing.Filter{}, listing.Newest, domain.Page{Limit: 20}, false); err != nil {
				t.Fatal(err)
			}
			if _, _, err := members.List(v.ctx, who.Actor, v.id, membership.Filter{}, domain.Page{Limit: 20}, false); err != nil {
				t.Fatal(err)
			}
			statements[name] = l.sql
		}
		return statements
	}
	before := asks(anna)
	if _, err := v.members.Block(v.ctx, v.joins(t, "Clara").Actor, v.id, bruno.member); err != nil {
		t.Fatal(err)
	}
	after, concerned := asks(anna), asks(bruno)
	for _, name := range []string{"feed", "members"} {
		if after[name] != before[name] || strings.Contains(after[name], "<> ALL") {
			t.Errorf("somebody else’s block changes what Anna asks for the %s: %s", name, after[name])
		}
		if !strings.Contains(concerned[name], "<> ALL") {
			t.Errorf("Bruno’s %s hides nobody: %s", name, concerned[name])
		}
	}
	for _, table := range []string{"member", "member_block"} {
		v.breaks(t, "VACUUM ANALYZE "+table)
	}
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		standing := v.explain(t, heard["standing"], mode) // as Bruno asked, who asked last
		if blocks := standing.Hit + standing.Read; blocks > 20 {
			t.Errorf("a standing looks at %d blocks", blocks)
		}
	}
}
