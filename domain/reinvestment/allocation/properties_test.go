// SPDX-License-Identifier: AGPL-3.0-or-later

package allocation_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// anyVote is a vote by a method whose ballots it takes.
func anyVote(t *rapid.T, m allocation.Method) allocation.Instance {
	in := anyInstance(t)
	in.Version, in.Method = allocation.Version, m
	switch m {
	case allocation.EqualShares:
		return in
	case allocation.FixedKey:
		in.Ballots = []allocation.Ballot{anyKey(t, in.Projects)}
	case allocation.ProposalVote:
		in.Rule = allocation.Rule{Roll: int64(len(in.Ballots)) + rapid.Int64Range(0, 5).Draw(t, "absent"), Quorum: rapid.Int64Range(0, 10_000).Draw(t, "quorum")}
		said(in, func(c allocation.Choice) int64 { return c.Value%3 - 1 })
	case allocation.Knapsack:
		in.Rule = allocation.Rule{}
		said(in, func(c allocation.Choice) int64 { return min(c.Value, 1) })
	case allocation.Quadratic:
		in.Rule = allocation.Rule{}
		said(in, func(c allocation.Choice) int64 { return c.Value - 2 })
	case allocation.DirectEnvelopes:
		in.Rule = allocation.Rule{Roll: max(1, int64(len(in.Ballots))+rapid.Int64Range(0, 3).Draw(t, "absent"))}
		given(t, in, int64(in.Envelope)/in.Rule.Roll, int64(in.Envelope))
	case allocation.PeerEpoch:
		in.Rule = allocation.Rule{Allowance: domain.Minutes(rapid.IntRange(1, 90).Draw(t, "allowance"))}
		in.Rule.PairMaximum = domain.Minutes(rapid.Int64Range(1, int64(in.Rule.Allowance)).Draw(t, "pair"))
		for i := range in.Projects {
			in.Projects[i].Minimum, in.Projects[i].Maximum = 0, 0
		}
		given(t, in, int64(in.Rule.Allowance), int64(in.Rule.PairMaximum))
	case allocation.SolidarityDraw:
		in.Ballots = []allocation.Ballot{}
		in.Rule = allocation.Rule{Floor: domain.Minutes(rapid.IntRange(0, 60).Draw(t, "floor")), PersonMaximum: domain.Minutes(rapid.IntRange(0, 200).Draw(t, "year"))}
		for i := range in.Projects {
			in.Projects[i].Owner = in.Projects[rapid.IntRange(0, i).Draw(t, "who asks")].ID
			in.Projects[i].Given = domain.Minutes(rapid.IntRange(0, 80).Draw(t, "drawn before"))
		}
	}
	return in
}

// said has every choice say something else.
func said(in allocation.Instance, of func(allocation.Choice) int64) {
	for _, b := range in.Ballots {
		for i := range b.Choices {
			b.Choices[i].Value = of(b.Choices[i])
		}
	}
}

// given has every voter give minutes within what they have, and to one within a limit.
func given(t *rapid.T, in allocation.Instance, has, toOne int64) {
	for _, b := range in.Ballots {
		left := has
		for i := range b.Choices {
			b.Choices[i].Value = rapid.Int64Range(0, min(left, toOne)).Draw(t, "minutes")
			left -= b.Choices[i].Value
		}
	}
}

func anyKey(t *rapid.T, projects []allocation.Project) allocation.Ballot {
	rest, key := int64(10_000), allocation.Ballot{Voter: "policy"}
	for i, p := range projects {
		part := rest
		if i < len(projects)-1 {
			part = rapid.Int64Range(0, rest).Draw(t, "part")
		}
		rest -= part
		key.Choices = append(key.Choices, allocation.Choice{Project: p.ID, Value: part})
	}
	return key
}

// No method grants more than there is, and each grant is within what can be used.
func TestNoMethodGrantsMoreThanTheEnvelope(t *testing.T) {
	t.Parallel()
	for _, m := range allocation.Methods() {
		t.Run(string(m), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				in := anyVote(t, m)
				r := allocate(t, in)
				var sum domain.Minutes
				for i, line := range r.Lines {
					p := in.Projects[i]
					bounded := m != allocation.FixedKey && m != allocation.PeerEpoch
					if line.Minutes < 0 || bounded && line.Minutes > 0 && (line.Minutes < p.Minimum || line.Minutes > p.Maximum) {
						t.Fatalf("%+v for %+v", line, p)
					}
					sum += line.Minutes
				}
				floor := domain.Minutes(0)
				if m == allocation.SolidarityDraw && sum > 0 {
					floor = in.Rule.Floor
				}
				if sum != r.Spent || r.Spent+r.Left != in.Envelope || r.Left < floor {
					t.Fatalf("lines %d, spent %d, left %d of %d", sum, r.Spent, r.Left, in.Envelope)
				}
			})
		})
	}
}

// In what order ballots arrived, or say what they say, changes nothing by any method.
func TestByNoMethodDoesTheOrderOfBallotsMatter(t *testing.T) {
	t.Parallel()
	for _, m := range allocation.Methods() {
		t.Run(string(m), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				in := anyVote(t, m)
				r := allocate(t, in)
				in.Ballots = rapid.Permutation(in.Ballots).Draw(t, "ballots")
				for i := range in.Ballots {
					in.Ballots[i].Choices = rapid.Permutation(in.Ballots[i].Choices).Draw(t, "choices")
				}
				again := allocate(t, in)
				if r.InputHash != again.InputHash || r.Spent != again.Spent || r.Virtual != again.Virtual || !slices.Equal(r.Lines, again.Lines) {
					t.Fatalf("%+v\n%+v", r, again)
				}
			})
		})
	}
}

// Nobody draws more than their year has, whatever they drew before and however often
// they ask.
func TestNobodyDrawsBeyondTheirYear(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyVote(t, allocation.SolidarityDraw)
		in.Rule.PersonMaximum = max(1, in.Rule.PersonMaximum)
		before := map[string]domain.Minutes{}
		for i := range in.Projects { // what somebody drew before is said of each of their requests
			p := &in.Projects[i]
			if _, known := before[p.Owner]; !known {
				before[p.Owner] = p.Given
			}
			p.Given = before[p.Owner]
		}
		for i, line := range allocate(t, in).Lines {
			if line.Minutes > 0 {
				before[in.Projects[i].Owner] += line.Minutes
			}
		}
		for who, drawn := range before {
			if drawn > max(in.Rule.PersonMaximum, 80) {
				t.Fatalf("%s has %d of %d", who, drawn, in.Rule.PersonMaximum)
			}
		}
	})
}

// However many voted of however many who could: either the count is refused, or what
// all of them gave is within the envelope.
func TestNoMoreVoteThanTheEnvelopeHasParts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyVote(t, allocation.DirectEnvelopes)
		in.Rule.Roll = rapid.Int64Range(0, int64(len(in.Ballots))+3).Draw(t, "roll")
		if in.Rule.Roll > 0 {
			given(t, in, int64(in.Envelope)/in.Rule.Roll, int64(in.Envelope))
		}
		r, err := allocation.Run(in)
		if refused := errors.Is(err, allocation.RuleInvalid); refused != (int64(len(in.Ballots)) > in.Rule.Roll) {
			t.Fatalf("%d ballots of %d: %v", len(in.Ballots), in.Rule.Roll, err)
		}
		if r.Left < 0 {
			t.Fatalf("%d are left of %d", r.Left, in.Envelope)
		}
	})
}

// What was filed at the same place, as nothing is in a cycle, goes by a lot that nobody
// could know before the vote: the hash of cycle, seed and project.
func TestTheSeedBreaksTheLastTies(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := allocation.Instance{
			Method: allocation.Knapsack, Cycle: rapid.StringMatching(`[a-z]{3}`).Draw(t, "cycle"), Seed: rapid.StringMatching(`[a-z]{8}`).Draw(t, "seed"),
			Envelope: 10, Projects: costing("bench 10", "oven 10", "tree 10"), Ballots: approving("2 bench oven tree"),
		}
		first, lot := "", ""
		for i := range in.Projects {
			in.Projects[i].Filed = 7
			sum := sha256.Sum256([]byte(in.Cycle + "\n" + in.Seed + "\n" + in.Projects[i].ID))
			if drawn := hex.EncodeToString(sum[:]); lot == "" || drawn < lot {
				first, lot = in.Projects[i].ID, drawn
			}
		}
		in.Projects = rapid.Permutation(in.Projects).Draw(t, "projects")
		if got := funded(allocate(t, in)); got != first {
			t.Fatalf("%s is funded, and %s has the lowest lot", got, first)
		}
	})
}
