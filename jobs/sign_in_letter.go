// SPDX-License-Identifier: AGPL-3.0-or-later

package jobs

import (
	"context"
	"errors"
	"strings"

	"github.com/riverqueue/river"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/internal/i18n"
	"github.com/hora-coop/hora/internal/mail"
)

// Links reads what letters with sign-in links say.
type Links interface {
	LinkLetter(ctx context.Context, link domain.ID) (identity.LinkLetter, error)
}

// signInLetterArgs names a link; what opens it is derived when the letter is
// written, so nothing in the job opens anything.
type signInLetterArgs struct {
	Link domain.ID `json:"link"`
}

// Kind implements river.JobArgs.
func (signInLetterArgs) Kind() string { return "sign-in-letter" }

// InsertOpts implements river.JobArgsWithInsertOpts. Six tries take about a quarter
// of an hour, which is what the link lives.
func (signInLetterArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 6} }

// PostLink implements identity.Post.
func (r *Runner) PostLink(ctx context.Context, link domain.ID) error {
	_, err := r.client.InsertTx(ctx, r.cfg.PgxTx(ctx), signInLetterArgs{Link: link}, nil)
	return err
}

func (r *Runner) sendSignInLetter(ctx context.Context, args signInLetterArgs) error {
	letter, err := r.cfg.Links.LinkLetter(ctx, args.Link)
	if errors.Is(err, domain.NotFound) {
		return nil // nobody has the address, or it is too late
	}
	if err != nil {
		return err
	}
	lang := i18n.Match(letter.To.Locale)
	say := map[string]any{
		"name": letter.To.DisplayName, "device": letter.DeviceName, "code": letter.Code[:3] + " " + letter.Code[3:],
		"url": r.cfg.SignInURL + letter.Token,
	}
	text := strings.Join([]string{i18n.Text(lang, "mail.greeting", say), i18n.Text(lang, "link.body", say), i18n.Text(lang, "link.ignore", say)}, "\n\n") + "\n"
	err = r.cfg.Mail.Send(ctx, mail.Message{To: letter.To.Email, Subject: i18n.Text(lang, "link.title", say), Text: text})
	if errors.Is(err, mail.ErrRefused) {
		return river.JobCancel(err)
	}
	return err
}
