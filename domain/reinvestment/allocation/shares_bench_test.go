// SPDX-License-Identifier: AGPL-3.0-or-later

package allocation_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// town makes a vote as towns have them: a few projects are loved by many, each
// voter scores about ten.
func town(voters, projects int, seed uint64) allocation.Instance {
	luck := rand.New(rand.NewPCG(seed, 1))
	in := allocation.Instance{Method: allocation.EqualShares, Cycle: "spring", Seed: "rain", Envelope: domain.Minutes(voters * 60)}
	for i := range projects {
		cost := domain.Minutes(int(in.Envelope)/projects/2 + luck.IntN(int(in.Envelope)/projects*6))
		in.Projects = append(in.Projects, allocation.Project{ID: fmt.Sprintf("p%04d", i), Minimum: cost, Maximum: cost, Filed: int64(i)})
	}
	for v := range voters {
		b := allocation.Ballot{Voter: fmt.Sprintf("v%06d", v)}
		seen := map[int]bool{}
		for range 5 + luck.IntN(11) {
			p := min(int(luck.ExpFloat64()*float64(projects)/4), projects-1)
			if !seen[p] {
				seen[p] = true
				b.Choices = append(b.Choices, allocation.Choice{Project: in.Projects[p].ID, Value: int64(1 + luck.IntN(5))})
			}
		}
		in.Ballots = append(in.Ballots, b)
	}
	return in
}

func BenchmarkEqualShares(b *testing.B) {
	for _, voters := range []int{1_000, 10_000, 100_000} {
		in := town(voters, 1_000, 7)
		b.Run(fmt.Sprint(voters), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := allocation.Run(in)
				if err != nil {
					b.Fatal(err)
				}
				b.Log(r.Spent, r.Left, r.Share, r.Virtual)
			}
		})
	}
}
