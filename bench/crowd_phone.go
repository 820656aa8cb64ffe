// SPDX-License-Identifier: AGPL-3.0-or-later

package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/hora-coop/hora/domain"
)

// crowdPatience is how long a phone tries to get an answer.
const crowdPatience = time.Minute

// crowdMinutes is what each exchange of a crowd takes.
const crowdMinutes = 15

// phone is one member's device.
type phone struct {
	crowd  *crowd
	number int // of its network too
	token  string
	began  int // its balance at the beginning, in minutes
	cursor string
}

// pair are two members of whom one asks the other for something, again and again.
type pair struct {
	giver, receiver *phone
	listing         string
	confirmed       []string // exchanges whose confirmation was answered
}

// errServerFailed is an answer 5xx, and errAway none: both want the same again.
var (
	errServerFailed = errors.New("the server failed")
	errAway         = errors.New("no answer came")
)

// once sends a document once. Only an answer's data is read into to.
func (p *phone) once(ctx context.Context, document string, variables map[string]any, to any) error {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.crowd.server.Load().Address+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept-Encoding", "br") // phones take it, and it is the dearest for the server
	request.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.1", p.number/250, p.number%250))
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	answer, err := p.crowd.client.Do(request)
	if err != nil {
		return errAway
	}
	said, err := io.ReadAll(answer.Body)
	if errors.Join(err, answer.Body.Close()) != nil {
		return errAway
	}
	if answer.StatusCode >= http.StatusInternalServerError {
		return errServerFailed
	}
	if answer.Header.Get("Content-Encoding") == "br" {
		if said, err = io.ReadAll(brotli.NewReader(bytes.NewReader(said))); err != nil {
			return err
		}
	}
	read := struct {
		Data   any
		Errors []struct{ Message string }
	}{Data: to}
	if err := json.Unmarshal(said, &read); err != nil || len(read.Errors) > 0 {
		return fmt.Errorf("%d: %s", answer.StatusCode, said)
	}
	return nil
}

// asks sends a document until it is answered; one with a key does no more however
// often it is sent.
func (p *phone) asks(ctx context.Context, write bool, document string, variables map[string]any, to any) error {
	ctx, cancel := context.WithTimeout(ctx, crowdPatience)
	defer cancel()
	for {
		began := time.Now()
		err := p.once(ctx, document, variables, to)
		p.crowd.note(write, time.Since(began), err)
		if !errors.Is(err, errAway) && !errors.Is(err, errServerFailed) || ctx.Err() != nil {
			return err
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *crowd) note(write bool, took time.Duration, err error) {
	if !c.measuring.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case errors.Is(err, errServerFailed):
		c.failed++
	case errors.Is(err, errAway):
		c.away++
	case write:
		c.writes = append(c.writes, took)
	default:
		c.reads = append(c.reads, took)
	}
}

// payload is what every mutation here answers.
type payload struct {
	Session    struct{ AccessToken string }
	Community  struct{ ID string }
	Member     struct{ ID string }
	Listing    struct{ ID string }
	Exchange   struct{ ID, State string }
	UserErrors []struct{ Code, Message string }
}

// does sends a mutation with a key of its own, and wants no user errors.
func (p *phone) does(ctx context.Context, name, input, wants string, values map[string]any) (payload, error) {
	var read map[string]payload
	document := fmt.Sprintf("mutation ($input: %s!) { %s(input: $input) { %s userErrors { code message } } }", input, name, wants)
	if err := p.asks(ctx, true, document, map[string]any{"input": values}, &read); err != nil {
		return payload{}, fmt.Errorf("%s: %w", name, err)
	}
	if refused := read[name].UserErrors; len(refused) > 0 {
		return payload{}, fmt.Errorf("%s: %s %s", name, refused[0].Code, refused[0].Message)
	}
	return read[name], nil
}

func (c *crowd) register(ctx context.Context, number int) (*phone, error) {
	p := &phone{crowd: c, number: number}
	done, err := p.does(ctx, "register", "RegisterInput", "session { accessToken }", map[string]any{
		"email": domain.NewID().String() + "@example.org", "password": "une heure vaut une heure", "displayName": "Membre", "locale": "fr",
	})
	p.token = done.Session.AccessToken
	return p, err
}

func (p *phone) creates(ctx context.Context, slug string) (id string, err error) {
	done, err := p.does(ctx, "createCommunity", "CreateCommunityInput", "community { id }", map[string]any{
		"name": "La foule", "slug": slug, "preset": "accorderie", "locale": "fr", "timeZone": "Europe/Paris",
	})
	return done.Community.ID, err
}

func (p *phone) looksUp(ctx context.Context, slug string) (serviceType string, err error) {
	var read struct {
		Community struct {
			ServiceTypes []struct {
				Children []struct{ Children []struct{ ID string } }
			}
		}
	}
	err = p.asks(ctx, false, `query ($slug: String!) { community(slug: $slug) { serviceTypes { children { children { id } } } } }`, map[string]any{"slug": slug}, &read)
	if err != nil {
		return "", err
	}
	return read.Community.ServiceTypes[0].Children[0].Children[0].ID, nil
}

func (p *phone) joins(ctx context.Context, founder *phone) error {
	done, err := p.does(ctx, "applyToJoin", "ApplyToJoinInput", "member { id }", map[string]any{"communityId": p.crowd.community, "message": "Bonjour !"})
	if err == nil {
		_, err = founder.does(ctx, "admitMember", "AdmitMemberInput", "member { id }", map[string]any{"memberId": done.Member.ID})
	}
	if err == nil {
		_, p.began, err = p.looksBack(ctx)
	}
	return err
}

func (p *phone) announces(ctx context.Context) (listing string, err error) {
	done, err := p.does(ctx, "createListing", "CreateListingInput", "listing { id }", map[string]any{
		"communityId": p.crowd.community, "kind": "OFFER", "title": "Retouches et ourlets", "serviceTypeId": p.crowd.serviceType,
		"description": "Je reprends vos vêtements, chez moi ou chez vous, et je vous montre comment faire si vous le souhaitez.",
	})
	return done.Listing.ID, err
}

// looksBack reads the member's confirmed exchanges and balance.
func (p *phone) looksBack(ctx context.Context) (confirmed []string, balance int, err error) {
	after := any(nil)
	for {
		var read struct {
			Viewer struct {
				Memberships struct {
					Nodes []struct {
						Account   struct{ Balance int }
						Exchanges struct {
							Nodes    []struct{ ID, State string }
							PageInfo struct {
								HasNextPage bool
								EndCursor   string
							}
						}
					}
				}
			}
		}
		err = p.asks(ctx, false, `query ($after: String) { viewer { memberships(first: 1) { nodes { account { balance }
			exchanges(first: 100, after: $after) { nodes { id state } pageInfo { hasNextPage endCursor } } } } } }`, map[string]any{"after": after}, &read)
		if err != nil {
			return nil, 0, err
		}
		member := read.Viewer.Memberships.Nodes[0]
		for _, x := range member.Exchanges.Nodes {
			if x.State == "CONFIRMED" {
				confirmed = append(confirmed, x.ID)
			}
		}
		if !member.Exchanges.PageInfo.HasNextPage {
			return confirmed, member.Account.Balance, nil
		}
		after = member.Exchanges.PageInfo.EndCursor
	}
}

// browses reads what is offered, as the first screen of an app shows it.
func (p *phone) browses(ctx context.Context) error {
	var read any
	return p.asks(ctx, false, `query ($id: ID!) { node(id: $id) { ... on Community { listings(first: 20, orderBy: NEWEST) {
		nodes { id title description kind state publishedAt member { id displayName } serviceType { id label } } pageInfo { hasNextPage endCursor } } } } }`,
		map[string]any{"id": p.crowd.community}, &read)
}

// syncs asks what became different since the last time.
func (p *phone) syncs(ctx context.Context) error {
	var read struct{ Changes struct{ NextCursor string } }
	variables := map[string]any{"id": p.crowd.community}
	if p.cursor != "" {
		variables["since"] = p.cursor
	}
	err := p.asks(ctx, false, `query ($id: ID!, $since: Cursor) { changes(communityId: $id, since: $since, first: 100) { nextCursor hasMore
		items { kind objectId node { ... on Exchange { state } ... on Listing { title } ... on Account { balance } } } } }`, variables, &read)
	p.cursor = read.Changes.NextCursor
	return err
}

// offers is the phone of somebody who mostly reads.
func (p *pair) offers(ctx, during context.Context) error {
	for p.giver.crowd.thinks(during) {
		if err := p.giver.browses(ctx); err != nil {
			return err
		}
		if p.giver.crowd.thinks(during) {
			if err := p.giver.syncs(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// asks is the phone of somebody who reads, asks for a quarter of an hour, and confirms
// it; the answers of the other side come from the other's phone.
func (p *pair) asks(ctx, during context.Context) error {
	think := p.receiver.crowd.thinks
	for think(during) {
		if err := p.receiver.browses(ctx); err != nil {
			return err
		}
		done, err := p.receiver.does(ctx, "proposeExchange", "ProposeExchangeInput", "exchange { id state }", map[string]any{
			"communityId": p.receiver.crowd.community, "listingId": p.listing, "minutes": crowdMinutes, "idempotencyKey": domain.NewID().String(),
		})
		if err != nil || !think(during) {
			return err
		}
		x := map[string]any{"exchangeId": done.Exchange.ID}
		for _, step := range []struct {
			who         *phone
			name, input string
			minutes     bool
		}{
			{p.giver, "acceptExchange", "AcceptExchangeInput", false},
			{p.giver, "completeExchange", "CompleteExchangeInput", true},
			{p.receiver, "confirmExchange", "ConfirmExchangeInput", true},
		} {
			if delete(x, "minutes"); step.minutes {
				x["minutes"] = crowdMinutes
			}
			x["idempotencyKey"] = domain.NewID().String()
			if done, err = step.who.does(ctx, step.name, step.input, "exchange { id state }", x); err != nil {
				return err
			}
			if done.Exchange.State == "CONFIRMED" {
				p.confirmed = append(p.confirmed, done.Exchange.ID)
			}
			if !think(during) {
				return nil
			}
		}
		if err := p.receiver.syncs(ctx); err != nil {
			return err
		}
	}
	return nil
}
