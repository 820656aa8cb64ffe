// SPDX-License-Identifier: AGPL-3.0-or-later

package bench

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
)

// feedPage is how many offers the first screen of an app shows.
const feedPage = 20

const feedDocument = `query Feed($id: ID!, $first: Int) { node(id: $id) { ... on Community { listings(first: $first, orderBy: NEWEST) {
  nodes { id title description kind state publishedAt member { id displayName } } pageInfo { hasNextPage endCursor } } } } }`

// Read measures reading: the feed of a community over HTTP, against a bare handler
// that runs the same statements, against PostGraphile where it is installed, and with
// many listings against few.
func Read(ctx context.Context, o Options) (r Report, err error) {
	l := &lab{o: o}
	defer func() { err = errors.Join(err, l.close(context.WithoutCancel(ctx))) }()
	few, err := l.openReader(ctx, "few", o.Accounts)
	if err != nil {
		return r, err
	}
	many, err := l.openReader(ctx, "lots", o.Many)
	if err != nil {
		return r, err
	}
	l.main = few.arena
	if l.cpu, err = openMeter(ctx, l.main.root); err != nil {
		return r, err
	}
	bare := &workload{"bare handler, the same statements", 1, nil, few.bare}
	feed := &workload{"feed over GraphQL", 1, nil, few.feed}
	lots := &workload{"feed over GraphQL, many listings", 1, nil, many.feed}
	gates := []gate{
		{"feed ÷ bare net/http and pgx", feed, bare, 0.55},
		{"many listings ÷ few", lots, feed, 0.80},
	}
	workloads := []*workload{bare, feed, lots}
	node, missing := findGraphile(o.PostGraphile)
	var other *graphile
	if missing == "" {
		if other, err = l.openGraphile(ctx, node, few); err != nil {
			return r, err
		}
		gates = append(gates, gate{"feed ÷ PostGraphile", feed, other.workload, graphileFeed})
		workloads = slices.Insert(workloads, 2, other.workload) // right beside what it is compared with
	}
	samples, err := l.rounds(ctx, workloads, nil)
	if err != nil {
		return r, err
	}
	if r, err = l.report(ctx, gates, workloads, samples); err != nil {
		return r, err
	}
	if other == nil {
		r.Notes = []string{"PostGraphile was left out: " + missing}
	} else {
		r.tell(other)
	}
	return r, nil
}

// reader is a community whose offers are read, by the program and by a handler
// that does nothing else.
type reader struct {
	arena  *arena
	town   *town
	tokens []string
	client *http.Client
	body   []byte
	served [2]string // the program's address, and the bare handler's
}

// openReader makes a database with so many listings, and serves it.
func (l *lab) openReader(ctx context.Context, name string, listings int) (*reader, error) {
	l.say("filling %d listings", listings)
	a, err := l.openArena(ctx, name, "")
	if err != nil {
		return nil, err
	}
	if err := l.connect(ctx, a); err != nil {
		return nil, err
	}
	if err := a.fill(ctx, 1, 200); err != nil {
		return nil, err
	}
	program, err := l.o.Open(ctx, a.url)
	if err != nil {
		return nil, fmt.Errorf("open the program: %w", err)
	}
	l.teardown = append(l.teardown, func(context.Context) error { program.Close(); return nil })
	r := &reader{arena: a, town: a.towns[1], client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: l.o.Clients, DisableCompression: true}, Timeout: 30 * time.Second,
	}}
	p := &phones{arena: a, tokens: map[domain.ID]string{}}
	if err := errors.Join(p.enrol(ctx, r.town, program), r.offer(ctx, listings)); err != nil {
		return nil, err
	}
	for _, token := range p.tokens {
		r.tokens = append(r.tokens, token)
	}
	r.body, err = json.Marshal(map[string]any{"query": feedDocument, "variables": map[string]any{
		"id": base64.RawURLEncoding.EncodeToString(slices.Concat([]byte("C"), r.town.id[:], r.town.id[:])), "first": feedPage,
	}})
	for i, handler := range []http.Handler{program.Handler, http.HandlerFunc(r.plainly)} {
		if err == nil {
			r.served[i], err = l.serve(ctx, handler)
		}
	}
	return r, err
}

// serve answers on a loopback address until the end.
func (l *lab) serve(ctx context.Context, handler http.Handler) (address string, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "localhost:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	l.teardown = append(l.teardown, func(context.Context) error { return server.Close() })
	go server.Serve(listener) //nolint:errcheck // it ends when it is closed
	return "http://" + listener.Addr().String() + "/graphql", nil
}

// offer writes listings as a superuser, one a second, of members in turn.
func (r *reader) offer(ctx context.Context, listings int) error {
	_, err := r.arena.root.Exec(ctx, `
		INSERT INTO listing (community_id, id, member_id, kind, title, description, service_type, level, language, remote,
		       availability, visibility, state, published_at, created_at, words)
		SELECT $1, gen_random_uuid(), ($2::uuid[])[1 + n % cardinality($2::uuid[])], 'OFFER', 'Retouches et ourlets ' || n,
		       'Je reprends vos vêtements, chez moi ou chez vous, et je vous montre comment faire si vous le souhaitez.',
		       '102-A-1', 'INDIVIDUAL', 'fr', false, '{}', 'COMMUNITY', 'PUBLISHED', now() - n * interval '1 second', now() - n * interval '1 second', 'retouches ourlets'
		  FROM generate_series(1, $3) AS n`, r.town.id, r.town.members, listings)
	if err == nil {
		_, err = r.arena.root.Exec(ctx, `VACUUM (ANALYZE, FREEZE)`)
	}
	return err
}

func (r *reader) feed(ctx context.Context, client int) error {
	return r.ask(ctx, r.served[0], r.body, client)
}

func (r *reader) bare(ctx context.Context, client int) error {
	return r.ask(ctx, r.served[1], r.body, client)
}

// answer is what is said to a request. All get the same headers: the program reads the
// token, PostGraphile the community.
func (r *reader) answer(ctx context.Context, address string, body []byte, client int) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+r.tokens[client%len(r.tokens)])
	request.Header.Set("Hora-Community", r.town.id.String())
	answer, err := r.client.Do(request)
	if err != nil {
		return nil, err
	}
	said, err := io.ReadAll(answer.Body)
	return said, errors.Join(err, answer.Body.Close())
}

// ask reads a page, and believes only a whole one.
func (r *reader) ask(ctx context.Context, address string, body []byte, client int) error {
	said, err := r.answer(ctx, address, body, client)
	if err != nil {
		return err
	}
	if bytes.Count(said, []byte(`"displayName":"Membre"`)) != feedPage {
		return fmt.Errorf("a feed is answered %s", said)
	}
	return nil
}
