// SPDX-License-Identifier: AGPL-3.0-or-later

package allocation

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/hora-coop/hora/domain"
)

// largestEnvelope keeps every sum far from overflow.
const largestEnvelope domain.Minutes = math.MaxInt32 * 60

// Check names everything that is wrong with an instance, each with the place it
// stands at, so that an exported file or a partner's can be mended in one go.
func (in Instance) Check() error {
	var wrong []error
	say := func(code domain.Code, field string, args ...any) {
		wrong = append(wrong, domain.NewError(code, field, args...))
	}
	if !slices.Contains(Methods(), in.Method) {
		say(MethodUnknown, "method", "known", Methods())
	}
	if in.Envelope < 0 || in.Envelope > largestEnvelope {
		say(EnvelopeInvalid, "envelope")
	}
	if r := in.Rule; r.Quorum < 0 || r.Quorum > 10_000 || r.Roll < 0 || r.Raise < 0 || r.Floor < 0 ||
		r.PersonMaximum < 0 || r.PairMaximum < 0 || r.Allowance < 0 || (r.Utility != "" && r.Utility != PerMinute && r.Utility != PerProject) {
		say(RuleInvalid, "rule")
	}
	if in.Method == DirectEnvelopes && int64(len(in.Ballots)) > in.Rule.Roll { // each has one part of the envelope
		say(RuleInvalid, "rule.roll")
	}
	owners := make(map[string]string, len(in.Projects))
	for i, p := range in.Projects {
		field := fmt.Sprintf("projects.%d", i)
		if _, twice := owners[p.ID]; twice {
			say(ProjectTwice, field, "name", p.ID)
		}
		owners[p.ID] = p.Owner
		if in.Method.pays() && (p.Minimum < 1 || p.Minimum > p.Maximum || p.Maximum > largestEnvelope) {
			say(ProjectInvalid, field, "name", p.ID)
		}
	}
	voters := make(map[string]bool, len(in.Ballots))
	for i, b := range in.Ballots {
		if voters[b.Voter] {
			say(VoterTwice, fmt.Sprintf("ballots.%d.voter", i), "name", b.Voter)
		}
		voters[b.Voter] = true
		wrong = append(wrong, in.checkBallot(fmt.Sprintf("ballots.%d", i), b, owners)...)
	}
	return errors.Join(wrong...)
}

// CheckBallot says what is wrong with one ballot before it is cast.
func (in Instance) CheckBallot(b Ballot) error {
	owners := make(map[string]string, len(in.Projects))
	for _, p := range in.Projects {
		owners[p.ID] = p.Owner
	}
	return errors.Join(in.checkBallot("", b, owners)...)
}

func (in Instance) checkBallot(field string, b Ballot, owners map[string]string) (wrong []error) {
	if field != "" {
		field += "."
	}
	low, high := in.Method.bounds(in)
	seen := make(map[string]bool, len(b.Choices))
	var spent int64
	for i, c := range b.Choices {
		at := fmt.Sprintf("%schoices.%d", field, i)
		owner, known := owners[c.Project]
		switch {
		case !known:
			wrong = append(wrong, domain.NewError(ProjectUnknown, at+".project", "name", c.Project))
		case seen[c.Project]:
			wrong = append(wrong, domain.NewError(ChoiceTwice, at+".project", "name", c.Project))
		case c.Value < low || c.Value > high:
			wrong = append(wrong, domain.NewError(ChoiceOutOfRange, at+".value", "min", low, "max", high))
		case in.Method == PeerEpoch && owner != "" && owner == b.Voter && c.Value > 0:
			wrong = append(wrong, domain.NewError(OwnBallot, at+".project"))
		default:
			spent += in.Method.weight(c.Value)
		}
		seen[c.Project] = true
	}
	if limit, limited := in.Method.limit(in); limited && spent > limit {
		wrong = append(wrong, domain.NewError(BallotOverspent, field+"choices", "limit", limit, "actual", spent))
	}
	if in.Method == FixedKey && spent != 10_000 {
		wrong = append(wrong, domain.NewError(KeyIncomplete, field+"choices", "actual", spent))
	}
	return wrong
}

// pays tells the methods whose projects have a cost of their own.
func (m Method) pays() bool {
	switch m {
	case EqualShares, ProposalVote, DirectEnvelopes, Knapsack, SolidarityDraw:
		return true
	case FixedKey, Quadratic, PeerEpoch:
	}
	return false
}

// bounds is the least and the most a ballot may say of one project.
func (m Method) bounds(in Instance) (low, high int64) {
	switch m {
	case EqualShares:
		return 0, 5
	case ProposalVote:
		return -1, 1
	case Knapsack, SolidarityDraw:
		return 0, 1
	case Quadratic:
		return -10, 10
	case FixedKey:
		return 0, 10_000
	case PeerEpoch:
		return 0, int64(cmp.Or(in.Rule.PairMaximum, in.Rule.Allowance))
	case DirectEnvelopes:
	}
	return 0, int64(in.Envelope)
}

// weight is what a value costs the voter's allowance.
func (m Method) weight(value int64) int64 {
	if m == Quadratic {
		return value * value
	}
	return value
}

// limit is a voter's allowance, where the method gives one.
func (m Method) limit(in Instance) (int64, bool) {
	switch m {
	case Quadratic:
		return 100, true
	case PeerEpoch:
		return int64(in.Rule.Allowance), true
	case DirectEnvelopes:
		if in.Rule.Roll > 0 {
			return int64(in.Envelope) / in.Rule.Roll, true
		}
	case FixedKey, EqualShares, ProposalVote, Knapsack, SolidarityDraw:
	}
	return 0, false
}

// Canonical is the bytes that are hashed: projects by id, ballots by voter,
// choices by project, choices that say nothing left out. The order in which
// things arrived never matters; where it does, it is data (Filed).
func (in Instance) Canonical() []byte {
	in.Version = Version
	in.Projects = slices.Clone(in.Projects)
	slices.SortFunc(in.Projects, func(a, b Project) int { return cmp.Compare(a.ID, b.ID) })
	ballots := make([]Ballot, len(in.Ballots))
	for i, b := range in.Ballots {
		choices := make([]Choice, 0, len(b.Choices))
		for _, c := range b.Choices {
			if c.Value != 0 || in.Method == ProposalVote {
				choices = append(choices, c)
			}
		}
		slices.SortFunc(choices, func(a, b Choice) int { return cmp.Compare(a.Project, b.Project) })
		ballots[i] = Ballot{Voter: b.Voter, Choices: choices}
	}
	slices.SortFunc(ballots, func(a, b Ballot) int { return cmp.Compare(a.Voter, b.Voter) })
	in.Ballots = ballots
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)               // so that other languages write the same
	if err := e.Encode(in); err != nil { // strings and integers only
		panic(err)
	}
	return bytes.TrimSpace(out.Bytes())
}

// Hash is the SHA-256 of the canonical bytes, in hexadecimal.
func (in Instance) Hash() string {
	sum := sha256.Sum256(in.Canonical())
	return hex.EncodeToString(sum[:])
}

// before orders projects that are equal in everything a method looks at:
// earlier filing first, then the hash of cycle, seed and project, which nobody
// could know when the votes were cast.
func (in Instance) before() []int {
	type place struct {
		filed int64
		lot   [sha256.Size]byte
		index int
	}
	places := make([]place, len(in.Projects))
	for i, p := range in.Projects {
		places[i] = place{p.Filed, sha256.Sum256([]byte(in.Cycle + "\n" + in.Seed + "\n" + p.ID)), i}
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.filed, b.filed), slices.Compare(a.lot[:], b.lot[:]))
	})
	rank := make([]int, len(places))
	for r, p := range places {
		rank[p.index] = r
	}
	return rank
}

// Commitment is what is published before the vote, so that the seed cannot be
// chosen after it.
func Commitment(cycle, seed string) string {
	sum := sha256.Sum256([]byte("hora seed\n" + cycle + "\n" + seed))
	return hex.EncodeToString(sum[:])
}
