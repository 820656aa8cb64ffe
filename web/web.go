// SPDX-License-Identifier: AGPL-3.0-or-later

// Package web is what browsers are served: the coordinators' dashboard. dist and
// documents.json are made from web/src by npm ci and npm run build, and committed,
// so that nobody needs Node to build the program.
package web
