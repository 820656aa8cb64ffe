// SPDX-License-Identifier: AGPL-3.0-or-later

package allocation

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"

	"github.com/hora-coop/hora/domain"
)

// Record is the file that a cycle publishes: what was voted and what came out.
type Record struct {
	Instance Instance `json:"instance"`
	Result   Result   `json:"result"`
	// Commitment was published before the vote.
	Commitment string `json:"commitment,omitempty"`
}

// What a record can fail at.
const (
	RecordUnreadable   domain.Code = "RECORD_UNREADABLE"   // args: what
	RecordVersion      domain.Code = "RECORD_VERSION"      // args: actual, known
	CommitmentMismatch domain.Code = "COMMITMENT_MISMATCH" // the seed is not the one committed to
	ResultMismatch     domain.Code = "RESULT_MISMATCH"     // args: name, required, actual
)

// ReadRecord reads an exported file.
func ReadRecord(from io.Reader) (Record, error) {
	var r Record
	d := json.NewDecoder(from)
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return r, domain.NewError(RecordUnreadable, "", "what", err.Error())
	}
	return r, nil
}

// Verify counts a record again. Nil means: these ballots give this result.
//
// Errors: RecordVersion, CommitmentMismatch, ResultMismatch with the first
// project that differs, and everything Check names.
func (r Record) Verify() error { return r.VerifyWithin(context.Background()) }

// VerifyWithin is Verify for whoever may have to stop.
func (r Record) VerifyWithin(ctx context.Context) error {
	if r.Instance.Version != Version {
		return domain.NewError(RecordVersion, "instance.version", "actual", r.Instance.Version, "known", Version)
	}
	if r.Commitment != "" && r.Commitment != Commitment(r.Instance.Cycle, r.Instance.Seed) {
		return domain.NewError(CommitmentMismatch, "commitment")
	}
	found, err := Count(ctx, r.Instance)
	if err != nil {
		return err
	}
	differs := func(what string, stated, found any) error {
		return domain.NewError(ResultMismatch, "result", "name", what, "required", fmt.Sprint(stated), "actual", fmt.Sprint(found))
	}
	if len(found.Lines) != len(r.Result.Lines) {
		return differs("lines", len(r.Result.Lines), len(found.Lines))
	}
	for i, line := range found.Lines {
		if r.Result.Lines[i] != line {
			return differs(line.Project, r.Result.Lines[i], line)
		}
	}
	if !reflect.DeepEqual(found, r.Result) {
		return differs("totals", []any{r.Result.InputHash, r.Result.Spent, r.Result.Left, r.Result.Share, r.Result.Virtual}, []any{found.InputHash, found.Spent, found.Left, found.Share, found.Virtual})
	}
	return nil
}
