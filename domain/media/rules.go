// SPDX-License-Identifier: AGPL-3.0-or-later

package media

import (
	"slices"
	"strings"
	"time"

	"github.com/hora-coop/hora/domain"
)

func (r Request) check() error {
	var c domain.Check
	c.That(r.Kind == ListingPhoto || r.Kind == ClaimPhoto, domain.ValueUnknown, "kind")
	c.That(slices.Contains(Types, r.Type), TypeRefused, "contentType", "known", strings.Join(Types, ", "))
	c.That(r.Bytes >= 1 && r.Bytes <= MaxBytes, TooLarge, "size", "max", MaxBytes>>20)
	return c.Err()
}

// awaits says whether bytes may come now.
func (p Photo) awaits(now time.Time) error {
	if p.State != Requested {
		return domain.NewError(WrongState, "", "state", string(p.State))
	}
	if !now.Before(p.ExpiresAt) {
		return domain.NewError(WrongState, "", "state", "EXPIRED")
	}
	return nil
}

// describe makes a picture fit to be shown: somebody who cannot see it is told
// what it shows. Said again, the new words stand.
func (p Photo) describe(alt string) (Photo, error) {
	var c domain.Check
	p.Alt = c.Line("alt", alt, 1, 300)
	if err := c.Err(); err != nil {
		return p, err
	}
	if p.State != Stored && p.State != Ready {
		return p, domain.NewError(WrongState, "photoId", "state", string(p.State))
	}
	p.State = Ready
	return p, nil
}

// fit says whether a member's listing may show a picture; Nowhere is for a claim, which
// takes what nothing else has.
func (p Photo) fit(member, listing domain.ID) error {
	switch {
	case p.Member != member:
		return domain.NewError(domain.NotFound, "photoIds")
	case p.State != Ready:
		return domain.NewError(WrongState, "photoIds", "state", string(p.State))
	case p.Listing != domain.Nowhere && p.Listing != listing, p.Claim != domain.Nowhere:
		return domain.NewError(InUse, "photoIds")
	}
	return nil
}

// FileName is where a version of a picture lies.
func FileName(address string, size Size) string {
	return address[:2] + "/" + address + "/" + strings.ToLower(string(size)) + ".jpg"
}

// Known reads the address and the size of a file that somebody asks for, as its
// place on the server writes them; ok is false for what was never given out.
func Known(address, file string) (size Size, ok bool) {
	if len(address) != addressLength || strings.ContainsFunc(address, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '2' || r > '7')
	}) {
		return "", false
	}
	for _, s := range Sizes {
		if file == strings.ToLower(string(s))+".jpg" {
			return s, true
		}
	}
	return "", false
}
