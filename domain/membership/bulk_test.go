// SPDX-License-Identifier: AGPL-3.0-or-later

package membership

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/ledger"
)

// What is wrong for all of them is found before anything is done with anybody, and
// nothing else is: the rest is for each member's own use case to say.
func TestWhatIsWrongForAllIsFoundFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Custom(func(t *rapid.T) *domain.Minutes {
			m := domain.Minutes(rapid.Int64Range(-1000, 1000).Draw(t, "minutes"))
			return &m
		})
		cmd := Bulk{
			Members: make([]domain.ID, rapid.IntRange(0, LargestBulk+5).Draw(t, "how many")),
			Act:     rapid.SampledFrom(append(BulkActs(), "EXPEL")).Draw(t, "act"),
			Reason:  rapid.SampledFrom([]string{"", " ", "Décidé ensemble."}).Draw(t, "reason"),
			Minutes: domain.Minutes(rapid.Int64Range(-1, 60).Draw(t, "minutes")),
			Limits:  ledger.Limits{Floor: rapid.Ptr(rapid.Just(domain.Minutes(-60)), true).Draw(t, "floor"), Ceiling: limit.Draw(t, "ceiling")},
			DryRun:  rapid.Bool().Draw(t, "dry run"),
			Key:     rapid.SampledFrom([]string{"", "key"}).Draw(t, "key"),
		}
		_, err := cmd.check()
		named := cmd.Reason == "Décidé ensemble."
		for code, wrong := range map[domain.Code]bool{
			domain.ValueUnknown:      cmd.Act == "EXPEL",
			domain.OutOfRange:        len(cmd.Members) == 0 || len(cmd.Members) > LargestBulk,
			domain.MinutesOutOfRange: cmd.Minutes < 0 || cmd.Minutes == 0 && cmd.Act == BulkGive,
			domain.Required:          !named && (cmd.Act == BulkRefuse || cmd.Act == BulkLimit) || !cmd.DryRun && cmd.Key == "",
			ledger.LimitsInvalid:     !cmd.Limits.Valid(),
		} {
			if found := errors.Is(err, code); found != wrong {
				t.Fatalf("%+v: %s is %v, wanted %v", cmd, code, found, wrong)
			}
		}
	})
}

// An outcome that was kept says of a member what was said the first time, and what
// stands against the whole is never kept as one member's.
func TestARefusalIsKeptAsItWasSaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.SampledFrom([]domain.Code{MemberState, ledger.AccountClosed, domain.Forbidden, domain.NotFound, domain.Internal}).Draw(t, "code")
		why, ok := refusal(domain.NewError(code, "memberId", "state", "LEFT"))
		if whole := code == domain.Forbidden || code == domain.NotFound || code == domain.Internal; ok == whole {
			t.Fatalf("%s is a member's own: %v", code, ok)
		}
		if !ok {
			return
		}
		kept := BulkOutcome{Code: why.Code, State: why.Args["state"].(string)}.at(3)
		if said := kept.Refusal("memberIds.3"); said.Code != code || said.Args["state"] != "LEFT" || said.Field != "memberIds.3" || kept.Place != 3 {
			t.Fatalf("%v is told as %v", why, said)
		}
	})
	if BulkOutcome.Refusal(BulkOutcome{}, "memberIds.0") != nil {
		t.Fatal("what was done is told as refused")
	}
}
