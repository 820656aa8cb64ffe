// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/internal/password"
	"github.com/hora-coop/hora/persistence"
	"github.com/hora-coop/hora/persistence/embedded"
	"github.com/hora-coop/hora/server/token"
)

// The test binary run with this variable is the program itself, with the
// arguments that the variable holds.
const programVariable = "HORA_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if arguments, ok := os.LookupEnv(programVariable); ok {
		os.Args = append([]string{"hora"}, strings.Fields(arguments)...)
		main()
		return
	}
	if place, ok := os.LookupEnv(workerVariable); ok {
		work(place)
		return
	}
	os.Exit(m.Run())
}

// publicURL is what the program to be killed calls itself in its tokens.
const publicURL = "http://hora.test"

// process is a program with a data folder of its own, to be killed.
type process struct {
	cmd     *exec.Cmd
	address string
}

// folder is a data folder among the temporary ones themselves: PostgreSQL may run
// as somebody else, who must get there.
func folder(t *testing.T) string {
	t.Helper()
	dataDir, err := os.MkdirTemp("/tmp", "hora-crash-test-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dataDir) })
	if err := os.Chmod(dataDir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dataDir
}

// serve starts the program and waits until it answers.
func serve(t *testing.T, dataDir string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0])}
	ours := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "HORA_") })
	p.cmd.Env = append(ours, programVariable+"=serve --no-download --data-dir="+dataDir+
		" --listen=localhost:0 --metrics-listen= --log-level=error --public-url="+publicURL)
	p.cmd.Stderr = os.Stderr
	said, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // when the test ended early
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	line, err := bufio.NewReader(said).ReadString('\n')
	found := regexp.MustCompile(`listens on (http://\S+)`).FindStringSubmatch(line)
	if err != nil || found == nil {
		t.Fatalf("the program does not start: %q %v", line, err)
	}
	p.address = found[1]
	return p
}

// dataFolder lies in the temporary folder itself: PostgreSQL may run as somebody
// else, who must get there.
func dataFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "hora-test-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// kill is kill −9.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = p.cmd.Wait() // it was killed
}

// stop asks it to end, as an operator does.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the program does not end well: %v", err)
	}
}

// confirmation is one that a receiver's phone sends, and sends again.
type confirmation struct {
	exchange [16]byte
	token    string
	input    input
}

// crashBundle is a program on a folder on disk, with exchanges to be confirmed.
type crashBundle struct {
	t       *testing.T
	dataDir string
	db      *persistence.DB // beside the program, as it was started last
	rooms   rooms
	towns   []domain.ID
	pending []confirmation
}

// beside opens the database that the program has just started.
func (b *crashBundle) beside() {
	b.t.Helper()
	url, err := embedded.Beside(b.dataDir, embedded.Superuser, embedded.Database)
	if err != nil {
		b.t.Fatal(err)
	}
	// What is prepared need not survive each step; what the program does must.
	b.db, err = persistence.Open(b.t.Context(), url+"&synchronous_commit=off", persistence.Options{Clock: &clock{}, Connections: 8})
	if err != nil {
		b.t.Fatal(err)
	}
	b.rooms = openRooms(b.db, nil, nil, nil, nil, false)
}

// prepare has two people in each of four towns agree on exchanges that were done.
func (b *crashBundle) prepare(exchanges int) {
	b.t.Helper()
	const towns = 4
	var mu sync.Mutex
	var all errgroup.Group
	people := b.people()
	for i := range towns {
		all.Go(func() error {
			town, pending, err := b.settle(b.t.Context(), people, fmt.Sprintf("ville-%d", i), exchanges/towns)
			mu.Lock()
			defer mu.Unlock()
			b.towns, b.pending = append(b.towns, town), append(b.pending, pending...)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		b.t.Fatal(err)
	}
	rand.Shuffle(len(b.pending), func(i, j int) { b.pending[i], b.pending[j] = b.pending[j], b.pending[i] }) // all towns at once
}

// people is who they are, with passwords that cost little to check.
func (b *crashBundle) people() *identity.Service {
	keys := identity.NewKeyring(b.db, persistence.IdentityStore{}, &clock{})
	return identity.New(b.db, persistence.IdentityStore{}, keys, password.New(password.Cost{MemoryKiB: 8, Passes: 1, Threads: 1}, 2),
		token.New(keys, publicURL, &clock{}), token.NewMemory(&clock{}), identity.Doors{})
}

// settle founds a town whose founder received something from one other, often.
func (b *crashBundle) settle(ctx context.Context, people *identity.Service, slug string, exchanges int) (domain.ID, []confirmation, error) {
	register := func(name string) (domain.Actor, string, error) {
		p, tokens, err := people.Register(ctx, identity.Register{Email: name + "@" + slug + ".example.org", Password: secret, DisplayName: name, Locale: "fr"})
		return domain.Actor{Person: p.ID}, tokens.Access, err
	}
	receiver, bearer, err := register("Fatou")
	if err != nil {
		return domain.Nowhere, nil, err
	}
	giver, _, err := register("Anna")
	if err != nil {
		return domain.Nowhere, nil, err
	}
	town, err := b.rooms.members.Found(ctx, receiver, community.Create{Name: slug, Slug: slug, Preset: "accorderie", Locale: "fr", TimeZone: "Europe/Paris"}, "")
	if err != nil {
		return domain.Nowhere, nil, err
	}
	fatou, anna, err := b.meet(ctx, town.ID, receiver, giver)
	if err != nil {
		return town.ID, nil, err
	}
	pending := make([]confirmation, exchanges)
	for i := range pending {
		x, err := b.rooms.exchanges.Propose(ctx, receiver, exchange.Proposal{
			Community: town.ID, Provider: anna.ID, Receiver: fatou.ID, ServiceType: "102-A-1", Terms: exchange.Terms{Estimated: 15},
		})
		if err == nil {
			_, err = b.rooms.exchanges.Accept(ctx, giver, exchange.Act{Community: town.ID, Exchange: x.ID})
		}
		if err == nil {
			_, err = b.rooms.exchanges.Complete(ctx, giver, exchange.Act{Community: town.ID, Exchange: x.ID, Minutes: 15})
		}
		if err != nil {
			return town.ID, nil, err
		}
		id := base64.RawURLEncoding.EncodeToString(slices.Concat([]byte("X"), town.ID[:], x.ID[:]))
		pending[i] = confirmation{x.ID, bearer, input{"exchangeId": id, "idempotencyKey": "confirm " + x.ID.String()}}
	}
	return town.ID, pending, nil
}

// meet admits the giver, and lets the receiver go as far down as it takes.
func (b *crashBundle) meet(ctx context.Context, town domain.ID, receiver, giver domain.Actor) (fatou, anna membership.Member, err error) {
	if fatou, err = b.rooms.members.Own(ctx, receiver, town); err != nil {
		return fatou, anna, err
	}
	if anna, err = b.rooms.members.Apply(ctx, giver, membership.Apply{Community: town}); err != nil {
		return fatou, anna, err
	}
	if anna, err = b.rooms.members.Admit(ctx, receiver, town, anna.ID, ""); err != nil {
		return fatou, anna, err
	}
	var account ledger.Account
	err = b.db.InTx(ctx, town, func(ctx context.Context, _ time.Time) (err error) {
		account, err = b.rooms.ledger.AccountOf(ctx, town, fatou.ID)
		return err
	})
	if err == nil {
		_, err = b.rooms.ledger.SetLimits(ctx, receiver, ledger.LimitChange{Community: town, Account: account.ID, Reason: "Pour l’essai."})
	}
	return fatou, anna, err
}

// confirmAll sends confirmations from 64 phones, and tells of each answer as it
// comes; what got none is returned.
func (b *crashBundle) confirmAll(address string, pending []confirmation, answered func(confirmation)) (unanswered []confirmation) {
	b.t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var all errgroup.Group
	all.SetLimit(64)
	for _, c := range pending {
		all.Go(func() error {
			said, err := confirmOver(b.t.Context(), client, address, c)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil: // no answer, or none that can be read
				unanswered = append(unanswered, c)
			case payloadOf(said).text("exchange.state") != "CONFIRMED":
				b.t.Errorf("a confirmation is answered %s", said.raw)
			default:
				answered(c)
			}
			return nil
		})
	}
	_ = all.Wait() // none returns an error
	return unanswered
}

func confirmOver(ctx context.Context, client *http.Client, address string, c confirmation) (answer, error) {
	return sendOver(ctx, client, address, c.token, document("confirmExchange"), input{"input": c.input})
}

// sendOver sends a document; an error means that there was no answer, or none that can be read.
func sendOver(ctx context.Context, client *http.Client, address, token, document string, variables input) (answer, error) {
	var a answer
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		return a, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/graphql", bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := client.Do(request)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(response.Body); err != nil {
		return a, err
	}
	a.raw = raw.String()
	return a, json.Unmarshal(raw.Bytes(), &a)
}

// confirmed are the exchanges that are so, each with how often it was posted; an
// exchange that was posted but is not confirmed is there too.
func (b *crashBundle) confirmed() map[[16]byte]int {
	b.t.Helper()
	posted := map[[16]byte]int{}
	for _, town := range b.towns {
		err := b.db.InTx(b.t.Context(), town, func(ctx context.Context, _ time.Time) error {
			found, err := persistence.PgxTx(ctx).Query(ctx, `
				SELECT coalesce(x.id, t.exchange_id), count(t.id)::int
				  FROM (SELECT id FROM exchange WHERE state = 'CONFIRMED') x
				  FULL JOIN (SELECT id, exchange_id FROM ledger.transfer WHERE kind = 'EXCHANGE') t ON t.exchange_id = x.id
				 GROUP BY 1`)
			if err != nil {
				return err
			}
			var exchange [16]byte
			var times int
			_, err = pgx.ForEachRow(found, []any{&exchange, &times}, func() error {
				posted[exchange] = times
				return nil
			})
			return err
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
	for exchange, times := range posted {
		if times != 1 {
			b.t.Errorf("exchange %x is confirmed and posted %d times", exchange, times)
		}
	}
	return posted
}

// verify is hora verify beside the running program.
func (b *crashBundle) verify() {
	b.t.Helper()
	if err := (&verifyCmd{databaseConfig: databaseConfig{DataDir: b.dataDir, NoDownload: true}}).Run(b.t.Context()); err != nil {
		b.t.Errorf("hora verify: %v", err)
	}
}

func TestKilledInTheMiddleOfConfirmations(t *testing.T) {
	exchanges := 1000
	if testing.Short() {
		exchanges = 100
	}
	dataDir := folder(t)
	b := &crashBundle{t: t, dataDir: dataDir}
	program := serve(t, dataDir)
	b.beside()
	begun := time.Now()
	b.prepare(exchanges)
	b.db.Close()
	t.Logf("%d exchanges were prepared in %v", exchanges, time.Since(begun).Round(time.Millisecond))

	begun = time.Now()
	answered := map[[16]byte]bool{}
	unanswered := b.confirmAll(program.address, b.pending, func(c confirmation) {
		if answered[c.exchange] = true; len(answered) == exchanges*3/10 {
			program.kill(t)
		}
	})
	t.Logf("killed after %v: %d confirmations were answered, %d were not", time.Since(begun).Round(time.Millisecond), len(answered), len(unanswered))
	if len(answered) < exchanges*3/10 || len(unanswered) < exchanges/10 || len(answered)+len(unanswered) != exchanges {
		t.Fatal("it was not killed in the middle")
	}

	begun = time.Now()
	program = serve(t, dataDir)
	t.Logf("it serves again after %v", time.Since(begun).Round(time.Millisecond))
	b.beside()
	defer b.db.Close()
	kept := b.confirmed()
	t.Logf("%d are confirmed", len(kept))
	for x := range answered {
		if kept[x] == 0 {
			t.Errorf("exchange %x was answered CONFIRMED and is not", x)
		}
	}
	b.verify()

	if left := b.confirmAll(program.address, unanswered, func(c confirmation) { answered[c.exchange] = true }); len(left) > 0 {
		t.Errorf("%d confirmations got no answer again", len(left))
	}
	same(t, "confirmations answered in the end", len(answered), exchanges)
	same(t, "exchanges confirmed and posted once", len(b.confirmed()), exchanges)
	b.verify()
	program.stop(t)
}
