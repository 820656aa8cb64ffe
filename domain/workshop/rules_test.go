// SPDX-License-Identifier: AGPL-3.0-or-later

package workshop

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
)

var noon = time.Date(2026, time.March, 3, 12, 0, 0, 0, time.UTC)

func planned(capacity int) Session {
	return Session{
		ID: domain.NewID(), State: Scheduled, Host: domain.NewID(), StartsAt: noon, Capacity: capacity, Bearer: Participants,
		Preparation: 60, Animation: 180, Version: 1,
	}
}

func charter(noShowShares bool) community.Charter {
	return community.Charter{Hours: community.Hours{Unit: 15}, Sessions: community.Sessions{NoShowShares: noShowShares, NoticeHours: 48}}
}

// Whoever comes and goes, in whatever order: never more seats than there are,
// nobody waits beside a free one, and everybody who waits sits before later ones.
func TestSeatsAndTheWaitingList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := planned(rapid.IntRange(1, 5).Draw(t, "capacity"))
		people := make([]domain.ID, 8)
		for i := range people {
			people[i] = domain.NewID()
		}
		var seats []Seat
		put := func(changed ...Seat) {
			for _, c := range changed {
				found := false
				for i := range seats {
					if seats[i].Member == c.Member {
						seats[i], found = c, true
					}
				}
				if !found {
					seats = append(seats, c)
				}
			}
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			who := rapid.SampledFrom(people).Draw(t, "who")
			at := noon.Add(-time.Duration(rapid.IntRange(0, 100).Draw(t, "hours before")) * time.Hour)
			if rapid.Bool().Draw(t, "joins") {
				seat, _, err := s.join(seats, who, at)
				if err != nil {
					t.Fatal(err)
				}
				put(seat)
			} else if changed, err := s.leave(seats, who, charter(true), at); err == nil {
				put(changed...)
			} else if !errors.Is(err, NotJoined) {
				t.Fatal(err)
			}
			sit, wait := Counts(seats)
			if sit > s.Capacity || (wait > 0 && sit < s.Capacity) {
				t.Fatalf("%d sit and %d wait for %d seats", sit, wait, s.Capacity)
			}
		}
	})
}

func TestLeavingLateWithNobodyToTakeTheSeat(t *testing.T) {
	s, anna, bruno := planned(1), domain.NewID(), domain.NewID()
	seat, _, _ := s.join(nil, anna, noon.AddDate(0, 0, -9))
	for hours, want := range map[int]SeatState{49: Left, 48: Left, 47: Missed, 0: Missed} {
		changed, err := s.leave([]Seat{seat}, anna, charter(true), noon.Add(-time.Duration(hours)*time.Hour))
		if err != nil || changed[0].State != want {
			t.Errorf("%d hours before: %+v, %v; want %s", hours, changed, err, want)
		}
	}
	waiting, _, _ := s.join([]Seat{seat}, bruno, noon)
	changed, err := s.leave([]Seat{seat, waiting}, anna, charter(true), noon)
	if err != nil || len(changed) != 2 || changed[0].State != Left || changed[1].Member != bruno || changed[1].State != Joined {
		t.Errorf("with somebody who waits: %+v, %v", changed, err)
	}
	if _, _, err := s.join(nil, s.Host, noon); !errors.Is(err, OwnSession) {
		t.Errorf("the host joins: %v", err)
	}
}

// The parts always add up, differ by a minute at most, and the lowest accounts
// bear the odd ones; whoever missed it bears a share where the charter says so.
func TestSharesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := planned(200)
		s.Preparation = domain.Minutes(rapid.IntRange(0, 600).Draw(t, "preparation"))
		s.Animation = domain.Minutes(rapid.IntRange(8, 600).Draw(t, "animation"))
		rules := charter(rapid.Bool().Draw(t, "no-shows share"))
		accounts := map[domain.ID]ledger.Account{}
		var seats []Seat
		var came []domain.ID
		for i := range rapid.IntRange(1, 40).Draw(t, "seats") {
			seat := Seat{Member: domain.NewID(), State: Joined, Place: i + 1}
			accounts[seat.Member] = ledger.Account{ID: domain.NewID(), Owner: seat.Member}
			seats = append(seats, seat)
			if i == 0 || rapid.Bool().Draw(t, "came") {
				came = append(came, seat.Member)
			}
		}
		done, after, err := s.settle(seats, Settle{Attended: came}, rules, accounts, noon.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		var sum, least, most domain.Minutes
		least = done.Moved
		for _, seat := range after {
			bears := seat.State == Attended || rules.Sessions.NoShowShares
			if !bears && seat.Share != 0 {
				t.Fatalf("a seat %s bears %d", seat.State, seat.Share)
			}
			if bears {
				sum, least, most = sum+seat.Share, min(least, seat.Share), max(most, seat.Share)
			}
		}
		if sum != done.Moved || most-least > 1 || done.Moved != (s.Preparation+s.Animation).Round(15) {
			t.Fatalf("%d moved, %d borne, from %d to %d", done.Moved, sum, least, most)
		}
	})
}

func TestWhatCannotBeSettled(t *testing.T) {
	s, anna := planned(5), domain.NewID()
	seats := []Seat{{Member: anna, State: Joined, Place: 1}}
	more, nothing := domain.Minutes(61), domain.Minutes(0)
	for name, c := range map[string]struct {
		s    Session
		cmd  Settle
		at   time.Time
		code domain.Code
	}{
		"before it begins":     {s, Settle{Attended: []domain.ID{anna}}, noon.Add(-time.Minute), NotYet},
		"nobody came":          {s, Settle{}, noon, Empty},
		"somebody else":        {s, Settle{Attended: []domain.ID{domain.NewID()}}, noon, NotJoined},
		"longer than said":     {s, Settle{Attended: []domain.ID{anna}, Preparation: &more}, noon, domain.MinutesOutOfRange},
		"no time at all":       {s, Settle{Attended: []domain.ID{anna}, Animation: &nothing}, noon, domain.MinutesOutOfRange},
		"settled already":      {Session{State: Settled}, Settle{Attended: []domain.ID{anna}}, noon, WrongState},
		"called off meanwhile": {Session{State: Cancelled}, Settle{Attended: []domain.ID{anna}}, noon, WrongState},
	} {
		if after, _, err := c.s.settle(seats, c.cmd, charter(true), nil, c.at); !errors.Is(err, c.code) || after.State == Settled && c.s.State != Settled {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}
