// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// unheard is a webhook that nobody listens to.
func (s *scene) unheard() input {
	return input{
		"communityId": s.id, "url": "http://localhost:9/" + s.another("hook"), "events": []string{"LISTING_CREATED", "TRANSFER_REVERSED"}, "idempotencyKey": newKey(),
	}
}

// webhook is one of the town's, which nobody listens to.
func (s *scene) webhook() string {
	s.t.Helper()
	if s.hook == "" {
		s.hook = s.founder.does("createWebhook", s.unheard()).text("webhook.id")
	}
	return s.hook
}

func (s *scene) delivery() string {
	s.t.Helper()
	return s.founder.does("testWebhook", input{"webhookId": s.webhook()}).text("delivery.id")
}

// parcel is one delivery as a receiver gets it.
type parcel struct {
	head http.Header
	body []byte
}

func (p parcel) says() thing {
	var said thing
	_ = json.Unmarshal(p.body, &said)
	return said
}

// signedBy says which of the signatures is right, as Standard Webhooks describes it.
func (p parcel) signedBy(secret string) int {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(p.head.Get("Webhook-Id") + "." + p.head.Get("Webhook-Timestamp") + "." + string(p.body)))
	return slices.Index(strings.Fields(p.head.Get("Webhook-Signature")), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// receiver is somebody else's server; answer says what it does with a parcel.
type receiver struct {
	t       *testing.T
	url     string
	parcels chan parcel
}

func newReceiver(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) *receiver {
	t.Helper()
	r := &receiver{t: t, parcels: make(chan parcel, 100)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		answer(w, request)
		r.parcels <- parcel{request.Header, body}
	}))
	t.Cleanup(server.Close)
	r.url = server.URL + "/hook"
	return r
}

func thanks(http.ResponseWriter, *http.Request) {}

// next is the next parcel that comes.
func (r *receiver) next() parcel {
	r.t.Helper()
	select {
	case p := <-r.parcels:
		return p
	case <-time.After(2 * time.Minute):
		r.t.Fatal("nothing comes")
		return parcel{}
	}
}

// tells makes a webhook of the town; it answers its id and its secret.
func (w *town) tells(url string, events ...string) (id, secret string) {
	w.t.Helper()
	made := w.founder.does("createWebhook", input{"communityId": w.id, "url": url, "events": events, "idempotencyKey": newKey()})
	return made.text("webhook.id"), made.text("secret")
}

// log is what was sent to the town's webhooks, the newest first.
func (w *town) log() []thing {
	w.t.Helper()
	return w.founder.reads(`query($slug: String!) { community(slug: $slug) { webhooks { state deliveries { nodes { id messageId event outcome tries status failure } } } } }`,
		input{"slug": w.slug}).list("community.webhooks.0.deliveries.nodes")
}

// becomes waits until the newest delivery has an outcome, or a failure.
func (w *town) becomes(field string, value any) thing {
	w.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if all := w.log(); len(all) > 0 && all[0][field] == value {
			return all[0]
		}
	}
	w.t.Fatalf("the newest delivery never has %s %v: %v", field, value, w.log())
	return nil
}

func TestAWebhookIsToldWhatHappens(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr-CA"), town.welcome("Bruno", "en")
	there := newReceiver(t, thanks)
	hook, secret := town.tells(there.url, "EXCHANGE_PROPOSED", "EXCHANGE_ACCEPTED")
	anna.offers("Pain") // which it did not ask for
	x := bruno.asks(anna, 60)
	first := there.next()
	said := first.says()
	same(t, "what", said["type"], any("EXCHANGE_PROPOSED"))
	same(t, "where", said.text("data.community"), town.id)
	if objects, _ := said.find("data.objects").([]any); !slices.Contains(objects, any(x)) {
		t.Errorf("the exchange is not among %v", objects)
	}
	same(t, "signed", first.signedBy(secret), 0)
	if strings.Contains(string(first.body), "Anna") || strings.Contains(string(first.body), "@") {
		t.Errorf("it tells of persons: %s", first.body)
	}
	anna.accepts(x)
	second := there.next()
	same(t, "then", second.says()["type"], any("EXCHANGE_ACCEPTED"))
	if said.int("data.position") >= second.says().int("data.position") {
		t.Error("the positions do not rise")
	}

	done := town.becomes("outcome", "DELIVERED")
	same(t, "its number", done.text("messageId"), second.head.Get("Webhook-Id"))
	same(t, "its answer", done.int("status"), 200)
	town.founder.does("redeliverWebhook", input{"deliveryId": done.text("id")})
	again := there.next()
	same(t, "the same number", again.head.Get("Webhook-Id"), second.head.Get("Webhook-Id"))
	same(t, "the same words", string(again.body), string(second.body))

	renewed := town.founder.does("rotateWebhookSecret", input{"webhookId": hook}).text("secret")
	town.founder.does("testWebhook", input{"webhookId": hook})
	tested := there.next()
	same(t, "a test", tested.says()["type"], any("TEST"))
	same(t, "signed by the new", tested.signedBy(renewed), 0)
	same(t, "and by the old", tested.signedBy(secret), 1)
	town.advance(day)
	town.founder.does("testWebhook", input{"webhookId": hook})
	same(t, "a day later by the new alone", there.next().signedBy(secret), -1)

	town.founder.does("removeWebhook", input{"webhookId": hook})
	bruno.asks(anna, 60)
	town.settle()
	time.Sleep(time.Second)
	same(t, "after it is removed", len(there.parcels), 0)
	town.founder.cannot("testWebhook", input{"webhookId": hook}, notFound, anyField)
	town.booksAreRight()
}

func TestWhoMayNotBeTold(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	in := input{"communityId": town.id, "url": "https://app.example.org/hook", "events": []string{"*"}}
	for _, url := range []string{"http://app.example.org/hook", "https://", "ftp://app.example.org", "https://a:b@app.example.org/", "hook"} {
		town.founder.cannot("createWebhook", with(in, "url", url), "URL_INVALID", "url")
	}
	town.founder.cannot("createWebhook", with(in, "events", []string{"NOTHING"}), "EVENT_UNKNOWN", "events")
	town.founder.cannot("createWebhook", with(in, "events", []string{}), "REQUIRED", "events")
	if n := len(town.founder.reads(`{ webhookEvents { name area description } }`, nil).list("webhookEvents")); n < 60 {
		t.Errorf("only %d events", n)
	}
}

// A receiver that fails, leads elsewhere, or lies inside does no harm, and comes
// to no harm: it is tried again, more and more rarely.
func TestReceiversThatFail(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	var answers atomic.Int64
	inside := newReceiver(t, thanks)
	there := newReceiver(t, func(w http.ResponseWriter, r *http.Request) {
		switch answers.Add(1) {
		case 1:
			w.WriteHeader(http.StatusInternalServerError)
		case 2:
			w.WriteHeader(http.StatusOK)
		case 3:
			http.Redirect(w, r, inside.url, http.StatusTemporaryRedirect)
		default:
			w.WriteHeader(http.StatusGone)
		}
	})
	hook, _ := town.tells(there.url, "LISTING_CREATED")
	test := func() { town.founder.does("testWebhook", input{"webhookId": hook}) }
	test()
	failed, after := there.next(), there.next() // some five seconds later
	same(t, "the same number", after.head.Get("Webhook-Id"), failed.head.Get("Webhook-Id"))
	same(t, "tries", town.becomes("outcome", "DELIVERED").int("tries"), 2)

	test()
	there.next()
	same(t, "a redirect", town.becomes("status", 307.0).text("outcome"), "WAITING")
	same(t, "nobody followed it", len(inside.parcels), 0)

	test()
	there.next()
	town.becomes("status", 410.0)
	same(t, "a receiver that is gone", town.founder.reads(`query($slug: String!) { community(slug: $slug) { webhooks { state } } }`,
		input{"slug": town.slug}).text("community.webhooks.0.state"), "DISABLED")
	town.founder.cannot("testWebhook", input{"webhookId": hook}, "WEBHOOK_STATE", "webhookId")
	same(t, "back again", town.founder.does("enableWebhook", input{"webhookId": hook}).text("webhook.state"), "ACTIVE")
}

func TestAWebhookInsideIsNotCalled(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	hook, _ := town.tells("https://169.254.169.254/latest", "LISTING_CREATED")
	town.founder.does("testWebhook", input{"webhookId": hook})
	same(t, "nothing came", town.becomes("failure", "REFUSED_ADDRESS").find("status"), nil)
}
