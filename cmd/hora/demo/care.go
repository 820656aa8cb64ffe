// SPDX-License-Identifier: AGPL-3.0-or-later

package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/conversation"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/moderation"
	"github.com/hora-coop/hora/domain/recognition"
)

// planCare is how people look after one another: news for all, badges and thanks, those
// who are not of age yet, and what somebody had to report.
func (l *life) planCare() {
	l.agenda.add(l.onDayBefore(200), l.honour)
	l.agenda.add(l.onDayBefore(9), l.announceNews)
	l.agenda.add(l.onDayBefore(60), func(ctx context.Context) error {
		return l.comeUnderAge(ctx, l.in("Noé Tremblay", "Isla Fraser"), true)
	})
	l.agenda.add(l.onDayBefore(2), func(ctx context.Context) error { return l.comeUnderAge(ctx, l.in("Lila Morin", "Callum Reid"), false) })
	l.agenda.add(l.onDayBefore(40), l.warnSomebody)
	l.agenda.add(l.onDayBefore(6), l.hideSomething)
	l.agenda.add(l.onDayBefore(2), l.reportSomething)
}

func (l *life) moderates(n *neighbour) bool { return slices.Contains(l.staff, n) }

// honour gives badges, and a star to who is seldom seen; one badge is taken back.
func (l *life) honour(ctx context.Context) error {
	badge, err := l.rooms.Recognition.DefineBadge(ctx, l.desk(), recognition.DefineBadge{
		Community: l.id, Name: l.in("Premiers secours", "First aid"), Description: l.in("Sait quoi faire en attendant les secours.", "Knows what to do until help comes."),
		Criteria: l.in("Une formation d’une journée, suivie ces deux dernières années.", "A day’s course within the last two years."), ValidDays: 730,
	})
	if err != nil {
		return fmt.Errorf("define a badge: %w", err)
	}
	voices := l.voices()
	for i, n := range voices[1:min(4, len(voices))] {
		issued, err := l.rooms.Recognition.IssueBadge(ctx, l.desk(), recognition.IssueBadge{
			Community: l.id, Member: n.id, Badge: badge.ID, Evidence: l.in("Attestation vue au local.", "Certificate seen at the desk."),
		})
		if err != nil {
			return fmt.Errorf("issue a badge: %w", err)
		}
		if i < 2 {
			continue
		}
		if _, err := l.rooms.Recognition.RevokeBadge(ctx, l.desk(), l.id, issued.ID, l.in("L’attestation était celle d’une autre personne.", "The certificate was somebody else’s.")); err != nil {
			return fmt.Errorf("take a badge back: %w", err)
		}
	}
	if len(voices) < 3 {
		return nil
	}
	_, err = l.rooms.Recognition.Award(ctx, domain.Actor{Person: voices[1].person}, recognition.Award{
		Community: l.id, Member: voices[2].id, Category: recognition.Unseen,
		Reason: l.in("Chaque vendredi, bien après la fermeture, range le local sans que personne ne le voie.", "Tidies the house each Friday, long after closing, when nobody is there to see it."),
	})
	return err
}

// thank: who signs in themselves often says a word afterwards.
func (l *life) thank(d *deal) {
	if d.receiver.person == domain.Nowhere || l.proposed%3 == 0 {
		return
	}
	l.agenda.add(l.clock.Now().Add(3*time.Hour), func(ctx context.Context) error {
		if !d.receiver.state.InGoodStanding() {
			return nil
		}
		_, err := l.rooms.Recognition.Thank(ctx, domain.Actor{Person: d.receiver.person}, recognition.Thank{
			Community: l.id, Exchange: d.id, Message: l.in("Merci, c’était exactement ce qu’il fallait.", "Thank you, that was just what I needed."),
		})
		return err
	})
}

func (l *life) announceNews(ctx context.Context) error {
	_, err := l.rooms.Threads.Announce(ctx, l.desk(), conversation.Announce{
		Community: l.id, Audience: conversation.Everyone, Title: l.in("Repas partagé samedi en huit", "A shared meal on Saturday week"),
		Body: l.in("Chacun apporte un plat. Qui a besoin d’une voiture le dit au local.", "Bring a dish. Tell the desk if you need a lift."),
	})
	if err != nil {
		return fmt.Errorf("announce a meal: %w", err)
	}
	return nil
}

// comeUnderAge: somebody of sixteen applies; with a parent's consent they are admitted,
// without it they wait.
func (l *life) comeUnderAge(ctx context.Context, name string, consented bool) error {
	n := &neighbour{name: name, kind: membership.Person, young: true, comes: l.clock.Now(), email: mailbox(name) + "@" + l.slug + ".example.org"}
	var err error
	if n.person, err = l.register(ctx, n.name, n.email, l.locale); err != nil {
		return err
	}
	comesOfAge := l.end.AddDate(1, 3, 0)
	m, err := l.rooms.Members.Apply(ctx, domain.Actor{Person: n.person}, membership.Apply{
		Community: l.id, Message: l.in("J’aimerais aider au jardin, et apprendre à réparer un vélo.", "I would like to help in the garden, and learn to mend a bicycle."),
		ComesOfAgeOn: time.Date(comesOfAge.Year(), comesOfAge.Month(), comesOfAge.Day(), 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		return fmt.Errorf("apply under age: %w", err)
	}
	n.id, n.state = m.ID, m.Participation
	l.people = append(l.people, n)
	if !consented {
		return nil
	}
	if _, err := l.rooms.Members.RecordConsent(ctx, l.desk(), membership.RecordConsent{
		Community: l.id, Member: n.id, Name: l.in("Hélène Tremblay, sa mère", "Fiona Fraser, her mother"), Covers: l.in("Ateliers et jardin, en journée.", "Workshops and the garden, by day."),
	}); err != nil {
		return fmt.Errorf("record a consent: %w", err)
	}
	if m, err = l.rooms.Members.Admit(ctx, l.desk(), l.id, n.id, ""); err != nil {
		return fmt.Errorf("admit under age: %w", err)
	}
	return l.welcomed(ctx, n, m)
}

// tell has somebody report something to those who moderate.
func (l *life) tell(ctx context.Context, by *neighbour, about moderation.Subject, why moderation.Reason, details string) (moderation.Report, error) {
	r, err := l.rooms.Moderation.File(ctx, domain.Actor{Person: by.person}, moderation.File{Community: l.id, Subject: about, Reason: why, Details: details})
	if err != nil {
		return r, fmt.Errorf("report: %w", err)
	}
	return r, nil
}

// answer is what the second of the staff does about a report: the visitor is the first,
// and should find an appeal against somebody else.
func (l *life) answer(ctx context.Context, r moderation.Report, action moderation.Action, days int, statement string) (moderation.Measure, error) {
	m, err := l.rooms.Moderation.Resolve(ctx, domain.Actor{Person: l.staff[len(l.staff)-1].person}, moderation.Resolve{
		Community: l.id, Report: r.ID, Action: action, Statement: statement, Days: days,
	})
	if err != nil {
		return m, fmt.Errorf("answer a report: %w", err)
	}
	return m, nil
}

func (l *life) warnSomebody(ctx context.Context) error {
	others := l.bystanders()
	if len(others) < 2 {
		return nil
	}
	r, err := l.tell(ctx, others[0], moderation.Subject{Kind: moderation.AboutMember, ID: others[1].id}, moderation.Harassment,
		l.in("M’appelle chaque soir depuis que j’ai annulé notre rendez-vous.", "Rings me every evening since I called off our meeting."))
	if err != nil {
		return err
	}
	_, err = l.answer(ctx, r, moderation.Warn, 0, l.in("Plusieurs appels par jour après un refus, c’est trop. Écrivez au local si quelque chose reste à régler.", "Several calls a day after a no are too many. Write to the desk if something is left to settle."))
	return err
}

// posted publishes something that has no place here; nobody will answer it.
func (l *life) posted(ctx context.Context, n *neighbour, kind listing.Kind, title, description string) (moderation.Subject, error) {
	made, err := l.rooms.Listings.Create(ctx, domain.Actor{Person: n.person}, listing.Create{
		Community: l.id, Kind: kind, Content: listing.Content{Title: title, Description: description, ServiceType: workshops[l.language][0].serviceType, Level: listing.Individual, Language: l.language, Visibility: listing.Inside},
	})
	if err != nil {
		return moderation.Subject{}, fmt.Errorf("publish what has no place here: %w", err)
	}
	l.published++
	return moderation.Subject{Kind: moderation.AboutListing, ID: made.ID}, nil
}

// hideSomething: a listing was hidden for some days, and its author asks for another look.
func (l *life) hideSomething(ctx context.Context) error {
	others := l.bystanders()
	if len(others) < 2 {
		return nil
	}
	author := others[len(others)-1]
	about, err := l.posted(ctx, author, listing.Offer, l.in("Ordinateurs d’occasion, petits prix", "Used computers, fair prices"),
		l.in("Je répare et je cède des ordinateurs, de 80 à 150 €.", "I mend computers and pass them on, £70 to £130."))
	if err != nil {
		return err
	}
	r, err := l.tell(ctx, others[0], about, moderation.Unsuitable, l.in("Ici on échange des heures, pas de l’argent.", "Here we exchange hours, not money."))
	if err != nil {
		return err
	}
	m, err := l.answer(ctx, r, moderation.Hide, 20, l.in("Cette annonce demande de l’argent. Réécrivez-la en heures, et elle revient.", "This listing asks for money. Write it in hours and it comes back."))
	if err != nil {
		return err
	}
	l.agenda.add(l.onDayBefore(4), func(ctx context.Context) error {
		_, err := l.rooms.Moderation.Appeal(ctx, domain.Actor{Person: author.person}, moderation.AppealMeasure{
			Community: l.id, Measure: m.ID, Reason: l.in("Les pièces coûtent, et je ne demande que leur prix : la charte permet les frais.", "The parts cost money, and I ask for no more than that: the charter allows costs."),
		})
		return err
	})
	return nil
}

// reportSomething leaves two reports and a complaint in confidence for the visitor.
func (l *life) reportSomething(ctx context.Context) error {
	others := l.bystanders()
	if len(others) < 3 {
		return nil
	}
	about, err := l.posted(ctx, others[1], listing.Request, l.in("Gagnez un revenu depuis chez vous", "Earn an income from home"),
		l.in("Une méthode simple, écrivez-moi pour recevoir le lien.", "A simple method, write to me for the link."))
	if err != nil {
		return err
	}
	if _, err := l.tell(ctx, others[0], about, moderation.Spam, ""); err != nil {
		return err
	}
	l.agenda.add(l.end.Add(-9*time.Hour), func(ctx context.Context) error {
		_, err := l.tell(ctx, others[2], moderation.Subject{Kind: moderation.AboutMember, ID: others[1].id}, moderation.UnsafeNow,
			l.in("Était devant ma porte, sans que rien soit convenu.", "Stood at my door, with nothing agreed."))
		return err
	})
	_, err = l.rooms.Moderation.Complain(ctx, domain.Actor{Person: others[2].person}, moderation.Complain{
		Community: l.id, About: others[0].id, MayName: true, Details: l.in("Des remarques sur mon âge, devant tout le monde, à chaque atelier.", "Remarks about my age, before everybody, at each workshop."),
	})
	return err
}
