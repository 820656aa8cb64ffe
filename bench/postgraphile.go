// SPDX-License-Identifier: AGPL-3.0-or-later

package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
)

const (
	// graphileDocument asks PostGraphile for what feedDocument asks the program for. The
	// names are its own; ids are the columns, which it answers faster than its node ids.
	graphileDocument = `query Feed($community: UUID!, $first: Int) { listings: allListings(first: $first,
  condition: {communityId: $community, state: "PUBLISHED"}, orderBy: [PUBLISHED_AT_DESC, ROW_ID_DESC]) {
  nodes { id: rowId title description kind state publishedAt member: memberByCommunityIdAndMemberId { id: rowId displayName } }
  pageInfo { hasNextPage endCursor } } }`

	// graphileConnections are as many as the program opens when nothing else is said.
	graphileConnections = 16
	// graphileStarts is how long it may take to read the schema and to answer.
	graphileStarts = time.Minute
	// graphileWarms is for how many slices it is asked before anything counts: its
	// machine compiles what was run often, and is slow until then.
	graphileWarms = 5
	// graphileFeed is how many times its rate the program's feed should have, and
	// graphileMemory how many times the program's memory it may have at least.
	graphileFeed, graphileMemory = 1.8, 2
)

// graphile is PostGraphile, one process, which serves a reader's database.
type graphile struct {
	reader  *reader
	process int
	is      string // its version and node's
	address string
	body    []byte

	workload *workload
}

// findGraphile is node and the folder where PostGraphile is installed, or why there is none.
func findGraphile(dir string) (node, missing string) {
	if dir == "" {
		return "", "no folder of it was named"
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "postgraphile")); err != nil {
		return "", "it is not installed in " + dir
	}
	// The pinned one first; on a machine that none is pinned for, its own.
	pinned, err := filepath.Abs(filepath.Join(dir, "node_modules", ".bin", "node"))
	if err == nil {
		if _, err = os.Stat(pinned); err == nil {
			return pinned, ""
		}
	}
	if node, err = exec.LookPath("node"); err != nil {
		return "", "there is no node"
	}
	return node, ""
}

// openGraphile starts it on the reader's database, makes sure that it answers the same
// page, and warms it up.
func (l *lab) openGraphile(ctx context.Context, node string, r *reader) (g *graphile, err error) {
	l.say("starting PostGraphile")
	g = &graphile{reader: r}
	g.workload = &workload{"the same feed by PostGraphile", 1, nil, g.feed}
	g.body, err = json.Marshal(map[string]any{"query": graphileDocument, "variables": map[string]any{
		"community": r.town.id, "first": feedPage,
	}})
	if err != nil {
		return nil, err
	}
	if err := l.startGraphile(ctx, node, g); err != nil {
		return nil, err
	}
	if err := g.agrees(ctx); err != nil {
		return nil, err
	}
	l.cpu.beside = g.process
	l.say("warming up: %s", g.workload.name)
	if _, err := l.measure(ctx, g.workload, graphileWarms*l.o.Slice); err != nil {
		return nil, fmt.Errorf("%s: %w", g.workload.name, err)
	}
	return g, nil
}

// startGraphile runs it until the end, and waits until it says where it listens.
func (l *lab) startGraphile(ctx context.Context, node string, g *graphile) error {
	command := exec.CommandContext(ctx, node, "serve.mjs")
	command.Dir = l.o.PostGraphile
	command.Env = append(os.Environ(), "NODE_ENV=production", "GRAPHILE_ENV=production", "PORT=0",
		"DATABASE_URL="+g.reader.arena.url, "CONNECTIONS="+strconv.Itoa(graphileConnections))
	var complaints bytes.Buffer
	command.Stderr = &complaints
	_, err := command.StdinPipe() // it ends when this does, even if nobody tells it
	if err != nil {
		return err
	}
	said, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		return fmt.Errorf("start PostGraphile: %w", err)
	}
	g.process = command.Process.Pid
	l.teardown = append(l.teardown, func(context.Context) error {
		_ = command.Process.Kill() // it may have ended by itself
		_ = command.Wait()         // with the signal
		return nil
	})
	late := time.AfterFunc(graphileStarts, func() { _ = command.Process.Kill() })
	defer late.Stop()
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if is, at, found := strings.Cut(lines.Text(), " listens on "); found {
			g.is, g.address = is, at
			go io.Copy(io.Discard, said) //nolint:errcheck // it ends when the process does
			return nil
		}
	}
	_ = command.Wait() // what it wrote says why
	return fmt.Errorf("PostGraphile does not say where it listens: %s", complaints.String())
}

func (g *graphile) feed(ctx context.Context, client int) error {
	return g.reader.ask(ctx, g.address, g.body, client)
}

// tell adds what it was compared with, and what memory either took at most. This process
// is the program twice, the bare handler and all clients: more than the program alone.
func (r *Report) tell(g *graphile) {
	r.Notes = append(r.Notes, g.is+": one process with "+strconv.Itoa(graphileConnections)+" connections at most; both answered the same listings")
	ours, theirs := float64(peakMemory(os.Getpid()))/1024, float64(peakMemory(g.process))/1024
	if ours == 0 || theirs == 0 {
		return // nobody knows here
	}
	r.Memory = []Memory{
		{"this process: the program twice, the bare handler, all clients", ours},
		{"PostGraphile: its one process", theirs},
	}
	ratio := theirs / ours
	r.Gates = append(r.Gates, Gate{"PostGraphile's memory ÷ ours", ratio, ratio, ratio, graphileMemory, ratio >= graphileMemory})
}

// shown is as much of an answered feed as two servers must agree on.
type shown struct {
	Nodes []struct {
		Title, Description, Kind, State string
		PublishedAt                     time.Time
		Member                          struct{ ID, DisplayName string }
	}
	PageInfo struct{ HasNextPage bool }
}

// agrees makes sure that both answer the same listings in the same order: a race to
// different pages says nothing.
func (g *graphile) agrees(ctx context.Context) error {
	said, err := g.reader.answer(ctx, g.reader.served[0], g.reader.body, 0)
	if err != nil {
		return err
	}
	var ours struct {
		Data struct{ Node struct{ Listings shown } }
	}
	if err := json.Unmarshal(said, &ours); err != nil {
		return fmt.Errorf("a feed is answered %s: %w", said, err)
	}
	if said, err = g.reader.answer(ctx, g.address, g.body, 0); err != nil {
		return err
	}
	var theirs struct{ Data struct{ Listings shown } }
	if err := json.Unmarshal(said, &theirs); err != nil {
		return fmt.Errorf("PostGraphile answers %s: %w", said, err)
	}
	a, b := ours.Data.Node.Listings, theirs.Data.Listings
	for i := range a.Nodes {
		a.Nodes[i].Member.ID = column(a.Nodes[i].Member.ID)
		a.Nodes[i].PublishedAt = a.Nodes[i].PublishedAt.UTC()
	}
	for i := range b.Nodes {
		b.Nodes[i].PublishedAt = b.Nodes[i].PublishedAt.UTC()
	}
	if len(a.Nodes) != feedPage || a.PageInfo != b.PageInfo || !slices.Equal(a.Nodes, b.Nodes) {
		return fmt.Errorf("PostGraphile does not answer the program's page, but %s", said)
	}
	return nil
}

// column is the id in its column that ends a node's id.
func column(node string) string {
	decoded, err := base64.RawURLEncoding.DecodeString(node)
	if err != nil || len(decoded) < len(domain.ID{}) {
		return node
	}
	return domain.ID(decoded[len(decoded)-len(domain.ID{}):]).String()
}
