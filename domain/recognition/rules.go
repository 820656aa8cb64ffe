// SPDX-License-Identifier: AGPL-3.0-or-later

package recognition

import (
	"math"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/exchange"
)

// thankable says whether a side may still thank the other for an exchange.
func thankable(x exchange.Exchange, where community.Community, now time.Time) error {
	if x.State != exchange.Confirmed {
		return domain.NewError(exchange.WrongState, "subjectId", "state", string(x.State))
	}
	// Nothing follows a confirmation, so the last change is it.
	if now.After(where.After(x.UpdatedAt, ThanksDays)) {
		return domain.NewError(TooLate, "subjectId", "max", ThanksDays)
	}
	return nil
}

// patience is how long somebody waits who gave thanks at these moments; zero when
// they may go on.
func patience(given []time.Time, now time.Time) time.Duration {
	newest := slices.SortedFunc(slices.Values(given), func(a, b time.Time) int { return b.Compare(a) })
	var wait time.Duration
	for _, limit := range []struct {
		most int
		per  time.Duration
	}{{ThanksAMinute, time.Minute}, {ThanksADay, 24 * time.Hour}} {
		if len(newest) >= limit.most {
			wait = max(wait, newest[limit.most-1].Add(limit.per).Sub(now))
		}
	}
	return wait
}

func tooOften(wait time.Duration) error {
	return domain.NewError(domain.RateLimited, "", "retryAfter", int(math.Ceil(wait.Seconds())))
}

// another says whether somebody who awarded these stars has one left for a member.
func another(given []Star, member domain.ID, where community.Community, now time.Time) error {
	today := now.In(where.Zone())
	month := 0
	for _, star := range given {
		if star.Member == member && now.Before(where.After(star.At, StarDays)) {
			return domain.NewError(StarredRecently, "memberId", "max", StarDays)
		}
		if at := star.At.In(where.Zone()); at.Year() == today.Year() && at.Month() == today.Month() {
			month++
		}
	}
	if month >= StarsAMonth {
		return domain.NewError(StarsSpent, "", "max", StarsAMonth)
	}
	return nil
}

func (cmd Thank) check() (Thank, error) {
	var c domain.Check
	cmd.Message = c.Text("message", cmd.Message, 0, 500)
	return cmd, c.Err()
}

func (cmd Award) check() (Award, error) {
	var c domain.Check
	cmd.Reason = c.Text("reason", cmd.Reason, ShortestReason, 1000)
	c.That(slices.Contains([]Category{Welcome, KnowHow, Reliable, Care, Initiative, Unseen}, cmd.Category), domain.ValueUnknown, "category")
	return cmd, c.Err()
}
