// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/hora-coop/hora/domain"
)

// Who may do and see what is written down in testdata/access-*.md, for people to
// read and review: every mutation, every type of object and every field of one, as
// the contract lists them, asked for by everybody. Whoever changes a right, or adds
// a mutation, a type or a field, changes a table with:
//
//	go test ./cmd/hora -run TestAccess -update
//
// and reads what it wrote before committing it.
var update = flag.Bool("update", false, "rewrite testdata/access-*.md from what the program does")

// asker is somebody with a role, or without any, who asks for what is not theirs.
type asker struct {
	title   string
	role    domain.Standing // as @can is judged by; the zero one for whoever does not belong
	recruit func() *person
	p       *person
}

const (
	signIn    = "UNAUTHENTICATED"
	forbidden = "FORBIDDEN"
	notFound  = "NOT_FOUND"
)

// What the tables rest on: each call does work, for the one whose it is.
func TestEachMutationWorks(t *testing.T) {
	t.Parallel()
	s := newScene(newTown(t), nil)
	for _, mutation := range mutations(t) {
		c := calls[mutation](s)
		c.by.does(mutation, c.in)
	}
	s.booksAreRight()
}

const elsewhere = "elsewhere" // any role in another community; all must be answered alike

// askers are everybody, in the order of the tables’ columns.
func askers(s, hill *scene) []*asker {
	member := domain.Standing{Member: domain.NewID(), Admitted: true, Active: true}
	resting, suspended := member, member
	resting.Active, suspended.Active = false, false
	all := []*asker{
		{title: "a stranger", recruit: s.stranger},
		{title: "signed in", recruit: func() *person { return s.register(s.another("Noa"), "en") }},
		{title: "administrator of the server", recruit: s.administrator},
		{title: "applicant", role: domain.Standing{Member: domain.NewID()}, recruit: func() *person {
			p := s.register(s.another("Dario"), "fr")
			p.applies()
			return p
		}},
		{title: "who left", recruit: func() *person {
			p := s.newcomer()
			p.does("leaveCommunity", input{"communityId": s.id})
			return p
		}},
		{title: "who rests", role: resting, recruit: func() *person {
			p := s.newcomer()
			p.does("pauseMembership", input{"communityId": s.id})
			return p
		}},
		{title: "suspended", role: suspended, recruit: s.suspended},
		{title: "member", role: member, recruit: s.newcomer},
	}
	for _, role := range roles {
		holder := member
		holder.Roles = []domain.Role{role}
		all = append(all, &asker{title: strings.ToLower(string(role)), role: holder, recruit: func() *person { return s.entrusted(role) }})
	}
	all = append(all, &asker{title: elsewhere, recruit: hill.newcomer})
	for _, role := range roles {
		all = append(all, &asker{title: elsewhere, recruit: func() *person { return hill.entrusted(role) }})
	}
	for _, a := range all {
		a.p = a.recruit()
	}
	return all
}

var roles = []domain.Role{domain.Facilitator, domain.Board, domain.Treasurer, domain.Moderator, domain.Coordinator}

// entrusted is a new member with a role.
func (s *scene) entrusted(role domain.Role) *person {
	p := s.newcomer()
	s.founder.does("grantRole", input{"memberId": p.member, "role": role})
	return p
}

// administrator keeps the server, and belongs nowhere.
func (s *scene) administrator() *person {
	p := s.register(s.another("Racine"), "fr")
	ask[int](s.program, `WITH w AS (UPDATE person SET platform = true WHERE email = $1 RETURNING 1) SELECT count(*)::int FROM w`, p.email)
	p.take(p.does("signIn", input{"email": p.email, "password": secret}))
	return p
}

// suspended is a member whom moderation keeps away, as a coordinator even.
func (s *scene) suspended() *person {
	p := s.entrusted(domain.Coordinator)
	ask[int](s.program, `WITH w AS (UPDATE member SET participation = 'SUSPENDED' WHERE id = $1 RETURNING 1) SELECT count(*)::int FROM w`, keyOf(p.member))
	return p
}

// standing is what tells whether somebody is still who they were in the town.
func (a *asker) standing(town string) string {
	if a.p.tokens.AccessToken == "" {
		return ""
	}
	seen := a.p.gql(a.p.bearer(), `query($slug: String!) { viewer { person { id } } community(slug: $slug) { membership { participation roles { role until } } } }`,
		input{"slug": town})
	return fmt.Sprint(seen.Data)
}

// calms forgets who asked how often: more people register here in a minute than a
// network may.
func (p *program) calms() {
	p.t.Helper()
	ask[int](p, `WITH forgotten AS (DELETE FROM throttle RETURNING 1) SELECT count(*)::int FROM forgotten`)
}

// words are how the tables say the commonest answers.
var words = map[string]string{"": "yes", notFound: "not there", forbidden: "no", signIn: "sign in"}

func word(code string) string {
	if said, ok := words[code]; ok {
		return said
	}
	return code
}

// row is a row of a table: what each asker is told. Those from elsewhere
// share a cell.
func row(askers []*asker, answers []string) []string {
	var cells []string
	for i, a := range askers {
		if i > 0 && a.title == elsewhere && askers[i-1].title == elsewhere {
			if answers[i] != answers[i-1] {
				cells[len(cells)-1] += " / " + answers[i]
			}
			continue
		}
		cells = append(cells, answers[i])
	}
	return cells
}

func TestAccessToMutations(t *testing.T) {
	t.Parallel()
	s, hill := twoScenes(t)
	everybody := askers(s, hill)
	table := goldenTable(t, "access-mutations.md", "Who may call a mutation on what is somebody else’s", append([]string{"mutation", "@can", "key"}, titles(everybody)...))
	for _, mutation := range mutations(t) {
		field := contract().Mutation.Fields.ForName(mutation)
		permission := permissionOf(field)
		key := "—"
		if hasKey(mutation) {
			key = "may"
			if slices.Contains(requiredOf(mutation), "idempotencyKey") {
				key = "must"
			}
		}
		s.calms()
		before := table.row(mutation)
		codes := make([]string, len(everybody))
		c := calls[mutation](s)
		refusals := func(yes bool) func() {
			return func() {
				for i, a := range everybody {
					if expected := table.expects(before, a.title); (expected == "yes") != yes {
						continue
					}
					if yes {
						c = calls[mutation](s)
					}
					codes[i] = a.tries(s, mutation, c.in)
				}
			}
		}
		if before == nil { // nobody said yet: each gets a call of their own
			table.rows[mutation] = nil
			for i, a := range everybody {
				c = calls[mutation](s)
				codes[i] = a.tries(s, mutation, c.in)
			}
		} else {
			s.unchanged(mutation+", by whoever may not", refusals(false))
			refusals(true)()
		}
		for i, a := range everybody {
			agrees(t, mutation, permission, a, codes[i])
			codes[i] = word(codes[i])
		}
		table.add(append([]string{mutation, string(permission), key}, row(everybody, codes)...))
	}
	table.compare()
	s.booksAreRight()
}

// tries sends a mutation and answers the code that refused it, or "". Whoever it
// made somebody else, by leaving or signing out, is followed by another.
func (a *asker) tries(s *scene, mutation string, in input) string {
	before := a.standing(s.slug)
	said := a.p.tries(mutation, in)
	if found := said.problems(); len(found) > 0 {
		return found[0].Code
	}
	if a.standing(s.slug) != before {
		a.p = a.recruit()
	}
	return ""
}

// agrees compares what somebody was told with what @can says of them.
func agrees(t *testing.T, mutation string, permission domain.Permission, a *asker, code string) {
	t.Helper()
	refused := slices.Contains([]string{signIn, forbidden, notFound}, code)
	switch {
	case permission == domain.Anyone:
		if code == signIn {
			t.Errorf("%s is for anyone, and yet %s must sign in", mutation, a.title)
		}
	case a.title == "a stranger":
		if code != signIn {
			t.Errorf("%s by a stranger: %q", mutation, code)
		}
	case permission == domain.SignedIn, permission == domain.AdministerServer:
	case !a.role.May(permission):
		if !refused {
			t.Errorf("%s by %s, who may not %s: %q", mutation, a.title, permission, code)
		}
	case aRolesToGive(permission):
		if code != "" && code != alsoTakes[mutation] {
			t.Errorf("%s by %s, who may %s: %q", mutation, a.title, permission, code)
		}
	}
}

// alsoTakes is what somebody hears for whom a role is not enough: a complaint is closed
// by one of two who read it.
var alsoTakes = map[string]string{"closeComplaint": "COMPLAINT_NOT_HELD", "reopenComplaint": "COMPLAINT_NOT_HELD"}

// aRolesToGive is true for what some role carries and plain members do not.
func aRolesToGive(p domain.Permission) bool {
	plain := domain.Standing{Member: domain.NewID(), Admitted: true, Active: true}
	all := plain
	all.Roles = roles
	return all.May(p) && !plain.May(p)
}

func TestAccessToObjects(t *testing.T) {
	t.Parallel()
	s, hill := twoScenes(t)
	everybody, objects := askers(s, hill), s.objects()
	table := goldenTable(t, "access-objects.md", "Who is shown an object of Anna’s by its id", append([]string{"type"}, titles(everybody)...))
	for _, name := range nodeTypes() {
		id, known := objects[name]
		if !known {
			t.Errorf("the tests have no %s to ask for: add one to objects", name)
			continue
		}
		own := s.anna
		if name == "TimeChequeBatch" { // of slips, for those who key them in
			own = s.founder
		}
		same(t, "Anna’s "+name, own.sees(id, name+" { id }").text("id"), id)
		codes := make([]string, len(everybody))
		for i, a := range everybody {
			codes[i] = word(a.p.looksFor(id))
			if a.title == elsewhere && codes[i] != "yes" { // nor by an id that says it stands in their own town
				same(t, "a forged id of a "+name, word(a.p.looksFor(forged(id, hill.id))), codes[i])
			}
		}
		table.add(append([]string{name}, row(everybody, codes)...))
	}
	table.compare()
}

// nodeTypes are the types of objects that have a global id.
func nodeTypes() []string {
	var names []string
	for _, def := range contract().GetPossibleTypes(contract().Types["Node"]) {
		names = append(names, def.Name)
	}
	slices.Sort(names)
	return names
}

// looksFor reads a node, alone and among others: the code that refuses it, or "".
func (p *person) looksFor(id string) string {
	p.t.Helper()
	a := p.gql(p.bearer(), `query($id: ID!) { node(id: $id) { __typename id } }`, input{"id": id})
	code := ""
	if problems := a.Errors; len(problems) == 1 {
		code, _ = problems[0].Extensions["code"].(string)
	}
	if found := thing(a.Data).text("node.id"); (found == id) != (code == "") || (found != id && a.Data["node"] != nil) {
		p.t.Errorf("%s reads %s", p.name, a.raw)
	}
	among := p.reads(`query($id: ID!) { nodes(ids: [$id]) { id } }`, input{"id": id})
	same(p.t, "the same among nodes, for "+p.name, among.find("nodes.0") != nil, code == "")
	return code
}

// asked are arguments without which a field cannot be read.
var asked = map[string]string{"Community.member": "number: 1", "Member.whyNot": "stage: CO_OWNER", "Community.recognitionConcentration": "year: 2026, quarter: 3"}

func TestAccessToFields(t *testing.T) {
	t.Parallel()
	s, hill := twoScenes(t)
	everybody, objects := askers(s, hill), s.objects()
	s.seal()
	table := goldenTable(t, "access-fields.md", "What is shown of an object of Anna’s; — is nothing", append([]string{"field"}, titles(everybody)...))
	for _, name := range nodeTypes() {
		fields := slices.DeleteFunc(slices.Clone(contract().Types[name].Fields), func(f *ast.FieldDefinition) bool { return strings.HasPrefix(f.Name, "__") })
		answers := make([][]string, len(everybody))
		for i, a := range everybody {
			answers[i] = a.p.looksAt(name, objects[name], fields)
		}
		for f, field := range fields {
			cells := make([]string, len(everybody))
			for i := range everybody {
				cells[i] = answers[i][f]
			}
			table.add(append([]string{name + "." + field.Name}, row(everybody, cells)...))
		}
	}
	table.compare()
}

// looksAt reads each field of an object by itself: "yes", "—", or how it is refused.
func (p *person) looksAt(of, id string, fields ast.FieldList) []string {
	p.t.Helper()
	var cells []string
	for chunk := range slices.Chunk(fields, 15) { // two aliases each
		var document strings.Builder
		document.WriteString("query($id: ID!) {")
		for i, f := range chunk {
			fmt.Fprintf(&document, " f%d: node(id: $id) { ... on %s { it: %s } }", i, of, selected(p.t, of, f))
		}
		a := p.gql(p.bearer(), document.String()+" }", input{"id": id})
		for i := range chunk {
			alias, cell := fmt.Sprintf("f%d", i), "—"
			if thing(a.Data).find(alias+".it") != nil {
				cell = "yes"
			}
			for _, e := range a.Errors {
				if len(e.Path) > 0 && e.Path[0] == alias {
					code, _ := e.Extensions["code"].(string)
					cell = word(code)
				}
			}
			cells = append(cells, cell)
		}
	}
	return cells
}

// selected is a field as a document asks for it, with what it cannot do without.
func selected(t *testing.T, of string, f *ast.FieldDefinition) string {
	t.Helper()
	text := f.Name
	if given := asked[of+"."+f.Name]; given != "" {
		text += "(" + given + ")"
	} else if slices.ContainsFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool { return a.Type.NonNull && a.DefaultValue == nil }) {
		t.Errorf("%s.%s takes arguments that the tests do not know: add them to asked", of, f.Name)
	}
	if def := contract().Types[f.Type.Name()]; def.Kind == ast.Object || def.Kind == ast.Interface || def.Kind == ast.Union {
		text += " { __typename }"
	}
	return text
}

func titles(askers []*asker) []string {
	var all []string
	for _, a := range askers {
		all = append(all, a.title)
	}
	return slices.Compact(all)
}

// accessTable is one table as the program fills it, beside the one that is kept.
type accessTable struct {
	t           *testing.T
	path, title string
	columns     []string
	rows        map[string][]string // as kept, by their first cell
	added       [][]string
}

func goldenTable(t *testing.T, file, title string, columns []string) *accessTable {
	t.Helper()
	table := &accessTable{t: t, path: filepath.Join("testdata", file), title: title, columns: columns, rows: map[string][]string{}}
	kept, err := os.ReadFile(table.path)
	if *update && os.IsNotExist(err) {
		return table
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(kept)) {
		if cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|"); len(cells) == len(columns) {
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			table.rows[cells[0]] = cells
		}
	}
	return table
}

// row is the kept one; nil when there is none, or when all are made anew.
func (a *accessTable) row(name string) []string {
	if *update {
		return nil
	}
	return a.rows[name]
}

// expects is the cell of a kept row.
func (a *accessTable) expects(row []string, column string) string {
	if i := slices.Index(a.columns, column); i >= 0 && i < len(row) {
		return row[i]
	}
	return ""
}

func (a *accessTable) add(row []string) { a.added = append(a.added, row) }

// compare tells each row that differs, or writes the table.
func (a *accessTable) compare() {
	a.t.Helper()
	if *update {
		if err := os.WriteFile(a.path, []byte(a.String()), 0o644); err != nil {
			a.t.Fatal(err)
		}
		return
	}
	for _, now := range a.added {
		kept := a.rows[now[0]]
		delete(a.rows, now[0])
		if kept == nil {
			a.t.Errorf("%s has no row for %s. Look at what it would say: %s\nIf that is right, write it with: go test ./cmd/hora -run TestAccess -update",
				a.path, now[0], strings.Join(now[1:], " | "))
			continue
		}
		for i, cell := range now {
			if cell != kept[i] {
				a.t.Errorf("%s, %s: for %q it says %q, but it is %q", a.path, now[0], a.columns[i], kept[i], cell)
			}
		}
	}
	for name := range a.rows {
		if name != a.columns[0] && !strings.HasPrefix(name, "---") {
			a.t.Errorf("%s speaks of %s, which is no more; write it anew with -update", a.path, name)
		}
	}
}

// String is the table as Markdown whose columns line up.
func (a *accessTable) String() string {
	widths := make([]int, len(a.columns))
	for _, row := range append([][]string{a.columns}, a.added...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\nWritten by `go test ./cmd/hora -run TestAccess -update`; a test compares it with what the program does.\n", a.title)
	b.WriteString("“Not there” is NOT_FOUND, “no” is FORBIDDEN, “sign in” is UNAUTHENTICATED, other codes are user errors.\n\n")
	line := func(cell func(i int) string) {
		for i := range a.columns {
			text := cell(i)
			b.WriteString("| " + text + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)+1))
		}
		b.WriteString("|\n")
	}
	line(func(i int) string { return a.columns[i] })
	line(func(i int) string { return strings.Repeat("-", widths[i]) })
	for _, row := range a.added {
		line(func(i int) string { return row[i] })
	}
	return b.String()
}
