// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	schema "github.com/vektah/gqlparser/v2/ast"

	"github.com/hora-coop/hora/domain"
)

func TestEveryMutationHasTheSameShape(t *testing.T) {
	t.Parallel()
	for _, m := range contract().Mutation.Fields {
		name := strings.ToUpper(m.Name[:1]) + m.Name[1:]
		if permissionOf(m) == "" {
			t.Errorf("%s: nobody said who may", m.Name)
		}
		if len(m.Arguments) != 1 || m.Arguments[0].Name != "input" || m.Arguments[0].Type.Name() != name+"Input" {
			t.Errorf("%s does not take one input: %sInput", m.Name, name)
			continue
		}
		required := slices.ContainsFunc(contract().Types[name+"Input"].Fields, func(f *schema.FieldDefinition) bool { return f.Type.NonNull })
		same(t, m.Name+": an input with something required is required", m.Arguments[0].Type.NonNull, required)
		same(t, m.Name+" answers", m.Type.String(), name+"Payload!")
		payload := contract().Types[m.Type.Name()]
		if f := payload.Fields.ForName("userErrors"); f == nil || f.Type.String() != "[UserError!]!" {
			t.Errorf("%s has no userErrors: [UserError!]!", payload.Name)
		}
	}
}

// permissionOf is what @can asks for; empty when it asks for nothing.
func permissionOf(f *schema.FieldDefinition) domain.Permission {
	can := f.Directives.ForName("can")
	if can == nil {
		return ""
	}
	return domain.Permission(can.Arguments.ForName("do").Value.Raw)
}

func TestPermissionsAreThoseOfTheDomain(t *testing.T) {
	t.Parallel()
	same(t, "the contract’s permissions", enum[domain.Permission]("Permission"), domain.Permissions())
}

func enum[S ~string](name string) []S {
	var values []S
	for _, v := range contract().Types[name].EnumValues {
		values = append(values, S(v.Name))
	}
	return values
}

func TestErrorCodesAreThoseOfTheDomain(t *testing.T) {
	t.Parallel()
	codes := []string{ // the edge's own
		"COST_EXCEEDED", "DOCUMENT_TOO_LARGE", "DOCUMENT_UNREADABLE", "DOCUMENT_NOT_TRUSTED", "REQUEST_UNREADABLE", "PERSISTED_QUERY_NOT_FOUND",
	}
	err := filepath.WalkDir("../../domain", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && isCode(spec.Type) {
				for _, value := range spec.Values {
					code, err := strconv.Unquote(value.(*ast.BasicLit).Value)
					if err != nil {
						t.Errorf("%s: %v", path, err)
					}
					codes = append(codes, code)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(codes)
	listed := enum[string]("ErrorCode")
	slices.Sort(listed)
	same(t, "the contract’s error codes", listed, codes)
}

// isCode recognises Code in the kernel and domain.Code in the areas.
func isCode(of ast.Expr) bool {
	switch of := of.(type) {
	case *ast.Ident:
		return of.Name == "Code"
	case *ast.SelectorExpr:
		from, ok := of.X.(*ast.Ident)
		return ok && from.Name == "domain" && of.Sel.Name == "Code"
	}
	return false
}

func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	described := 0
	check := func(what, description string) {
		described++
		if strings.TrimSpace(description) == "" {
			t.Errorf("%s has no description", what)
		}
	}
	for _, def := range contract().Types {
		if def.BuiltIn {
			continue
		}
		check(def.Name, def.Description)
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			check(def.Name+"."+f.Name, f.Description)
			for _, a := range f.Arguments {
				check(def.Name+"."+f.Name+"("+a.Name+":)", a.Description)
			}
		}
		for _, v := range def.EnumValues {
			check(def.Name+"."+v.Name, v.Description)
		}
	}
	for _, d := range contract().Directives {
		if d.Position.Src.BuiltIn {
			continue
		}
		check("@"+d.Name, d.Description)
		for _, a := range d.Arguments {
			check("@"+d.Name+"("+a.Name+":)", a.Description)
		}
	}
	if described < 500 {
		t.Errorf("only %d things were looked at", described)
	}
}
