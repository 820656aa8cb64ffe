// SPDX-License-Identifier: AGPL-3.0-or-later

package cheque

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hora-coop/hora/domain"
)

// The compact form of a signed cheque, version 1; docs/cheque-format.md explains
// it to whoever writes an app. It fits into one QR code.
const (
	version1   = 1
	mark       = "HORA1."             // what a scanner knows it by
	signedFor  = "hora/time-cheque/1" // so that the key's signature means this and nothing else
	serialSize = 12
	prefixSize = 1 + 16 + 16 // version, community, device
	longestOf  = 80          // bytes of the description
	longestTyp = 15          // bytes of the service type's code
	// LongestText bounds a cheque in its text form, in bytes.
	LongestText = 300
)

// epoch is day 0 of a cheque's date.
var epoch = time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)

// Paper is what a signed cheque says.
type Paper struct {
	Community   domain.ID
	Device      domain.ID
	Serial      [serialSize]byte
	Provider    int // the number on their card
	Minutes     domain.Minutes
	Day         time.Time // midnight UTC
	ServiceType string
	Description string
}

// Prefix is what every cheque of a device begins with; its app keeps it.
func (d Device) Prefix() []byte {
	b := make([]byte, 0, prefixSize)
	b = append(b, version1)
	b = append(b, d.Community[:]...)
	return append(b, d.ID[:]...)
}

// body is what is signed.
func (p Paper) body() []byte {
	b := Device{Community: p.Community, ID: p.Device}.Prefix()
	b = append(b, p.Serial[:]...)
	b = binary.AppendUvarint(b, uint64(p.Provider))
	b = binary.AppendUvarint(b, uint64(p.Minutes))
	b = binary.BigEndian.AppendUint16(b, uint16(p.Day.Sub(epoch)/(24*time.Hour)))
	b = append(append(b, byte(len(p.ServiceType))), p.ServiceType...)
	return append(append(b, byte(len(p.Description))), p.Description...)
}

// Sign makes the cheque's text with a device's private key, as an app does.
func (p Paper) Sign(key ed25519.PrivateKey) string {
	body := p.body()
	return mark + base64.RawURLEncoding.EncodeToString(append(body, ed25519.Sign(key, toSign(body))...))
}

func toSign(body []byte) []byte { return append([]byte(signedFor), body...) }

// Read takes a cheque's text apart; ok is false for anything that no app wrote.
// One cheque has one text: what could be written in two ways is refused.
func Read(text string) (p Paper, raw []byte, ok bool) {
	rest, marked := strings.CutPrefix(strings.TrimSpace(text), mark)
	if !marked || len(text) > LongestText {
		return p, nil, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(rest)
	if err != nil || len(raw) < prefixSize+serialSize+ed25519.SignatureSize || raw[0] != version1 {
		return p, nil, false
	}
	copy(p.Community[:], raw[1:])
	copy(p.Device[:], raw[17:])
	copy(p.Serial[:], raw[prefixSize:])
	r := reader{raw[prefixSize+serialSize : len(raw)-ed25519.SignatureSize], true}
	p.Provider = int(r.number())
	p.Minutes = domain.Minutes(r.number())
	p.Day = epoch.AddDate(0, 0, r.day())
	p.ServiceType = r.text(longestTyp)
	p.Description = r.text(longestOf)
	return p, raw, r.ok && len(r.left) == 0 && bytes.Equal(p.body(), raw[:len(raw)-ed25519.SignatureSize])
}

// signedBy says whether a device's key signed what was read.
func signedBy(key ed25519.PublicKey, raw []byte) bool {
	body, signature := raw[:len(raw)-ed25519.SignatureSize], raw[len(raw)-ed25519.SignatureSize:]
	return ed25519.Verify(key, toSign(body), signature)
}

// reader takes fields off the front, and remembers when one was missing.
type reader struct {
	left []byte
	ok   bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.left) {
		r.ok, r.left = false, nil
		return nil
	}
	field := r.left[:n]
	r.left = r.left[n:]
	return field
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.left)
	r.take(size)
	if size <= 0 || n > 1<<31 {
		r.ok = false
		return 0
	}
	return n
}

func (r *reader) day() int {
	if field := r.take(2); field != nil {
		return int(binary.BigEndian.Uint16(field))
	}
	return 0
}

func (r *reader) text(longest int) string {
	size := r.take(1)
	if size == nil || int(size[0]) > longest {
		r.ok = false
		return ""
	}
	text := string(r.take(int(size[0])))
	r.ok = r.ok && utf8.ValidString(text)
	return text
}
