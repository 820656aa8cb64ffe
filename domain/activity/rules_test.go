// SPDX-License-Identifier: AGPL-3.0-or-later

package activity

import (
	"errors"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
)

var now = time.Date(2026, time.March, 3, 2, 0, 0, 0, time.UTC) // the evening before, in Montréal

func TestEachKindBringsWhatTheCharterSays(t *testing.T) {
	minutes := func(m domain.Minutes) *domain.Minutes { return &m }
	by := domain.NewID()
	for _, c := range []struct {
		kind     community.Compensation
		given    *domain.Minutes
		credited domain.Minutes
		code     domain.Code
	}{
		{community.ByHours, nil, 45, ""},
		{community.ByHours, minutes(30), 30, ""},
		{community.ByHours, minutes(0), 0, domain.MinutesOutOfRange},
		{community.ByHours, minutes(90), 0, domain.MinutesOutOfRange},
		{community.UnpaidStatutory, nil, 0, ""},
		{community.UnpaidStatutory, minutes(52), 0, CreditRefused},
		{community.RecognitionOnly, nil, 0, ""},
		{community.RecognitionOnly, minutes(1), 0, CreditRefused},
		{community.ByDuty, minutes(52), 0, CreditRefused},
		{community.ReimbursedCost, minutes(52), 0, CreditRefused},
	} {
		a := Activity{State: Logged, Member: domain.NewID(), Compensation: c.kind, Rule: "Charte, article 7", Minutes: 52}
		after, err := a.approve(by, c.given, 15, now)
		if c.code != "" {
			e, is := errors.AsType[*domain.Error](err)
			if !is || e.Code != c.code || after.State != Logged {
				t.Errorf("%s: %s, %v; want %s", c.kind, after.State, err, c.code)
			} else if c.code == CreditRefused && e.Args["rule"] != "Charte, article 7" {
				t.Errorf("%s is refused without its rule: %v", c.kind, e.Args)
			}
			continue
		}
		if err != nil || after.State != Approved || after.Credited != c.credited || after.DecidedBy != by {
			t.Errorf("%s: %+v, %v; want %d credited", c.kind, after, err, c.credited)
		}
	}
}

func TestNobodyAnswersTheirOwnNorTwice(t *testing.T) {
	a := Activity{State: Logged, Member: domain.NewID(), Compensation: community.ByHours, Minutes: 60}
	if _, err := a.approve(a.Member, nil, 15, now); !errors.Is(err, OwnActivity) {
		t.Errorf("their own: %v", err)
	}
	done, err := a.decline(domain.NewID(), " Déjà noté. ", now)
	if err != nil || done.State != Declined || done.Reason != "Déjà noté." {
		t.Errorf("declined: %+v, %v", done, err)
	}
	if _, err := done.approve(domain.NewID(), nil, 15, now); !errors.Is(err, WrongState) {
		t.Errorf("twice: %v", err)
	}
	if _, err := a.decline(domain.NewID(), " ", now); !errors.Is(err, domain.Required) {
		t.Errorf("without a reason: %v", err)
	}
}

func TestADayIsTheCommunitysOwn(t *testing.T) {
	montreal := community.Community{TimeZone: "America/Toronto"}
	rules := community.Charter{Version: 4, Activities: community.Activities{Kinds: []community.ActivityKind{{Code: "FRONT_DESK", Compensation: community.ByHours, Level: "ASSOCIATIVE"}}}}
	log := Log{Kind: "FRONT_DESK", Minutes: 60, Description: "Permanence"}
	a, err := log.check(montreal, rules, now)
	if err != nil || a.Day.Format(time.DateOnly) != "2026-03-02" || a.Charter != 4 || a.Compensation != community.ByHours {
		t.Errorf("today: %+v, %v", a, err)
	}
	log.Day = time.Date(2026, time.March, 3, 0, 0, 0, 0, time.UTC)
	if _, err := log.check(montreal, rules, now); !errors.Is(err, DayToCome) {
		t.Errorf("tomorrow, there: %v", err)
	}
	_, err = Log{Kind: "NAPPING"}.check(montreal, rules, now)
	for _, code := range []domain.Code{KindUnknown, domain.MinutesOutOfRange, domain.Required} {
		if !errors.Is(err, code) {
			t.Errorf("with nothing right: %v, want %s too", err, code)
		}
	}
}
