// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/hora-coop/hora/domain"
)

// overHTTP speaks GraphQL over HTTP: queries by GET, everything by POST of JSON.
// It stands last among the transports and answers what none of them took.
// Source: https://graphql.github.io/graphql-over-http/draft/
type overHTTP struct{}

const (
	plainJSON   = "application/json"
	graphqlJSON = "application/graphql-response+json"
)

// Supports implements graphql.Transport.
func (overHTTP) Supports(r *http.Request) bool { return r.Header.Get("Upgrade") == "" }

// Do implements graphql.Transport.
func (overHTTP) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	media := accepted(r.Header.Values("Accept"))
	a := answerer{w: w, r: r, exec: exec, media: or(media, plainJSON)}
	if media == "" {
		a.malformed(http.StatusNotAcceptable, "Accept")
		return
	}
	params, status, about := readRequest(r)
	if about != "" {
		a.malformed(status, about)
		return
	}
	params.Headers = r.Header
	now := graphql.Now()
	params.ReadTime = graphql.TraceTiming{Start: now, End: now}
	operation, refused := exec.CreateOperationContext(r.Context(), params)
	if refused != nil {
		a.refused(exec.DispatchError(graphql.WithOperationContext(r.Context(), operation), refused))
		return
	}
	if r.Method == http.MethodGet && operation.Operation.Operation != ast.Query {
		a.malformed(http.StatusMethodNotAllowed, "method")
		return
	}
	if operation.Operation.Operation == ast.Subscription {
		a.malformed(http.StatusNotAcceptable, "Accept")
		return
	}
	respond, ctx := exec.DispatchOperation(r.Context(), operation)
	a.executed(respond(ctx))
}

// accepted is the media type that the caller likes best of those we write; empty
// when there is none.
func accepted(headers []string) string {
	wanted := strings.Join(headers, ",")
	if strings.TrimSpace(wanted) == "" {
		return plainJSON
	}
	best, liking := "", 0.0
	for part := range strings.SplitSeq(wanted, ",") {
		media, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		quality := 1.0
		if q, given := params["q"]; given {
			quality, _ = strconv.ParseFloat(q, 64)
		}
		if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
			continue
		}
		switch media {
		case "*/*", "application/*":
			media = plainJSON
		case plainJSON, graphqlJSON:
		default:
			continue
		}
		if quality > liking {
			best, liking = media, quality
		}
	}
	return best
}

// readRequest reads the parameters. When it cannot, it answers an HTTP status
// and which part it is about.
func readRequest(r *http.Request) (params *graphql.RawParams, status int, about string) {
	var fields map[string]json.RawMessage
	switch r.Method {
	case http.MethodGet:
		fields, about = fromQuery(r.URL.RawQuery)
	case http.MethodPost:
		media, of, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if charset := of["charset"]; err != nil || media != plainJSON || charset != "" && !strings.EqualFold(charset, "utf-8") {
			return nil, http.StatusUnsupportedMediaType, "Content-Type"
		}
		body, err := io.ReadAll(r.Body)
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return nil, http.StatusRequestEntityTooLarge, "size"
		}
		if err != nil || json.Unmarshal(body, &fields) != nil || fields == nil {
			return nil, http.StatusBadRequest, "body"
		}
	default:
		return nil, http.StatusMethodNotAllowed, "method"
	}
	if about != "" {
		return nil, http.StatusBadRequest, about
	}
	return paramsOf(fields)
}

func paramsOf(fields map[string]json.RawMessage) (params *graphql.RawParams, status int, about string) {
	params = &graphql.RawParams{}
	var document string
	for _, field := range []struct {
		name string
		into any
	}{
		{"query", &params.Query},
		{"operationName", &params.OperationName},
		{"variables", &params.Variables},
		{"extensions", &params.Extensions},
		{documentIDKey, &document},
	} {
		if raw, given := fields[field.name]; given && decode(raw, field.into) != nil {
			return nil, http.StatusBadRequest, field.name
		}
	}
	if document != "" {
		if params.Extensions == nil {
			params.Extensions = map[string]any{}
		}
		params.Extensions[documentIDKey] = document
	}
	if params.Query == "" && params.Extensions[documentIDKey] == nil && params.Extensions[persistedQueryKey] == nil {
		return nil, http.StatusBadRequest, "query"
	}
	return params, 0, ""
}

func decode(raw json.RawMessage, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(into)
}

// fromQuery gives an address's parameters the form that a body's have.
func fromQuery(raw string) (fields map[string]json.RawMessage, about string) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, "address"
	}
	fields = map[string]json.RawMessage{}
	for _, name := range []string{"query", "operationName", documentIDKey} {
		if values.Has(name) {
			fields[name], _ = json.Marshal(values.Get(name)) // a text always encodes
		}
	}
	for _, name := range []string{"variables", "extensions"} {
		if text := values.Get(name); text != "" {
			if !json.Valid([]byte(text)) {
				return nil, name
			}
			fields[name] = json.RawMessage(text)
		}
	}
	return fields, ""
}

// answerer writes the answer to one request.
type answerer struct {
	w     http.ResponseWriter
	r     *http.Request
	exec  graphql.GraphExecutor
	media string
}

// malformed answers what is no GraphQL request at all.
func (a answerer) malformed(status int, about string) {
	if status == http.StatusMethodNotAllowed {
		a.w.Header().Set("Allow", "GET, POST")
		if a.r.Method == http.MethodGet {
			a.w.Header().Set("Allow", "POST")
		}
	}
	why := refuse(domain.NewError(requestUnreadable, "", "about", about))
	a.write(status, a.exec.DispatchError(a.r.Context(), gqlerror.List{why}))
}

// refused answers a request whose document is not run. Clients that only know
// application/json look at the status first, so there it is 200.
func (a answerer) refused(response *graphql.Response) {
	status := http.StatusOK
	wait, limited := response.Errors[0].Extensions["retryAfter"]
	if limited {
		a.w.Header().Set("Retry-After", strconv.Itoa(wait.(int)))
	}
	if a.media == graphqlJSON {
		switch response.Errors[0].Extensions["code"] {
		case domain.RateLimited:
			status = http.StatusTooManyRequests
		case persistedNotFound:
			status = http.StatusNotFound
		default:
			status = http.StatusBadRequest
		}
	}
	a.write(status, response)
}

// executed answers a document that was run. What was asked for by name may be
// kept by the caller, who asks whether it still holds.
func (a answerer) executed(response *graphql.Response) {
	if a.r.Method == http.MethodGet && !a.r.URL.Query().Has("query") && len(response.Errors) == 0 {
		digest := sha256.Sum256(append([]byte(a.media), response.Data...))
		tag := `W/"` + base64.RawURLEncoding.EncodeToString(digest[:16]) + `"`
		a.w.Header().Set("ETag", tag)
		a.w.Header().Set("Cache-Control", "private, no-cache")
		if matches(a.r.Header.Get("If-None-Match"), tag) {
			a.tellCost(response)
			a.w.Header().Add("Vary", "Accept")
			a.w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	a.write(http.StatusOK, response)
}

func matches(header, tag string) bool {
	for known := range strings.SplitSeq(header, ",") {
		if known = strings.TrimSpace(known); known == tag || "W/"+known == tag {
			return true
		}
	}
	return false
}

func (a answerer) tellCost(response *graphql.Response) {
	if note, ok := response.Extensions["cost"].(told); ok {
		note.header(a.w.Header())
	}
}

// write leaves out data where nothing was run. What the document asked for is JSON
// already: to encode it once more would read all of it again.
func (a answerer) write(status int, response *graphql.Response) {
	a.tellCost(response)
	a.w.Header().Set("Content-Type", a.media+"; charset=utf-8")
	a.w.Header().Add("Vary", "Accept")
	around, err := json.Marshal(struct {
		Errors     gqlerror.List  `json:"errors,omitempty"`
		Extensions map[string]any `json:"extensions,omitempty"`
	}{response.Errors, response.Extensions})
	if err != nil {
		panic(err) // which is presented as our fault
	}
	var answer bytes.Buffer
	answer.WriteByte('{')
	if response.Data != nil {
		answer.WriteString(`"data":`)
		answer.Write(response.Data)
		if len(around) > len("{}") {
			answer.WriteByte(',')
		}
	}
	answer.Write(around[1:])
	a.w.WriteHeader(status)
	_, _ = a.w.Write(answer.Bytes()) // a caller who left reads nothing
}
