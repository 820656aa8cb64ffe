// SPDX-License-Identifier: AGPL-3.0-or-later

package token

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/community"
	"github.com/hora-coop/hora/domain/identity"
	"github.com/hora-coop/hora/domain/recognition"
)

// Where strangers find what a badge names.
const (
	BadgeKeysPath   = "/badges/keys"
	BadgeStatusPath = "/badges/status/"
	BadgeIssuerPath = "/badges/issuers/"
)

// Vocabularies of a credential, by the names their authors gave them.
const (
	credentialsContext = "https://www.w3.org/ns/credentials/v2"
	openBadgesContext  = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
)

// shortestList is the fewest bits of a status list, so that a list tells nothing
// of how many badges there are (Bitstring Status List 1.0, section 3.2).
const shortestList = 131072

// Badges implements recognition.Signer: badges as Open Badges 3.0 credentials, and
// their status as a Bitstring Status List, each a JSON Web Token signed with
// Ed25519. A badge outlives its key: what any key ever signed is believed.
type Badges struct {
	keys SealKeys
	at   string
}

var _ recognition.Signer = (*Badges)(nil)

// NewBadges makes a signer of badges for a server with this public address.
func NewBadges(keys SealKeys, address string) *Badges { return &Badges{keys: keys, at: address} }

// object is a piece of a credential.
type object = map[string]any

// Credential implements recognition.Signer.
func (b *Badges) Credential(ctx context.Context, c recognition.Credential) (recognition.Signed, error) {
	id, subject, status := urn(c.ID), urn(c.Member), b.at+BadgeStatusPath+c.Community.ID.String()
	index := strconv.Itoa(c.Index)
	claims := jwt.MapClaims{
		"@context": []string{credentialsContext, openBadgesContext},
		"type":     []string{"VerifiableCredential", "OpenBadgeCredential"},
		"id":       id, "name": c.Badge.Name, "issuer": b.issuer(c.Community), "validFrom": c.At.Format(time.RFC3339),
		"credentialSubject": object{
			"id": subject, "type": []string{"AchievementSubject"},
			"identifier": []object{{"type": "IdentityObject", "hashed": false, "identityType": "name", "identityHash": c.Holder}},
			"achievement": object{
				"id": urn(c.Badge.ID), "type": []string{"Achievement"}, "name": c.Badge.Name, "description": c.Badge.Description,
				"version": strconv.Itoa(c.Badge.Version), "criteria": object{"narrative": c.Badge.Criteria},
			},
		},
		"evidence": []object{{"type": []string{"Evidence"}, "narrative": c.Evidence}},
		"credentialStatus": object{
			"id": status + "#" + index, "type": "BitstringStatusListEntry", "statusPurpose": "revocation",
			"statusListIndex": index, "statusListCredential": status,
		},
		"sub": subject,
	}
	if !c.ExpiresAt.IsZero() {
		claims["validUntil"], claims["exp"] = c.ExpiresAt.Format(time.RFC3339), c.ExpiresAt.Unix()
	}
	token, err := b.sign(ctx, "JWT", c.Community, c.At, claims)
	return recognition.Signed{Token: token, KeysURL: b.at + BadgeKeysPath, StatusListURL: status}, err
}

// StatusList implements recognition.Signer.
func (b *Badges) StatusList(ctx context.Context, l recognition.StatusList) (string, error) {
	bits, err := bitstring(l.Revoked, l.Length)
	if err != nil {
		return "", err
	}
	id := b.at + BadgeStatusPath + l.Community.ID.String()
	return b.sign(ctx, "vc+jwt", l.Community, l.At, jwt.MapClaims{
		"@context": []string{credentialsContext},
		"type":     []string{"VerifiableCredential", "BitstringStatusListCredential"},
		"id":       id, "issuer": b.at + BadgeIssuerPath + l.Community.ID.String(), "validFrom": l.At.Format(time.RFC3339),
		"credentialSubject": object{"id": id + "#list", "type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": bits},
	})
}

// bitstring is a list of bits as its specification writes it: the first bit is the
// highest of the first byte; compressed, then base64url in multibase.
func bitstring(set []int, length int) (string, error) {
	raw := make([]byte, (max(length, shortestList)+7)/8)
	for _, i := range set {
		raw[i/8] |= 1 << (7 - i%8)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(raw); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return "u" + base64.RawURLEncoding.EncodeToString(packed.Bytes()), nil
}

// sign adds the claims that every token has to those of a credential, as Open
// Badges 3.0, section 8.2, maps the one to the other.
func (b *Badges) sign(ctx context.Context, as string, by community.Community, from time.Time, claims jwt.MapClaims) (string, error) {
	key, err := b.keys.Signer(ctx, identity.ForBadge)
	if err != nil {
		return "", err
	}
	claims["iss"], claims["jti"], claims["nbf"] = b.at+BadgeIssuerPath+by.ID.String(), claims["id"], from.Unix()
	unsigned := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	unsigned.Header["typ"], unsigned.Header["kid"] = as, b.named(key).ID
	return unsigned.SignedString(ed25519.NewKeyFromSeed(key.Secret))
}

func (b *Badges) issuer(c community.Community) object {
	return object{"id": b.at + BadgeIssuerPath + c.ID.String(), "type": []string{"Profile"}, "name": c.Name, "url": b.at}
}

// Issuer is the profile of a community that issues badges.
func (b *Badges) Issuer(c community.Community) ([]byte, error) {
	profile := b.issuer(c)
	profile["@context"] = []string{credentialsContext, openBadgesContext}
	return json.Marshal(profile)
}

// Keys is the set of public keys that sign or signed badges, newest first: who has
// it once verifies badges without a network.
func (b *Badges) Keys(ctx context.Context) ([]byte, error) {
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	keys, err := b.keys.Known(ctx, identity.ForBadge)
	for _, key := range keys {
		set.Keys = append(set.Keys, b.named(key))
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(set)
}

// Key is one of them, at the address by which badges name it. Error: NotFound.
func (b *Badges) Key(ctx context.Context, id string) ([]byte, error) {
	keys, err := b.keys.Known(ctx, identity.ForBadge)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if key.ID == id {
			return json.Marshal(b.named(key))
		}
	}
	return nil, domain.NotFound
}

func (b *Badges) named(key identity.Key) jwk {
	return jwk{
		Type: "OKP", Curve: "Ed25519", Public: base64.RawURLEncoding.EncodeToString(publicHalf(key)),
		ID: b.at + BadgeKeysPath + "/" + key.ID, Use: "sig", Algorithm: jwt.SigningMethodEdDSA.Alg(),
	}
}

func urn(id domain.ID) string { return "urn:uuid:" + id.String() }
