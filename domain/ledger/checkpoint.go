// SPDX-License-Identifier: AGPL-3.0-or-later

package ledger

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
)

// Checkpoint is a signed statement about a community's journal: its first Size
// events hash to Root. Whoever keeps one can tell, for ever, whether anything
// that it covers was rewritten.
type Checkpoint struct {
	Community domain.ID
	Size      int64  // the last position that it covers; 0 stands for no checkpoint
	Root      []byte // of the Merkle tree (RFC 6962) over the events' leaves
	Note      string // the statement and its signature
	SealedAt  time.Time
}

// InclusionProof leads from one event to a checkpoint's root, so that a stranger
// can follow.
type InclusionProof struct {
	Checkpoint Checkpoint
	Position   int64
	At         time.Time
	Body       []byte   // the event's canonical bytes
	Leaf       []byte   // their leaf hash in the tree
	Hashes     [][]byte // from the leaf's sibling upwards, as RFC 6962 orders them
}

// Leaf is what the tree holds of an event: its position and its microseconds
// since 1970, eight bytes each with the big end first, and the SHA-256 of its
// canonical body. They are the bytes that the journal's chain adds to the hash
// before, so that the two can never tell different stories.
func Leaf(position int64, at time.Time, digest []byte) []byte {
	leaf := make([]byte, 0, 16+len(digest))
	leaf = binary.BigEndian.AppendUint64(leaf, uint64(position))
	leaf = binary.BigEndian.AppendUint64(leaf, uint64(at.UnixMicro()))
	return append(leaf, digest...)
}

// origin is a checkpoint's first line. It says whose journal is meant, so that
// what was signed for one community proves nothing of another; it is made of the
// id because that never changes.
const origin = "hora/"

// Text is what is signed: origin, size and root, a line each, as
// https://c2sp.org/tlog-checkpoint has it.
func (c Checkpoint) Text() string {
	return fmt.Sprintf("%s%s\n%d\n%s\n", origin, c.Community, c.Size, base64.StdEncoding.EncodeToString(c.Root))
}

var errNoCheckpoint = errors.New("not a checkpoint of a community's journal")

// ReadCheckpoint reads what a note states. Who signed it is another question.
func ReadCheckpoint(note string) (Checkpoint, error) {
	lines := strings.SplitN(note, "\n", 4)
	if len(lines) < 4 || !strings.HasPrefix(lines[0], origin) {
		return Checkpoint{}, errNoCheckpoint
	}
	c := Checkpoint{Note: note}
	var errs [3]error
	errs[0] = c.Community.UnmarshalText([]byte(strings.TrimPrefix(lines[0], origin)))
	c.Size, errs[1] = strconv.ParseInt(lines[1], 10, 64)
	c.Root, errs[2] = base64.StdEncoding.DecodeString(lines[2])
	// One way to write it: what reads the same but looks otherwise was not signed by us.
	if errors.Join(errs[:]...) != nil || c.Size < 1 || !strings.HasPrefix(note, c.Text()) {
		return Checkpoint{}, errNoCheckpoint
	}
	return c, nil
}

// sizeOf reads an older checkpoint of a community, or only its size.
func sizeOf(community domain.ID, since string) (int64, error) {
	if size, err := strconv.ParseInt(since, 10, 64); err == nil && size >= 0 {
		return size, nil
	}
	c, err := ReadCheckpoint(since)
	if err == nil && c.Community != community {
		err = errNoCheckpoint
	}
	return c.Size, err
}
