// SPDX-License-Identifier: AGPL-3.0-or-later

package allocation

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/hora-coop/hora/domain"
)

// FormatUnreadable says which line of a Pabulib file cannot be read, and why.
const FormatUnreadable domain.Code = "PABULIB_UNREADABLE" // args: line, what

// ReadPabulib reads a vote in the format of pabulib.org: three parts of
// semicolon-separated lines, META, PROJECTS and VOTES. One unit of money is
// taken for one minute. Approval, scoring and cumulative ballots are read, with
// points from 0 to 5; costs and points must be whole. A file with others is refused.
//
// Errors: FormatUnreadable with the line.
func ReadPabulib(from io.Reader) (Instance, error) {
	in := Instance{Method: EqualShares}
	text, err := io.ReadAll(from)
	if err != nil {
		return in, err
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace = ';', -1, true, true
	var part string
	var columns map[string]int
	voteType := "approval"
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := r.FieldPos(0)
		if err != nil {
			return in, domain.NewError(FormatUnreadable, "", "line", line, "what", err.Error())
		}
		if len(row) == 1 && (row[0] == "META" || row[0] == "PROJECTS" || row[0] == "VOTES") {
			part, columns = row[0], nil
			continue
		}
		if columns == nil {
			columns = map[string]int{}
			for i, name := range row {
				columns[strings.TrimSpace(name)] = i
			}
			continue
		}
		cell := func(name string) string {
			if i, ok := columns[name]; ok && i < len(row) {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		switch part {
		case "META":
			switch cell("key") {
			case "budget":
				err = whole(cell("value"), &in.Envelope)
			case "vote_type":
				voteType = cell("value")
			case "instance":
				in.Cycle = cell("value")
			}
		case "PROJECTS":
			p := Project{ID: cell("project_id"), Filed: int64(len(in.Projects))}
			err = whole(cell("cost"), &p.Minimum)
			p.Maximum = p.Minimum
			in.Projects = append(in.Projects, p)
		case "VOTES":
			var b Ballot
			b, err = readVote(voteType, cell("voter_id"), cell("vote"), cell("points"))
			in.Ballots = append(in.Ballots, b)
		default:
			err = errors.New("META, PROJECTS or VOTES is expected first")
		}
		if err != nil {
			return in, domain.NewError(FormatUnreadable, "", "line", line, "what", err.Error())
		}
	}
	return in, in.Check()
}

func whole(text string, into *domain.Minutes) error {
	n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSuffix(text, ".00"), ".0"), 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number", text)
	}
	*into = domain.Minutes(n)
	return nil
}

func readVote(voteType, voter, vote, points string) (Ballot, error) {
	b := Ballot{Voter: voter}
	if vote == "" {
		return b, nil
	}
	chosen := strings.Split(vote, ",")
	scores := make([]string, 0, len(chosen))
	switch voteType {
	case "approval":
	case "scoring", "cumulative":
		if scores = strings.Split(points, ","); len(scores) != len(chosen) {
			return b, fmt.Errorf("%d projects and %d points", len(chosen), len(scores))
		}
	default:
		return b, fmt.Errorf("vote_type %q is not approval, scoring or cumulative", voteType)
	}
	for i, project := range chosen {
		c := Choice{Project: strings.TrimSpace(project), Value: 1}
		if len(scores) > 0 {
			var n domain.Minutes
			if err := whole(strings.TrimSpace(scores[i]), &n); err != nil {
				return b, fmt.Errorf("%q are not whole points", scores[i])
			}
			if n < 0 || n > 5 { // what is divided otherwise is another vote
				return b, fmt.Errorf("%d points for %s: from 0 to 5 are counted", n, c.Project)
			}
			c.Value = int64(n)
		}
		b.Choices = append(b.Choices, c)
	}
	return b, nil
}

// WritePabulib writes a vote, and what was funded, in the format of
// pabulib.org, so that other programs can count it again. A project's cost is
// its minimum.
func WritePabulib(to io.Writer, in Instance, r Result) error {
	w := csv.NewWriter(to)
	w.Comma = ';'
	voteType := "approval"
	for _, b := range in.Ballots {
		for _, c := range b.Choices {
			if c.Value > 1 {
				voteType = "scoring"
			}
		}
	}
	rows := [][]string{
		{"META"},
		{"key", "value"},
		{"description", "Hora"},
		{"instance", in.Cycle},
		{"num_projects", strconv.Itoa(len(in.Projects))},
		{"num_votes", strconv.Itoa(len(in.Ballots))},
		{"budget", strconv.FormatInt(int64(in.Envelope), 10)},
		{"vote_type", voteType},
		{"rule", strings.ToLower(string(in.Method))},
		{"PROJECTS"},
		{"project_id", "cost", "votes", "score", "selected"},
	}
	for i, p := range in.Projects {
		line, selected := r.Lines[i], "0"
		if line.Minutes > 0 {
			selected = "1"
		}
		rows = append(rows, []string{p.ID, strconv.FormatInt(int64(p.Minimum), 10), strconv.FormatInt(line.Voters, 10), strconv.FormatInt(line.Support, 10), selected})
	}
	rows = append(rows, []string{"VOTES"}, []string{"voter_id", "vote", "points"})
	for _, b := range in.Ballots {
		var chosen, points []string
		for _, c := range b.Choices {
			if c.Value > 0 {
				chosen, points = append(chosen, c.Project), append(points, strconv.FormatInt(c.Value, 10))
			}
		}
		rows = append(rows, []string{b.Voter, strings.Join(chosen, ","), strings.Join(points, ",")})
	}
	return w.WriteAll(rows)
}
