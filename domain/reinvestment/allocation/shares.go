// SPDX-License-Identifier: AGPL-3.0-or-later

package allocation

import (
	"cmp"
	"container/heap"
	"math/big"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/hora-coop/hora/domain"
)

// market is one round of the method of equal shares. All money is kept as
// integers over one common denominator, so that nothing is ever rounded.
// Voters with the same ballot always have the same money left, and are one class.
type market struct {
	cost    []int64
	perUnit []int64 // what a point of score is divided by when projects are compared: the cost, or one
	rank    []int   // the order among equals
	backers [][]backer
	heads   []int64 // voters of each class
	class   []int32 // of each ballot
	quit    <-chan struct{}
}

type backer struct {
	class int32
	score int32
}

// purchase is a project that its supporters paid for, at a price per point of score.
type purchase struct {
	project int
	price   *big.Rat
}

func newMarket(in Instance) *market {
	index := make(map[string]int, len(in.Projects))
	m := &market{rank: in.before(), backers: make([][]backer, len(in.Projects))}
	for i, p := range in.Projects {
		index[p.ID] = i
		m.cost = append(m.cost, int64(p.Minimum))
		unit := int64(1)
		if in.Rule.Utility != PerProject {
			unit = int64(p.Minimum)
		}
		m.perUnit = append(m.perUnit, unit)
	}
	classes := map[string]int32{}
	for _, b := range in.Ballots {
		type mark struct{ project, score int }
		marks := make([]mark, 0, len(b.Choices))
		for _, c := range b.Choices {
			if c.Value > 0 {
				marks = append(marks, mark{index[c.Project], int(c.Value)})
			}
		}
		slices.SortFunc(marks, func(a, b mark) int { return cmp.Compare(a.project, b.project) })
		var key strings.Builder
		for _, k := range marks {
			key.WriteString(strconv.Itoa(k.project) + ":" + strconv.Itoa(k.score) + " ")
		}
		class, known := classes[key.String()]
		if !known {
			class = int32(len(m.heads)) // #nosec G115 -- fewer classes than ballots, fewer ballots than memory
			classes[key.String()] = class
			m.heads = append(m.heads, 0)
			for _, k := range marks {
				m.backers[k.project] = append(m.backers[k.project], backer{class, int32(k.score)}) // #nosec G115 -- 0 to 5
			}
		}
		m.heads[class]++
		m.class = append(m.class, class)
	}
	return m
}

// trade is a market at work: who has what left.
type trade struct {
	*market
	scale *big.Int // the common denominator
	grown []uint64 // by what the denominator grew, one after the other
	money []purse
	alive [][]backer // supporters with money left
	offer []offer
	queue []int
	round int
	// paying is told what a voter of a class gives for a project; nil for nobody
	paying func(project int, class int32, minutes *big.Rat)
	// left behind by weigh, reused
	rich       []backer
	paid, term big.Int
	bar        [6]big.Int
	word, rest big.Int
}

// purse is a class's money per voter; it is brought to the present denominator
// only when somebody looks.
type purse struct {
	big.Int
	seen int
}

// offer is the price at which a project was last found to be affordable: due
// minutes (over the common denominator) divided by the points of those who can
// still pay in full. Money only shrinks, so it is a lower bound afterwards.
type offer struct {
	due    big.Int
	points int64
	round  int
}

func (m *market) open(share *big.Rat) *trade {
	t := &trade{market: m, scale: new(big.Int).Set(share.Denom()), money: make([]purse, len(m.heads)), offer: make([]offer, len(m.cost)), alive: make([][]backer, len(m.cost))}
	for i := range t.money {
		t.money[i].Set(share.Num())
	}
	for p, backers := range m.backers {
		if len(backers) == 0 {
			continue
		}
		t.alive[p] = slices.Clone(backers)
		t.offer[p].points = 1
		t.queue = append(t.queue, p)
	}
	heap.Init(t)
	return t
}

// Len, Less, Swap, Push and Pop keep the cheapest offer on top (heap.Interface).
func (t *trade) Len() int { return len(t.queue) }

// Less implements heap.Interface.
func (t *trade) Less(i, j int) bool {
	a, b := t.queue[i], t.queue[j]
	left := t.rest.Mul(&t.offer[a].due, t.word.SetInt64(t.offer[b].points*t.perUnit[b]))
	right := t.term.Mul(&t.offer[b].due, t.word.SetInt64(t.offer[a].points*t.perUnit[a]))
	if c := left.Cmp(right); c != 0 {
		return c < 0
	}
	return t.rank[a] < t.rank[b]
}

// Swap implements heap.Interface.
func (t *trade) Swap(i, j int) { t.queue[i], t.queue[j] = t.queue[j], t.queue[i] }

// Push implements heap.Interface.
func (t *trade) Push(x any) { t.queue = append(t.queue, x.(int)) }

// Pop implements heap.Interface.
func (t *trade) Pop() any {
	last := t.queue[len(t.queue)-1]
	t.queue = t.queue[:len(t.queue)-1]
	return last
}

// stopped says whether nobody waits for the result any more.
func (m *market) stopped() bool {
	select {
	case <-m.quit:
		return true
	default:
		return false
	}
}

// buy lets the voters buy until nobody can afford anything more, or nobody waits for it.
func (t *trade) buy() []purchase {
	var bought []purchase
	for len(t.queue) > 0 && !t.stopped() {
		p := t.queue[0]
		switch o := &t.offer[p]; {
		case o.round == t.round+1:
			heap.Pop(t)
			bought = append(bought, t.settle(p))
			t.round++
		case t.weigh(p):
			o.round = t.round + 1
			heap.Fix(t, 0)
		default:
			heap.Pop(t)
		}
	}
	return bought
}

// left brings a class's money to the present denominator.
func (t *trade) left(class int32) *big.Int {
	m := &t.money[class]
	for m.seen < len(t.grown) {
		factor := t.grown[m.seen]
		for m.seen++; m.seen < len(t.grown); m.seen++ { // as many at once as one word holds
			high, low := bits.Mul64(factor, t.grown[m.seen])
			if high != 0 {
				break
			}
			factor = low
		}
		m.Mul(&m.Int, t.word.SetUint64(factor))
	}
	return &m.Int
}

// weigh finds the price of a project: its supporters pay in proportion to their
// score, those who cannot give all they have. It is false when all of them
// together cannot pay.
func (t *trade) weigh(p int) bool {
	o := &t.offer[p]
	due := o.due.Mul(t.scale, t.word.SetInt64(t.cost[p]))
	t.paid.SetInt64(0)
	points := int64(0)
	kept := t.alive[p][:0]
	for _, b := range t.alive[p] {
		money := t.left(b.class)
		if money.Sign() == 0 {
			continue
		}
		kept = append(kept, b)
		points += t.heads[b.class] * int64(b.score)
		t.paid.Add(&t.paid, t.term.Mul(money, t.word.SetInt64(t.heads[b.class])))
	}
	t.alive[p] = kept
	if t.paid.Cmp(due) < 0 {
		return false
	}
	t.rich = append(t.rich[:0], kept...)
	for {
		t.raiseBars(due, points)
		still := t.rich[:0]
		for _, b := range t.rich {
			money := &t.money[b.class].Int
			if money.Cmp(&t.bar[b.score]) >= 0 {
				still = append(still, b)
				continue
			}
			heads := t.heads[b.class]
			points -= heads * int64(b.score)
			due.Sub(due, t.term.Mul(money, t.word.SetInt64(heads)))
		}
		if len(still) == len(t.rich) {
			o.points = points
			return true
		}
		t.rich = still
	}
}

// raiseBars sets, for each score, the least money with which one pays in full:
// due × score ÷ points, rounded up.
func (t *trade) raiseBars(due *big.Int, points int64) {
	divisor := big.NewInt(points)
	for score := range t.bar {
		t.term.Mul(due, t.word.SetInt64(int64(score)))
		t.bar[score].QuoRem(&t.term, divisor, &t.rest)
		if t.rest.Sign() > 0 {
			t.bar[score].Add(&t.bar[score], one)
		}
	}
}

// settle takes the price from the supporters. The price is a fraction of the
// present denominator, so that grows by what the fraction needs.
func (t *trade) settle(p int) purchase {
	o := &t.offer[p]
	price := new(big.Rat).SetFrac(&o.due, new(big.Int).Mul(t.scale, big.NewInt(o.points)))
	common := new(big.Int).GCD(nil, nil, &o.due, big.NewInt(o.points))
	factor := new(big.Int).Quo(big.NewInt(o.points), common)
	point := new(big.Int).Quo(&o.due, common)
	if factor.Cmp(one) > 0 {
		t.scale.Mul(t.scale, factor)
		t.grown = append(t.grown, factor.Uint64()) // it divides the points, which fit
		for _, q := range t.queue {
			t.offer[q].due.Mul(&t.offer[q].due, factor)
		}
	}
	for _, b := range t.alive[p] {
		money := t.left(b.class)
		if money.Cmp(t.term.Mul(point, t.word.SetInt64(int64(b.score)))) < 0 {
			t.term.Set(money)
		}
		if t.paying != nil {
			t.paying(p, b.class, new(big.Rat).SetFrac(&t.term, t.scale))
		}
		money.Sub(money, &t.term)
	}
	return purchase{project: p, price: price}
}

// equalShares buys with equal shares, completes by raising them until the
// envelope would be overspent, and then greedily.
func equalShares(in Instance, r *run) {
	if len(in.Ballots) == 0 {
		return
	}
	m := newMarket(in)
	m.quit = r.quit
	voters := int64(len(in.Ballots))
	share := big.NewRat(int64(in.Envelope), voters)
	raise := int64(in.Rule.Raise)
	if raise == 0 {
		raise = max(1, int64(in.Envelope)/voters/20)
	}
	virtual, bought := share, m.open(share).buy()
	step := new(big.Rat).SetInt64(raise)
	for !m.stopped() && r.couldTakeMore(bought) && virtual.Cmp(new(big.Rat).SetInt64(int64(in.Envelope))) <= 0 {
		if idle := r.idle(bought, virtual, step); idle.Sign() > 0 {
			virtual = new(big.Rat).Add(virtual, new(big.Rat).Mul(step, new(big.Rat).SetInt(idle)))
			bought = m.open(virtual).buy()
			continue
		}
		next := new(big.Rat).Add(virtual, step)
		more := m.open(next).buy()
		if r.cost(more) > in.Envelope {
			break
		}
		virtual, bought = next, more
	}
	r.result.Share, r.result.Virtual = share.RatString(), virtual.RatString()
	for _, b := range bought {
		r.fund(b.project, Shared)
		r.result.Lines[b.project].PerPoint = b.price.RatString()
	}
	r.complete(r.bySupport(in.Rule.Utility))
	r.topUp()
}

// cost is what a set of purchases takes from the envelope.
func (r *run) cost(bought []purchase) (sum domain.Minutes) {
	for _, b := range bought {
		sum += r.in.Projects[b.project].Minimum
	}
	return sum
}

// idle is how many steps the shares rise before anybody could pay for what was not bought,
// were it with all they have. Until then nothing else is bought, so that what is still
// fits and leaves room, and no step ends the rising: they need not be made one by one.
func (r *run) idle(bought []purchase, virtual, step *big.Rat) *big.Int {
	has := make(map[int]bool, len(bought))
	for _, b := range bought {
		has[b.project] = true
	}
	steps := func(until *big.Rat) *big.Rat {
		way := new(big.Rat).Sub(until, virtual)
		return way.Quo(way, step)
	}
	all := steps(new(big.Rat).SetInt64(int64(r.in.Envelope)))
	least := new(big.Int).Div(all.Num(), all.Denom())
	least.Add(least, one) // the first beyond the envelope is the last
	for i, line := range r.result.Lines {
		if has[i] || line.Support == 0 {
			continue
		}
		can := steps(big.NewRat(int64(r.in.Projects[i].Minimum), line.Voters))
		before := new(big.Int).Div(new(big.Int).Sub(can.Num(), one), can.Denom()) // the last at which they cannot
		if before.Cmp(least) < 0 {
			least = before
		}
	}
	return least
}

// couldTakeMore says whether a project with support would still fit beside what was bought.
func (r *run) couldTakeMore(bought []purchase) bool {
	has := make(map[int]bool, len(bought))
	for _, b := range bought {
		has[b.project] = true
	}
	left := r.in.Envelope - r.cost(bought)
	for i, p := range r.in.Projects {
		if !has[i] && r.result.Lines[i].Support > 0 && p.Minimum <= left {
			return true
		}
	}
	return false
}

var one = big.NewInt(1)
