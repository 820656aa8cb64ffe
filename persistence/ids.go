// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"
	pgxuuid "github.com/vgarvardt/pgx-google-uuid/v5"

	"github.com/hora-coop/hora/domain"
)

// registerIDs has ids travel as sixteen bytes, both ways.
func registerIDs(types *pgtype.Map) {
	pgxuuid.Register(types)
	types.RegisterType(&pgtype.Type{Name: "uuid", OID: pgtype.UUIDOID, Codec: idCodec{}})
}

// idCodec reads an id as it lies. pgx asks a type that can read itself from a text to
// do so before it asks any wrapper, and ids can: each was written as a text and read
// from it again.
type idCodec struct{ pgxuuid.UUIDCodec }

// PlanScan implements pgtype.Codec.
func (c idCodec) PlanScan(types *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if _, ok := target.(*domain.ID); ok && format == pgtype.BinaryFormatCode {
		return idPlan{}
	}
	return c.UUIDCodec.PlanScan(types, oid, format, target)
}

type idPlan struct{}

// Scan implements pgtype.ScanPlan. NULL is nowhere.
func (idPlan) Scan(raw []byte, target any) error {
	id := target.(*domain.ID)
	if raw != nil && len(raw) != len(id) {
		return fmt.Errorf("an id of %d bytes", len(raw))
	}
	*id = domain.Nowhere
	copy(id[:], raw)
	return nil
}
