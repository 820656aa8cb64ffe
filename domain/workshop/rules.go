// SPDX-License-Identifier: AGPL-3.0-or-later

package workshop

import (
	"bytes"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
)

// largest bounds a session: more would be an assembly.
const largest = 200

func (cmd Schedule) check(now time.Time) (Schedule, error) {
	var c domain.Check
	cmd.Title = c.Line("title", cmd.Title, 2, 100)
	cmd.Description = c.Text("description", cmd.Description, 0, 2000)
	cmd.Place = c.Line("place", cmd.Place, 0, 200)
	t, known := listing.TypeByCode(cmd.ServiceType)
	c.That(known && t.Leaf(), listing.ServiceTypeUnknown, "serviceTypeId")
	c.That(cmd.Capacity >= 1 && cmd.Capacity <= largest, domain.OutOfRange, "capacity", "min", 1, "max", largest)
	c.That(cmd.StartsAt.After(now.AddDate(0, 0, -7)), NotYet, "startsAt") // one may be noted afterwards, within a week
	c.That(cmd.Preparation >= 0 && cmd.Preparation <= domain.MaxMinutes, domain.MinutesOutOfRange, "preparationMinutes", "min", domain.Minutes(0), "max", domain.MaxMinutes)
	c.Minutes("animationMinutes", cmd.Animation)
	c.That(cmd.Bearer == Participants || cmd.Bearer == Community, domain.ValueUnknown, "bearer")
	return cmd, c.Err()
}

// seated counts those who have a seat.
func seated(seats []Seat) int {
	n := 0
	for _, s := range seats {
		if s.State == Joined {
			n++
		}
	}
	return n
}

func seatOf(seats []Seat, member domain.ID) (Seat, bool) {
	i := slices.IndexFunc(seats, func(s Seat) bool { return s.Member == member })
	if i < 0 {
		return Seat{}, false
	}
	return seats[i], true
}

// join gives a seat, or a place in the waiting list; whoever has either keeps it.
func (s Session) join(seats []Seat, member domain.ID, now time.Time) (Seat, bool, error) {
	if s.State != Scheduled {
		return Seat{}, false, domain.NewError(WrongState, "sessionId", "state", string(s.State))
	}
	if member == s.Host {
		return Seat{}, false, domain.NewError(OwnSession, "sessionId")
	}
	if had, is := seatOf(seats, member); is && (had.State == Joined || had.State == Waiting) {
		return had, false, nil
	}
	seat := Seat{Community: s.Community, Session: s.ID, Member: member, State: Joined, Place: last(seats) + 1, At: now}
	if seated(seats) >= s.Capacity {
		seat.State = Waiting
	}
	return seat, true, nil
}

func last(seats []Seat) int {
	n := 0
	for _, s := range seats {
		n = max(n, s.Place)
	}
	return n
}

// leave gives a seat back, and lets the first who waits move up. Whoever leaves
// later than the charter's notice, with nobody to take the seat, missed it.
func (s Session) leave(seats []Seat, member domain.ID, rules community.Charter, now time.Time) (changed []Seat, err error) {
	if s.State != Scheduled {
		return nil, domain.NewError(WrongState, "sessionId", "state", string(s.State))
	}
	seat, is := seatOf(seats, member)
	if !is || (seat.State != Joined && seat.State != Waiting) {
		return nil, domain.NewError(NotJoined, "sessionId")
	}
	had := seat.State
	seat.State, seat.At = Left, now
	if had == Waiting {
		return []Seat{seat}, nil
	}
	var next *Seat
	for _, other := range seats {
		if other.State == Waiting && (next == nil || other.Place < next.Place) {
			next = &other
		}
	}
	if next != nil {
		next.State, next.At = Joined, now
		return []Seat{seat, *next}, nil
	}
	if now.After(s.StartsAt.Add(-time.Duration(rules.Sessions.NoticeHours) * time.Hour)) {
		seat.State = Missed
	}
	return []Seat{seat}, nil
}

// settle says who bears how much. Shares are equal to a minute, by largest
// remainder, ties to the lowest account id, and always add up.
func (s Session) settle(seats []Seat, cmd Settle, rules community.Charter, accounts map[domain.ID]ledger.Account, now time.Time) (Session, []Seat, error) {
	if s.State != Scheduled {
		return s, nil, domain.NewError(WrongState, "sessionId", "state", string(s.State))
	}
	if now.Before(s.StartsAt) {
		return s, nil, domain.NewError(NotYet, "sessionId")
	}
	var c domain.Check
	for _, actual := range []struct {
		field string
		given *domain.Minutes
		into  *domain.Minutes
		least domain.Minutes
	}{{"preparationMinutes", cmd.Preparation, &s.Preparation, 0}, {"animationMinutes", cmd.Animation, &s.Animation, 1}} {
		if actual.given != nil {
			// People joined what was announced; it may become less, not more.
			c.That(*actual.given >= actual.least && *actual.given <= *actual.into, domain.MinutesOutOfRange, actual.field, "min", actual.least, "max", *actual.into)
			*actual.into = *actual.given
		}
	}
	s.Moved = (s.Preparation + s.Animation).Round(rules.Hours.Unit)
	c.That(s.Moved > 0 || c.Err() != nil, domain.MinutesOutOfRange, "animationMinutes", "min", (rules.Hours.Unit+1)/2, "max", s.Animation)
	c.That(len(cmd.Attended) > 0, Empty, "attendedIds")
	for _, id := range cmd.Attended {
		seat, is := seatOf(seats, id)
		c.That(is && seat.State != Left, NotJoined, "attendedIds")
	}
	if err := c.Err(); err != nil {
		return s, nil, err
	}
	s.State, s.SettledAt = Settled, now
	seats = attendance(seats, cmd.Attended, now)
	return s, s.share(seats, rules, accounts), nil
}

// attendance notes who came.
func attendance(seats []Seat, attended []domain.ID, now time.Time) []Seat {
	noted := slices.Clone(seats)
	for i := range noted {
		switch {
		case slices.Contains(attended, noted[i].Member):
			noted[i].State, noted[i].At = Attended, now
		case noted[i].State == Joined:
			noted[i].State, noted[i].At = Missed, now
		}
	}
	return noted
}

// share divides what moves among those who bear it, in the order of their accounts.
func (s Session) share(seats []Seat, rules community.Charter, accounts map[domain.ID]ledger.Account) []Seat {
	if s.Bearer == Community {
		return seats
	}
	var bear []int
	for i, seat := range seats {
		_, open := accounts[seat.Member] // whoever left the community meanwhile bears nothing
		if seat.State == Attended || (seat.State == Missed && rules.Sessions.NoShowShares && open) {
			bear = append(bear, i)
		}
	}
	slices.SortFunc(bear, func(a, b int) int {
		x, y := accounts[seats[a].Member].ID, accounts[seats[b].Member].ID
		return bytes.Compare(x[:], y[:])
	})
	weights := make([]int64, len(bear))
	for i := range weights {
		weights[i] = 1
	}
	for i, part := range ledger.Shares(s.Moved, weights) {
		seats[bear[i]].Share = part
	}
	return seats
}
