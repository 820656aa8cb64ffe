// SPDX-License-Identifier: AGPL-3.0-or-later

package reinvestment

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// What can go wrong with a plan.
const (
	PlanEnded          domain.Code = "PLAN_ENDED"      // it comes round no more
	PlanOfCharter      domain.Code = "PLAN_OF_CHARTER" // the charter asks for it, and ends it
	KeyTwice           domain.Code = "KEY_USE_TWICE"
	ScopKey            domain.Code = "KEY_AGAINST_SCOP"        // the law on SCOPs asks for other parts
	ScicKey            domain.Code = "KEY_AGAINST_SCIC"        // the law on SCICs asks for other parts
	AssociationKey     domain.Code = "KEY_AGAINST_ASSOCIATION" // an association shares nothing among its members
	NoFederation       domain.Code = "NO_FEDERATION"           // a part for a federation and none named, or the other way round
	ReserveIndivisible domain.Code = "RESERVE_INDIVISIBLE"     // what carries leavers' debts is never shared
)

// PlanKind is what a plan does each time it comes round.
type PlanKind string

// The kinds of plan.
const (
	PlanCycle   PlanKind = "CYCLE"   // opens a cycle
	PlanInflow  PlanKind = "INFLOW"  // brings hours into a pool
	PlanSplit   PlanKind = "SPLIT"   // divides a pool by a fixed key
	PlanReserve PlanKind = "RESERVE" // gives the reserve its part of a month’s inflows
)

// Use is what a part of a key is for.
type Use string

// The uses. MembersByHours divides among members by the hours they gave since
// the turn before.
const (
	ForReserve     Use = "RESERVE"
	ForProjects    Use = "PROJECTS"
	ForSolidarity  Use = "SOLIDARITY"
	MembersByHours Use = "MEMBERS"
	ForFederation  Use = "FEDERATION" // the projects of the community of communities
)

// Uses lists every use, in the order of the SDL enum.
func Uses() []Use {
	return []Use{ForReserve, ForProjects, ForSolidarity, MembersByHours, ForFederation}
}

// Part is one line of a key.
type Part struct {
	Use         Use   `json:"use"`
	BasisPoints int64 `json:"basisPoints"` // of 10,000
}

// Preset is a law that a key must agree with.
type Preset string

// The presets: French law on dividing a surplus.
const (
	NoPreset    Preset = "NONE"
	Scop        Preset = "SCOP"
	Scic        Preset = "SCIC"
	Association Preset = "ASSOCIATION"
)

// agrees says whether a key, in basis points by use, keeps the law. SCOP: law of
// 19 July 1978, article 33: 15 % to the legal reserve, something to the development
// fund, at least 25 % to those who worked. SCIC: law of 10 September 1947, articles
// 16 and 19 nonies: 15 %, then half of the rest, cannot be divided: 57.5 %.
// Association: law of 1 July 1901, article 1.
func (p Preset) agrees(key map[Use]int64) (ok bool, code domain.Code) {
	switch p {
	case Scop:
		return key[ForReserve] >= 1500 && key[ForProjects] > 0 && key[MembersByHours] >= 2500, ScopKey
	case Scic:
		return key[ForReserve] >= 5750, ScicKey
	case Association:
		return key[MembersByHours] == 0, AssociationKey
	case NoPreset:
	}
	return true, ""
}

// Terms is what a plan does, kept as data.
type Terms struct {
	Method            allocation.Method `json:"method,omitempty"`
	Rule              allocation.Rule   `json:"rule,omitzero"`
	TwoApproversAbove domain.Minutes    `json:"twoApproversAbove,omitempty"`
	Phases            Phases            `json:"phases,omitzero"`
	Key               []Part            `json:"key,omitempty"`
	Preset            Preset            `json:"preset,omitempty"`
	// Federation and its pool for projects receive the part of FEDERATION.
	Federation     domain.ID `json:"federation,omitzero"`
	FederationPool domain.ID `json:"federationPool,omitzero"`
}

// MostDays is the longest that a part of a planned cycle takes.
const MostDays = 730

// Phases is how many days each part of a planned cycle takes.
type Phases struct {
	Call      int `json:"call"`
	Review    int `json:"review"`
	Vote      int `json:"vote"`
	Challenge int `json:"challenge"`
	Pay       int `json:"pay"`
	Report    int `json:"report"`
}

// Plan is what the calendar does regularly with common hours.
type Plan struct {
	Community, ID domain.ID
	Kind          PlanKind
	Title         string
	From, To      domain.ID      // accounts; To is Nowhere but for an inflow and the reserve
	Minutes       domain.Minutes // at most, each time; 0: all that From has above Kept
	Kept          domain.Minutes // stays on From
	Terms         Terms
	FirstOn       time.Time // the day
	Rhythm        domain.Rhythm
	Hour          int
	Turn          int       // the next one, from 0
	NextAt        time.Time // zero once ended
	Reason        string    // of ending
	MadeBy        domain.ID
	CreatedAt     time.Time
	Version       int
}

// PlanTurn is one time that a plan came round.
type PlanTurn struct {
	Community, Plan domain.ID `json:"-"`
	Period          string    `json:"-"` // its day
	Due             time.Time `json:"due"`
	At              time.Time `json:"-"`
	// Minutes moved; 0 when there was nothing to move.
	Minutes domain.Minutes `json:"minutes"`
	Cycle   domain.ID      `json:"cycle,omitzero"` // that it opened
	Parts   []UsePart      `json:"parts,omitempty"`
	// Divided is what a key divided: Minutes, and what had nobody to go to. 0 for other
	// plans, and for the turns of before it was kept.
	Divided domain.Minutes `json:"divided,omitempty"`
}

// UsePart is what one use of a key received.
type UsePart struct {
	Use     Use            `json:"use"`
	Minutes domain.Minutes `json:"minutes"`
}

// Given is how many minutes somebody gave in a time, on their account.
type Given struct {
	Member, Account domain.ID
	Minutes         domain.Minutes
}

// job is a plan's name in domain.Periods.
func (p Plan) job() string { return "plan/" + p.ID.String() }

// turns is a plan's calendar where its community lives.
func (p Plan) turns(zone *time.Location) domain.Turns {
	return domain.Turns{First: p.FirstOn, Rhythm: p.Rhythm, Hour: p.Hour, Zone: zone}
}

// available is what a turn moves of a balance.
func (p Plan) available(balance, held domain.Minutes) domain.Minutes {
	free := max(0, balance-held-p.Kept)
	if p.Minutes > 0 {
		free = min(free, p.Minutes)
	}
	switch {
	case p.Kind == PlanCycle && p.Terms.Method == allocation.PeerEpoch:
		free = min(free, max(0, balance)/10) // no epoch is over more
	case p.Kind == PlanCycle && free <= p.Terms.Rule.Floor:
		return 0 // a draw with nothing above its floor helps nobody
	}
	return free
}

// calendar is when a cycle of these phases moves on, each time at the same hour
// of the clocks on the wall.
func (f Phases) calendar(turn domain.Turn, hour int, zone *time.Location) Calendar {
	day := turn.At.In(zone)
	after := func(days int) time.Time {
		day = day.AddDate(0, 0, days)
		return domain.OnTheWall(day, hour, zone)
	}
	return Calendar{
		CallAt: turn.At, FeasibilityAt: after(f.Call), VotingAt: after(f.Review), TallyAt: after(f.Vote),
		ChallengeUntil: after(f.Challenge), PayUntil: after(f.Pay), CloseAt: after(f.Report),
	}
}

// complete fills the phases left out with the usual ones. Where nobody votes, or
// nobody has to claim, that time is not taken.
func (f Phases) complete(method allocation.Method) Phases {
	vote, pay := 14, 182
	if method == allocation.SolidarityDraw {
		vote = 0
	}
	if credits(method) {
		pay = 1
	}
	return Phases{
		Call: cmp.Or(f.Call, 30), Review: cmp.Or(f.Review, 7), Vote: cmp.Or(f.Vote, vote),
		Challenge: cmp.Or(f.Challenge, 7), Pay: cmp.Or(f.Pay, pay), Report: cmp.Or(f.Report, 30),
	}
}

func (f Phases) check(c *domain.Check, method allocation.Method) {
	for _, phase := range []struct {
		field string
		days  int
	}{{"callDays", f.Call}, {"reviewDays", f.Review}, {"voteDays", f.Vote}, {"challengeDays", f.Challenge}, {"payDays", f.Pay}, {"reportDays", f.Report}} {
		least := 1
		if phase.field == "voteDays" && method == allocation.SolidarityDraw {
			least = 0
		}
		c.That(phase.days >= least && phase.days <= MostDays, domain.OutOfRange, "phases."+phase.field, "min", least, "max", MostDays)
	}
}

// checkKey says what is wrong with a key: its parts make the whole, each use comes
// once, and the law that it names is kept.
func checkKey(c *domain.Check, key []Part, preset Preset) {
	sum, good := int64(0), true
	points := map[Use]int64{}
	for i, part := range key {
		at := "key." + strconv.Itoa(i)
		_, twice := points[part.Use]
		c.That(!twice, KeyTwice, at+".use")
		within := part.BasisPoints >= 1 && part.BasisPoints <= 10_000
		c.That(within, domain.OutOfRange, at+".basisPoints", "min", 1, "max", 10_000)
		good = good && within
		points[part.Use] += part.BasisPoints
		sum += part.BasisPoints
	}
	c.That(!good || sum == 10_000, allocation.KeyIncomplete, "key", "actual", sum)
	ok, code := preset.agrees(points)
	c.That(!good || ok, code, "key")
}

// Count is the count of a turn of a key, for a stranger to make again; ok is false for
// other plans and where nothing was divided.
func (p Plan) Count(t PlanTurn) (r allocation.Record, ok bool, err error) {
	if p.Kind != PlanSplit || t.Divided == 0 {
		return r, false, nil
	}
	r.Instance = p.keyed(t.Divided, t.Period)
	r.Result, err = allocation.Run(r.Instance)
	return r, true, err
}

// keyed is what the count of one turn of a key depends on, in the order in which the
// key was written.
func (p Plan) keyed(envelope domain.Minutes, period string) allocation.Instance {
	in := allocation.Instance{Version: allocation.Version, Method: allocation.FixedKey, Cycle: p.ID.String(), Seed: period, Envelope: envelope}
	ballot := allocation.Ballot{Voter: "key"}
	for i, part := range p.Terms.Key {
		in.Projects = append(in.Projects, allocation.Project{ID: string(part.Use), Filed: int64(i)})
		ballot.Choices = append(ballot.Choices, allocation.Choice{Project: string(part.Use), Value: part.BasisPoints})
	}
	in.Ballots = []allocation.Ballot{ballot}
	return in
}

// divide is what each use of a key has of one turn.
func (p Plan) divide(envelope domain.Minutes, period string) ([]UsePart, error) {
	result, err := allocation.Run(p.keyed(envelope, period))
	parts := make([]UsePart, len(result.Lines))
	for i, line := range result.Lines {
		parts[i] = UsePart{Use: Use(line.Project), Minutes: line.Minutes}
	}
	return parts, err
}

// shares divides minutes among those who gave, in proportion to what they gave;
// equal remainders go to the lower id. Nothing is given to nobody.
func shares(minutes domain.Minutes, given []Given) []Given {
	given = slices.Clone(given)
	slices.SortFunc(given, func(a, b Given) int { return cmp.Compare(a.Member.String(), b.Member.String()) })
	weights, rank := make([]int64, len(given)), make([]int, len(given))
	for i, g := range given {
		weights[i], rank[i] = int64(g.Minutes), i
	}
	for i, part := range allocation.Split(minutes, weights, rank) {
		given[i].Minutes = part
	}
	return slices.DeleteFunc(given, func(g Given) bool { return g.Minutes == 0 })
}
