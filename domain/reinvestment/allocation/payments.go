// SPDX-License-Identifier: AGPL-3.0-or-later

package allocation

import (
	"encoding/csv"
	"io"
	"math/big"
	"strings"
	"unicode/utf8"
)

// Payment is what one voter's share gave to one project, an exact fraction of
// minutes ("20/3").
type Payment struct {
	Voter, Project, Minutes string
}

// Payments is what each voter's share gave, in the order of ballots and of buying,
// when the shares were what they were raised to (EQUAL_SHARES; nothing for other
// methods). For each project that its supporters' shares cover they add up to its
// minimum, exactly.
func Payments(in Instance, r Result) []Payment {
	share, ok := new(big.Rat).SetString(r.Virtual)
	if in.Method != EqualShares || !ok {
		return nil
	}
	m := newMarket(in)
	paid := make([][]Payment, len(m.heads))
	t := m.open(share)
	t.paying = func(project int, class int32, minutes *big.Rat) {
		paid[class] = append(paid[class], Payment{Project: in.Projects[project].ID, Minutes: minutes.RatString()})
	}
	t.buy()
	var all []Payment
	for i, b := range in.Ballots {
		for _, p := range paid[m.class[i]] {
			p.Voter = b.Voter
			all = append(all, p)
		}
	}
	return all
}

// harmless is a name of a stranger's file that no spreadsheet takes for a formula.
func harmless(name string) string {
	if first, _ := utf8.DecodeRuneInString(name); strings.ContainsRune("=+-@＝＋－＠\t\r\n", first) {
		return "'" + name
	}
	return name
}

// WritePayments writes them as CSV.
func WritePayments(to io.Writer, payments []Payment) error {
	w := csv.NewWriter(to)
	rows := [][]string{{"voter", "project", "minutes"}}
	for _, p := range payments {
		rows = append(rows, []string{harmless(p.Voter), harmless(p.Project), p.Minutes})
	}
	return w.WriteAll(rows)
}
