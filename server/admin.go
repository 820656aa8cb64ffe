// SPDX-License-Identifier: AGPL-3.0-or-later

package server

import (
	"io/fs"
	"net/http"
	"strings"

	"github.com/hora-coop/hora/web"
)

// AdminPath is where the coordinators' dashboard is. Whatever lies below it and is
// no file is one of its screens, which the page itself finds.
const AdminPath = "/admin"

const adminPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// admin serves the dashboard, an outside client of the API like any other.
func (c Config) admin(mux *http.ServeMux) {
	pages := web.Pages()
	if pages == nil {
		return
	}
	files := http.StripPrefix(AdminPath, http.FileServerFS(pages))
	serve := func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", adminPolicy)
		name := strings.TrimPrefix(r.URL.Path, AdminPath+"/")
		switch info, err := fs.Stat(pages, name); {
		case err == nil && !info.IsDir() && strings.HasPrefix(name, "assets/"):
			h.Set("Cache-Control", "public, max-age=31536000, immutable") // the name changes with what is in it
			files.ServeHTTP(w, r)
		case err == nil && !info.IsDir():
			h.Set("Cache-Control", "no-cache")
			files.ServeHTTP(w, r)
		case strings.HasPrefix(name, "assets/"):
			http.NotFound(w, r) // a page of an older program asks; it then loads anew
		default:
			h.Set("Cache-Control", "no-cache")
			http.ServeFileFS(w, r, pages, "index.html")
		}
	}
	mux.HandleFunc("GET "+AdminPath, serve)
	mux.HandleFunc("GET "+AdminPath+"/", serve)
}
