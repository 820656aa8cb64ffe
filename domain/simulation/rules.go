// SPDX-License-Identifier: AGPL-3.0-or-later

package simulation

import (
	"cmp"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
)

// replay goes through the months once more, under other rules.
type replay struct {
	rules    community.Charter
	accounts map[domain.ID]*Account
	pools    map[string]domain.ID
	kinds    map[domain.ID]ledger.TransferKind // of what may be undone later
	taken    map[domain.ID][]Move              // the levy that an exchange would have brought
	holdings []Holding                         // of the role that has a part of it
	dropped  map[domain.ID]bool                // what would not have been
	figures  Figures
	refused  int
	hit      map[domain.ID]bool
}

// compare runs moves, the oldest first, that led to the accounts as they are now; the
// holdings are of the role that has a part of the proposed levy.
func compare(accounts []Account, moves []Move, holdings []Holding, current, wanted community.Charter) Outcome {
	o := Outcome{Current: current, Wanted: wanted}
	for _, m := range moves {
		switch m.Kind {
		case ledger.Exchange:
			o.Exchanges, o.Exchanged = o.Exchanges+1, o.Exchanged+m.Minutes
		case ledger.Opening:
			o.Before.Openings += m.Minutes
		case ledger.Levy:
			o.Before.Levy += m.Minutes
		default: // it is no figure of its own
		}
	}
	r := rewind(accounts, moves, current, wanted)
	r.holdings = holdings
	for _, m := range moves {
		if m.Kind == ledger.Reversal && r.kinds[m.Reverses] == ledger.Levy {
			o.Before.Levy -= m.Minutes
		}
		r.move(m)
	}
	for _, a := range accounts {
		if a.Kind == ledger.Member && a.Open {
			o.Members++
		}
	}
	o.Before.close(accounts, current)
	var after []Account
	for _, a := range accounts {
		after = append(after, *r.accounts[a.ID])
	}
	r.figures.close(after, wanted)
	o.After, o.Refused, o.RefusedMembers = r.figures, r.refused, len(r.hit)
	return o
}

// close reads what stands at the end.
func (f *Figures) close(accounts []Account, rules community.Charter) {
	for _, a := range accounts {
		switch a.Kind {
		case ledger.Community:
			f.Community = a.Balance
		case ledger.Pool:
			f.Pools = append(f.Pools, Pool{a.Purpose, a.Balance})
		case ledger.Member:
			if a.Open && rules.SoftFloor != nil && a.Balance < *rules.SoftFloor {
				f.Warned++
			}
			if a.Open && rules.Ceiling != nil && a.Balance > *rules.Ceiling {
				f.AboveCeiling++
			}
		case ledger.ServicePoint, ledger.Project, ledger.Mirror, ledger.Issuance:
		}
	}
	slices.SortFunc(f.Pools, func(a, b Pool) int { return cmp.Compare(a.Purpose, b.Purpose) })
}

// rewind puts the accounts where they stood before the first move. A member whose
// floor is the charter's gets the proposed one; what a coordinator set stays.
func rewind(accounts []Account, moves []Move, current, wanted community.Charter) *replay {
	r := &replay{
		rules: wanted, accounts: make(map[domain.ID]*Account, len(accounts)), pools: map[string]domain.ID{},
		kinds: make(map[domain.ID]ledger.TransferKind, len(moves)), taken: map[domain.ID][]Move{}, dropped: map[domain.ID]bool{}, hit: map[domain.ID]bool{},
	}
	for _, a := range accounts {
		if a.Kind == ledger.Member && sameLimit(a.Floor, current.Floor) {
			a.Floor = wanted.Floor
		}
		r.accounts[a.ID] = &a
		if a.Kind == ledger.Pool {
			r.pools[a.Purpose] = a.ID
		}
	}
	for _, m := range moves {
		r.kinds[m.ID] = m.Kind
		r.shift(Move{Minutes: m.Minutes, Debit: m.Credit, Credit: m.Debit})
	}
	return r
}

func sameLimit(a, b *domain.Minutes) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// shift moves minutes.
func (r *replay) shift(m Move) {
	r.accounts[m.Debit].Balance -= m.Minutes
	r.accounts[m.Credit].Balance += m.Minutes
}

// move does again what was done, as the proposed charter has it.
func (r *replay) move(m Move) {
	switch m.Kind {
	case ledger.Opening:
		m.Minutes = r.rules.Starting
		r.figures.Openings += m.Minutes
	case ledger.Levy:
		return // it follows from its exchange
	case ledger.Reversal:
		if r.kinds[m.Reverses] == ledger.Levy || r.dropped[m.Reverses] {
			return
		}
		for _, part := range r.taken[m.Reverses] {
			r.shift(Move{Minutes: part.Minutes, Debit: part.Credit, Credit: part.Debit})
			r.figures.Levy -= part.Minutes
		}
	case ledger.Exchange:
		receiver := r.accounts[m.Debit]
		if receiver.Floor != nil && receiver.Balance-m.Minutes < *receiver.Floor {
			r.refused, r.dropped[m.ID], r.hit[m.Debit] = r.refused+1, true, true
			return
		}
	default: // as it was
	}
	r.shift(m)
	if m.Kind == ledger.Exchange || m.Kind == ledger.Corrected && m.Exchange != domain.Nowhere {
		r.levy(m)
	}
}

// levy takes the proposed part of what was just credited, and never takes anybody
// below their floor, as settling does. Those who held the role that has a part of it had
// theirs; whoever gave the service and holds it keeps their own.
func (r *replay) levy(m Move) {
	pool, there := r.pools[r.rules.Levy.Pool]
	giver := r.accounts[m.Credit]
	levy := r.rules.Levy.Of(m.Minutes)
	if giver.Floor != nil {
		levy = min(levy, max(0, giver.Balance-*giver.Floor))
	}
	if !there || levy <= 0 || giver.Kind != ledger.Member {
		return
	}
	holders := r.holders(m.At)
	each, rest := r.rules.Levy.Shared(levy, len(holders))
	take := func(minutes domain.Minutes, to domain.ID) {
		if minutes > 0 && to != m.Credit {
			part := Move{Minutes: minutes, Debit: m.Credit, Credit: to}
			r.shift(part)
			r.taken[m.ID], r.figures.Levy = append(r.taken[m.ID], part), r.figures.Levy+minutes
		}
	}
	take(rest, pool)
	for _, holder := range holders {
		take(each, holder)
	}
}

// holders are the accounts of those who held the role at a moment, each once.
func (r *replay) holders(at time.Time) []domain.ID {
	var held []domain.ID
	for _, h := range r.holdings {
		running := !h.From.After(at) && (h.Until.IsZero() || h.Until.After(at))
		if _, there := r.accounts[h.Account]; there && running && !slices.Contains(held, h.Account) {
			held = append(held, h.Account)
		}
	}
	return held
}
