// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/persistence"
	"github.com/hora-coop/hora/server/token"
)

// office is where journals are sealed: one server's notary and its keys.
type office struct {
	*ledger.Notary
	keys   *identity.Keyring
	sealer *token.Sealer
}

// office opens one on a server of the country.
func (c *country) office(db *persistence.DB) *office {
	o := &office{keys: identity.NewKeyring(db, persistence.IdentityStore{}, c.clock)}
	o.sealer = token.NewSealer(o.keys)
	o.Notary = ledger.NewNotary(db, persistence.SealStore{}, o.sealer, ledger.New(db, persistence.LedgerStore{}, persistence.MemberStore{}))
	return o
}

// seals seals the village now and answers the checkpoint, as a member keeps it.
func (v *village) seals(t failer, o *office) ledger.Checkpoint {
	t.Helper()
	if err := o.Seal(v.ctx, v.id); err != nil {
		t.Fatal(err)
	}
	last, _, ok, err := o.Checkpoint(v.ctx, v.eloise.Actor, v.id, "")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return last
}

// chatters records bare events, which the journal keeps like any other.
func (v *village) chatters(t failer, events int) {
	t.Helper()
	for ; events > 0; events -= 500 {
		v.in(t, func(ctx context.Context, _ time.Time) error {
			for range min(events, 500) {
				v.db.Record(ctx, domain.Event{ID: domain.NewID(), Kind: "SOMETHING_HAPPENED", Subject: v.id})
			}
			return nil
		})
	}
}

// follows is what a stranger does with a proof: nothing of ours but the library.
func follows(p ledger.InclusionProof, root []byte) error {
	digest := sha256.Sum256(p.Body)
	leaf := rfc6962.DefaultHasher.HashLeaf(ledger.Leaf(p.Position, p.At, digest[:]))
	if !bytes.Equal(leaf, p.Leaf) {
		return errors.New("the leaf is not that of the body")
	}
	return proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(p.Position-1), uint64(p.Checkpoint.Size), leaf, p.Hashes, root)
}

func TestAStrangerCanFollowATransferIntoTheSeal(t *testing.T) {
	c := aCountry(t)
	v, o := c.village(t), c.office(c.db)
	marie, paul, rose := v.joins(t, "Marie"), v.joins(t, "Paul"), v.joins(t, "Rose")
	gift := v.gives(t, 45, marie.account, paul.account)
	if _, ok, err := o.Proof(v.ctx, marie.Actor, v.id, gift); ok || err != nil {
		t.Errorf("proven before it was sealed: %v, %v", ok, err)
	}
	if _, _, ok, err := o.Checkpoint(v.ctx, marie.Actor, v.id, ""); ok || err != nil {
		t.Errorf("a checkpoint before the first seal: %v, %v", ok, err)
	}
	v.seals(t, o)
	for _, who := range []resident{marie, paul, v.eloise} {
		p, ok, err := o.Proof(v.ctx, who.Actor, v.id, gift)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		stated := opened(t, o, p.Checkpoint.Note)
		if stated.Community != v.id || stated.Size != p.Checkpoint.Size || p.Position > stated.Size {
			t.Errorf("proven at %d under %+v", p.Position, stated)
		}
		if err := follows(p, stated.Root); err != nil {
			t.Error(err)
		}
		var told struct{ Payload ledger.PostedLegs }
		if err := json.Unmarshal(p.Body, &told); err != nil || len(told.Payload.Legs) != 1 {
			t.Fatal(told, err)
		}
		if want := (ledger.Leg{ID: gift, Kind: ledger.Gift, Minutes: 45, Debit: marie.account, Credit: paul.account}); told.Payload.Legs[0] != want {
			t.Errorf("the body tells %+v, want %+v", told.Payload.Legs[0], want)
		}
	}
	_, _, err := o.Proof(v.ctx, rose.Actor, v.id, gift)
	wants(t, err, domain.NotFound)
	stranger := c.person(t, "a stranger")
	_, _, err = o.Proof(v.ctx, stranger, v.id, gift)
	wants(t, err, domain.NotFound)
	_, _, _, err = o.Checkpoint(v.ctx, stranger, v.id, "")
	wants(t, err, domain.NotFound)
	if _, _, ok, err := o.Checkpoint(v.ctx, rose.Actor, v.id, ""); !ok || err != nil {
		t.Errorf("Rose, a member, gets no checkpoint: %v", err)
	}
	v.clean(t)
}

// opened reads a checkpoint with nothing but the keys that the server publishes.
func opened(t failer, o *office, signed string) ledger.Checkpoint {
	t.Helper()
	published, err := o.sealer.VerifierKeys(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var keys []note.Verifier
	for line := range strings.Lines(string(published)) {
		key, err := note.NewVerifier(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	n, err := note.Open([]byte(signed), note.VerifierList(keys...))
	if err != nil {
		t.Fatal(err)
	}
	stated, err := ledger.ReadCheckpoint(n.Text)
	if err != nil {
		t.Fatal(err)
	}
	return stated
}

func TestAnyTransferIsProvenAndNothingElse(t *testing.T) {
	c := aCountry(t)
	v, o := c.village(t), c.office(c.db)
	v.joins(t, "Marie") // some events that move nothing stand between
	ids := v.opens(t, 4, floor(-60_000))
	var gifts []domain.ID
	for i := range 150 {
		if gifts = append(gifts, v.gives(t, 1, ids[i%4], ids[(i+1)%4])); i%23 == 7 {
			v.chatters(t, i%5*20)
			v.seals(t, o)
		}
		c.clock.advance(time.Duration(i) * time.Millisecond)
	}
	last := v.seals(t, o)
	rapid.Check(t, func(t *rapid.T) {
		p, ok, err := o.Proof(v.ctx, v.eloise.Actor, v.id, rapid.SampledFrom(gifts).Draw(t, "gift"))
		if err != nil || !ok || p.Checkpoint.Size != last.Size {
			t.Fatal(p.Checkpoint, ok, err)
		}
		if err := follows(p, last.Root); err != nil {
			t.Fatal(err)
		}
		lie := p
		bit := func(b []byte) []byte {
			at := rapid.IntRange(0, len(b)*8-1).Draw(t, "bit")
			b = bytes.Clone(b)
			b[at/8] ^= 1 << (at % 8)
			return b
		}
		switch what := rapid.SampledFrom([]string{"hash", "missing", "more", "body", "position", "moment", "size"}).Draw(t, "lie"); what {
		case "hash":
			i := rapid.IntRange(0, len(p.Hashes)-1).Draw(t, "which")
			lie.Hashes = slices.Clone(p.Hashes)
			lie.Hashes[i] = bit(p.Hashes[i])
		case "missing":
			lie.Hashes = p.Hashes[1:]
		case "more":
			lie.Hashes = append(slices.Clone(p.Hashes), p.Leaf)
		case "body":
			lie.Body = bit(p.Body)
		case "position":
			lie.Position = 1 + p.Position%last.Size
		case "moment":
			lie.At = p.At.Add(time.Microsecond)
		case "size":
			lie.Checkpoint.Size = 2 * last.Size
		}
		// Whoever lies makes the leaf fit; what it must lead to is signed.
		digest := sha256.Sum256(lie.Body)
		lie.Leaf = rfc6962.DefaultHasher.HashLeaf(ledger.Leaf(lie.Position, lie.At, digest[:]))
		if follows(lie, last.Root) == nil {
			t.Fatalf("a lie is believed: %+v", lie)
		}
	})
	v.clean(t)
}

func TestEverySealExtendsEveryOneBefore(t *testing.T) {
	c := aCountry(t)
	v, other, o := c.village(t), c.village(t), c.office(c.db)
	var seals []ledger.Checkpoint
	pairs := 0
	for _, events := range []int{0, 1, 2, 9, 1, 3, 14, 1, 31, 200, 5, 777} {
		v.chatters(t, events)
		last := v.seals(t, o)
		for _, old := range seals {
			for _, since := range []string{old.Note, fmt.Sprint(old.Size)} {
				got, hashes, ok, err := o.Checkpoint(v.ctx, v.eloise.Actor, v.id, since)
				if err != nil || !ok || got.Size != last.Size {
					t.Fatal(got, ok, err)
				}
				if err := proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(old.Size), uint64(last.Size), hashes, old.Root, last.Root); err != nil {
					t.Errorf("%d → %d: %v", old.Size, last.Size, err)
				}
				if len(hashes) == 0 {
					continue // the same size
				}
				hashes[0] = bytes.Repeat([]byte{7}, 32)
				if proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(old.Size), uint64(last.Size), hashes, old.Root, last.Root) == nil {
					t.Errorf("%d → %d: a wrong proof is believed", old.Size, last.Size)
				}
				pairs++
			}
		}
		seals = append(seals, last)
	}
	t.Logf("%d pairs of %d seals, the last of %d", pairs, len(seals), seals[len(seals)-1].Size)
	foreign := other.seals(t, o)
	last := seals[len(seals)-1]
	forged := last
	forged.Size++
	for _, since := range []string{foreign.Note, fmt.Sprint(last.Size + 1), "-1", "yesterday", forged.Text(), "\n\n\n"} {
		_, _, _, err := o.Checkpoint(v.ctx, v.eloise.Actor, v.id, since)
		wants(t, err, domain.BadInput)
	}
	v.clean(t)
}

func TestTwoNotariesSealEachEventOnce(t *testing.T) {
	c := aCountry(t)
	v := c.village(t)
	ids := v.opens(t, 4, floor(-60_000))
	offices := []*office{c.office(c.db), c.office(c.open(t, persistence.Options{Clock: c.clock}))}
	var left atomic.Int64
	left.Store(200)
	var posting, sealing sync.WaitGroup
	for i := range 2 {
		posting.Go(func() {
			for left.Add(-1) >= 0 {
				l := leg(1, ids[i], ids[i+1])
				if _, err := v.post(v.posting(l.ID.String(), l)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 4 {
		sealing.Go(func() {
			for left.Load() > 0 {
				if err := offices[i%2].Seal(c.ctx, v.id); err != nil {
					t.Error(err)
				}
			}
		})
	}
	posting.Wait()
	sealing.Wait()
	last := v.seals(t, offices[0])
	if events := int64(len(v.events(t))); last.Size != events {
		t.Errorf("sealed %d of %d events", last.Size, events)
	}
	if n := c.count(t, `SELECT count(*) FROM signing_key WHERE purpose = 'SEAL'`); n != 1 {
		t.Errorf("%d keys were made", n)
	}
	before := c.count(t, `SELECT count(*) FROM journal.seal`)
	if again := v.seals(t, offices[1]); again.Note != last.Note || c.count(t, `SELECT count(*) FROM journal.seal`) != before {
		t.Error("nothing new was sealed again")
	}
	t.Logf("%d seals of %d events", before, last.Size)
	v.clean(t)
}

// rowsRead counts what statements answer.
type rowsRead struct{ rows atomic.Int64 }

func (*rowsRead) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

func (r *rowsRead) TraceQueryEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	r.rows.Add(data.CommandTag.RowsAffected())
}

func TestALargeJournalIsSealedByWhatIsNew(t *testing.T) {
	c := aCountry(t)
	v, read := c.village(t), &rowsRead{}
	o := c.office(c.open(t, persistence.Options{Clock: c.clock, Tracer: read}))
	marie, paul := v.joins(t, "Marie"), v.joins(t, "Paul")
	early := v.gives(t, 5, marie.account, paul.account)
	v.chatters(t, 50_000)
	begun := time.Now()
	first := v.seals(t, o)
	t.Logf("%d events sealed in %v", first.Size, time.Since(begun).Round(time.Millisecond))
	if first.Size < 50_000 {
		t.Fatalf("sealed only %d", first.Size)
	}
	const again = 20
	read.rows.Store(0)
	begun = time.Now()
	for range again {
		v.gives(t, 1, marie.account, paul.account)
		v.seals(t, o)
	}
	perSeal := read.rows.Load() / again
	t.Logf("one event more: %d rows, %v with its posting", perSeal, (time.Since(begun) / again).Round(100*time.Microsecond))
	if perSeal > 120 {
		t.Errorf("%d rows are read to seal one event more", perSeal)
	}
	read.rows.Store(0)
	begun = time.Now()
	for range again {
		p, ok, err := o.Proof(c.ctx, marie.Actor, v.id, early)
		if err != nil || !ok || follows(p, opened(t, o, p.Checkpoint.Note).Root) != nil {
			t.Fatal(ok, err)
		}
	}
	perProof := read.rows.Load() / again
	t.Logf("a proof: %d rows, %v", perProof, (time.Since(begun) / again).Round(100*time.Microsecond))
	if perProof > 120 {
		t.Errorf("%d rows are read for one proof", perProof)
	}
	// The tree costs little beside the events.
	bytesOf := func(table string) int64 {
		return c.count(t, `SELECT pg_total_relation_size($1::regclass)`, table)
	}
	t.Logf("tiles: %d bytes an event", bytesOf("journal.tile")/first.Size)
	begun = time.Now()
	v.clean(t)
	t.Logf("verified in %v", time.Since(begun).Round(time.Millisecond))
}

func TestANoteOutlivesItsKey(t *testing.T) {
	c := aCountry(t)
	v, o := c.village(t), c.office(c.db)
	old := v.seals(t, o)
	if err := o.keys.Rotate(c.ctx, identity.ForSeal); err != nil {
		t.Fatal(err)
	}
	var last ledger.Checkpoint
	for range 3 {
		c.clock.advance(time.Hour)
		v.chatters(t, 3)
		last = v.seals(t, o)
	}
	if signer := func(note string) string { return strings.Fields(note)[4] }; signer(old.Note) == signer(last.Note) || !strings.HasPrefix(signer(old.Note), "hora-seal/") {
		t.Errorf("signed by %s, then by %s", signer(old.Note), signer(last.Note))
	}
	for _, seal := range []ledger.Checkpoint{old, last} {
		if stated := opened(t, o, seal.Note); stated.Size != seal.Size || !bytes.Equal(stated.Root, seal.Root) {
			t.Errorf("states %+v, want %+v", stated, seal)
		}
		if _, found, err := c.office(c.db).VerifyAgainst(c.ctx, seal.Note, nil); err != nil || len(found.Differences) > 0 {
			t.Errorf("of size %d: %v, %v", seal.Size, found.Differences, err)
		}
	}
	published, err := o.sealer.VerifierKeys(c.ctx)
	if err != nil || strings.Count(string(published), "\n") != 2 {
		t.Errorf("published %q, %v", published, err)
	}
	if n, err := v.asked(v.id, `SELECT kid FROM signing_key WHERE purpose = 'SEAL' AND position(encode(secret, 'base64') IN $1) > 0`, string(published)); err != nil || len(n) > 0 {
		t.Errorf("a secret is published: %v, %v", n, err)
	}
	v.clean(t)
}

func TestOnlyOurOwnCheckpointsProveAnything(t *testing.T) {
	c := aCountry(t)
	v, o := c.village(t), c.office(c.db)
	v.chatters(t, 40)
	good := v.seals(t, o)
	sign := func(text string) string {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		line, err := note.NewEd25519VerifierKey("hora-seal/"+domain.NewID().String(), public)
		if err != nil {
			t.Fatal(err)
		}
		key, err := note.NewVerifier(line)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := note.Sign(&note.Note{Text: text}, foreigner{key, private})
		if err != nil {
			t.Fatal(err)
		}
		return string(signed)
	}
	smaller := good
	smaller.Size--
	_, signature, _ := strings.Cut(good.Note, "\n\n")
	for name, forged := range map[string]string{
		"another's key":             sign(good.Text()),
		"another size, our key":     smaller.Text() + "\n" + signature,
		"no signature":              good.Text(),
		"our signature cut off":     strings.TrimSuffix(good.Note, "=\n") + "\n",
		"words of somebody's added": good.Text() + "and more\n\n" + signature,
	} {
		if _, _, err := o.VerifyAgainst(c.ctx, forged, nil); !errors.Is(err, ledger.ErrNotOurs) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, nothing := range []string{"", "hora", strings.ReplaceAll(good.Note, "hora/", "aroh/"), strings.Replace(good.Note, fmt.Sprint(good.Size), "0"+fmt.Sprint(good.Size), 1)} {
		if _, _, err := o.VerifyAgainst(c.ctx, nothing, nil); err == nil || errors.Is(err, ledger.ErrNotOurs) {
			t.Errorf("%q: %v", nothing, err)
		}
	}
	both := strings.TrimSuffix(sign(good.Text()), "\n") + "\n" + signature // a witness signed as well
	if _, found, err := o.VerifyAgainst(c.ctx, both, nil); err != nil || len(found.Differences) > 0 {
		t.Errorf("with a witness: %v, %v", found.Differences, err)
	}
}

// foreigner implements note.Signer.
type foreigner struct {
	note.Verifier
	key ed25519.PrivateKey
}

func (f foreigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(f.key, msg), nil }

func TestTheServersRoleCannotRewriteASeal(t *testing.T) {
	c := aCountry(t)
	v, other, o := c.village(t), c.village(t), c.office(c.db)
	v.chatters(t, 40)
	last := v.seals(t, o)
	root := bytes.Repeat([]byte{1}, 32)
	const keep = `SELECT journal.keep_seal($1, $2, $3, 'forged', now(), $4, $5, $6)`
	v.chatters(t, 1) // one more might be sealed
	for name, args := range map[string][]any{
		"a seal again":         {v.id, last.Size, root, []int16{}, []int64{}, [][]byte{}},
		"an older seal":        {v.id, 1, root, []int16{}, []int64{}, [][]byte{}},
		"a seal of the future": {v.id, last.Size + 2, root, []int16{}, []int64{}, [][]byte{}},
		"another village's":    {other.id, 1, root, []int16{}, []int64{}, [][]byte{}},
		"a tile again":         {v.id, last.Size + 1, root, []int16{0}, []int64{0}, [][]byte{bytes.Repeat([]byte{1}, 512)}},
		"half a tile":          {v.id, last.Size + 1, root, []int16{0}, []int64{99}, [][]byte{bytes.Repeat([]byte{1}, 256)}},
	} {
		if err := v.asServer(keep, args...); err == nil {
			t.Errorf("%s is kept", name)
		}
	}
	v.seals(t, o)
	v.clean(t)
}
