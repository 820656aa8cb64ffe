// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/hora-coop/hora/persistence/pgtest"
)

// head is an answer without its body.
type head struct {
	StatusCode int
	Header     http.Header
}

// exchangeHTTP sends a request as it stands, and reads the answer as it comes.
func (p *program) exchangeHTTP(method, path, body string, headers ...string) (head, []byte) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.address+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	response, err := (&http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}).Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return head{response.StatusCode, response.Header}, said
}

func inquiry(query string, variables ...any) string {
	of := url.Values{"query": {query}}
	if len(variables) > 0 {
		encoded, _ := json.Marshal(variables[0])
		of.Set("variables", string(encoded))
	}
	return "/graphql?" + of.Encode()
}

func TestOnlyGraphQLOverHTTPIsRun(t *testing.T) {
	t.Parallel()
	p := boot(t)
	const query, signOut = `{"query":"{ serverInfo { version } }"}`, `{"query":"mutation { signOut { userErrors { code } } }"}`
	for what, c := range map[string]struct {
		method, path, body, content string
		status                      int
	}{
		"a form":                   {"POST", "/graphql", "query=" + url.QueryEscape("{ serverInfo { version } }"), "application/x-www-form-urlencoded", 415},
		"a multipart form":         {"POST", "/graphql", "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n" + query + "\r\n--x--", "multipart/form-data; boundary=x", 415},
		"a bare document":          {"POST", "/graphql", "{ serverInfo { version } }", "application/graphql", 415},
		"a text":                   {"POST", "/graphql", query, "text/plain", 415},
		"nothing said of the body": {"POST", "/graphql", query, "", 415},
		"another charset":          {"POST", "/graphql", query, "application/json; charset=iso-8859-1", 415},
		"a mutation by GET":        {"GET", inquiry("mutation { signOut { userErrors { code } } }"), "", "", 405},
		"PUT":                      {"PUT", "/graphql", signOut, "application/json", 405},
		"DELETE":                   {"DELETE", "/graphql", "", "", 405},
		"a batch":                  {"POST", "/graphql", "[" + query + "]", "application/json", 400},
		"no query":                 {"POST", "/graphql", `{"variables":{}}`, "application/json", 400},
		"two requests":             {"POST", "/graphql", query + query, "application/json", 400},
		"a number for a query":     {"POST", "/graphql", `{"query":5}`, "application/json", 400},
		"a list of variables":      {"POST", "/graphql", `{"query":"{ __typename }","variables":[1]}`, "application/json", 400},
		"QUERY in capitals":        {"POST", "/graphql", `{"QUERY":"{ __typename }"}`, "application/json", 400},
		"more than one may send":   {"POST", "/graphql", `{"query":"` + strings.Repeat(" ", 300<<10) + `"}`, "application/json", 413},
	} {
		var said []string
		for _, language := range []string{"fr", "en"} {
			response, raw := p.exchangeHTTP(c.method, c.path, c.body, "Content-Type", c.content, "Accept-Language", language)
			var a answer
			if err := json.Unmarshal(raw, &a); err != nil || response.StatusCode != c.status || len(a.Errors) != 1 || a.Data != nil {
				t.Errorf("%s: HTTP %d, wanted %d: %s", what, response.StatusCode, c.status, raw)
				continue
			}
			same(t, what, a.Errors[0].Extensions["reason"], any("REQUEST_UNREADABLE"))
			said = append(said, a.Errors[0].Message)
		}
		if c.method == "POST" && c.content == "application/json" {
			response, raw := p.exchangeHTTP(c.method, c.path, c.body, "Content-Type", c.content, "Accept", "text/event-stream")
			same(t, what+", for a stream", []any{response.StatusCode, bytes.Contains(raw, []byte("REQUEST_UNREADABLE"))}, []any{c.status, true})
		}
		if len(said) == 2 && said[0] == said[1] {
			t.Errorf("%s: it says %q in both languages", what, said[0])
		}
	}
	for accept, media := range map[string]string{
		"": "application/json", "*/*": "application/json", "application/*;q=0.5": "application/json", "text/html": "",
		"application/graphql-response+json, application/json;q=0.9":                                                         "application/graphql-response+json",
		"application/json, application/graphql-response+json;q=0.9":                                                         "application/json",
		"application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed": "application/graphql-response+json",
	} {
		response, raw := p.exchangeHTTP("POST", "/graphql", query, "Content-Type", "application/json", "Accept", accept)
		status, got := http.StatusOK, response.Header.Get("Content-Type")
		if media == "" {
			status, media = http.StatusNotAcceptable, "application/json"
		}
		if response.StatusCode != status || got != media+"; charset=utf-8" {
			t.Errorf("Accept %q: HTTP %d %s: %s", accept, response.StatusCode, got, raw)
		}
	}
}

// An answer is one: a part that is to come later would never come, so nobody is offered it.
func TestNothingIsDeferred(t *testing.T) {
	t.Parallel()
	p := boot(t)
	asked := p.gql("", `{ serverInfo { version ... @defer { featureLevel } } }`, nil)
	if len(asked.Errors) != 1 || asked.Errors[0].Extensions["rule"] != "KnownDirectives" {
		t.Errorf("a part to come later: %s", asked.raw)
	}
	for _, d := range p.gql("", `{ __schema { directives { name } } }`, nil).Data["__schema"].(map[string]any)["directives"].([]any) {
		if d.(map[string]any)["name"] == "defer" {
			t.Error("the contract offers @defer")
		}
	}
}

func TestLongAnswersAreCompressed(t *testing.T) {
	t.Parallel()
	p := boot(t)
	long := inquiry("{ serviceTypes { id code label children { id code label } } }")
	_, plain := p.exchangeHTTP("GET", long, "")
	plain = withoutCost(plain)
	for accept, coding := range map[string]string{
		"gzip, deflate, br, zstd": "zstd", "gzip, deflate, br": "br", "gzip": "gzip", "zstd;q=0.1, gzip;q=0.9": "gzip",
		"*": "zstd", "zstd;q=0, *;q=0.5": "br", "identity": "", "gzip;q=0": "", "": "",
	} {
		response, sent := p.exchangeHTTP("GET", long, "", "Accept-Encoding", accept)
		if got := response.Header.Get("Content-Encoding"); got != coding {
			t.Errorf("Accept-Encoding %q: %q", accept, got)
			continue
		}
		if !slices.Contains(response.Header.Values("Vary"), "Accept-Encoding") {
			t.Errorf("Accept-Encoding %q: Vary %v", accept, response.Header.Values("Vary"))
		}
		same(t, accept, string(withoutCost(unpacked(t, coding, sent))), string(plain))
		if coding != "" && len(sent)*3 > len(plain) {
			t.Errorf("%s: %d bytes of %d are sent", coding, len(sent), len(plain))
		}
	}
	short, _ := p.exchangeHTTP("GET", inquiry("{ serverInfo { version } }"), "", "Accept-Encoding", "gzip, br, zstd")
	same(t, "a short answer is", short.Header.Get("Content-Encoding"), "")
	contract, sent := p.exchangeHTTP("GET", "/schema.graphqls", "", "Accept-Encoding", "zstd")
	same(t, "the contract is", contract.Header.Get("Content-Encoding"), "zstd")
	if !bytes.Contains(unpacked(t, "zstd", sent), []byte("type Query")) {
		t.Error("the contract does not come out again")
	}
}

// withoutCost leaves out the moment, which is never the same.
func withoutCost(raw []byte) []byte {
	cut, _, _ := bytes.Cut(raw, []byte(`,"extensions"`))
	return cut
}

func unpacked(t *testing.T, coding string, sent []byte) []byte {
	t.Helper()
	var plain io.Reader = bytes.NewReader(sent)
	var err error
	switch coding {
	case "gzip":
		plain, err = gzip.NewReader(plain)
	case "br":
		plain = brotli.NewReader(plain)
	case "zstd":
		plain, err = zstd.NewReader(plain)
	}
	if err != nil {
		t.Fatal(err)
	}
	read, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func TestOtherSitesMayCallOnlyWhenNamed(t *testing.T) {
	t.Parallel()
	const ours, theirs = "https://app.example.org", "https://elsewhere.example.net"
	alone, shared := boot(t), bootWith(t, edgeConfig{CORSOrigins: []string{ours}})
	preflight := func(p *program, origin string) string {
		response, _ := p.exchangeHTTP("OPTIONS", "/graphql", "", "Origin", origin,
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type,hora-client-name,hora-schema")
		return response.Header.Get("Access-Control-Allow-Origin")
	}
	hand := func(p *program, origin string) string { // a picture, for which a ticket is in the address
		response, _ := p.exchangeHTTP("OPTIONS", "/media/uploads/ticket", "", "Origin", origin,
			"Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "content-type")
		return response.Header.Get("Access-Control-Allow-Origin")
	}
	call := func(p *program, origin string) int {
		response, _ := p.exchangeHTTP("POST", "/graphql", `{"query":"{ __typename }"}`, "Content-Type", "application/json",
			"Origin", origin, "Sec-Fetch-Site", "cross-site")
		return response.StatusCode
	}
	follow := func(p *program, origin string) int {
		wire, status, err := p.handshake([]string{"graphql-transport-ws"}, http.Header{"Origin": {origin}})
		if err == nil {
			_ = wire.CloseNow()
		}
		return status
	}
	all := func(p *program, origin string) []any {
		return []any{preflight(p, origin), hand(p, origin), call(p, origin), follow(p, origin)}
	}
	same(t, "without any: preflights, call, follow", all(alone, ours), []any{"", "", 403, 403})
	same(t, "ours: preflights, call, follow", all(shared, ours), []any{ours, ours, 200, 101})
	same(t, "theirs: preflights, call, follow", all(shared, theirs), []any{"", "", 403, 403})
	same(t, "ours without TLS: preflights, call, follow", all(shared, "http://app.example.org"), []any{"", "", 403, 403})
	answered, _ := shared.exchangeHTTP("GET", inquiry("{ __typename }"), "", "Origin", ours)
	shown := strings.ToLower(answered.Header.Get("Access-Control-Expose-Headers"))
	for _, header := range []string{"etag", "ratelimit", "retry-after", "deprecation", "sunset", "link"} {
		same(t, "a page of ours may read "+header, slices.Contains(strings.Split(strings.ReplaceAll(shown, " ", ""), ","), header), true)
	}
	for header, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":  "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Set-Cookie": "",
	} {
		response, _ := alone.exchangeHTTP("GET", inquiry("{ __typename }"), "")
		same(t, header, response.Header.Get(header), want)
	}
}

// The program itself, on TLS and on its plain port, speaks HTTP/2.
func TestItSpeaksHTTP2(t *testing.T) {
	t.Parallel()
	cert, key, pool := certificate(t)
	for scheme, edge := range map[string]edgeConfig{"https": {TLSCert: cert, TLSKey: key}, "http": {}} {
		running <- struct{}{}
		t.Cleanup(func() { <-running })
		app, err := Open(t.Context(), serverConfig{Listen: "localhost:0", edgeConfig: edge}, pgtest.URL(t), slog.New(slog.DiscardHandler), &clock{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		listening, ended := make(chan string, 1), make(chan error, 1)
		app.Listening = func(address string) { listening <- address }
		go func() { ended <- app.Run(ctx) }()
		t.Cleanup(func() {
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			app.Close()
		})
		transport := &http.Transport{Protocols: &http.Protocols{}, TLSClientConfig: &tls.Config{RootCAs: pool}}
		transport.Protocols.SetHTTP2(true)
		transport.Protocols.SetUnencryptedHTTP2(true)
		response, err := (&http.Client{Transport: transport}).Get(scheme + "://" + <-listening + inquiry("{ serverInfo { version } }"))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		same(t, scheme, []any{response.Proto, response.StatusCode}, []any{"HTTP/2.0", 200})
		strict := response.Header.Get("Strict-Transport-Security") != ""
		same(t, scheme+": it is strict", strict, scheme == "https")
	}
}

// certificate makes one for this machine's own address.
func certificate(t *testing.T) (cert, key string, trusted *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	trusted = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	trusted.AddCert(parsed)
	write := func(name, kind string, content []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", raw), write("key.pem", "PRIVATE KEY", encoded), trusted
}

// cost is what an answer says of it.
func (a answer) cost() (requested, limit, remaining int) {
	c, _ := a.extensions()["cost"].(map[string]any)
	figure := func(name string) int { n, _ := c[name].(float64); return int(n) }
	return figure("requested"), figure("limit"), figure("remaining")
}

func (a answer) extensions() map[string]any {
	var whole struct{ Extensions map[string]any }
	_ = json.Unmarshal([]byte(a.raw), &whole)
	return whole.Extensions
}

func TestACallerSpendsABudget(t *testing.T) {
	t.Parallel()
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	p := bootWith(t, edgeConfig{CostPerMinute: 20_000, TrustedProxies: loopback})
	const dear = `{ communities(first: 100) { nodes { id slug name locale timeZone } } }` // 1 + 100 × 6
	from := func(network, query string, headers ...string) answer {
		return p.gql("", query, nil, append(headers, "X-Forwarded-For", "203.0.113.7, "+network)...)
	}
	a := from("198.51.100.1", dear)
	requested, limit, remaining := a.cost()
	// What is left grows again while an answer is written: by one in three milliseconds.
	same(t, "the first costs", []any{requested, limit, remaining >= 19_399 && remaining < 20_000}, []any{601, 20_000, true})
	spent := 0
	for len(from("198.51.100.1", dear).Errors) == 0 {
		if spent++; spent > 40 {
			t.Fatal("the budget has no end")
		}
	}
	refused := from("198.51.100.1", dear, "Accept-Language", "en")
	same(t, "spent", refused.Errors[0].Extensions["code"], any("RATE_LIMITED"))
	if wait, ok := refused.Errors[0].Extensions["retryAfter"].(float64); !ok || wait < 1 || wait > 60 || !strings.Contains(refused.Errors[0].Message, fmt.Sprint(wait)) {
		t.Errorf("refused: %s", refused.raw)
	}
	requested, limit, remaining = refused.cost()
	same(t, "what is left", []any{requested, limit, remaining < 601}, []any{601, 20_000, true})

	response, raw := p.exchangeHTTP("POST", "/graphql", body(dear, nil), "Content-Type", "application/json",
		"Accept", "application/graphql-response+json", "X-Forwarded-For", "198.51.100.1")
	same(t, "over HTTP", []any{response.StatusCode, response.Header.Get("Retry-After") != "", len(response.Header.Values("RateLimit"))}, []any{429, true, 2})
	same(t, "the policy", response.Header.Values("RateLimit-Policy"), []string{`"minute";q=20000;w=60`, `"hour";q=200000;w=3600`})
	if bytes.Contains(raw, []byte(`"data"`)) {
		t.Errorf("nothing was run, yet there is data: %s", raw)
	}

	requested, _, _ = from("192.0.2.50", `{ __schema { queryType { name } } }`).cost()
	same(t, "the contract costs", requested, 1000)

	same(t, "the household next door", len(from("198.51.100.200", dear).Errors), 1) // one network
	same(t, "another network", len(from("192.0.2.1", dear).Errors), 0)
	p.advance(time.Minute)
	same(t, "a minute later", len(from("198.51.100.1", dear).Errors), 0)

	// spends sends until nothing is left, which comes back while a busy machine is slow.
	spends := func(address, document string) any {
		for range 5000 {
			if a = from(address, document); len(a.Errors) > 0 && a.Errors[0].Extensions["code"] == "RATE_LIMITED" {
				return "RATE_LIMITED"
			}
		}
		return a.raw
	}
	same(t, "what cannot be read is not free", spends("192.0.2.99", "{ nonsense"), any("RATE_LIMITED"))
	town := p.town("Accorderie du Port", "port")
	anna := town.register("Anna", "fr") // her purse is her own, wherever she is
	same(t, "the strangers’ network", spends("198.51.100.1", dear), any("RATE_LIMITED"))
	_, _, remaining = p.gql(anna.bearer(), dear, nil, "X-Forwarded-For", "198.51.100.1").cost()
	same(t, "Anna there", remaining >= 19_399 && remaining < 20_000, true)
}

// Whoever tries many passwords in one document tried as often.
func TestEachAliasIsAnAttempt(t *testing.T) {
	t.Parallel()
	p := bootWith(t, edgeConfig{CostPerMinute: 1_000_000})
	town := p.town("Accorderie du Port", "port")
	anna := town.register("Anna", "en")
	guesses := func(n int) (limited, wrong int) {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ` a%d: signIn(input: {email: %q, password: "guess number %d"}) { userErrors { code } }`, i, anna.email, i)
		}
		a := p.gql("", "mutation {"+b.String()+"}", nil)
		for _, e := range a.Errors {
			if e.Extensions["code"] == "RATE_LIMITED" {
				limited++
			}
		}
		return limited, strings.Count(a.raw, "INVALID_CREDENTIALS")
	}
	limited, wrong := guesses(9)
	same(t, "nine guesses: limited, wrong", []int{limited, wrong}, []int{0, 9})
	limited, wrong = guesses(9)
	same(t, "nine more: limited, wrong", []int{limited, wrong}, []int{8, 0}) // one more is proved, and its answer goes with the refused
	a := p.gql("", "mutation {"+strings.Repeat(" a: signOut { userErrors { code } }", 2)+"}", nil)
	if requested, _, _ := a.cost(); requested == 0 {
		t.Errorf("no cost: %s", a.raw)
	}
	ten := "mutation {" + times(10, func(i int) string {
		return fmt.Sprintf(` a%d: signIn(input: {email: "a@b.org", password: "x"}) { userErrors { code } }`, i)
	}) + "}"
	same(t, "ten at once", p.gql("", ten, nil).problems()[0].Code, "COST_EXCEEDED")
}
