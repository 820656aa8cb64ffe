// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/persistence"
)

// crime is something that only a superuser can do to the books, and what verify
// must then name.
type crime struct {
	does  string
	names string
}

// scene is a village with a few weeks of life: a settled exchange, a gift, a
// posting of two legs, an undone mistake, a promise.
type scene struct {
	*village
	marie, paul             resident
	gift, mistake, reversal domain.ID
	exchange, promise       domain.ID
	giftPosting             domain.ID
	giftPos                 int64
}

func (c *country) scene(t *testing.T) *scene {
	t.Helper()
	s := &scene{village: c.village(t)}
	s.marie, s.paul = s.joins(t, "Marie"), s.joins(t, "Paul")
	s.exchange = s.settled(t, s.paul, s.marie, 90).ID
	l := leg(30, s.marie.account, s.paul.account)
	posted, err := s.post(s.posting("gift and levy", l, leg(3, s.paul.account, s.whole)))
	if err != nil {
		t.Fatal(err)
	}
	s.gift, s.giftPosting = l.ID, posted.Posting
	s.giftPos = s.count(t, `SELECT pos FROM ledger.posting WHERE id = $1`, s.giftPosting)
	s.mistake = s.gives(t, 60, s.marie.account, s.eloise.account)
	undone, err := s.hours.Reverse(s.ctx, s.eloise.Actor, ledger.Reverse{Community: s.id, Transfer: s.mistake, Reason: "erreur", Key: "undo"})
	if err != nil {
		t.Fatal(err)
	}
	s.reversal = undone.ID
	if s.promise = domain.NewID(); s.hold(s.promise, s.marie.account, 45) != nil {
		t.Fatal("no promise")
	}
	s.clean(t)
	return s
}

// settled is an exchange that went all its way.
func (v *village) settled(t failer, provider, receiver resident, minutes domain.Minutes) exchange.Exchange {
	t.Helper()
	x := v.proposed(t, provider, receiver, minutes)
	act := exchange.Act{Community: v.id, Exchange: x.ID, Minutes: minutes}
	_, err := v.exchanges.Accept(v.ctx, provider.Actor, act)
	if err == nil {
		_, err = v.exchanges.Complete(v.ctx, provider.Actor, act)
	}
	if err == nil {
		act.Key = "confirm " + x.ID.String()
		x, err = v.exchanges.Confirm(v.ctx, receiver.Actor, act)
	}
	if err != nil || x.State != exchange.Confirmed {
		t.Fatalf("%s, %v", x.State, err)
	}
	return x
}

// proposed is an exchange that the receiver asks for.
func (v *village) proposed(t failer, provider, receiver resident, minutes domain.Minutes) exchange.Exchange {
	t.Helper()
	x, err := v.exchanges.Propose(v.ctx, receiver.Actor, exchange.Proposal{
		Community: v.id, Provider: provider.member, Receiver: receiver.member, ServiceType: "102-A-2", Terms: exchange.Terms{Estimated: minutes},
	})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestVerifyNamesWhateverWasTamperedWith(t *testing.T) {
	c := aCountry(t)
	for name, commit := range map[string]func(*scene) crime{
		"an entry's minutes": func(s *scene) crime {
			return crime{fmt.Sprintf(`UPDATE ledger.entry SET minutes = minutes + 5 WHERE transfer_id = '%s' AND minutes > 0`, s.gift), s.paul.account.String()}
		},
		"an entry's running balance": func(s *scene) crime {
			return crime{fmt.Sprintf(`UPDATE ledger.entry SET balance_after = 9000 WHERE account_id = '%s' AND seq = 1`, s.marie.account), s.marie.account.String()}
		},
		"an entry's account": func(s *scene) crime {
			return crime{fmt.Sprintf(`UPDATE ledger.entry SET account_id = '%s', seq = 99 WHERE transfer_id = '%s' AND minutes > 0`, s.eloise.account, s.gift), s.gift.String()}
		},
		"an entry less": func(s *scene) crime {
			return crime{fmt.Sprintf(`DELETE FROM ledger.entry WHERE transfer_id = '%s' AND minutes < 0`, s.gift), s.marie.account.String()}
		},
		"the last entry less": func(s *scene) crime {
			return crime{fmt.Sprintf(`DELETE FROM ledger.entry e WHERE account_id = '%s' AND seq = (SELECT max(seq) FROM ledger.entry WHERE account_id = e.account_id)`, s.paul.account), s.paul.account.String()}
		},
		"a transfer's minutes": func(s *scene) crime {
			return crime{fmt.Sprintf(`UPDATE ledger.transfer SET minutes = 35 WHERE id = '%s'`, s.gift), s.gift.String()}
		},
		"a transfer's receiver": func(s *scene) crime {
			return crime{fmt.Sprintf(`UPDATE ledger.transfer SET credit_id = '%s' WHERE id = '%s'`, s.eloise.account, s.gift), s.gift.String()}
		},
		"a transfer's kind": func(s *scene) crime {
			return crime{fmt.Sprintf(`UPDATE ledger.transfer SET kind = 'GRANT' WHERE id = '%s'`, s.gift), s.giftPosting.String()}
		},
		"a whole transfer, its entries and balances": func(s *scene) crime {
			return crime{fmt.Sprintf(`
				UPDATE ledger.transfer SET minutes = 31 WHERE id = '%[1]s';
				UPDATE ledger.entry SET minutes = minutes + sign(minutes) WHERE transfer_id = '%[1]s';
				UPDATE ledger.entry SET balance_after = balance_after - 1 WHERE account_id = '%[2]s' AND seq >= (SELECT seq FROM ledger.entry WHERE transfer_id = '%[1]s' AND minutes < 0);
				UPDATE ledger.entry SET balance_after = balance_after + 1 WHERE account_id = '%[3]s' AND seq >= (SELECT seq FROM ledger.entry WHERE transfer_id = '%[1]s' AND minutes > 0);
				UPDATE ledger.account SET balance = balance - 1 WHERE id = '%[2]s';
				UPDATE ledger.account SET balance = balance + 1 WHERE id = '%[3]s'`, s.gift, s.marie.account, s.paul.account), fmt.Sprintf("position %d", s.giftPos)}
		},
		"what a reversal undoes": func(s *scene) crime {
			return crime{fmt.Sprintf(`UPDATE ledger.transfer SET reverses_id = '%s' WHERE id = '%s'`, s.gift, s.reversal), s.reversal.String()}
		},
		"an exchange's settlement": func(s *scene) crime {
			return crime{fmt.Sprintf(`UPDATE exchange SET settled = 15 WHERE id = '%s'`, s.exchange), s.exchange.String()}
		},
		"an exchange that never settled": func(s *scene) crime {
			return crime{fmt.Sprintf(`UPDATE exchange SET state = 'DONE', settled = NULL WHERE id = '%s'`, s.exchange), s.exchange.String()}
		},
		"a promise for what is over": func(s *scene) crime {
			return crime{fmt.Sprintf(`UPDATE ledger.hold SET exchange_id = '%s' WHERE id = '%s'`, s.exchange, s.promise), s.promise.String()}
		},
		"a balance": func(s *scene) crime {
			return crime{fmt.Sprintf(`UPDATE ledger.account SET balance = balance + 60 WHERE id = '%s'`, s.paul.account), s.paul.account.String()}
		},
		"two balances, evenly": func(s *scene) crime {
			return crime{fmt.Sprintf(`UPDATE ledger.account SET balance = balance + CASE WHEN id = '%s' THEN 60 ELSE -60 END WHERE id IN ('%[1]s', '%s')`, s.paul.account, s.marie.account), s.marie.account.String()}
		},
		"what is held": func(s *scene) crime {
			return crime{fmt.Sprintf(`UPDATE ledger.account SET held = held - 5 WHERE id = '%s'`, s.marie.account), s.marie.account.String()}
		},
		"a promise's minutes": func(s *scene) crime {
			return crime{fmt.Sprintf(`UPDATE ledger.hold SET minutes = 1 WHERE id = '%s'`, s.promise), s.marie.account.String()}
		},
		"an account": func(s *scene) crime {
			return crime{fmt.Sprintf(`DELETE FROM ledger.account WHERE id = '%s'`, s.paul.account), s.paul.account.String()}
		},
		"an event's body": func(s *scene) crime {
			return crime{s.event(`body = convert_to(replace(convert_from(body, 'UTF8'), '30', '31'), 'UTF8')`), fmt.Sprintf("position %d", s.giftPos)}
		},
		"an event's body, no longer JSON": func(s *scene) crime {
			return crime{s.event(`body = '\xff00'`), fmt.Sprintf("position %d", s.giftPos)}
		},
		"an event's body and digest": func(s *scene) crime {
			return crime{s.event(`body = body || ' '::bytea, digest = sha256(body || ' '::bytea)`), fmt.Sprintf("position %d", s.giftPos)}
		},
		"an event's moment": func(s *scene) crime {
			return crime{s.event(`at = at + interval '1 microsecond'`), fmt.Sprintf("position %d", s.giftPos)}
		},
		"who did it": func(s *scene) crime {
			return crime{s.event(fmt.Sprintf(`actor_id = '%s'`, s.paul.Person)), fmt.Sprintf("position %d", s.giftPos)}
		},
		"what an event says it is": func(s *scene) crime {
			return crime{s.event(`kind = 'NOTHING_MUCH'`), fmt.Sprintf("position %d", s.giftPos)}
		},
		"an event": func(s *scene) crime {
			return crime{fmt.Sprintf(`DELETE FROM journal.event WHERE community_id = '%s' AND pos = %d`, s.id, s.giftPos), fmt.Sprintf("position %d", s.giftPos)}
		},
		"the last event": func(s *scene) crime {
			return crime{fmt.Sprintf(`DELETE FROM journal.event WHERE community_id = '%s' AND pos = (SELECT pos FROM journal.head WHERE community_id = '%[1]s')`, s.id), "head"}
		},
		"all events": func(s *scene) crime {
			return crime{fmt.Sprintf(`DELETE FROM journal.event WHERE community_id = '%s'`, s.id), "head"}
		},
		"the head": func(s *scene) crime {
			return crime{fmt.Sprintf(`UPDATE journal.head SET hash = sha256('forged') WHERE community_id = '%s'`, s.id), "head"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.scene(t)
			crime := commit(s)
			s.breaks(t, crime.does)
			found := s.verify(t)
			if !slices.ContainsFunc(found.Differences, func(d string) bool { return strings.Contains(d, crime.names) }) {
				t.Errorf("%s goes unnamed among %q", crime.names, found.Differences)
			}
		})
	}
}

// event changes the event of the gift.
func (s *scene) event(set string) string {
	return fmt.Sprintf(`UPDATE journal.event SET %s WHERE community_id = '%s' AND pos = %d`, set, s.id, s.giftPos)
}

func TestVerifyCountsWhatItSaw(t *testing.T) {
	s := aCountry(t).scene(t)
	found := s.verify(t)
	want := ledger.Verification{Accounts: 7, Transfers: 8, Entries: 16, Events: int64(len(s.events(t)))}
	if found.Accounts != want.Accounts || found.Transfers != want.Transfers || found.Entries != want.Entries || found.Events != want.Events || found.Sum != 0 {
		t.Errorf("saw %+v, want %+v", found, want)
	}
}

func TestVerifyReadsOneMomentWhileHoursMove(t *testing.T) {
	v := aCountry(t).village(t)
	ids := v.opens(t, 4, floor(-6000))
	stop := make(chan struct{})
	moved := make(chan error, 1)
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				moved <- nil
				return
			default:
			}
			l := leg(1, ids[i%4], ids[(i+1)%4])
			if _, err := v.post(v.posting(l.ID.String(), l)); err != nil {
				moved <- err
				return
			}
		}
	}()
	for range 20 {
		v.clean(t)
	}
	close(stop)
	if err := <-moved; err != nil {
		t.Error(err)
	}
}

func TestVerifyNeedsATransactionOfItsOwn(t *testing.T) {
	v := aCountry(t).village(t)
	err := v.db.InTx(v.ctx, v.id, func(ctx context.Context, _ time.Time) error {
		if _, err := v.hours.Accounts(ctx, v.id, []domain.ID{v.whole}); err != nil {
			return err
		}
		_, err := persistence.LedgerStore{}.Verify(ctx, v.id)
		return err
	})
	if err == nil {
		t.Error("verify ran on a snapshot that was not the transaction's first")
	}
}
