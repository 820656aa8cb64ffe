// SPDX-License-Identifier: AGPL-3.0-or-later

package i18n

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"text/template/parse"
)

// forms are the plurals that each language tells apart (CLDR).
var forms = map[Language][]string{
	French:  {"many", "one", "other"},
	English: {"one", "other"},
}

// readCatalogue gives each text's forms; one without plurals has only "other".
func readCatalogue(t *testing.T, lang Language) map[string]map[string]string {
	t.Helper()
	data, err := files.ReadFile(string(lang) + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]any
	if err := json.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	texts := make(map[string]map[string]string, len(raw))
	for id, value := range raw {
		texts[id] = map[string]string{}
		switch v := value.(type) {
		case string:
			texts[id]["other"] = v
		case map[string]any:
			for form, text := range v {
				texts[id][form] = text.(string)
			}
			if got := slices.Sorted(maps.Keys(texts[id])); !slices.Equal(got, forms[lang]) {
				t.Errorf("%s %s has the plural forms %v, wants %v", lang, id, got, forms[lang])
			}
		}
	}
	return texts
}

func TestBothLanguagesSayTheSame(t *testing.T) {
	french, english := readCatalogue(t, French), readCatalogue(t, English)
	for id := range maps.Keys(english) {
		if french[id] == nil {
			t.Errorf("%s has no French text", id)
		}
	}
	for id, fr := range french {
		en := english[id]
		if en == nil {
			t.Errorf("%s has no English text", id)
			continue
		}
		if plural := len(fr) > 1; plural != (len(en) > 1) {
			t.Errorf("%s has plurals in one language only", id)
		}
		want, got := placeholders(t, id, fr["other"]), placeholders(t, id, en["other"])
		if !slices.Equal(want, got) {
			t.Errorf("%s speaks of %v in French and of %v in English", id, want, got)
		}
		for _, texts := range []map[string]string{fr, en} {
			for form, text := range texts {
				for _, name := range placeholders(t, id, text) {
					if !slices.Contains(want, name) {
						t.Errorf("%s, form %s: unknown placeholder %s", id, form, name)
					}
				}
			}
		}
	}
}

// placeholders lists the args that a text speaks of, in order of the alphabet.
func placeholders(t *testing.T, id, text string) []string {
	t.Helper()
	parsed, err := template.New(id).Parse(text)
	if err != nil {
		t.Fatalf("%s cannot be read: %v", id, err)
	}
	names := map[string]bool{}
	var walk func(parse.Node)
	walk = func(n parse.Node) {
		if n == nil || reflect.ValueOf(n).IsNil() {
			return
		}
		switch n := n.(type) {
		case *parse.ListNode:
			for _, inner := range n.Nodes {
				walk(inner)
			}
		case *parse.ActionNode:
			walk(n.Pipe)
		case *parse.PipeNode:
			for _, command := range n.Cmds {
				for _, arg := range command.Args {
					walk(arg)
				}
			}
		case *parse.FieldNode:
			names[strings.Join(n.Ident, ".")] = true
		case *parse.IfNode:
			walk(n.Pipe)
			walk(n.List)
			walk(n.ElseList)
		case *parse.TextNode:
		default:
			t.Errorf("%s: keep the texts simple, no %T", id, n)
		}
	}
	walk(parsed.Root)
	return slices.Sorted(maps.Keys(names))
}

// given says which args each kind of notification and mail is made with.
var given = []struct {
	id   *regexp.Regexp
	args []string
}{
	{regexp.MustCompile(`^notification\.[A-Z_]+\.(title|body)$`), []string{"title", "body", "community", "due", "member", "minutes", "service"}},
	{regexp.MustCompile(`^mail\.greeting$`), []string{"name"}},
	{regexp.MustCompile(`^mail\.open$`), []string{"url"}},
	{regexp.MustCompile(`^mail\.footer$`), []string{"community"}},
	{regexp.MustCompile(`^link\.`), []string{"code", "device", "url"}},
	{regexp.MustCompile(`^moderation\.action\.LIMIT$`), []string{"what"}},
	{regexp.MustCompile(`^moderation\.action\.(HIDE|REMOVE)$`), []string{"message"}},
	{regexp.MustCompile(`^(ability|jobs|signin|state|outbox|welcome|graphiql|mode|body|lockout|choice|law|register|plan)\.`), nil},
	{regexp.MustCompile(`^duty\.consequence\.[A-Z]+$`), []string{"balance", "due", "points", "until"}},
	{regexp.MustCompile(`^statement\.`), []string{"at", "count", "for", "from", "number", "until"}},
	{regexp.MustCompile(`^attestation\.`), []string{"at", "community", "name", "number", "year"}},
	{regexp.MustCompile(`^moderation\.(action|rule)\.[A-Z_]+$`), nil},
	{regexp.MustCompile(`^moderation\.text$`), []string{"action", "appealBy", "rule", "statement", "until"}},
	{regexp.MustCompile(`^allocation\.cause\.`), []string{"missing", "place", "share"}},
	{regexp.MustCompile(`^allocation\.peers$`), []string{"cut"}},
	{regexp.MustCompile(`^allocation\.gave$`), []string{"share"}},
	{regexp.MustCompile(`^allocation\.summary(\.|$)`), []string{"envelope", "funded", "projects", "spent", "voters"}},
	{regexp.MustCompile(`^criterion\.[A-Z_]+\.(text|next)$`), []string{"actual", "count", "days", "missing", "required"}},
	{regexp.MustCompile(`^charter\.`), []string{"count", "new", "old", "what"}},
	{regexp.MustCompile(`^decision\.verdict\.`), []string{"count", "majority", "max", "name", "required", "share"}},
	{regexp.MustCompile(`^report\.source\.`), []string{"name"}},
	{regexp.MustCompile(`^report\.`), []string{"at", "for", "from", "until"}},
	{regexp.MustCompile(`^receipt\.`), []string{"at", "count", "name", "reason"}},
	{regexp.MustCompile(`^web\.`), []string{"at", "count", "email", "limit", "max", "min", "minutes", "name", "number", "of", "required", "what", "when", "who"}},
	{regexp.MustCompile(`^error\.[A-Z_]+$`), []string{
		"about", "actual", "age", "available", "body", "community", "count", "event", "for", "from", "kind", "known", "limit", "line", "max", "min", "mode", "name", "option", "points", "required",
		"retryAfter", "rule", "since", "state", "trace", "unit", "until", "version", "what", "why",
	}},
}

func TestPlaceholdersExist(t *testing.T) {
	for id, text := range readCatalogue(t, French) {
		place := slices.IndexFunc(given, func(g struct {
			id   *regexp.Regexp
			args []string
		},
		) bool {
			return g.id.MatchString(id)
		})
		if place < 0 {
			t.Errorf("%s belongs to no known kind of text", id)
			continue
		}
		for _, name := range placeholders(t, id, text["other"]) {
			if !slices.Contains(given[place].args, name) {
				t.Errorf("%s speaks of %s, which nobody gives", id, name)
			}
		}
	}
}

func TestNotificationsAreWhole(t *testing.T) {
	args := map[string]any{"member": "Éloïse", "community": "Accorderie du Nord", "service": "jardinage", "due": "mardi", "title": "Fête", "body": "Samedi."}
	texts := readCatalogue(t, French)
	for id := range texts {
		if !strings.HasPrefix(id, "notification.") {
			continue
		}
		if strings.HasSuffix(id, ".title") && texts[strings.TrimSuffix(id, "title")+"body"] == nil {
			t.Errorf("%s has no body", id)
		}
		// Minutes may be absent: an application has none, nor has a refused dispute.
		for _, lang := range languages {
			if got := Text(lang, id, args); strings.Contains(got, "<no value>") || strings.Contains(got, "  ") {
				t.Errorf("%s %s without minutes: %q", lang, id, got)
			}
		}
	}
}

// The words of a market, and of fault, have no place between people who give.
var unwelcome = map[Language]*regexp.Regexp{
	French:  regexp.MustCompile(`(?i)\b(achet|achat|vend(re|eu|u)|vente|pay(er|é|ez)|paie|prix|tarif|co[uû]te?s?\b|dette|client|solde insuffisant)`),
	English: regexp.MustCompile(`(?i)\b(buy|bought|sell|sold|sale|pay|paid|price|cost|debt|purchase|customer|insufficient)`),
}

func TestTone(t *testing.T) {
	badSpace := regexp.MustCompile(` [;:!?»]|« |[^\x{00a0}\s][;:!?»](\s|$)`)
	for _, lang := range languages {
		for id, texts := range readCatalogue(t, lang) {
			for _, text := range texts {
				if word := unwelcome[lang].FindString(text); word != "" {
					t.Errorf("%s %s says %q", lang, id, word)
				}
				if strings.Contains(text, "'") {
					t.Errorf("%s %s: write the apostrophe as ’", lang, id)
				}
				if lang == French && badSpace.MatchString(text) {
					t.Errorf("%s: French double punctuation takes a space that does not break", id)
				}
				if strings.HasPrefix(id, "error.") && !strings.HasSuffix(strings.TrimSuffix(text, "{{end}}"), ".") {
					t.Errorf("%s %s does not end its sentence", lang, id)
				}
			}
		}
	}
}

// TestEveryConstantHasAText reads the domain's source, so that a code or a state
// added there fails here until somebody has found the words for it.
func TestEveryConstantHasAText(t *testing.T) {
	texts := readCatalogue(t, French)
	for _, want := range []struct{ folder, kind, id string }{
		{"", "Code", "error.%s"},
		{"exchange", "State", "state.exchange.%s"},
		{"listing", "State", "state.listing.%s"},
		{"cheque", "State", "state.cheque.%s"},
		{"workshop", "State", "state.session.%s"},
		{"activity", "State", "state.activity.%s"},
		{"media", "State", "state.upload.%s"},
		{"membership", "Participation", "state.member.%s"},
		{"membership", "Capital", "state.member.%s"},
		{"membership", "Governance", "state.member.%s"},
		{"messaging", "Kind", "notification.%s.title"},
		{"membership", "Ability", "ability.%s"},
		{"progression", "Requirement", "criterion.%s.text"},
		{"progression", "Requirement", "criterion.%s.next"},
		{"governance", "State", "state.decision.%s"},
		{"governance/tally", "Verdict", "decision.verdict.%s"},
		{"reinvestment", "State", "state.cycle.%s"},
		{"reinvestment", "ProjectStage", "state.project.%s"},
		{"reinvestment", "ClaimStage", "state.claim.%s"},
		{"reinvestment", "SuggestionState", "state.suggestion.%s"},
		{"reinvestment/allocation", "Cause", "allocation.cause.%s"},
		{"community", "Mode", "mode.%s"},
		{"community", "Word", "%s"},
		{"community", "Mode", "choice.%s"},
		{"community", "Electorate", "choice.%s"},
		{"community", "Ballot", "choice.%s"},
		{"community", "Denominator", "choice.%s"},
		{"community", "Fallback", "choice.%s"},
		{"community", "Reminder", "choice.%s"},
		{"community", "Timing", "choice.%s"},
		{"community", "Period", "choice.%s"},
		{"community", "Compensation", "choice.%s"},
		{"community", "BodyKind", "body.%s"},
		{"moderation", "Action", "moderation.action.%s"},
		{"moderation", "Reason", "moderation.rule.%s"},
		{"ledger", "TransferKind", "statement.kind.%s"},
		{"ledger", "AccountKind", "statement.account.%s"},
	} {
		for name, value := range constants(t, filepath.Join("../../domain", want.folder), want.kind) {
			if id := fmt.Sprintf(want.id, value); texts[id] == nil {
				t.Errorf("%s has no text %s", name, id)
			}
		}
	}
	if len(constants(t, "../../domain", "Code")) < 10 {
		t.Error("the domain's codes were not found")
	}
}

// constants finds the string constants declared with a type, by name. A folder
// that does not exist has none.
func constants(t *testing.T, folder, kind string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for spec := range ast.Preorder(file) {
			if c, ok := spec.(*ast.ValueSpec); ok && typeName(c.Type) == kind {
				for i, name := range c.Names {
					if literal, ok := c.Values[i].(*ast.BasicLit); ok {
						found[path+" "+name.Name], _ = strconv.Unquote(literal.Value)
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func typeName(expr ast.Expr) string {
	switch e := expr.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}
