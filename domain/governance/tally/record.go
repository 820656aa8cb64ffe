// SPDX-License-Identifier: AGPL-3.0-or-later

package tally

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/hora-coop/hora/domain"
)

// Record is a count as it is published: anybody can make it again.
type Record struct {
	Instance Instance `json:"instance"`
	Result   Result   `json:"result"`
}

// Hash is the SHA-256 of the instance as JSON, its votes in the order of their
// receipts: in whatever order ballots come, it is the same.
func (in Instance) Hash() string {
	in.Options, in.Colleges = append([]Option{}, in.Options...), append([]College{}, in.Colleges...) // never null
	in.Votes = append([]Vote{}, in.Votes...)
	slices.SortFunc(in.Votes, func(a, b Vote) int { return cmp.Compare(a.Receipt, b.Receipt) })
	raw, err := json.Marshal(in)
	if err != nil {
		panic(err) // strings and numbers
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// Commitment is what is published of a seed before anybody votes: SHA-256 of the
// decision's id, a slash and the seed.
func Commitment(decision, seed string) string {
	sum := sha256.Sum256([]byte(decision + "/" + seed))
	return hex.EncodeToString(sum[:])
}

// Verify counts again and compares everything.
func (r Record) Verify() error {
	again, err := Count(r.Instance)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(again, r.Result) {
		return domain.NewError(ResultDiffers, "result")
	}
	return nil
}
