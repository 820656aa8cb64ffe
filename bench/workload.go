// SPDX-License-Identifier: AGPL-3.0-or-later

package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/persistence"
)

// workload is one thing that clients do over and over.
type workload struct {
	name    string
	units   int                             // how many operations one call is
	prepare func(ctx context.Context) error // before it is measured; may be nil
	do      func(ctx context.Context, client int) error
}

// batchOf is how many postings go in one commit.
const batchOf = 100

// gates are the promises, and everything they compare.
func (l *lab) gates() ([]gate, []*workload) {
	commit := &workload{"commit floor", 1, nil, l.main.commitFloor}
	hot := &workload{"hot floor", 1, nil, l.main.hotFloor}
	spread := &workload{"post, many communities", 1, nil, l.main.post(1, elsewhere)}
	one := &workload{"post, one community", 1, nil, l.main.post(1, inTheFirst)}
	levied := &workload{"post with levy, one community", 1, nil, l.main.post(2, inTheFirst)}
	batch := &workload{fmt.Sprintf("batches of %d, one community", batchOf), batchOf, nil, l.main.postBatch}
	bare := &workload{"post, chain off", 1, nil, l.bare.post(1, elsewhere)}
	many := &workload{"post, many accounts", 1, nil, l.many.post(1, elsewhere)}
	gorm := &workload{"GORM alone", 1, nil, l.main.gormPost}
	confirm := &workload{"confirmExchange over HTTP", 1, l.phones.agree, l.phones.confirm}
	return []gate{
		{"post over communities ÷ commit floor", spread, commit, 0.45},
		{"post in one community ÷ hot floor", one, hot, 0.60},
		{"with levy leg ÷ without, one community", levied, one, 0.85},
		{"chain on ÷ off", spread, bare, 0.85},
		{"post through GORM's connection ÷ GORM alone", spread, gorm, 2.5},
		{"batch of 100 ÷ single posts, one community", batch, one, 5},
		{"confirmExchange over HTTP ÷ post", confirm, spread, 0.40},
		{"many accounts ÷ few", many, spread, 0.85},
	}, []*workload{commit, spread, bare, many, confirm, gorm, hot, one, levied, batch}
}

// The first town is for what is done in one community, the others for the rest.
func inTheFirst(towns []*town) *town { return towns[0] }

func elsewhere(towns []*town) *town {
	return towns[1+rand.IntN(len(towns)-1)] //nolint:gosec // a sample
}

// post gives a quarter of an hour to somebody, and with a second leg some of it
// to a pool: what a use case does last, through the program's own transaction.
func (a *arena) post(legs int, choose func([]*town) *town) func(context.Context, int) error {
	return func(ctx context.Context, _ int) error {
		t := choose(a.towns)
		return a.db.InTx(ctx, t.id, func(ctx context.Context, _ time.Time) error {
			_, err := persistence.LedgerStore{}.Post(ctx, t.posting(legs))
			return err
		})
	}
}

func (a *arena) postBatch(ctx context.Context, _ int) error {
	t := a.towns[0]
	lines := make([]ledger.Posting, batchOf)
	for i := range lines {
		lines[i] = t.posting(1)
	}
	return a.db.InTx(ctx, t.id, func(ctx context.Context, _ time.Time) error {
		_, _, _, err := persistence.LedgerStore{}.PostBatch(ctx, t.id, lines)
		return err
	})
}

func (t *town) posting(legs int) ledger.Posting {
	from, to := t.pair()
	p := ledger.Posting{
		Community: t.id, Key: "gift/" + domain.NewID().String(),
		Legs:  []ledger.Transfer{{ID: domain.NewID(), Kind: ledger.Gift, Minutes: 15, Debit: t.accounts[from], Credit: t.accounts[to]}},
		Event: domain.Event{ID: domain.NewID(), Kind: ledger.HoursGiven, Actor: t.members[from], Subject: t.accounts[to]},
	}
	if legs == 2 {
		p.Legs = append(p.Legs, ledger.Transfer{ID: domain.NewID(), Kind: ledger.Levy, Minutes: 1, Debit: t.accounts[to], Credit: t.pool})
	}
	return p
}

// baselines are tables that nothing protects.
const baselines = `
CREATE SCHEMA bench;
CREATE TABLE bench.floor (id uuid PRIMARY KEY, at timestamptz NOT NULL);
CREATE TABLE bench.hot (id integer PRIMARY KEY, n bigint NOT NULL) WITH (fillfactor = 50);
INSERT INTO bench.hot VALUES (1, 0);
CREATE TABLE bench.account (community_id uuid, id uuid, balance bigint NOT NULL, seq bigint NOT NULL, PRIMARY KEY (community_id, id)) WITH (fillfactor = 70);
INSERT INTO bench.account SELECT community_id, id, 0, 0 FROM ledger.account;
CREATE TABLE bench.transfer (LIKE ledger.transfer, PRIMARY KEY (community_id, id));
CREATE TABLE bench.entry (LIKE ledger.entry, PRIMARY KEY (community_id, account_id, seq));`

func (a *arena) openBaselines(ctx context.Context) error {
	if _, err := a.root.Exec(ctx, baselines); err != nil {
		return err
	}
	return a.openGORM()
}

// commitFloor is the least that any durable write costs.
func (a *arena) commitFloor(ctx context.Context, _ int) error {
	return pgx.BeginFunc(ctx, a.root, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO bench.floor (id, at) VALUES ($1, now())`, domain.NewID())
		return err
	})
}

// hotFloor is the least that any journal with one order costs.
func (a *arena) hotFloor(ctx context.Context, _ int) error {
	return pgx.BeginFunc(ctx, a.root, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE bench.hot SET n = n + 1 WHERE id = 1`)
		if err == nil {
			_, err = tx.Exec(ctx, `INSERT INTO bench.floor (id, at) VALUES ($1, now())`, domain.NewID())
		}
		return err
	})
}

// unchain takes the hashing away from this ledger: a function of the same name is
// found before PostgreSQL's own.
func (a *arena) unchain(ctx context.Context) error {
	a.unchained = true
	_, err := a.root.Exec(ctx, `
		CREATE SCHEMA bench;
		GRANT USAGE ON SCHEMA bench TO PUBLIC;
		CREATE FUNCTION bench.sha256(bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT ''::bytea $$;
		DO $$
		DECLARE f regprocedure;
		BEGIN
		  FOR f IN SELECT oid FROM pg_proc WHERE pronamespace IN ('ledger'::regnamespace, 'journal'::regnamespace) LOOP
		    EXECUTE format('ALTER FUNCTION %s SET search_path = bench, pg_catalog, pg_temp', f);
		  END LOOP;
		END $$`)
	return err
}
