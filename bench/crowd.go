// SPDX-License-Identifier: AGPL-3.0-or-later

package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hora-coop/hora/domain"
)

// CrowdOptions says how many phones there are, and for how long.
type CrowdOptions struct {
	Phones int           // at least 2; every second one asks another for something
	For    time.Duration // in the middle the server is stopped and started again
	Think  time.Duration // how long a phone waits between two requests, in the mean

	// Start runs the program as people run it, on one database each time. It believes
	// X-Forwarded-For of this computer: each phone has a network of its own.
	Start    func(ctx context.Context) (*Served, error)
	Progress io.Writer // a line that is written over again; nil for none
}

// Served is a program that answers.
type Served struct {
	Address string
	Process int
	Stop    func() error // SIGTERM; returns when it has ended
}

// CrowdReport is what came of it.
type CrowdReport struct {
	Phones       int           `json:"phones"`
	For          time.Duration `json:"nanoseconds"`
	Requests     int           `json:"requests"`
	Answered5xx  int           `json:"answered5xx"`
	Unanswered   int           `json:"unanswered"` // while the server was stopped
	Reads        Times         `json:"reads"`
	Writes       Times         `json:"writes"`
	Confirmed    int           `json:"confirmed"` // exchanges whose confirmation was answered
	Lost         int           `json:"lost"`      // of them, what the server does not have in the end
	Twice        int           `json:"twice"`     // or has more than once
	Away         time.Duration `json:"awayNanoseconds"`
	PeakMegabyte int           `json:"peakMegabytes"` // of the program's resident memory; 0 where nobody knows
}

// Times are those of one kind of request, in milliseconds.
type Times struct {
	P50 float64 `json:"p50Milliseconds"`
	P99 float64 `json:"p99Milliseconds"`
}

// crowd is all phones and the server they speak to.
type crowd struct {
	o      CrowdOptions
	client *http.Client
	server atomic.Pointer[Served]
	peak   atomic.Int64 // kilobytes

	community, serviceType string
	pairs                  []*pair
	measuring              atomic.Bool

	mu            sync.Mutex
	reads, writes []time.Duration
	failed, away  int
}

// Crowd has phones read and confirm while the server is stopped and started in the
// middle, and compares in the end what they were answered with what it has.
func Crowd(ctx context.Context, o CrowdOptions) (r CrowdReport, err error) {
	c := &crowd{o: o, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: o.Phones}, Timeout: 30 * time.Second}}
	if err := c.start(ctx); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	if err := c.gather(ctx); err != nil {
		return r, fmt.Errorf("gather the phones: %w", err)
	}
	c.measuring.Store(true)
	r = CrowdReport{Phones: o.Phones, For: o.For}
	during, done := context.WithTimeout(ctx, o.For)
	defer done()
	all, living := errgroup.WithContext(ctx)
	for _, p := range c.pairs {
		all.Go(func() error { return p.asks(living, during) })
		all.Go(func() error { return p.offers(living, during) })
	}
	all.Go(func() (err error) {
		select {
		case <-time.After(o.For / 2):
			r.Away, err = c.restart(ctx) // which outlives the phones
		case <-living.Done():
		}
		return err
	})
	if err := all.Wait(); err != nil {
		return r, err
	}
	c.measuring.Store(false)
	c.say("")
	return r, c.compare(ctx, &r)
}

func (c *crowd) say(format string, args ...any) {
	if c.o.Progress != nil {
		fmt.Fprintf(c.o.Progress, "\r\033[K"+format, args...)
	}
}

func (c *crowd) start(ctx context.Context) error {
	served, err := c.o.Start(ctx)
	if err == nil {
		c.server.Store(served)
	}
	return err
}

// stop reads the most memory that the program ever took before it goes.
func (c *crowd) stop() error {
	served := c.server.Load()
	c.peak.Store(max(c.peak.Load(), peakMemory(served.Process)))
	return served.Stop()
}

// restart is a new version coming in; it answers how long nobody was served.
func (c *crowd) restart(ctx context.Context) (time.Duration, error) {
	c.say("stopping the server in the middle of it")
	began := time.Now()
	if err := c.stop(); err != nil {
		return 0, err
	}
	err := c.start(ctx)
	return time.Since(began), err
}

// peakMemory is a process's most resident memory in kilobytes; 0 where it cannot be known.
func peakMemory(process int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	line, _, _ := strings.Cut(rest, "kB")
	most, _ := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	return most
}

// gather has people register, found a community and join it, one after the other
// as they would, but for the waiting.
func (c *crowd) gather(ctx context.Context) error {
	founder, err := c.register(ctx, 0)
	if err != nil {
		return err
	}
	slug := "foule-" + domain.NewID().String()[24:]
	if c.community, err = founder.creates(ctx, slug); err != nil {
		return err
	}
	if c.serviceType, err = founder.looksUp(ctx, slug); err != nil {
		return err
	}
	c.pairs = make([]*pair, c.o.Phones/2)
	for i := range c.pairs {
		c.say("phone %d of %d", 2*i+2, c.o.Phones)
		p := &pair{}
		for n, phone := range []**phone{&p.giver, &p.receiver} {
			if *phone, err = c.register(ctx, 2*i+n+1); err == nil {
				err = (*phone).joins(ctx, founder)
			}
			if err != nil {
				return err
			}
		}
		if p.listing, err = p.giver.announces(ctx); err != nil {
			return err
		}
		c.pairs[i] = p
	}
	return nil
}

// compare reads every pair's balance and exchanges as the server has them now.
func (c *crowd) compare(ctx context.Context, r *CrowdReport) error {
	for _, p := range c.pairs {
		confirmed, minutes, err := p.receiver.looksBack(ctx)
		if err != nil {
			return err
		}
		r.Confirmed += len(p.confirmed)
		for _, id := range p.confirmed {
			if !slices.Contains(confirmed, id) {
				r.Lost++
			}
		}
		if moved := p.receiver.began - minutes; moved > crowdMinutes*len(confirmed) {
			r.Twice += moved/crowdMinutes - len(confirmed)
		}
	}
	c.peak.Store(max(c.peak.Load(), peakMemory(c.server.Load().Process)))
	r.PeakMegabyte = int(c.peak.Load() / 1024)
	r.Requests, r.Answered5xx, r.Unanswered = len(c.reads)+len(c.writes)+c.failed+c.away, c.failed, c.away
	r.Reads, r.Writes = times(c.reads), times(c.writes)
	return nil
}

func times(took []time.Duration) Times {
	if len(took) == 0 {
		return Times{}
	}
	slices.Sort(took)
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return Times{ms(took[len(took)/2]), ms(took[len(took)*99/100])}
}

// thinks waits as a person would; false when the time is over.
func (c *crowd) thinks(during context.Context) bool {
	select {
	case <-during.Done():
		return false
	case <-time.After(c.o.Think/2 + rand.N(c.o.Think)): //nolint:gosec // a sample
		return true
	}
}

// Print writes the report as a person reads it.
func (r CrowdReport) Print(out io.Writer) error {
	_, err := fmt.Fprintf(out, `%d phones for %s: %d requests, %d answered 5xx, %d unanswered while the server was stopped (%.1f s)
reads   p50 %.1f ms, p99 %.1f ms
writes  p50 %.1f ms, p99 %.1f ms
%d exchanges confirmed, %d lost, %d twice
the program's memory: %d MB at most
`, r.Phones, r.For, r.Requests, r.Answered5xx, r.Unanswered, r.Away.Seconds(), r.Reads.P50, r.Reads.P99, r.Writes.P50, r.Writes.P99,
		r.Confirmed, r.Lost, r.Twice, r.PeakMegabyte)
	return err
}
