// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"slices"
	"testing"
	"time"
)

const auditLog = `query($slug: String!, $filter: AuditFilter, $first: Int, $after: String) { community(slug: $slug) {
	auditLog(filter: $filter, first: $first, after: $after) { nodes { action subjectId member { displayName } } pageInfo { endCursor hasNextPage } } } }`

func TestTheAuditLogByWhoWhatWhichAndWhen(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "fr-CA")
	town.advance(day)
	then := town.now()
	town.founder.does("grantRole", input{"memberId": anna.member, "role": "COORDINATOR"})
	anna.does("grantRole", input{"memberId": bruno.member, "role": "BOARD"})
	measure := anna.does("resolveReport", input{"reportId": town.founder.reports(bruno.member, "OTHER"), "action": "WARN", "statement": "Attention."}).text("measure.id")
	town.advance(day)
	later := town.now()
	town.founder.does("revokeRole", input{"memberId": bruno.member, "role": "BOARD"})

	actions := func(filter input) []string {
		t.Helper()
		return texts(town.founder.reads(auditLog, input{"slug": town.slug, "filter": filter}).list("community.auditLog.nodes"), "action")
	}
	same(t, "what Anna did", actions(input{"memberId": anna.member}), []string{"MEASURE_TAKEN", "ROLE_GRANTED"})
	same(t, "what happened to Bruno", actions(input{"subjectId": bruno.member}), []string{"ROLE_REVOKED", "ROLE_GRANTED", "MEMBER_ADMITTED"})
	same(t, "to a measure", actions(input{"subjectId": measure}), []string{"MEASURE_TAKEN"})
	same(t, "of two kinds", actions(input{"actions": []string{"ROLE_REVOKED", "MEASURE_TAKEN"}}), []string{"ROLE_REVOKED", "MEASURE_TAKEN"})
	same(t, "of one day", actions(input{"period": input{"from": then.Format(time.RFC3339Nano), "until": later.Format(time.RFC3339Nano)}}), []string{"MEASURE_TAKEN", "ROLE_GRANTED", "ROLE_GRANTED"})
	same(t, "all of it at once", actions(input{
		"memberId": town.founder.member, "subjectId": bruno.member, "actions": []string{"ROLE_REVOKED"}, "period": input{"from": later.Format(time.RFC3339Nano)},
	}), []string{"ROLE_REVOKED"})
	same(t, "nothing", actions(input{"memberId": bruno.member}), []string{})
	same(t, "who has no account did nothing", actions(input{"memberId": town.registers("Mme Roy")}), []string{})
	first := town.founder.reads(auditLog, input{"slug": town.slug, "filter": input{"subjectId": bruno.member}, "first": 2}).thing("community.auditLog")
	rest := town.founder.reads(auditLog, input{"slug": town.slug, "filter": input{"subjectId": bruno.member}, "first": 2, "after": first.text("pageInfo.endCursor")}).thing("community.auditLog")
	same(t, "page by page", append(texts(first.list("nodes"), "action"), texts(rest.list("nodes"), "action")...), []string{"ROLE_REVOKED", "ROLE_GRANTED", "MEMBER_ADMITTED"})

	other := town.program.town("Accorderie de la Colline", "colline")
	for what, c := range map[string]struct {
		filter      input
		code, field string
	}{
		"who is of another community":        {input{"memberId": other.founder.member}, notFound, "memberId"},
		"who is made up":                     {input{"memberId": forged(other.founder.member, town.id)}, notFound, "memberId"},
		"what is of another community":       {input{"subjectId": other.founder.member}, notFound, "subjectId"},
		"another community itself":           {input{"subjectId": other.id}, notFound, "subjectId"},
		"what is no id":                      {input{"subjectId": "Bruno"}, notFound, "subjectId"},
		"a listing, where a member is asked": {input{"memberId": bruno.offers("Pain")}, notFound, "memberId"},
		"what staff do not do":               {input{"actions": []string{"ROLE_GRANTED", "LISTING_CREATED"}}, "BAD_USER_INPUT", "actions"},
		"a made-up action":                   {input{"actions": []string{"') OR true --"}}, "BAD_USER_INPUT", "actions"},
	} {
		a := town.founder.gql(town.founder.bearer(), auditLog, input{"slug": town.slug, "filter": c.filter})
		if found := a.problems(); len(found) != 1 || found[0].Code != c.code || !slices.Equal(found[0].Field, []string{c.field}) {
			t.Errorf("%s: wanted %s about %s, got %s", what, c.code, c.field, a.raw)
		}
	}
}
