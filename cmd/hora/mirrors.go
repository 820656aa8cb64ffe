// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/persistence"
)

// verifyWithMirrors verifies each community's books, then what each two of them
// keep of one another.
func (a *App) verifyWithMirrors(ctx context.Context, tell func(string, ledger.Verification), tellMirrors func(one, other string, found ledger.Agreement)) error {
	books := a.verify(ctx, tell)
	if books != nil && !errors.Is(books, errBooksDiffer) {
		return books
	}
	mirrors := a.verifyMirrors(ctx, tellMirrors)
	if mirrors != nil && !errors.Is(mirrors, errBooksDiffer) {
		return mirrors
	}
	if books != nil {
		return books
	}
	return mirrors
}

// verifyMirrors compares the mirrors of every two communities of which either
// keeps one.
func (a *App) verifyMirrors(ctx context.Context, tell func(one, other string, found ledger.Agreement)) error {
	var all []community.Community
	err := a.db.InPlatform(ctx, func(ctx context.Context, _ time.Time) (err error) {
		all, err = persistence.JobStore{}.Communities(ctx)
		return err
	})
	if err != nil {
		return err
	}
	slugs, done := map[domain.ID]string{}, map[[2]domain.ID]bool{}
	for _, one := range all {
		slugs[one.ID] = one.Slug
	}
	right := true
	for _, one := range all {
		mirrors, err := a.rooms.ledger.Mirrors(ctx, one.ID)
		if err != nil {
			return fmt.Errorf("%s: %w", one.Slug, err)
		}
		for _, m := range mirrors {
			if done[[2]domain.ID{m.Partner, one.ID}] {
				continue // seen from the other side
			}
			done[[2]domain.ID{one.ID, m.Partner}] = true
			found, err := a.rooms.ledger.MirrorsAgree(ctx, one.ID, m.Partner)
			if err != nil {
				return fmt.Errorf("%s and %s: %w", one.Slug, slugs[m.Partner], err)
			}
			right = right && len(found.Differences) == 0
			tell(one.Slug, slugs[m.Partner], found)
		}
	}
	if !right {
		return errBooksDiffer
	}
	return nil
}

func (c *verifyCmd) printMirrors(one, other string, found ledger.Agreement) {
	var open domain.Minutes
	for _, p := range found.Open {
		open += p.Minutes
	}
	if c.JSON {
		line, _ := json.Marshal(map[string]any{ // plain values always encode
			"between": []string{one, other}, "balances": []domain.Minutes{found.A.Balance, found.B.Balance},
			"openPairs": len(found.Open), "openMinutes": open, "differences": found.Differences,
		})
		fmt.Println(string(line))
		return
	}
	verdict := "ok"
	if len(found.Open) > 0 {
		verdict = fmt.Sprintf("ok, %d pairs of %d minutes under way", len(found.Open), open)
	}
	if len(found.Differences) > 0 {
		verdict = fmt.Sprintf("%d DIFFERENCES", len(found.Differences))
	}
	fmt.Printf("%-20s mirrors of %-20s %d and %d  %s\n", one, other, found.A.Balance, found.B.Balance, verdict)
	for _, d := range found.Differences {
		fmt.Println("  " + d)
	}
}
