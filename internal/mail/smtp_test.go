// SPDX-License-Identifier: AGPL-3.0-or-later

package mail

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate is one that this test binary trusts, as a machine trusts its roots.
var certificate tls.Certificate

func TestMain(m *testing.M) {
	web := httptest.NewTLSServer(http.NotFoundHandler())
	certificate = web.TLS.Certificates[0]
	web.Close()
	dir, err := os.MkdirTemp("", "mail")
	if err != nil {
		panic(err)
	}
	roots := filepath.Join(dir, "roots.pem")
	trusted := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	if err := os.WriteFile(roots, trusted, 0o600); err != nil {
		panic(err)
	}
	_ = os.Setenv("SSL_CERT_FILE", roots)
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// mailServer is a small SMTP server for one delivery at a time.
type mailServer struct {
	address  string
	starttls bool
	implicit bool
	answers  map[string]string // what to say to a verb instead of the usual
	got      chan delivery
}

type delivery struct {
	encrypted      bool
	login, to, raw string
}

func (s *mailServer) start(t *testing.T) *mailServer {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if s.implicit {
		listener = tls.NewListener(listener, s.config())
	}
	t.Cleanup(func() { _ = listener.Close() })
	s.address, s.got = listener.Addr().String(), make(chan delivery, 1)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

func (s *mailServer) config() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
}

func (s *mailServer) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	d := delivery{encrypted: s.implicit}
	in := bufio.NewReader(conn)
	say := func(text string) { _, _ = fmt.Fprintf(conn, "%s\r\n", text) }
	say("220 ready")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if answer, ok := s.answers[verb]; ok {
			say(answer)
			continue
		}
		switch verb {
		case "EHLO":
			say("250-at your service")
			if s.starttls && !d.encrypted {
				say("250-STARTTLS")
			}
			say("250 AUTH PLAIN")
		case "STARTTLS":
			say("220 go ahead")
			secure := tls.Server(conn, s.config())
			conn, in, d.encrypted = secure, bufio.NewReader(secure), true
		case "AUTH":
			secret, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			d.login = strings.ReplaceAll(string(secret), "\x00", "|")
			say("235 welcome")
		case "RCPT":
			d.to = rest
			say("250 yes")
		case "DATA":
			say("354 speak")
			raw, _ := textproto.NewReader(in).ReadDotBytes()
			d.raw = string(raw)
			say("250 taken")
			s.got <- d
		case "QUIT":
			say("221 goodbye")
			return
		default:
			say("250 yes")
		}
	}
}

func sender(t *testing.T, setting string) *SMTP {
	t.Helper()
	s, err := NewSMTP(setting, "Accorderie du Nord <bonjour@accorderie.example>")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var hello = Message{
	To:      "Éloïse Côté <eloise@example.org>",
	Subject: "Éloïse vous propose un échange de deux heures et demie, dans votre communauté",
	Text:    "Bonjour,\n\n2\u00a0h\u00a030 de jardinage ?\n.\nUne ligne d’un seul point ne finit rien.\n",
}

func TestSendArrivesWhole(t *testing.T) {
	server := (&mailServer{starttls: true}).start(t)
	s := sender(t, "smtp://hora:s3cret%40@"+server.address)
	if err := s.Send(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
	d := <-server.got
	if !d.encrypted {
		t.Error("the letter went in clear")
	}
	if d.login != "|hora|s3cret@" {
		t.Errorf("signed in as %q", d.login)
	}
	if !strings.HasPrefix(d.to, "TO:<eloise@example.org>") {
		t.Errorf("delivered to %q", d.to)
	}
	for line := range strings.Lines(d.raw) {
		if strings.ContainsFunc(line, func(r rune) bool { return r > 126 }) || len(line) > 1000 {
			t.Errorf("a line that old mail servers break: %q", line)
		}
	}
	letter, err := netmail.ReadMessage(strings.NewReader(d.raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(letter.Header.Get("Subject"))
	if err != nil || subject != hello.Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	to, err := letter.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Name != "Éloïse Côté" {
		t.Errorf("to %v, %v", to, err)
	}
	if id := letter.Header.Get("Message-Id"); !strings.HasSuffix(id, "@accorderie.example>") {
		t.Errorf("the message id names the machine: %s", id)
	}
	if letter.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Error("holiday answers will come back")
	}
	text, err := io.ReadAll(quotedprintable.NewReader(letter.Body))
	if got := strings.ReplaceAll(string(text), "\r\n", "\n"); err != nil || strings.TrimSpace(got) != strings.TrimSpace(hello.Text) {
		t.Errorf("text %q, %v", got, err)
	}
}

func TestSendOverTLSFromTheStart(t *testing.T) {
	server := (&mailServer{implicit: true}).start(t)
	if err := sender(t, "smtps://hora:secret@"+server.address).Send(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
	if d := <-server.got; d.login != "|hora|secret" {
		t.Errorf("signed in as %q", d.login)
	}
}

func TestTLSPolicies(t *testing.T) {
	for name, c := range map[string]struct {
		query                     string
		starttls, sent, encrypted bool
	}{
		"mandatory, and there":           {"?tls=mandatory", true, true, true},
		"mandatory by default":           {"", false, false, false},
		"mandatory, and not there":       {"?tls=mandatory", false, false, false},
		"opportunistic, and there":       {"?tls=opportunistic", true, true, true},
		"opportunistic, and not there":   {"?tls=opportunistic", false, true, false},
		"none, even where it could have": {"?tls=none", true, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := (&mailServer{starttls: c.starttls}).start(t)
			err := sender(t, "smtp://"+server.address+c.query).Send(t.Context(), hello)
			if (err == nil) != c.sent {
				t.Fatalf("sending: %v", err)
			}
			if err == nil {
				if d := <-server.got; d.encrypted != c.encrypted {
					t.Errorf("encrypted: %t", d.encrypted)
				}
			}
		})
	}
}

func TestSendStopsWithTheContext(t *testing.T) {
	server := (&mailServer{answers: map[string]string{"RCPT": "250-wait for it"}}).start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := sender(t, "smtp://"+server.address+"?tls=none").Send(ctx, hello)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a server that never ends its answer: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		answers map[string]string
		forGood bool
	}{
		"nobody by that name": {map[string]string{"RCPT": "550 no eloise@example.org here"}, true},
		"come back later":     {map[string]string{"RCPT": "451 eloise@example.org is full"}, false},
		"not this letter":     {map[string]string{"DATA": "554 no"}, true},
		"no greeting":         {map[string]string{"EHLO": "421 busy", "HELO": "421 busy"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := (&mailServer{answers: c.answers}).start(t)
			err := sender(t, "smtp://"+server.address+"?tls=none").Send(t.Context(), hello)
			if err == nil || errors.Is(err, ErrRefused) != c.forGood {
				t.Errorf("got %v", err)
			}
			if strings.Contains(err.Error(), "eloise") {
				t.Errorf("the log would name the recipient: %v", err)
			}
		})
	}
}

func TestNobodySmugglesAHeader(t *testing.T) {
	server := (&mailServer{}).start(t)
	for name, m := range map[string]Message{
		"in the subject": {To: "a@example.org", Subject: "Bonjour\r\nBcc: all@example.org"},
		"in the name":    {To: "\"Jo\nBcc: all@example.org\" <a@example.org>", Subject: "Bonjour"},
		"in the address": {To: "a@example.org>\r\nRCPT TO:<all@example.org", Subject: "Bonjour"},
		"by a list":      {To: "a@example.org, all@example.org", Subject: "Bonjour"},
		"by nothing":     {Subject: "Bonjour"},
	} {
		for kind, s := range map[string]Sender{
			"smtp": sender(t, "smtp://"+server.address+"?tls=none"), "outbox": NewOutbox(noon{}),
		} {
			if err := s.Send(t.Context(), m); !errors.Is(err, ErrRefused) || strings.Contains(err.Error(), "example") {
				t.Errorf("%s, %s: %v", name, kind, err)
			}
		}
	}
}

func TestSettings(t *testing.T) {
	for name, setting := range map[string]string{
		"another scheme":         "http://hora:hunter2@mail.example",
		"no host":                "smtp://hora:hunter2@",
		"a path":                 "smtp://hora:hunter2@mail.example/inbox",
		"a port out of range":    "smtp://hora:hunter2@mail.example:99999",
		"a port that is a word":  "smtp://hora:hunter2@mail.example:mail",
		"a policy unheard of":    "smtp://hora:hunter2@mail.example?tls=maybe",
		"smtps without TLS":      "smtps://hora:hunter2@mail.example?tls=none",
		"a parameter mistyped":   "smtp://hora:hunter2@mail.example?ssl=mandatory",
		"a password not escaped": "smtp://hora:hunter2%zz@mail.example",
	} {
		_, err := NewSMTP(setting, "bonjour@example.org")
		if err == nil {
			t.Errorf("%s was accepted", name)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error tells the password: %v", name, err)
		}
	}
	if _, err := NewSMTP("smtp://mail.example", "no address"); err == nil {
		t.Error("a sender without an address was accepted")
	}
}
