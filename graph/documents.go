// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/graph/generated"
)

const (
	documentIDKey     = "documentId"
	persistedQueryKey = "persistedQuery"
)

// What people may have kept here for their apps (automatic persisted queries). Nobody's
// documents push out another's while there is room; then those go of whoever has
// been away for the longest.
const (
	keptPersons   = 500
	keptDocuments = 50 // a person
	keptBytes     = 16 << 20
)

// keptTexts are the documents of people's apps, by their hashes.
type keptTexts struct {
	mu      sync.Mutex
	bytes   int
	persons *simplelru.LRU[domain.ID, *simplelru.LRU[string, string]]
}

func newKeptTexts() *keptTexts {
	k := &keptTexts{}
	k.persons, _ = simplelru.NewLRU(keptPersons, func(_ domain.ID, own *simplelru.LRU[string, string]) { own.Purge() }) // positive
	return k
}

func (k *keptTexts) find(person domain.ID, hash string) (string, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if own, known := k.persons.Get(person); known {
		return own.Get(hash)
	}
	return "", false
}

func (k *keptTexts) keep(person domain.ID, hash, text string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	own, known := k.persons.Get(person)
	if !known {
		own, _ = simplelru.NewLRU(keptDocuments, func(_, text string) { k.bytes -= len(text) }) // positive
		k.persons.Add(person, own)
	}
	if !own.Contains(hash) {
		k.bytes += len(text)
	}
	own.Add(hash, text)
	for k.bytes > keptBytes { // which is never this person, who has room for theirs alone
		k.persons.RemoveOldest()
	}
}

// Documents are those that go by a name: trusted ones from the manifests of app
// releases, and what people's apps sent before.
type Documents struct {
	only   bool
	byID   map[string]string
	byHash map[string]string // hexadecimal SHA-256
	kept   *keptTexts
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
} = &Documents{}

// OpenDocuments reads a manifest, or every one in a folder and those below it;
// none when the path is empty. The program's own pages have theirs, a manifest as
// well. With only, no other document is run.
func OpenDocuments(path string, only bool, own []byte) (*Documents, error) {
	d := &Documents{only: only, byID: map[string]string{}, byHash: map[string]string{}, kept: newKeptTexts()}
	if len(own) > 0 {
		manifest, err := parseManifest(own)
		if err != nil {
			return nil, err
		}
		if err := d.trust("the program's own pages", manifest); err != nil {
			return nil, err
		}
	}
	if path == "" {
		return d, nil
	}
	before := len(d.byID)
	err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || file != path && filepath.Ext(file) != ".json" {
			return err
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		manifest, err := parseManifest(raw)
		if err != nil {
			return fmt.Errorf("%s %w", file, err)
		}
		return d.trust(file, manifest)
	})
	if err == nil && len(d.byID) == before {
		err = errors.New(path + " holds no document")
	}
	return d, err
}

// parseManifest reads what relay-compiler and graphql-codegen write, a document by
// its id, or Apollo's list of operations.
func parseManifest(raw []byte) (map[string]string, error) {
	var apollo struct {
		Format     string
		Operations []struct{ ID, Body string }
	}
	if json.Unmarshal(raw, &apollo) == nil && apollo.Format == "apollo-persisted-query-manifest" {
		byID := map[string]string{}
		for _, o := range apollo.Operations {
			byID[o.ID] = o.Body
		}
		return byID, nil
	}
	var byID map[string]string
	if err := json.Unmarshal(raw, &byID); err != nil {
		return nil, errors.New("is no manifest of documents: it is neither an object of texts by id nor Apollo's")
	}
	return byID, nil
}

func (d *Documents) trust(file string, manifest map[string]string) error {
	for id, text := range manifest {
		if other, known := d.byID[id]; known && other != text {
			return fmt.Errorf("%s: the document %s is another one elsewhere", file, id)
		}
		d.byID[id], d.byHash[hashOf(text)] = text, text
	}
	return nil
}

// Outdated are the ids of trusted documents that this server cannot run, sorted:
// what they ask for was removed, or is beyond a limit.
func (d *Documents) Outdated() []string {
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	var ids []string
	for id, text := range d.byID {
		if measure(text) == nil {
			if _, err := gqlparser.LoadQueryWithRules(schema, text, rules.NewDefaultRules()); len(err) == 0 {
				continue
			}
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Len is how many documents are trusted.
func (d *Documents) Len() int { return len(d.byID) }

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// ExtensionName implements graphql.HandlerExtension.
func (*Documents) ExtensionName() string { return "HoraDocuments" }

// Validate implements graphql.HandlerExtension.
func (*Documents) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters finds the document that a request names, and turns
// away what is not trusted where only that is run.
func (d *Documents) MutateOperationParameters(ctx context.Context, params *graphql.RawParams) *gqlerror.Error {
	id, hash, ok := named(params.Extensions)
	switch {
	case !ok:
		return refuse(domain.NewError(requestUnreadable, "", "about", "extensions"))
	case id != "":
		text, known := d.byID[id]
		if !known {
			text, known = d.find(ctx, strings.TrimPrefix(id, "sha256:"))
		}
		if !known || params.Query != "" && params.Query != text {
			return refuse(domain.NewError(persistedNotFound, ""))
		}
		params.Query = text
	case hash != "" && params.Query == "":
		text, known := d.find(ctx, hash)
		if !known {
			return refuse(domain.NewError(persistedNotFound, ""))
		}
		params.Query = text
	case hash != "":
		if hash != hashOf(params.Query) {
			return refuse(domain.NewError(requestUnreadable, "", "about", "sha256Hash"))
		}
		d.keep(ctx, hash, params.Query)
	}
	if d.only && d.byHash[hashOf(params.Query)] == "" {
		return refuse(domain.NewError(documentNotTrusted, ""))
	}
	return nil
}

// named reads the two ways of naming a document: that of GraphQL over HTTP, and Apollo's.
func named(extensions map[string]any) (id, hash string, ok bool) {
	if given := extensions[documentIDKey]; given != nil {
		id, ok = given.(string)
		return id, "", ok && id != ""
	}
	given := extensions[persistedQueryKey]
	if given == nil {
		return "", "", true
	}
	persisted, _ := given.(map[string]any)
	hash, ok = persisted["sha256Hash"].(string)
	return "", strings.ToLower(hash), ok && hash != "" && fmt.Sprint(persisted["version"]) == "1"
}

// find looks among the trusted documents, then among those of whoever asks.
func (d *Documents) find(ctx context.Context, hash string) (string, bool) {
	if text, known := d.byHash[hash]; known {
		return text, true
	}
	return d.kept.find(actor(ctx).Person, hash)
}

// keep remembers a document for the person whose app sends it, at the price of
// their oldest. Strangers' are run, but not kept.
func (d *Documents) keep(ctx context.Context, hash, text string) {
	person := actor(ctx).Person
	if d.only || person == domain.Nowhere || len(text) > ordinaryBytes {
		return
	}
	d.kept.keep(person, hash, text)
}
