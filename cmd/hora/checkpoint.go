// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/ledger"
)

// verifyAgainst proves that a community's journal extends the one that somebody's
// checkpoint signed, and that its books agree with it.
func (a *App) verifyAgainst(ctx context.Context, file string, tell func(slug string, v ledger.Verification)) (ledger.Checkpoint, error) {
	kept, err := os.ReadFile(file)
	if err != nil {
		return ledger.Checkpoint{}, err
	}
	// Letters and editors change how lines end.
	note := strings.TrimSpace(strings.ReplaceAll(string(kept), "\r\n", "\n")) + "\n"
	watch, done := terminalBar(os.Stderr, file)
	signed, v, err := a.notary.VerifyAgainst(ctx, note, watch)
	done()
	if errors.Is(err, domain.NotFound) {
		err = fmt.Errorf("community %s has no journal here", signed.Community)
	}
	if err != nil {
		return signed, fmt.Errorf("%s: %w", file, err)
	}
	slug := signed.Community.String()
	if found, err := a.rooms.communities.ByIDs(ctx, []domain.ID{signed.Community}); err == nil && len(found) == 1 {
		slug = found[0].Slug
	}
	tell(slug, v)
	if len(v.Differences) > 0 {
		err = errBooksDiffer
	}
	return signed, err
}

type rotateKeyCmd struct {
	databaseConfig
	Purpose string `arg:"" enum:"access,refresh,seal,upload,badge" help:"What it is for: ${enum}."`
}

// Run adds a key to those that servers share.
func (c *rotateKeyCmd) Run(ctx context.Context) error {
	return withApp(ctx, c.databaseConfig, quiet(), beside, func(a *App) error {
		if err := a.keys.Rotate(ctx, identity.Purpose(strings.ToUpper(c.Purpose))); err != nil {
			return err
		}
		fmt.Println("A new key takes over in a minute; what older ones signed holds as long as it was to.")
		return nil
	})
}
