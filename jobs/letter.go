// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs

import (
	"context"
	"errors"
	"strings"

	"github.com/riverqueue/river"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/internal/i18n"
	"github.com/hora-coop/hora/internal/mail"
)

// letterArgs names a notification to send by mail. Who and what is read when it
// is sent, so nothing of a person lies in the job.
type letterArgs struct {
	Community    domain.ID `json:"community"`
	Notification domain.ID `json:"notification"`
}

// Kind implements river.JobArgs.
func (letterArgs) Kind() string { return "letter" }

// InsertOpts implements river.JobArgsWithInsertOpts. River waits longer after
// each failure; sixteen tries take about two days, and older news is no news. Of
// an announcement there are thousands: what somebody waits for, like a letter to
// sign in with, goes before them.
func (letterArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 16, Priority: 2}
}

// sendLetter mails one notification. A crash between the mail server's yes and
// River's note sends it a second time; that is better than not at all.
func (r *Runner) sendLetter(ctx context.Context, args letterArgs) error {
	letters, err := r.cfg.Messages.Letters(ctx, args.Community, []domain.ID{args.Notification})
	if err != nil {
		return err
	}
	for _, l := range letters {
		if l.To == "" {
			continue // they read it when they sign in, or their coordinator tells them
		}
		link := ""
		if r.cfg.Link != nil {
			link = r.cfg.Link(l)
		}
		err := r.cfg.Mail.Send(ctx, write(l, link))
		if errors.Is(err, mail.ErrRefused) {
			return river.JobCancel(err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// write makes a letter in the language of who reads it.
func write(l messaging.Letter, link string) mail.Message {
	lang := i18n.Match(l.Locale)
	args := map[string]any{"name": l.Name, "member": l.MemberName, "community": l.CommunityName, "url": link, "title": l.Title, "body": l.Body}
	if service, known := listing.TypeByCode(l.ServiceType); known {
		args["service"] = service.Label(string(lang))
	}
	if l.Minutes != 0 {
		args["minutes"] = l.Minutes
	}
	if !l.Due.IsZero() {
		args["due"] = i18n.Date(lang, l.Due, community.Community{TimeZone: l.TimeZone}.Zone())
	}
	about := "notification." + string(l.Kind)
	parts := []string{i18n.Text(lang, "mail.greeting", args), i18n.Text(lang, about+".body", args)}
	if link != "" {
		parts = append(parts, i18n.Text(lang, "mail.open", args))
	}
	parts = append(parts, i18n.Text(lang, "mail.footer", args))
	return mail.Message{
		To: l.To, Subject: i18n.Text(lang, about+".title", args), Text: strings.Join(parts, "\n\n") + "\n",
	}
}
