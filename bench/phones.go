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
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
)

// signedIn is how many members of each community confirm; anybody may have
// given to them.
const signedIn = 8

// phones are members' devices that confirm exchanges over HTTP.
type phones struct {
	arena   *arena
	server  *http.Server
	address string
	client  *http.Client
	tokens  map[domain.ID]string // by member
	numbers map[domain.ID]int    // by town: the last exchange's

	pending []confirmation
	next    atomic.Int64
}

// confirmation is one request, ready to go out.
type confirmation struct {
	token string
	body  []byte
}

// openPhones signs people in and serves the program on a loopback address.
func openPhones(ctx context.Context, a *arena, program *Program, clients int) (*phones, error) {
	p := &phones{
		arena: a, tokens: map[domain.ID]string{}, numbers: map[domain.ID]int{},
		server: &http.Server{Handler: program.Handler, ReadHeaderTimeout: 5 * time.Second},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}, Timeout: 30 * time.Second},
	}
	for _, t := range a.towns[1:] {
		if err := p.enrol(ctx, t, program); err != nil {
			return nil, fmt.Errorf("enrol members: %w", err)
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "localhost:0")
	if err != nil {
		return nil, err
	}
	p.address = "http://" + listener.Addr().String() + "/graphql"
	go p.server.Serve(listener) //nolint:errcheck // it ends when it is closed
	return p, nil
}

func (p *phones) close(context.Context) error {
	p.client.CloseIdleConnections()
	return p.server.Close()
}

// enrol makes a town's members, of whom some are signed in.
func (p *phones) enrol(ctx context.Context, t *town, program *Program) error {
	now := time.Now().UTC()
	people := t.members[:min(signedIn, len(t.members))]
	return errors.Join(
		p.copy(ctx, "person", []string{"id", "display_name", "locale", "created_at"}, people, func(m domain.ID) []any {
			return []any{m, "Membre", "fr", now}
		}),
		p.copy(ctx, "session", []string{"id", "person_id", "device_name", "created_at", "last_used_at", "expires_at"}, people, func(m domain.ID) []any {
			return []any{m, m, "téléphone", now, now, now.AddDate(0, 1, 0)}
		}),
		p.copy(ctx, "member", []string{"community_id", "id", "number", "kind", "person_id", "display_name", "participation", "applied_at", "admitted_at"}, t.members, func(m domain.ID) []any {
			var person *domain.ID
			if slices.Contains(people, m) {
				person = &m
			}
			return []any{t.id, m, slices.Index(t.members, m) + 1, "PERSON", person, "Membre", "ACTIVE", now, now}
		}),
		p.issue(ctx, people, program),
	)
}

func (p *phones) issue(ctx context.Context, people []domain.ID, program *Program) (err error) {
	for _, m := range people {
		if p.tokens[m], err = program.Token(ctx, m, m); err != nil {
			return err
		}
	}
	return nil
}

func (p *phones) copy(ctx context.Context, table string, columns []string, ids []domain.ID, row func(domain.ID) []any) error {
	_, err := p.arena.root.CopyFrom(ctx, pgx.Identifier{table}, columns,
		pgx.CopyFromSlice(len(ids), func(i int) ([]any, error) { return row(ids[i]), nil }))
	return err
}

const confirmDocument = `mutation ($input: ConfirmExchangeInput!) {
  confirmExchange(input: $input) { exchange { id state minutes { settled } } userErrors { code message } } }`

// agreed is an exchange that its provider marked done, with the hours promised.
type agreed struct {
	town               *town
	receiver, provider int // by place
	id, hold           domain.ID
	number             int
}

// agree prepares the next round's confirmations, as many as could ever be sent.
func (p *phones) agree(ctx context.Context) error {
	done := make([]agreed, max(100, min(10_000, 4*int(p.next.Load()))))
	p.pending, _ = p.pending[:0], p.next.Swap(0)
	for i := range done {
		t := elsewhere(p.arena.towns)
		receiver := rand.IntN(min(signedIn, len(t.members))) //nolint:gosec // a sample
		_, provider := t.pair()
		if provider == receiver {
			provider = len(t.members) - 1
		}
		p.numbers[t.id]++
		done[i] = agreed{t, receiver, provider, domain.NewID(), domain.NewID(), p.numbers[t.id]}
		body, err := json.Marshal(map[string]any{"query": confirmDocument, "variables": map[string]any{"input": map[string]any{
			"exchangeId":     base64.RawURLEncoding.EncodeToString(slices.Concat([]byte("X"), t.id[:], done[i].id[:])),
			"idempotencyKey": done[i].id.String(),
		}}})
		if err != nil {
			return err
		}
		p.pending = append(p.pending, confirmation{p.tokens[t.members[receiver]], body})
	}
	return p.write(ctx, done)
}

// write stores what was agreed as a superuser, in columns.
func (p *phones) write(ctx context.Context, done []agreed) error {
	now := time.Now().UTC()
	return pgx.BeginFunc(ctx, p.arena.root, func(tx pgx.Tx) error {
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"exchange"}, []string{
			"community_id", "id", "number", "state", "provider_id", "receiver_id", "service_type", "level", "terms_version", "terms_by",
			"estimated", "travel", "preparation", "place", "costs", "message", "typed", "actual", "done_by", "done_at", "hold_id",
			"confirm_at", "created_at", "updated_at", "version",
		}, pgx.CopyFromSlice(len(done), func(i int) ([]any, error) {
			x := done[i]
			provider := x.town.members[x.provider]
			return []any{
				x.town.id, x.id, x.number, "DONE", provider, x.town.members[x.receiver], "102-A-1", "INDIVIDUAL", 1, provider,
				15, 0, 0, "", "", "", 15, 15, provider, now, x.hold, now.AddDate(0, 0, 14), now, now, 3,
			}, nil
		}))
		if err != nil {
			return err
		}
		_, err = tx.CopyFrom(ctx, pgx.Identifier{"ledger", "hold"}, []string{
			"community_id", "id", "account_id", "minutes", "exchange_id", "state", "placed_at", "expires_at",
		}, pgx.CopyFromSlice(len(done), func(i int) ([]any, error) {
			x := done[i]
			return []any{x.town.id, x.hold, x.town.accounts[x.receiver], 15, x.id, "OPEN", now, now.AddDate(0, 2, 0)}, nil
		}))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			UPDATE ledger.account a SET held = h.minutes
			  FROM (SELECT community_id, account_id, sum(minutes) AS minutes FROM ledger.hold WHERE state = 'OPEN' GROUP BY 1, 2) h
			 WHERE a.community_id = h.community_id AND a.id = h.account_id`)
		return err
	})
}

// errRanOut is the end of what was prepared.
var errRanOut = errors.New("nothing is left to confirm")

// confirm sends the next confirmation, and believes only what it is answered.
func (p *phones) confirm(ctx context.Context, _ int) error {
	n := int(p.next.Add(1)) - 1
	if n >= len(p.pending) {
		return errRanOut
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.address, bytes.NewReader(p.pending[n].body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+p.pending[n].token)
	answer, err := p.client.Do(request)
	if err != nil {
		return err
	}
	said, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return err
	}
	if !bytes.Contains(said, []byte(`"state":"CONFIRMED"`)) {
		return fmt.Errorf("a confirmation is answered %s", said)
	}
	return nil
}
