// SPDX-License-Identifier: AGPL-3.0-or-later

package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/hora-coop/hora/domain"
)

// patience bounds one delivery, greeting to goodbye.
const patience = 30 * time.Second

// SMTP sends through a mail server, one connection per message.
type SMTP struct {
	host     string
	options  []mail.Option
	implicit bool // TLS from the first byte, rather than after STARTTLS
	from     *netmail.Address
}

// NewSMTP reads the setting smtp://user:password@host:port?tls=… where tls is
// mandatory (the default), opportunistic or none; smtps:// speaks TLS from the
// start. The ports default to 587 and 465. The errors never quote the setting,
// which may hold a password.
func NewSMTP(setting, from string) (*SMTP, error) {
	u, err := url.Parse(setting)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return nil, errors.New("mail: the SMTP setting is not of the form smtp://user:password@host:port")
	}
	s := &SMTP{host: u.Hostname(), implicit: u.Scheme == "smtps"}
	if s.from, err = netmail.ParseAddress(from); err != nil {
		return nil, fmt.Errorf("mail: read the sender's address %q: %w", from, err)
	}
	policy, err := tlsPolicy(u)
	if err != nil {
		return nil, err
	}
	port := mail.DefaultPortTLS
	if s.implicit {
		port = mail.DefaultPortSSL
	}
	if said := u.Port(); said != "" {
		port, _ = strconv.Atoi(said) // url.Parse has seen that it is a number
	}
	s.options = append(policy, mail.WithPort(port), mail.WithTimeout(patience))
	if u.User != nil {
		password, _ := u.User.Password()
		// The client itself refuses to say a password in clear, but on loopback.
		s.options = append(s.options, mail.WithUsername(u.User.Username()), mail.WithPassword(password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	if _, err := mail.NewClient(s.host, s.options...); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return s, nil
}

func tlsPolicy(u *url.URL) ([]mail.Option, error) {
	query := u.Query()
	wish := query.Get("tls")
	query.Del("tls")
	if len(query) > 0 {
		return nil, errors.New("mail: the SMTP setting has a parameter other than tls")
	}
	switch {
	case u.Scheme == "smtps" && wish == "":
		return []mail.Option{mail.WithSSL()}, nil
	case u.Scheme == "smtp" && (wish == "" || wish == "mandatory"):
		return []mail.Option{mail.WithTLSPolicy(mail.TLSMandatory)}, nil
	case u.Scheme == "smtp" && wish == "opportunistic":
		return []mail.Option{mail.WithTLSPolicy(mail.TLSOpportunistic)}, nil
	case u.Scheme == "smtp" && wish == "none":
		return []mail.Option{mail.WithTLSPolicy(mail.NoTLS)}, nil
	}
	return nil, errors.New("mail: the SMTP setting starts with smtp:// (with tls=mandatory, opportunistic or none) or smtps://")
}

// Send implements Sender. It ends when the context does, whatever the server.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	letter, err := s.letter(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client, err := mail.NewClient(s.host, append(slices.Clip(s.options), mail.WithDialContextFunc(s.dialUntil(ctx)))...)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, letter)
	switch refusal, answered := errors.AsType[*mail.SendError](err); {
	case err == nil || letter.IsDelivered():
		return nil // accepted; a clumsy goodbye must not send it twice
	case ctx.Err() != nil:
		return fmt.Errorf("mail: the server is too slow: %w", ctx.Err())
	case answered && refusal.ErrorCode() >= 500:
		return fmt.Errorf("%w: %s, code %d", ErrRefused, refusal.Reason, refusal.ErrorCode())
	case answered:
		// The server's own words may quote the recipient.
		return fmt.Errorf("mail: not accepted yet: %s, code %d", refusal.Reason, refusal.ErrorCode())
	}
	return fmt.Errorf("mail: %w", err)
}

func (s *SMTP) letter(m Message) (*mail.Msg, error) {
	to, err := m.recipient()
	if err != nil {
		return nil, err
	}
	letter := mail.NewMsg(mail.WithNoDefaultUserAgent())
	letter.FromMailAddress(s.from)
	letter.ToMailAddress(to)
	letter.Subject(m.Subject)
	// The sender's domain, because the machine's own name concerns nobody.
	_, home, _ := strings.Cut(s.from.Address, "@")
	letter.SetMessageIDWithValue(domain.NewID().String() + "@" + home)
	// Asks mail programs not to answer "I am away" (RFC 3834).
	letter.SetGenHeader("Auto-Submitted", "auto-generated")
	letter.SetBodyString(mail.TypeTextPlain, m.Text)
	return letter, nil
}

// dialUntil opens connections that close when the context ends: the client
// itself minds it only while dialling.
func (s *SMTP) dialUntil(ctx context.Context) mail.DialContextFunc {
	return func(dialling context.Context, network, address string) (net.Conn, error) {
		dial := (&net.Dialer{}).DialContext
		if s.implicit {
			dial = (&tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12}}).DialContext
		}
		conn, err := dial(dialling, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	}
}
