// SPDX-License-Identifier: AGPL-3.0-or-later

//go:build !no_ui

package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Documents are the GraphQL documents that the pages send by their hash, a JSON
// object of texts by id; nil in a program without pages.
//
//go:embed documents.json
var Documents []byte

// Pages are index.html and what it loads; nil in a program without pages.
func Pages() fs.FS {
	pages, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is written above
	}
	return pages
}
