// SPDX-License-Identifier: AGPL-3.0-or-later

package cheque

import (
	"crypto/ed25519"
	"encoding/hex"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
)

// The document's vectors are what apps are written by.
func TestTheDocumentsVectorsHold(t *testing.T) {
	doc, err := os.ReadFile("../../docs/cheque-format.md")
	if err != nil {
		t.Fatal(err)
	}
	field := func(block, name string) string {
		found := regexp.MustCompile(`(?m)^` + name + `: +(.*)$`).FindStringSubmatch(block)
		if found == nil {
			t.Fatalf("a vector has no %s:\n%s", name, block)
		}
		return found[1]
	}
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	unhex := func(text string) []byte {
		raw, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	vectors := regexp.MustCompile("(?s)```vector\n(.*?)```").FindAllStringSubmatch(string(doc), -1)
	if len(vectors) < 3 {
		t.Fatalf("the document has %d vectors", len(vectors))
	}
	for _, v := range vectors {
		key := ed25519.NewKeyFromSeed(unhex(field(v[1], "seed")))
		day, err := time.Parse(time.DateOnly, field(v[1], "date"))
		if err != nil {
			t.Fatal(err)
		}
		p := Paper{
			Provider: number(field(v[1], "provider")), Minutes: domain.Minutes(number(field(v[1], "minutes"))), Day: day,
			ServiceType: field(v[1], "service"), Description: field(v[1], "description"),
		}
		copy(p.Community[:], unhex(field(v[1], "community")))
		copy(p.Device[:], unhex(field(v[1], "device")))
		copy(p.Serial[:], unhex(field(v[1], "serial")))
		want := field(v[1], "cheque")
		if got := p.Sign(key); got != want {
			t.Errorf("signed\n%s, the document says\n%s", got, want)
		}
		read, raw, ok := Read(want)
		if !ok || read != p || !signedBy(key.Public().(ed25519.PublicKey), raw) {
			t.Errorf("read %+v, %v; want %+v", read, ok, p)
		}
	}
}

func anyPaper(t *rapid.T) Paper {
	p := Paper{
		Provider: rapid.IntRange(1, 1<<31-1).Draw(t, "provider"), Minutes: domain.Minutes(rapid.IntRange(0, int(domain.MaxMinutes)).Draw(t, "minutes")),
		Day: epoch.AddDate(0, 0, rapid.IntRange(0, 65535).Draw(t, "day")), ServiceType: rapid.StringMatching(`[0-9A-Z-]{0,15}`).Draw(t, "service"),
		Description: rapid.StringN(0, 40, longestOf).Draw(t, "description"),
	}
	copy(p.Community[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "community"))
	copy(p.Device[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "device"))
	copy(p.Serial[:], rapid.SliceOfN(rapid.Byte(), serialSize, serialSize).Draw(t, "serial"))
	return p
}

func TestAChequeReadsBackAndFitsIntoOneCode(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	rapid.Check(t, func(t *rapid.T) {
		p := anyPaper(t)
		p.Description = strings.ToValidUTF8(p.Description, "?")
		text := p.Sign(key)
		if len(text) > LongestText {
			t.Fatalf("%d bytes", len(text))
		}
		read, raw, ok := Read(text)
		if !ok || read != p || !signedBy(key.Public().(ed25519.PublicKey), raw) {
			t.Fatalf("read %+v, %v", read, ok)
		}
	})
}

// One bit, anywhere: it is no cheque any more, or not of this key.
func TestOneBitMakesItAnother(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	rapid.Check(t, func(t *rapid.T) {
		p := anyPaper(t)
		p.Description = strings.ToValidUTF8(p.Description, "?")
		_, raw, _ := Read(p.Sign(key))
		bit := rapid.IntRange(0, 8*len(raw)-1).Draw(t, "bit")
		raw[bit/8] ^= 1 << (bit % 8)
		if signedBy(key.Public().(ed25519.PublicKey), raw) {
			t.Fatalf("bit %d", bit)
		}
	})
}

func TestNobodyRegistersAKeyThatSignsAnything(t *testing.T) {
	for point := range smallOrder {
		if _, err := newDevice("téléphone", []byte(point)); err == nil {
			t.Errorf("%x is taken for a key", point)
		}
	}
	if _, err := newDevice("téléphone", make([]byte, 31)); err == nil {
		t.Error("31 bytes are taken for a key")
	}
	public := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey)
	if d, err := newDevice("  téléphone ", public); err != nil || d.Name != "téléphone" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestWhatNoAppWroteIsNotRead(t *testing.T) {
	good := Paper{Provider: 3, Minutes: 60, Day: epoch, ServiceType: "102-A-1"}.Sign(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	for _, text := range []string{"", "HORA1.", good[6:], "HORA2." + good[6:], good[:len(good)-2], good + "AAAA", good + "=", strings.Repeat("A", 400)} {
		if _, _, ok := Read(text); ok {
			t.Errorf("read %.40q", text)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		Read(mark + rapid.StringMatching(`[A-Za-z0-9_-]{0,290}`).Draw(t, "text")) // whatever it is, nothing breaks
	})
}
