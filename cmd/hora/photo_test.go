// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The corners of every picture that a test takes, from the top left clockwise.
var corners = []color.RGBA{{220, 30, 30, 255}, {30, 180, 30, 255}, {30, 30, 220, 255}, {230, 220, 40, 255}}

// scenery is a picture whose quarters have the colours of its corners.
func scenery(width, height int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			quarter := 0
			switch right, low := x >= width/2, y >= height/2; {
			case right && low:
				quarter = 2
			case right:
				quarter = 1
			case low:
				quarter = 3
			}
			img.SetRGBA(x, y, corners[quarter])
		}
	}
	return img
}

func asJPEG(img image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func asPNG(img image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// whereItWasTaken is what a telephone notes with a picture: how it was held, whose
// it is, and the very doorstep.
const owner = "CANARY Anna's telephone"

func notes(held uint16) []byte {
	const makeAt, gpsAt = 8 + 2 + 3*12 + 4, 8 + 2 + 3*12 + 4 + 24
	tiff := []byte("MM\x00*")
	tiff = binary.BigEndian.AppendUint32(tiff, 8)
	tiff = binary.BigEndian.AppendUint16(tiff, 3)
	entry := func(tag, kind uint16, count, value uint32) {
		tiff = binary.BigEndian.AppendUint16(tiff, tag)
		tiff = binary.BigEndian.AppendUint16(tiff, kind)
		tiff = binary.BigEndian.AppendUint32(tiff, count)
		tiff = binary.BigEndian.AppendUint32(tiff, value)
	}
	entry(0x010F, 2, uint32(len(owner)+1), makeAt)
	entry(0x0112, 3, 1, uint32(held)<<16)
	entry(0x8825, 4, 1, gpsAt)
	tiff = binary.BigEndian.AppendUint32(tiff, 0)
	tiff = append(tiff, owner...)
	tiff = append(tiff, 0)
	tiff = binary.BigEndian.AppendUint16(tiff, 1) // the GPS directory
	entry(0x0001, 2, 2, uint32('N')<<24)
	return append(binary.BigEndian.AppendUint32(tiff, 0), "CANARY 45.5017 N 73.5673 W"...)
}

// photograph is a JPEG as a telephone makes it.
func photograph(width, height int, held uint16) []byte {
	note := append([]byte("Exif\x00\x00"), notes(held)...)
	head := []byte{0xFF, 0xD8, 0xFF, 0xE1}
	head = binary.BigEndian.AppendUint16(head, uint16(len(note)+2))
	return slices.Concat(head, note, asJPEG(scenery(width, height))[2:])
}

var sunset = asJPEG(scenery(64, 48))

// mayHandIn is a ticket: the picture's id, and where to send the bytes.
func (p *person) mayHandIn(file []byte, kind string) (photo, path string) {
	p.t.Helper()
	ticket := p.does("requestUpload", input{"communityId": p.id, "kind": "LISTING_PHOTO", "size": len(file), "contentType": kind}).thing("upload")
	_, path, _ = strings.Cut(ticket.text("url"), "/media/")
	return ticket.text("photoId"), "/media/" + path
}

func (p *person) puts(path string, file []byte) (status int, said string) {
	p.t.Helper()
	code, body := p.http(http.MethodPut, path, file, "Content-Type", "image/jpeg")
	return code, string(body)
}

// sends hands in a JPEG and answers its id.
func (p *person) sends(file []byte) string {
	p.t.Helper()
	photo, path := p.mayHandIn(file, http.DetectContentType(file))
	if status, said := p.puts(path, file); status != http.StatusNoContent {
		p.t.Fatalf("the picture is not taken: %d %s", status, said)
	}
	return photo
}

func (p *person) confirmsPhoto(file []byte, alt string) string {
	p.t.Helper()
	return p.does("confirmUpload", input{"photoId": p.sends(file), "alt": alt}).text("photo.id")
}

// shows hands in a picture, puts it with an offer, and answers its id.
func (p *person) shows(file []byte, alt string) string {
	p.t.Helper()
	photo := p.confirmsPhoto(file, alt)
	p.offersWith("Pain au levain", photo)
	return photo
}

func (p *person) offersWith(title string, photos ...string) string {
	p.t.Helper()
	return p.does("createListing", input{
		"communityId": p.id, "kind": "OFFER", "title": title, "serviceTypeId": p.types()["102-A-1"], "photoIds": photos,
	}).text("listing.id")
}

// picture is a version of a picture as anybody with its address gets it.
func (p *program) picture(address string) (int, []byte, http.Header) {
	p.t.Helper()
	_, path, _ := strings.Cut(address, "/media/")
	request, _ := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.address+"/media/"+path, http.NoBody)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, body, response.Header
}

// kept are all the files of all pictures.
func (p *program) kept() (files [][]byte) {
	p.t.Helper()
	err := filepath.WalkDir(p.folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files = append(files, content)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return files
}

const ofListing = "Listing { photos { id alt width height placeholder small: url(size: SMALL) medium: url large: url(size: LARGE) } }"

func TestAMemberShowsAPictureWithAnOffer(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna, bruno := town.welcome("Anna", "fr"), town.welcome("Bruno", "en")
	// Held upright, a telephone notes its picture as lying on its side.
	taken := photograph(2400, 1800, 6)
	offer := anna.offersWith("Vélo cargo", anna.confirmsPhoto(taken, "Un vélo rouge devant une porte"))

	seen := bruno.sees(offer, ofListing).list("photos")[0]
	same(t, "what it shows", seen.text("alt"), "Un vélo rouge devant une porte")
	same(t, "its size, upright", []int{seen.int("width"), seen.int("height")}, []int{1440, 1920})
	if len(seen.text("placeholder")) != 6+2*11 {
		t.Errorf("the placeholder is %q, no BlurHash of 4 by 3", seen.text("placeholder"))
	}
	var addresses []string
	for size, longest := range map[string]int{"small": 320, "medium": 960, "large": 1920} {
		address := seen.text(size)
		addresses = append(addresses, address)
		status, file, head := town.picture(address)
		if status != http.StatusOK {
			t.Fatalf("%s is not there: %d", address, status)
		}
		img, err := jpeg.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		same(t, size, img.Bounds().Size(), image.Pt(longest*3/4, longest))
		// Turned by a quarter, what lay bottom left is top left.
		for i, at := range []image.Point{{5, 5}, {img.Bounds().Dx() - 6, 5}, {img.Bounds().Dx() - 6, img.Bounds().Dy() - 6}, {5, img.Bounds().Dy() - 6}} {
			if want := corners[(i+3)%4]; !alike(img.At(at.X, at.Y), want) {
				t.Errorf("%s, corner %d is %v, not %v", size, i, img.At(at.X, at.Y), want)
			}
		}
		for name, value := range map[string]string{
			"Content-Type": "image/jpeg", "Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "default-src 'none'; sandbox",
		} {
			same(t, name, head.Get(name), value)
		}
		status, _ = town.http(http.MethodGet, address[strings.Index(address, "/media/"):], nil, "If-None-Match", head.Get("ETag"))
		same(t, "asked again", status, http.StatusNotModified)
	}
	if !bytes.Contains(taken, []byte("CANARY")) {
		t.Fatal("the picture told nothing to begin with")
	}
	same(t, "files kept", len(town.kept()), 3)
	for _, file := range town.kept() {
		for _, word := range []string{"CANARY", "Exif", "MM\x00*"} {
			if bytes.Contains(file, []byte(word)) {
				t.Errorf("a file that is kept still says %q", word)
			}
		}
	}
	slices.Sort(addresses)
	if address := addresses[0]; len(strings.Split(address, "/")[5]) != 26 {
		t.Errorf("%s can be guessed", address)
	}
	// The next one is upright already, and small: it stays as large as it is.
	small := bruno.sees(anna.offersWith("Pain", anna.confirmsPhoto(asPNG(scenery(90, 60)), "Un pain")), ofListing).list("photos")[0]
	same(t, "a small picture", []int{small.int("width"), small.int("height")}, []int{90, 60})
}

func alike(a color.Color, b color.RGBA) bool {
	r, g, bl, _ := a.RGBA()
	near := func(x uint32, y uint8) bool { return max(int(x>>8), int(y))-min(int(x>>8), int(y)) < 24 }
	return near(r, b.R) && near(g, b.G) && near(bl, b.B)
}

func TestHoweverTheTelephoneWasHeldThePictureIsUpright(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	// For each orientation, where the four corners of the file are seen.
	for held, order := range map[uint16][4]int{
		1: {0, 1, 2, 3}, 2: {1, 0, 3, 2}, 3: {2, 3, 0, 1}, 4: {3, 2, 1, 0}, 5: {0, 3, 2, 1}, 6: {3, 0, 1, 2}, 7: {2, 1, 0, 3}, 8: {1, 2, 3, 0},
	} {
		seen := anna.sees(anna.offersWith(fmt.Sprint("Photo ", held), anna.confirmsPhoto(photograph(80, 60, held), "Un jardin")), ofListing).list("photos")[0]
		_, file, _ := town.picture(seen.text("large"))
		img, err := jpeg.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		w, h := seen.int("width"), seen.int("height")
		same(t, fmt.Sprintf("held as %d: lies on its side", held), w > h, held < 5)
		for i, at := range []image.Point{{4, 4}, {w - 5, 4}, {w - 5, h - 5}, {4, h - 5}} {
			if !alike(img.At(at.X, at.Y), corners[order[i]]) {
				t.Errorf("held as %d: corner %d is %v, not %v", held, i, img.At(at.X, at.Y), corners[order[i]])
			}
		}
	}
}

func TestAPictureOfEachKindIsTaken(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	anna := town.welcome("Anna", "fr")
	sprite, err := os.ReadFile("testdata/garden.webp") // 96 by 64, noted as held as 6
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"PNG": asPNG(scenery(64, 96)), "JPEG": asJPEG(scenery(64, 96)), "WebP": sprite} {
		seen := anna.sees(anna.offersWith(name, anna.confirmsPhoto(file, "Un jardin")), ofListing).list("photos")[0]
		same(t, name, []int{seen.int("width"), seen.int("height")}, []int{64, 96})
	}
}
