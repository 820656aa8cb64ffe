// SPDX-License-Identifier: AGPL-3.0-or-later

// Package graphiql is the page to try the API in a browser, with everything that
// it needs. dist is made from pinned npm packages by npm ci and npm run build;
// nobody needs Node to build the program.
package graphiql

import "embed"

// Files are the page's script and sheet, in dist.
//
//go:embed dist
var Files embed.FS
