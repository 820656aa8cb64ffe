// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

import "regexp"

// localeShape is the part of BCP 47 that people use: language, script, region.
var localeShape = regexp.MustCompile(`^(fr|en)(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`)

// KnownLocale says whether every text exists for a locale: French or English,
// with or without a region.
func KnownLocale(locale string) bool { return localeShape.MatchString(locale) }
