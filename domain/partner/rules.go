// SPDX-License-Identifier: AGPL-3.0-or-later

package partner

import (
	"crypto/hmac"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
)

const (
	maxWebhooks = 20
	maxURL      = 2000
	// SecretOverlap is how long a rotated secret still signs, beside the new one.
	SecretOverlap = 24 * time.Hour
	// LogKept is how long deliveries are remembered.
	LogKept = 30 * 24 * time.Hour
)

// Described is an event of the catalogue.
type Described struct {
	Kind domain.EventKind
	Area string // the room it happens in
	Says string // what happened
}

//go:embed events.csv
var eventsCSV string

// catalogue is every event there is; a test writes it from the areas' own constants.
var catalogue = func() (all []Described) {
	for line := range strings.Lines(eventsCSV) {
		if parts := strings.SplitN(strings.TrimRight(line, "\n"), ";", 3); len(parts) == 3 {
			all = append(all, Described{domain.EventKind(parts[0]), parts[1], parts[2]})
		}
	}
	return all
}()

// Events lists all that a webhook may be told of.
func Events() []Described { return slices.Clone(catalogue) }

// known says whether an event is in the catalogue.
func known(kind domain.EventKind) bool {
	return kind == Everything || !ofMinors(kind) && slices.ContainsFunc(catalogue, func(d Described) bool { return d.Kind == kind })
}

// check finds what is wrong with an address and its events. In development an
// address on this very machine is welcome too. Whether a host is public is only
// known when it is called, for names change.
func (c Create) check(local bool) error {
	var check domain.Check
	check.That(c.URL != "", domain.Required, "url")
	if c.URL != "" {
		check.That(len(c.URL) <= maxURL && isReceiver(c.URL, local), URLInvalid, "url")
	}
	check.That(len(c.Events) > 0, domain.Required, "events")
	for _, e := range c.Events {
		check.That(known(e), EventUnknown, "events", "event", string(e))
	}
	return check.Err()
}

func isReceiver(text string, local bool) bool {
	at, err := url.Parse(text)
	if err != nil || at.Host == "" || at.Hostname() == "" || at.User != nil || at.Fragment != "" {
		return false
	}
	if at.Scheme == "https" {
		return true
	}
	return local && at.Scheme == "http" && slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, at.Hostname())
}

// Sign makes the signatures of a message as Standard Webhooks writes them, one for
// each secret that lives, the newest first.
func (w Webhook) Sign(id string, at time.Time, body []byte) string {
	secrets := [][]byte{w.Secret}
	if w.Former != nil && at.Before(w.FormerEnd) {
		secrets = append(secrets, w.Former)
	}
	var all []string
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		mac.Write(body)
		all = append(all, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(all, " ")
}

// SecretText is a secret as receivers keep it.
func (w Webhook) SecretText() string { return "whsec_" + base64.StdEncoding.EncodeToString(w.Secret) }

// pauses are the waits between tries: in all a little more than three days.
var pauses = []time.Duration{
	5 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// MostTries is how often a delivery is tried.
const MostTries = 11

// Pause is how long to wait after a number of tries; chance, from 0 to 1, moves it
// by a fifth either way, so that receivers that come back are not met by all at once.
func Pause(tries int, chance float64) time.Duration {
	pause := pauses[min(max(tries, 1), len(pauses))-1]
	return time.Duration(float64(pause) * (0.8 + 0.4*chance))
}

// Answered is what a receiver said to a delivery, or why nothing came.
type Answered struct {
	Status  int
	Failure string
}

// after is a delivery after one more try, and whether its webhook is to be switched
// off: 410 means that nobody wants to be told any more.
func (d Delivery) after(a Answered, now time.Time) (next Delivery, gone bool) {
	d.Tries, d.Status, d.Failure, d.TriedAt = d.Tries+1, a.Status, a.Failure, now
	switch {
	case a.Status >= 200 && a.Status < 300:
		d.Outcome = Delivered
	case a.Status == 410:
		d.Outcome, gone = GivenUp, true
	case d.Tries >= MostTries:
		d.Outcome = GivenUp
	}
	return d, gone
}
