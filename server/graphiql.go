// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"fmt"
	"io/fs"
	"net/http"

	"github.com/hora-coop/hora/internal/i18n"
	"github.com/hora-coop/hora/web/graphiql"
)

// graphiqlPage loads what this server has itself, and nothing is written into the
// page: the policy lets nothing else run.
const graphiqlPage = `<!doctype html>
<html lang="%[1]s">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hora · GraphiQL</title>
<link rel="stylesheet" href="/graphiql/graphiql.css">
<script src="/graphiql/graphiql.js" defer></script>
<div id="graphiql"><noscript>%[2]s</noscript></div>
</html>
`

const graphiqlPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// graphiql serves the page at /graphiql and its files below it.
func (c Config) graphiql(mux *http.ServeMux) {
	mux.HandleFunc("GET /graphiql", func(w http.ResponseWriter, r *http.Request) {
		lang := i18n.Match(r.Header.Get("Accept-Language"))
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", graphiqlPolicy)
		h.Set("Vary", "Accept-Language")
		h.Set("Cache-Control", "no-cache")
		fmt.Fprintf(w, graphiqlPage, lang, i18n.Text(lang, "graphiql.script", nil))
	})
	dist, err := fs.Sub(graphiql.Files, "dist")
	if err != nil {
		panic(err) // the name is written a line above
	}
	files := http.StripPrefix("/graphiql/", http.FileServerFS(dist))
	mux.Handle("GET /graphiql/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", graphiqlPolicy)
		w.Header().Set("Cache-Control", "no-cache")
		files.ServeHTTP(w, r)
	}))
}
