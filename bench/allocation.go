// SPDX-License-Identifier: AGPL-3.0-or-later

package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"text/tabwriter"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// What an exact count of 100,000 ballots over 1,000 projects may take.
const (
	CountWithin = 20 * time.Second
	CountMemory = 1 << 30 // bytes
)

// Count is one vote that was counted.
type Count struct {
	Ballots  int           `json:"ballots"`
	Projects int           `json:"projects"`
	Funded   int           `json:"funded"`
	Spent    int64         `json:"spent"`
	Took     time.Duration `json:"took"`
	Worked   time.Duration `json:"worked"` // processor time; 0 where nobody knows
	Memory   uint64        `json:"memory"` // most that the program had of the system meanwhile, in bytes
	Hash     string        `json:"inputHash"`
}

// Allocation counts votes of growing size by equal shares, exactly. Equal seeds
// give equal votes and equal results on every machine.
func Allocation(ctx context.Context, ballots []int, projects int, seed uint64) ([]Count, error) {
	var counts []Count
	for _, n := range ballots {
		if ctx.Err() != nil {
			return counts, ctx.Err()
		}
		in := townVote(n, projects, seed)
		debug.FreeOSMemory()
		most := watchMemory()
		start, before := time.Now(), ownTime()
		result, err := allocation.Run(in)
		c := Count{Ballots: n, Projects: projects, Took: time.Since(start), Worked: ownTime() - before, Memory: most()}
		c.Spent, c.Hash = int64(result.Spent), result.InputHash
		if err != nil {
			return counts, err
		}
		for _, line := range result.Lines {
			if line.Minutes > 0 {
				c.Funded++
			}
		}
		counts = append(counts, c)
		runtime.KeepAlive(in)
	}
	return counts, nil
}

// watchMemory looks ten times a second at what the program holds; the function it
// gives ends that, and says the most that was seen.
func watchMemory() func() uint64 {
	stop, most := make(chan struct{}), make(chan uint64)
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	held := func() uint64 {
		metrics.Read(sample)
		return sample[0].Value.Uint64() - sample[1].Value.Uint64()
	}
	go func() {
		highest := held()
		again := time.NewTicker(100 * time.Millisecond)
		defer again.Stop()
		for {
			select {
			case <-again.C:
				highest = max(highest, held())
			case <-stop:
				most <- max(highest, held())
				return
			}
		}
	}()
	return func() uint64 {
		close(stop)
		return <-most
	}
}

// PrintCounts writes a table: how time and memory grow with the ballots.
func PrintCounts(out io.Writer, counts []Count) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "ballots\tprojects\tfunded\tminutes\tseconds\tprocessor\tMB\tµs a ballot\t")
	for _, c := range counts {
		_, _ = fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%.2f\t%.2f\t%d\t%.1f\t\n", c.Ballots, c.Projects, c.Funded, c.Spent, c.Took.Seconds(), c.Worked.Seconds(), c.Memory>>20,
			float64(c.Worked.Microseconds())/float64(c.Ballots))
	}
	return w.Flush()
}

// townVote is a vote as towns have them: a few projects are loved by many, each
// voter scores about ten.
func townVote(voters, projects int, seed uint64) allocation.Instance {
	luck := rand.New(rand.NewPCG(seed, 1)) // #nosec G404 -- a vote that comes out the same each time
	in := allocation.Instance{
		Version: allocation.Version, Method: allocation.EqualShares, Cycle: "bench", Seed: "bench", Envelope: domain.Minutes(voters * 60),
	}
	for i := range projects {
		cost := domain.Minutes(max(1, int(in.Envelope)/projects/2+luck.IntN(int(in.Envelope)/projects*6+1)))
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
