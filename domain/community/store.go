// SPDX-License-Identifier: AGPL-3.0-or-later

package community

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Store is what communities need kept.
type Store interface {
	// Create keeps a new community and starts its journal. Error: SlugTaken.
	Create(ctx context.Context, c Community) error
	ByIDs(ctx context.Context, ids []domain.ID) ([]Community, error)
	BySlug(ctx context.Context, slug string) (Community, error)
	List(ctx context.Context, filter Filter, page domain.Page) (domain.Slice[Community], error)

	// AddCharter keeps a new version; the effective one is the newest not in the
	// future. Error: StaleVersion when somebody added that version meanwhile.
	AddCharter(ctx context.Context, community domain.ID, c Charter) error
	Charter(ctx context.Context, community domain.ID, now time.Time) (Charter, error)
	CharterVersion(ctx context.Context, community domain.ID, version int) (Charter, error)
	CharterByID(ctx context.Context, community, id domain.ID) (Charter, error)
	// CharterBefore is the newest of those before a version whose day came no later.
	CharterBefore(ctx context.Context, c Charter) (Charter, error)
	// Charters lists every version, the newest first.
	Charters(ctx context.Context, community domain.ID, page domain.Page) (domain.Slice[Charter], error)
	// Coming lists the version in force and all after it, the oldest first.
	Coming(ctx context.Context, community domain.ID, now time.Time) ([]Charter, error)
	Beginnings(ctx context.Context, community domain.ID) (Beginnings, error)
	Holders(ctx context.Context, community domain.ID, now time.Time) (Holders, error)
	// Rules reads both together, inside the caller's transaction. Error: NotFound.
	Rules(ctx context.Context, community domain.ID, now time.Time) (Community, Charter, error)
}
