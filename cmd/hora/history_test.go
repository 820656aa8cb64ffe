// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"golang.org/x/sync/errgroup"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/persistence"
)

// touch is what a client did to one account, or saw of it.
type touch struct {
	account string
	minutes int  // taken off when below zero; 0 only looks
	passed  bool // else it was refused for lack of hours
	balance int  // what a look showed
}

const (
	startingHours = 900
	tightFloor    = -60
)

// oneAccount is an account as anybody would expect it to be: nothing is lost,
// nothing happens twice, nothing passes below the floor, and nothing above it is refused.
var oneAccount = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		of := map[string][]porcupine.Operation{}
		for _, o := range history {
			account := o.Input.(touch).account
			of[account] = append(of[account], o)
		}
		var parts [][]porcupine.Operation
		for _, part := range of {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return startingHours },
	Step: func(state, _, output any) (bool, any) {
		balance, did := state.(int), output.(touch)
		switch {
		case did.minutes == 0:
			return did.balance == balance, balance
		case did.minutes < 0 && did.passed != (balance+did.minutes >= tightFloor):
			return false, balance
		case !did.passed:
			return true, balance
		}
		return true, balance + did.minutes
	},
	DescribeOperation: func(_, output any) string { return fmt.Sprintf("%+v", output) },
}

// attempt is a gift that a phone sends until it knows how it ended.
type attempt struct {
	from, to string
	minutes  int
	key      string
	begun    int64
}

// history is what eight phones sent and were answered, in one town.
type history struct {
	*crashBundle
	town     domain.ID
	founder  string // her address
	token    string
	accounts []string
	begun    time.Time
	dice     *rand.Rand // under mu

	mu      sync.Mutex
	done    []porcupine.Operation
	unknown [8]*attempt // each phone's gift that got no answer
	passed, refused, looked, resent,
	answered int
}

// settles founds a town of six with a tight floor, whose founder acts for all.
func (h *history) settles() error {
	ctx, people := h.t.Context(), h.people()
	register := func(name string) (domain.Actor, error) {
		p, _, err := people.Register(ctx, identity.Register{Email: name + "@histoire.example.org", Password: secret, DisplayName: name, Locale: "fr"})
		return domain.Actor{Person: p.ID}, err
	}
	founder, err := register("Fatou")
	if err != nil {
		return err
	}
	h.founder = "Fatou@histoire.example.org"
	town, err := h.rooms.members.Found(ctx, founder, community.Create{
		Name: "Histoire", Slug: "histoire", Preset: "accorderie", Locale: "fr", TimeZone: "Europe/Paris",
	}, "")
	if err != nil {
		return err
	}
	h.town = town.ID
	first, err := h.rooms.members.Own(ctx, founder, town.ID)
	members := []membership.Member{first}
	for _, name := range []string{"Anna", "Bruno", "Chloe", "Denis", "Elise"} {
		var who domain.Actor
		var m membership.Member
		if err == nil {
			who, err = register(name)
		}
		if err == nil {
			m, err = h.rooms.members.Apply(ctx, who, membership.Apply{Community: town.ID})
		}
		if err == nil {
			m, err = h.rooms.members.Admit(ctx, founder, town.ID, m.ID, "")
		}
		members = append(members, m)
	}
	for _, m := range members {
		var account ledger.Account
		if err == nil {
			err = h.db.InTx(ctx, town.ID, func(ctx context.Context, _ time.Time) (err error) {
				account, err = h.rooms.ledger.AccountOf(ctx, town.ID, m.ID)
				return err
			})
		}
		if err == nil {
			_, err = h.rooms.ledger.SetLimits(ctx, founder, ledger.LimitChange{
				Community: town.ID, Account: account.ID, Limits: ledger.Limits{Floor: new(domain.Minutes(tightFloor))}, Reason: "Pour l’essai.",
			})
		}
		h.accounts = append(h.accounts, base64.RawURLEncoding.EncodeToString(slices.Concat([]byte("A"), town.ID[:], account.ID[:])))
	}
	return err
}

// signsIn gives the phones a fresh token, as one lasts ten minutes.
func (h *history) signsIn() {
	h.t.Helper()
	_, tokens, err := h.people().SignIn(h.t.Context(), identity.SignIn{Email: h.founder, Password: secret})
	if err != nil {
		h.t.Fatal(err)
	}
	h.token = tokens.Access
}

func (h *history) now() int64 { return int64(time.Since(h.begun)) }

// next is what a phone does now: what got no answer again, else something at
// random; nil is a look at an account.
func (h *history) next(phone int) (gift *attempt, account string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if gift := h.unknown[phone]; gift != nil {
		h.resent++
		return gift, ""
	}
	from, to := h.dice.IntN(len(h.accounts)), h.dice.IntN(len(h.accounts)-1)
	if h.dice.IntN(3) == 0 {
		return nil, h.accounts[from]
	}
	if to >= from {
		to++
	}
	gift = &attempt{h.accounts[from], h.accounts[to], 1 + h.dice.IntN(500), domain.NewID().String(), h.now()}
	h.unknown[phone] = gift
	return gift, ""
}

// write adds to the history.
func (h *history) write(phone int, begun int64, touches ...touch) {
	for _, t := range touches {
		h.done = append(h.done, porcupine.Operation{ClientId: phone, Input: t, Call: begun, Output: t, Return: h.now()})
	}
	h.answered++
}

// act does one thing; false is no answer: the program or its database is gone.
func (h *history) act(client *http.Client, address string, phone int) bool {
	gift, account := h.next(phone)
	if gift == nil {
		return h.look(client, address, phone, account)
	}
	said, err := sendOver(h.t.Context(), client, address, h.token, document("giveHours"), input{"input": input{
		"from": gift.from, "to": gift.to, "minutes": gift.minutes, "idempotencyKey": gift.key,
	}})
	if err != nil || len(said.Errors) > 0 {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	code := payloadOf(said).text("userErrors.0.code")
	switch {
	case code == "":
		h.passed++
		h.write(phone, gift.begun, touch{account: gift.from, minutes: -gift.minutes, passed: true}, touch{account: gift.to, minutes: gift.minutes, passed: true})
	case code == "INSUFFICIENT_HOURS":
		h.refused++
		h.write(phone, gift.begun, touch{account: gift.from, minutes: -gift.minutes})
	default:
		h.t.Errorf("a gift is answered %s", said.raw)
	}
	h.unknown[phone] = nil
	return true
}

func (h *history) look(client *http.Client, address string, phone int, account string) bool {
	begun := h.now()
	said, err := sendOver(h.t.Context(), client, address, h.token, `query($id: ID!) { node(id: $id) { ... on Account { balance } } }`, input{"id": account})
	if err != nil || len(said.Errors) > 0 {
		return false
	}
	balance, is := thing(said.Data).find("node.balance").(float64)
	if !is {
		h.t.Errorf("a look at an account is answered %s", said.raw)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.looked++
	h.write(phone, begun, touch{account: account, balance: int(balance)})
	return true
}

// live has the phones act until one thing ends them: what is to be killed when
// they have had so many answers.
func (h *history) live(address string, answers int, kill func()) {
	h.t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: len(h.unknown)}, Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	h.mu.Lock()
	until := h.answered + answers
	h.mu.Unlock()
	var once sync.Once
	var all errgroup.Group
	for phone := range h.unknown {
		all.Go(func() error {
			for h.act(client, address, phone) {
				h.mu.Lock()
				enough := h.answered >= until
				h.mu.Unlock()
				if enough {
					once.Do(kill)
				}
			}
			return nil
		})
	}
	_ = all.Wait() // none returns an error
}

// killDatabase is kill −9 of PostgreSQL under the running program.
func (h *history) killDatabase() {
	h.t.Helper()
	said, err := os.ReadFile(filepath.Join(h.dataDir, "postgres", "postmaster.pid"))
	if err != nil {
		h.t.Error(err)
		return
	}
	first, _, _ := strings.Cut(string(said), "\n")
	pid, err := strconv.Atoi(first)
	var postmaster *os.Process
	if err == nil {
		postmaster, err = os.FindProcess(pid)
	}
	if err == nil {
		err = postmaster.Kill()
	}
	if err != nil {
		h.t.Error(err)
	}
}

// TestWhatClientsSawAmidKillsIsOneHistory has eight phones give hours and look at
// balances while the program and its database are killed in turn, with SIGKILL. A
// gift without an answer is sent again until there is one. What all of them were
// answered must be one history of each account: linearizable. HORA_PROVE multiplies the
// two kills.
func TestWhatClientsSawAmidKillsIsOneHistory(t *testing.T) {
	seed := uint64(rand.Uint32())
	h := &history{crashBundle: &crashBundle{t: t, dataDir: folder(t)}, dice: rand.New(rand.NewPCG(seed, seed)), begun: time.Now()}
	program := serve(t, h.dataDir)
	h.beside()
	if err := h.settles(); err != nil {
		t.Fatal(err)
	}
	kills := 2 * prove()
	for kill := range kills {
		h.signsIn()
		h.db.Close() // or PostgreSQL's end would be waited for
		what := func() { program.kill(t) }
		if kill%2 == 1 {
			what = h.killDatabase
		}
		h.live(program.address, 40+h.dice.IntN(120), what)
		if kill%2 == 1 {
			program.kill(t)
		}
		program = serve(t, h.dataDir)
		h.beside()
	}
	defer h.db.Close()
	h.signsIn()
	h.finish(program.address)
	program.stop(t)
	t.Logf("seed %d: %d kills; %d gifts passed, %d were refused, %d were sent again; %d looks",
		seed, kills, h.passed, h.refused, h.resent, h.looked)
	if h.resent == 0 || h.refused == 0 {
		t.Error("no gift was on its way when something was killed, or none was too large")
	}
	if verdict := porcupine.CheckOperationsTimeout(oneAccount, h.done, 5*time.Minute); verdict != porcupine.Ok {
		t.Errorf("what the phones saw is %s as one history", verdict)
	}
}

// finish sends what is still unknown, looks at every account, and at the books.
func (h *history) finish(address string) {
	h.t.Helper()
	client := &http.Client{Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	for phone, gift := range h.unknown {
		if gift != nil && !h.act(client, address, phone) {
			h.t.Error("a gift got no answer again")
		}
	}
	for _, account := range h.accounts {
		if !h.look(client, address, 0, account) {
			h.t.Error("an account cannot be looked at")
		}
	}
	h.verify()
	var gifts int
	err := h.db.InTx(h.t.Context(), h.town, func(ctx context.Context, _ time.Time) error {
		return persistence.PgxTx(ctx).QueryRow(ctx, `SELECT count(*) FROM ledger.transfer WHERE kind = 'GIFT'`).Scan(&gifts)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	same(h.t, "gifts in the ledger", gifts, h.passed)
}

func TestAHistoryThatCannotBeIsTold(t *testing.T) {
	gift, look := touch{account: "Anna", minutes: -100, passed: true}, touch{account: "Anna", balance: startingHours}
	for name, c := range map[string]struct {
		touches []touch
		want    porcupine.CheckResult
	}{
		"a look before, and one after": {[]touch{look, gift, {account: "Anna", balance: startingHours - 100}}, porcupine.Ok},
		"a gift that was lost":         {[]touch{gift, look}, porcupine.Illegal},
		"a gift that passed twice":     {[]touch{gift, {account: "Anna", balance: startingHours - 200}}, porcupine.Illegal},
		"a floor that was crossed":     {[]touch{{account: "Anna", minutes: tightFloor - startingHours - 1, passed: true}}, porcupine.Illegal},
		"a refusal without reason":     {[]touch{{account: "Anna", minutes: -1}}, porcupine.Illegal},
	} {
		var done []porcupine.Operation
		for i, touch := range c.touches {
			done = append(done, porcupine.Operation{Input: touch, Call: int64(2 * i), Output: touch, Return: int64(2*i + 1)})
		}
		if got := porcupine.CheckOperationsTimeout(oneAccount, done, 0); got != c.want {
			t.Errorf("%s is %s, want %s", name, got, c.want)
		}
	}
}

// prove is how many times longer the proofs run.
func prove() int {
	if n, err := strconv.Atoi(os.Getenv("HORA_PROVE")); err == nil && n > 0 {
		return n
	}
	return 1
}
