// SPDX-License-Identifier: AGPL-3.0-or-later

package community

// Compensation is what a kind of work for the community brings to whoever does it.
type Compensation string

// The compensations.
const (
	ByHours         Compensation = "HOURS"            // credited from the community's account
	UnpaidStatutory Compensation = "UNPAID_STATUTORY" // the statutes want it given: board meetings
	RecognitionOnly Compensation = "RECOGNITION_ONLY" // hours would be a conflict of interest
	ByDuty          Compensation = "DUTY"             // counts against an obligation
	ReimbursedCost  Compensation = "REIMBURSED_COST"  // money spent is refunded directly, outside
)

// Activities are the kinds of work for the community itself. Changing one is a
// change of the charter; what was done keeps the version it was done under.
type Activities struct {
	Kinds []ActivityKind `json:"kinds"`
}

// ActivityKind is one kind of work.
type ActivityKind struct {
	Code         string            `json:"code"`
	Label        map[string]string `json:"label"` // by language
	Level        string            `json:"level"` // ASSOCIATIVE or COLLECTIVE
	Compensation Compensation      `json:"compensation"`
	Rule         string            `json:"rule"` // the name of the rule, where no hours are brought
}

// ActivityKind finds a kind by its code.
func (c Charter) ActivityKind(code string) (ActivityKind, bool) {
	for _, k := range c.Activities.Kinds {
		if k.Code == code {
			return k, true
		}
	}
	return ActivityKind{}, false
}

// Sessions are the rules of group sessions.
type Sessions struct {
	NoShowShares bool `json:"noShowShares"` // whoever joined and did not come bears a share like those who came
	NoticeHours  int  `json:"noticeHours"`  // leaving later than this before the beginning counts as not coming
}
