// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// claims is a PNG whose head says that it is this large.
func claims(width, height uint32) []byte {
	file := asPNG(scenery(4, 4))
	binary.BigEndian.PutUint32(file[16:], width)
	binary.BigEndian.PutUint32(file[20:], height)
	binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29]))
	return file
}

// lying is a WebP whose canvas is one pixel and whose frame has 16384 by 16384.
func lying() []byte {
	frame := binary.LittleEndian.AppendUint32([]byte{0x2F}, 16383|16383<<14)
	body := slices.Concat([]byte("WEBPVP8X\x0A\x00\x00\x00"), make([]byte, 10), []byte("VP8L\x06\x00\x00\x00"), frame, []byte{0})
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func TestWhatIsNoHonestPictureIsRefused(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	html := []byte("<!DOCTYPE html><script>alert(1)</script>")
	flat := asPNG(image.NewGray(image.Rect(0, 0, 6000, 6000))) // 36 million pixels in a few kilobytes
	if len(flat) > 100_000 {
		t.Fatalf("the bomb is %d bytes", len(flat))
	}
	for name, c := range map[string]struct {
		file      []byte
		announced string
		status    int
		code      string
	}{
		"a page called a picture":          {html, "image/jpeg", 415, "UPLOAD_TYPE"},
		"a PNG called a JPEG":              {asPNG(scenery(8, 8)), "image/jpeg", 415, "UPLOAD_TYPE"},
		"a drawing with scripts":           {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "image/png", 415, "UPLOAD_TYPE"},
		"a GIF called a WebP":              {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "image/webp", 415, "UPLOAD_TYPE"},
		"half a picture":                   {sunset[:len(sunset)/2], "image/jpeg", 422, "IMAGE_UNREADABLE"},
		"the head of a picture and a page": {slices.Concat(sunset[:20], html), "image/jpeg", 422, "IMAGE_UNREADABLE"},
		"a head that claims 2,500 million": {claims(50_000, 50_000), "image/png", 413, "IMAGE_SIZE"},
		"36 million pixels in kilobytes":   {flat, "image/png", 413, "IMAGE_SIZE"},
		"nine million dear pixels":         {asPNG(image.NewNRGBA64(image.Rect(0, 0, 3000, 3000))), "image/png", 413, "IMAGE_SIZE"},
		"a canvas that hides a larger one": {lying(), "image/webp", 413, "IMAGE_SIZE"},
		"a picture drawn ten thousand times": {
			slices.Concat(sunset[:len(sunset)-2], bytes.Repeat([]byte{0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0}, 10_000), []byte{0xFF, 0xD9}), "image/jpeg", 422, "IMAGE_UNREADABLE",
		},
		"no bytes": {[]byte{}, "image/jpeg", 415, "UPLOAD_TYPE"},
	} {
		announced := max(len(c.file), 1)
		ticket := anna.does("requestUpload", input{"communityId": anna.id, "kind": "LISTING_PHOTO", "size": announced, "contentType": c.announced}).thing("upload")
		_, path, _ := strings.Cut(ticket.text("url"), "/media/")
		status, said := anna.puts("/media/"+path, c.file)
		if status != c.status || !strings.Contains(said, c.code) {
			t.Errorf("%s is answered %d %s, want %d %s", name, status, said, c.status, c.code)
		}
		anna.isRefused("confirmUpload", input{"photoId": ticket.text("photoId"), "alt": "Rien"}, "UPLOAD_STATE", "photoId")
	}
	same(t, "files kept", len(town.kept()), 0)
}

// A file that is a picture to one program and a page or an archive to another is
// kept as a picture only.
func TestNothingRidesAlongWithAPicture(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	rider := []byte("<script>CANARY</script>PK\x03\x04CANARY")
	comment := append([]byte{0xFF, 0xFE, 0, byte(len(rider) + 2)}, rider...)
	for name, file := range map[string][]byte{
		"after the picture":  slices.Concat(sunset, rider),
		"inside the picture": slices.Concat(sunset[:2], comment, sunset[2:]),
	} {
		anna.confirmsPhoto(file, "Un coucher de soleil")
		for _, kept := range town.kept() {
			if bytes.Contains(kept, []byte("CANARY")) || bytes.Contains(kept, []byte("PK\x03\x04")) {
				t.Errorf("%s: the rider is kept", name)
			}
		}
	}
}

func TestATicketIsForOnePictureOfItsOwner(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	photo, path := anna.mayHandIn(sunset, "image/jpeg")

	answered := func(what string, path string, file []byte, status int, code string) {
		t.Helper()
		if got, said := anna.puts(path, file); got != status || !strings.Contains(said, code) {
			t.Errorf("%s is answered %d %s, want %d %s", what, got, said, status, code)
		}
	}
	answered("a ticket of nobody", "/media/uploads/"+strings.Repeat("A", 86), sunset, 404, "NOT_FOUND")
	forged := []byte(path)
	forged[len(forged)-40]++ // one letter of the seal
	answered("a forged ticket", string(forged), sunset, 404, "NOT_FOUND")
	answered("more than was announced", path, append(slices.Clone(sunset), 0), 413, "UPLOAD_SIZE")
	anna.isRefused("confirmUpload", input{"photoId": photo, "alt": "Rien encore"}, "UPLOAD_STATE", "photoId")
	answered("the picture", path, sunset, 204, "")
	answered("the same again", path, sunset, 409, "UPLOAD_STATE")
	answered("another by the same ticket", path, asJPEG(scenery(8, 8)), 409, "UPLOAD_STATE")

	if a := bruno.tries("confirmUpload", input{"photoId": photo, "alt": "À moi"}); !strings.Contains(a.raw, "NOT_FOUND") {
		t.Errorf("Bruno confirms Anna’s picture: %s", a.raw)
	}
	anna.isRefused("confirmUpload", input{"photoId": photo, "alt": " "}, "REQUIRED", "alt")
	anna.does("confirmUpload", input{"photoId": photo, "alt": "Un soleil"})
	same(t, "said better", anna.does("confirmUpload", input{"photoId": photo, "alt": "Un coucher de soleil"}).text("photo.alt"), "Un coucher de soleil")
	theirs := input{"communityId": bruno.id, "kind": "OFFER", "title": "Le mien", "serviceTypeId": bruno.types()["102-A-1"], "photoIds": []string{photo}}
	if a := bruno.tries("createListing", theirs); !strings.Contains(a.raw, "NOT_FOUND") {
		t.Errorf("Bruno shows Anna’s picture: %s", a.raw)
	}

	_, late := anna.mayHandIn(sunset, "image/jpeg")
	town.advance(time.Hour)
	answered("a ticket that expired", late, sunset, 409, "UPLOAD_STATE")
}

func TestAListingShowsItsMembersPicturesInOrder(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	var photos []string
	for range 3 {
		photos = append(photos, anna.confirmsPhoto(sunset, "Un coucher de soleil"))
	}
	offer := anna.offersWith("Photographie", photos[1], photos[0])
	shown := func() (ids []string) {
		for _, p := range anna.sees(offer, ofListing).list("photos") {
			ids = append(ids, p.text("id"))
		}
		return ids
	}
	same(t, "shown", shown(), []string{photos[1], photos[0]})
	anna.does("updateListing", input{"listingId": offer, "version": 1, "title": "Portraits"})
	same(t, "shown when left alone", shown(), []string{photos[1], photos[0]})
	anna.does("updateListing", input{"listingId": offer, "version": 2, "photoIds": []string{photos[2], photos[1]}})
	same(t, "shown after a change", shown(), []string{photos[2], photos[1]})

	other := input{"communityId": anna.id, "kind": "OFFER", "title": "Autre", "serviceTypeId": anna.types()["102-A-1"], "photoIds": []string{photos[2]}}
	anna.isRefused("createListing", other, "PHOTO_IN_USE", "photoIds")
	anna.isRefused("createListing", with(other, "photoIds", []string{anna.sends(sunset)}), "UPLOAD_STATE", "photoIds")
	anna.isRefused("createListing", with(other, "photoIds", slices.Repeat([]string{photos[0]}, 9)), "OUT_OF_RANGE", "photoIds")
	anna.does("updateListing", input{"listingId": offer, "version": 3, "photoIds": []string{}})
	same(t, "shown in the end", len(shown()), 0)

	// Fatou puts a picture with the offer of somebody who has no telephone.
	theirs := town.founder.does("requestUpload", input{
		"communityId": town.id, "kind": "LISTING_PHOTO", "size": len(sunset), "contentType": "image/jpeg", "onBehalfOf": anna.member,
	}).thing("upload")
	_, path, _ := strings.Cut(theirs.text("url"), "/media/")
	town.founder.puts("/media/"+path, sunset)
	town.founder.does("confirmUpload", input{"photoId": theirs.text("photoId"), "alt": "Un soleil"})
	town.founder.does("updateListing", input{"listingId": offer, "version": 4, "photoIds": []string{theirs.text("photoId")}})
	same(t, "shown by the coordinator", shown(), []string{theirs.text("photoId")})
}

func TestAPictureThatNothingShowsGoesAfterADay(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	kept := anna.confirmsPhoto(sunset, "Gardée")
	offer := anna.offersWith("Couture", kept, anna.confirmsPhoto(sunset, "Retirée"))
	gone := anna.offersWith("Ménage", anna.confirmsPhoto(sunset, "D’une annonce archivée"))
	anna.sends(sunset)                   // never confirmed
	anna.mayHandIn(sunset, "image/jpeg") // never sent
	anna.confirmsPhoto(sunset, "Jamais montrée")
	same(t, "files at first", len(town.kept()), 5*3)
	town.advance(23 * time.Hour)
	anna.does("updateListing", input{"listingId": offer, "version": 1, "photoIds": []string{kept}})
	anna.does("archiveListing", input{"listingId": gone})
	same(t, "an archived listing shows", len(anna.sees(gone, ofListing).list("photos")), 0)
	town.advance(2 * time.Hour)
	same(t, "files when what was never shown is a day old", len(town.kept()), 3*3)
	town.advance(24 * time.Hour)
	same(t, "files of what is shown", len(town.kept()), 3)
	same(t, "rows", ask[int](town.program, "SELECT count(*)::int FROM photo"), 1)
	status, _, _ := town.picture(anna.sees(offer, ofListing).list("photos")[0].text("large"))
	same(t, "what is shown is there", status, http.StatusOK)
}

func TestNobodyHandsInMorePicturesThanTheyUse(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	ask := input{"communityId": anna.id, "kind": "LISTING_PHOTO", "size": 10, "contentType": "image/jpeg"}
	for range 20 {
		anna.does("requestUpload", ask)
	}
	anna.isRefused("requestUpload", ask, "UPLOAD_LIMIT", "")
	anna.isRefused("requestUpload", with(ask, "size", 10<<20+1), "UPLOAD_SIZE", "size")
	anna.isRefused("requestUpload", with(ask, "contentType", "image/svg+xml"), "UPLOAD_TYPE", "contentType")
	town.advance(25 * time.Hour)
	anna.does("requestUpload", ask)
}

// A phone whose connection broke tries again with the same ticket; of several
// tries at once, one is taken.
func TestABrokenConnectionDoesNotSpendTheTicket(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	photo, path := anna.mayHandIn(sunset, "image/jpeg")
	body := &breaking{rest: sunset[:len(sunset)/2]}
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodPut, town.address+path, body)
	request.ContentLength = int64(len(sunset))
	if response, err := http.DefaultClient.Do(request); err == nil {
		response.Body.Close()
		t.Fatalf("half a picture is answered %s", response.Status)
	}
	var taken, late int
	var mu sync.Mutex
	var tries sync.WaitGroup
	for range 6 {
		tries.Go(func() {
			status, _ := anna.puts(path, sunset)
			for status == http.StatusTooManyRequests { // two at once, and no more
				status, _ = anna.puts(path, sunset)
			}
			mu.Lock()
			defer mu.Unlock()
			switch status {
			case http.StatusNoContent:
				taken++
			case http.StatusConflict:
				late++
			}
		})
	}
	tries.Wait()
	same(t, "taken, too late", []int{taken, late}, []int{1, 5})
	anna.does("confirmUpload", input{"photoId": photo, "alt": "Un soleil"})
	same(t, "files kept", len(town.kept()), 3)
}

// Whoever hands pictures in slowly leaves the server's other places to others.
func TestSlowPicturesLeavePlacesToOthers(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	goOn, done := make(chan struct{}), make(chan int, 2)
	patient := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: longest}}
	for range 2 {
		_, path := anna.mayHandIn(sunset, "image/jpeg")
		begun := make(chan struct{})
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodPut, town.address+path, &slow{begun: begun, goOn: goOn, rest: sunset})
		request.ContentLength = int64(len(sunset))
		request.Header.Set("Expect", "100-continue") // which comes once the server wants the bytes
		go func() {
			response, err := patient.Do(request)
			if err != nil {
				t.Error(err)
				done <- 0
				return
			}
			_ = response.Body.Close()
			done <- response.StatusCode
		}()
		<-begun
	}
	_, path := anna.mayHandIn(sunset, "image/jpeg")
	status, said := anna.puts(path, sunset)
	same(t, "Anna’s third", []any{status, strings.Contains(said, "RATE_LIMITED")}, []any{http.StatusTooManyRequests, true})
	bruno.sends(sunset)
	close(goOn)
	same(t, "Anna’s two, in the end", []int{<-done, <-done}, []int{http.StatusNoContent, http.StatusNoContent})
	status, _ = anna.puts(path, sunset)
	same(t, "and her third", status, http.StatusNoContent)
}

// slow is a picture that waits before its first byte.
type slow struct {
	begun chan<- struct{}
	goOn  <-chan struct{}
	rest  []byte
}

func (s *slow) Read(into []byte) (int, error) {
	if s.begun != nil {
		close(s.begun)
		s.begun = nil
		<-s.goOn
	}
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(into, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

type breaking struct{ rest []byte }

func (b *breaking) Read(into []byte) (int, error) {
	if len(b.rest) == 0 {
		return 0, errors.New("the train went into a tunnel")
	}
	n := copy(into, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}
