// SPDX-License-Identifier: AGPL-3.0-or-later

package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/governance"
	"github.com/hora-coop/hora/domain/governance/tally"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/reinvestment"
	"github.com/hora-coop/hora/domain/reinvestment/allocation"
)

// planCommons is what the community does as one: it puts questions to itself, and gives
// common hours to common projects. The visitor finds of each one that is over and one that
// waits for them.
func (l *life) planCommons() {
	l.agenda.add(l.onDayBefore(500), l.fillTheFund)
	l.agenda.add(l.onDayBefore(150), l.agreeOnMornings)
	l.agenda.add(l.onDayBefore(3), l.askAboutChildren)
	l.agenda.add(l.onDayBefore(5), l.askForStartingHours)
	l.agenda.add(l.onDayBefore(120), func(ctx context.Context) error {
		return l.openCycle(ctx, l.in("Projets du printemps", "Spring projects"), allocation.ProposalVote, []int{0, 21, 30, 45, 55, 170, 200})
	})
	l.agenda.add(l.onDayBefore(l.cycleDay), func(ctx context.Context) error {
		return l.openCycle(ctx, l.in("Projets de l’hiver", "Winter projects"), allocation.EqualShares, []int{0, 21, 30, 45, 55, 120, 150})
	})
}

// onDayBefore is ten in the morning of a day before the end: of these scenes the hour
// tells nothing, so chance has no part in them.
func (l *life) onDayBefore(days int) time.Time {
	t := l.end.In(l.local).AddDate(0, 0, -days)
	return time.Date(t.Year(), t.Month(), t.Day(), 10, 0, 0, 0, l.local)
}

// voices are those who speak for themselves on a screen, the desk first.
func (l *life) voices() []*neighbour {
	var found []*neighbour
	for _, n := range l.people {
		if n.person != domain.Nowhere && !n.young && l.willing(n) {
			found = append(found, n)
		}
	}
	return found
}

// bystanders are the voices whom the visitor is not, nor those who moderate.
func (l *life) bystanders() []*neighbour {
	var found []*neighbour
	for _, n := range l.voices() {
		if !n.played && !l.moderates(n) {
			found = append(found, n)
		}
	}
	return found
}

// agreeOnMornings is a question that is over, with what follows from it.
func (l *life) agreeOnMornings(ctx context.Context) error {
	d, err := l.rooms.Decisions.Propose(ctx, l.desk(), governance.Propose{
		Community: l.id, Type: community.HouseAgreement, Title: l.in("Le local reste-t-il ouvert le lundi matin ?", "Do we keep the front room open on Monday mornings?"),
		Body: l.in("Depuis l’hiver, personne n’est venu avant onze heures. Nous pourrions ouvrir le jeudi soir à la place.", "Nobody has come before eleven since the winter. We could open on Thursday evenings instead."),
	})
	if err != nil {
		return fmt.Errorf("ask about the mornings: %w", err)
	}
	said := []struct {
		value  int64
		reason string
	}{{2, ""}, {1, l.in("Le lundi est mon seul jour de libre.", "Monday is my only day off.")}, {-1, l.in("Le jeudi, je pourrais venir après le travail.", "On a Thursday I could come, after work.")}, {1, ""}}
	for i, n := range l.voices() {
		if err := l.votes(ctx, n, d, tally.Paper{Marks: []tally.Mark{{Option: "1", Value: said[i%len(said)].value}}}, said[i%len(said)].reason); err != nil {
			return err
		}
	}
	l.agenda.add(d.ClosesAt.Add(time.Minute), func(ctx context.Context) error {
		if err := l.rooms.Decisions.PassTime(ctx, l.id); err != nil {
			return err
		}
		_, err := l.rooms.Decisions.SetOutcome(ctx, l.desk(), l.id, d.ID, governance.Outcome{
			Text: l.in("Affiché au local ; on regarde dans un an si cela convient encore.", "It hangs at the door; in a year we look whether it still suits."), Owner: l.staff[0].id, ReviewAt: l.end.AddDate(0, 7, 0),
		})
		return err
	})
	return nil
}

// askAboutChildren is a question that is open, and waits for the visitor's vote.
func (l *life) askAboutChildren(ctx context.Context) error {
	others := l.bystanders()
	if len(others) == 0 {
		return nil
	}
	by := domain.Actor{Person: others[0].person}
	d, err := l.rooms.Decisions.Propose(ctx, by, governance.Propose{
		Community: l.id, Type: community.HouseAgreement, Title: l.in("Les enfants sont-ils les bienvenus aux ateliers ?", "Are children welcome at our workshops?"),
		Body: l.in("Sans garde, plusieurs d’entre nous ne peuvent pas venir.", "Without anybody to look after them, several of us cannot come."),
	})
	if err != nil {
		return fmt.Errorf("ask about children: %w", err)
	}
	for i, n := range others {
		if i%3 == 2 {
			continue
		}
		if err := l.votes(ctx, n, d, tally.Paper{Marks: []tally.Mark{{Option: "1", Value: int64(2 - i%2)}}}, ""); err != nil {
			return err
		}
	}
	_, err = l.rooms.Decisions.Comment(ctx, domain.Actor{Person: others[len(others)-1].person}, governance.Say{
		Community: l.id, Decision: d.ID, Body: l.in("Oui, mais pas dans l’atelier de réparation : il y a des outils.", "Yes, but not in the repair workshop: there are tools about."),
	})
	return err
}

// askForStartingHours would change the charter.
func (l *life) askForStartingHours(ctx context.Context) error {
	d, err := l.rooms.Decisions.Propose(ctx, l.desk(), governance.Propose{
		Community: l.id, Type: community.CommonRules, Title: l.in("Commencer avec vingt heures au lieu de quinze ?", "Begin with twenty hours instead of fifteen?"),
		Body:   l.in("Les nouveaux membres hésitent à demander quand il leur reste peu d’heures.", "New members are slow to ask when they have few hours left."),
		Effect: &governance.Effect{Kind: governance.ChangeCharter, Changes: community.Changes(`{"hours": {"starting": 1200}}`)},
	})
	if err != nil {
		return fmt.Errorf("ask for starting hours: %w", err)
	}
	for i, n := range l.bystanders() {
		choice := []tally.Choice{tally.Yes, tally.Yes, tally.No, tally.Abstain}[i%4]
		if err := l.votes(ctx, n, d, tally.Paper{Choice: choice}, ""); err != nil {
			return err
		}
	}
	return nil
}

// votes casts somebody's ballot; who came after the roll was made has none.
func (l *life) votes(ctx context.Context, n *neighbour, d governance.Decision, paper tally.Paper, reason string) error {
	_, err := l.rooms.Decisions.Cast(ctx, domain.Actor{Person: n.person}, governance.Cast{Community: l.id, Decision: d.ID, Paper: paper, Fields: []string{d.Rules.Field()}, Reason: reason})
	if err != nil && !refused(err, governance.NotOnTheRoll) {
		return fmt.Errorf("vote: %w", err)
	}
	return nil
}

// wishes are what common hours could be for.
func (l *life) wishes() []reinvestment.Submit {
	return []reinvestment.Submit{
		{
			Title: l.in("Un jardin derrière le local", "A garden behind the house"), Minimum: 480, Maximum: 900,
			Body:       l.in("Quatre bacs, des framboisiers et un banc, que l’on soigne à tour de rôle.", "Four beds, some raspberries and a bench, looked after by turns."),
			Milestones: []reinvestment.Milestone{{Title: l.in("Les bacs sont montés", "The beds are built"), Minutes: 480}, {Title: l.in("Les plants sont en terre", "The plants are in"), Minutes: 420}},
		},
		{Title: l.in("Une brochure en gros caractères", "A leaflet in large print"), Minimum: 300, Body: l.in("Pour celles et ceux qui n’ont pas internet, distribuée dans les pharmacies.", "For those without internet, left at the chemists’.")},
		{Title: l.in("Visites aux membres isolés", "Visits to members who are alone"), Minimum: 360, Maximum: 600, Body: l.in("Une visite par semaine à ceux qui ne sortent plus, tout l’hiver.", "A visit a week to those who no longer go out, all winter.")},
	}
}

// fund is what common projects get their hours from, and where those come from.
func (l *life) fund(ctx context.Context) (common, fund ledger.Account, err error) {
	err = l.rooms.Tx.InTx(ctx, l.id, func(ctx context.Context, _ time.Time) (err error) {
		if common, err = l.rooms.Ledger.CommunityAccount(ctx, l.id, ledger.Community, ""); err != nil {
			return err
		}
		fund, err = l.rooms.Ledger.CommunityAccount(ctx, l.id, ledger.Pool, ledger.Projects)
		return err
	})
	return common, fund, err
}

// fillTheFund: each quarter, some hours for common projects.
func (l *life) fillTheFund(ctx context.Context) error {
	common, fund, err := l.fund(ctx)
	if err != nil {
		return err
	}
	today := l.clock.Now().In(l.local)
	_, err = l.rooms.Cycles.MakePlan(ctx, l.desk(), reinvestment.MakePlan{
		Community: l.id, Kind: reinvestment.PlanInflow, Title: l.in("Quinze heures pour les projets communs", "Fifteen hours for common projects"), From: common.ID, To: fund.ID,
		Minutes: 900, FirstOn: time.Date(today.Year(), today.Month(), today.Day()+1, 0, 0, 0, 0, time.UTC), Rhythm: domain.Quarterly, Hour: 6,
	})
	if err != nil {
		return fmt.Errorf("fill the fund for projects: %w", err)
	}
	return nil
}

// openCycle gives common hours to common projects. Days are when each phase begins, from
// the opening; how far it comes is up to when the story ends.
func (l *life) openCycle(ctx context.Context, title string, method allocation.Method, days []int) error {
	_, fund, err := l.fund(ctx)
	if err != nil {
		return err
	}
	day := func(i int) time.Time { return l.clock.Now().AddDate(0, 0, days[i]) }
	c, err := l.rooms.Cycles.Open(ctx, l.desk(), reinvestment.Open{
		Community: l.id, Pool: fund.ID, Title: title, Minutes: 1200, Method: method, TwoApproversAbove: 900,
		Calendar: reinvestment.Calendar{CallAt: day(0), FeasibilityAt: day(1), VotingAt: day(2), TallyAt: day(3), ChallengeUntil: day(4), PayUntil: day(5), CloseAt: day(6)},
	})
	if err != nil {
		return fmt.Errorf("open a cycle: %w", err)
	}
	authors := l.bystanders()
	for i, wish := range l.wishes()[:min(3, len(authors))] {
		l.agenda.add(c.Calendar.CallAt.AddDate(0, 0, 2+3*i), func(ctx context.Context) error {
			wish.Community, wish.Cycle = l.id, c.ID
			if _, err := l.rooms.Cycles.Submit(ctx, domain.Actor{Person: authors[i].person}, wish); err != nil {
				return fmt.Errorf("propose a project: %w", err)
			}
			return nil
		})
	}
	l.agenda.add(c.Calendar.FeasibilityAt.Add(2*time.Hour), func(ctx context.Context) error { return l.review(ctx, c) })
	l.agenda.add(c.Calendar.VotingAt.Add(2*time.Hour), func(ctx context.Context) error { return l.give(ctx, c) })
	l.agenda.add(c.Calendar.ChallengeUntil.Add(2*time.Hour), func(ctx context.Context) error { return l.claim(ctx, c, 0) })
	l.agenda.add(l.onDayBefore(4), func(ctx context.Context) error { return l.claim(ctx, c, 1) })
	return nil
}

// projects are those of a cycle once what its calendar has due is done.
func (l *life) projects(ctx context.Context, c reinvestment.Cycle) (found []reinvestment.Project, err error) {
	if err := l.rooms.Cycles.PassTime(ctx, l.id); err != nil {
		return nil, err
	}
	err = l.rooms.Tx.InTx(ctx, l.id, func(ctx context.Context, _ time.Time) (err error) {
		found, err = l.rooms.Cycles.ProjectsOf(ctx, l.id, []domain.ID{c.ID})
		return err
	})
	return found, err
}

// review: the desk looks whether each can be done, and leaves the last for the visitor
// where the story ends meanwhile.
func (l *life) review(ctx context.Context, c reinvestment.Cycle) error {
	projects, err := l.projects(ctx, c)
	if err != nil {
		return err
	}
	for i, p := range projects {
		if i == len(projects)-1 && c.Calendar.VotingAt.After(l.end) {
			break
		}
		if _, err := l.rooms.Cycles.Review(ctx, l.desk(), l.id, p.ID, true, ""); err != nil {
			return fmt.Errorf("look at a project: %w", err)
		}
	}
	return nil
}

// give: members say what common hours should be for, and keep it sealed.
func (l *life) give(ctx context.Context, c reinvestment.Cycle) error {
	projects, err := l.projects(ctx, c)
	if err != nil {
		return err
	}
	for i, n := range l.voices() {
		if n.played && c.Calendar.TallyAt.After(l.end) {
			continue // it is for the visitor to say
		}
		var entries []reinvestment.Entry
		for j, p := range projects {
			if i%(j+2) == 0 || j == 0 {
				entries = append(entries, reinvestment.Entry{Project: p.ID, Value: 1})
			}
		}
		_, err := l.rooms.Cycles.Cast(ctx, domain.Actor{Person: n.person}, reinvestment.Cast{Community: l.id, Cycle: c.ID, Entries: entries})
		if err != nil && !refused(err, governance.NotOnTheRoll) {
			return fmt.Errorf("vote in a cycle: %w", err)
		}
	}
	return nil
}

// claim: who did what was funded asks for its hours. The first project's are credited; a
// later one's wait for the visitor.
func (l *life) claim(ctx context.Context, c reinvestment.Cycle, which int) error {
	projects, err := l.projects(ctx, c)
	if err != nil {
		return err
	}
	for _, p := range projects[min(which, len(projects)):] {
		author := l.neighbour(p.Owner)
		if p.Stage != reinvestment.Funded || !author.state.InGoodStanding() {
			continue
		}
		claim := reinvestment.ClaimPayout{Community: l.id, Project: p.ID, Minutes: p.Granted, Proof: l.in("C’est fait ; les photos sont au local.", "It is done; the pictures hang at the house.")}
		if len(p.Milestones) > 0 {
			claim.Milestone, claim.Minutes = 1, min(p.Granted, p.Milestones[0].Minutes)
		}
		made, err := l.rooms.Cycles.Claim(ctx, domain.Actor{Person: author.person}, claim)
		if err != nil {
			return fmt.Errorf("claim hours of a project: %w", err)
		}
		if which > 0 {
			return nil
		}
		if _, err := l.rooms.Cycles.Approve(ctx, l.desk(), l.id, made.ID); err != nil {
			return fmt.Errorf("credit hours of a project: %w", err)
		}
		return l.recount(ctx, author)
	}
	return nil
}

func (l *life) neighbour(id domain.ID) *neighbour {
	for _, n := range l.people {
		if n.id == id {
			return n
		}
	}
	return &neighbour{} // nobody, who takes part in nothing
}
