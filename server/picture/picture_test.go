// SPDX-License-Identifier: AGPL-3.0-or-later

package picture

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain/media"
)

// Whatever its shape, a picture keeps it, and no version is larger than it may be
// or than what was handed in.
func TestEveryVersionHasThePicturesShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 5000).Draw(t, "width"), rapid.IntRange(1, 60).Draw(t, "height")
		if rapid.Bool().Draw(t, "upright") {
			w, h = h, w
		}
		longest := rapid.SampledFrom([]int{32, 320, 960, 1920}).Draw(t, "longest")
		got := shrink(image.NewGray(image.Rect(0, 0, w, h)), longest).Bounds()
		if max(got.Dx(), got.Dy()) != min(longest, max(w, h)) {
			t.Fatalf("%d×%d becomes %v", w, h, got)
		}
		if want := max(1, float64(min(w, h))*float64(max(got.Dx(), got.Dy()))/float64(max(w, h))); float64(min(got.Dx(), got.Dy())) < want*0.8-1 || float64(min(got.Dx(), got.Dy())) > want*1.2+1 {
			t.Fatalf("%d×%d becomes %v", w, h, got)
		}
	})
}

// Every pixel counts: fine stripes become an even grey rather than stripes of another width.
func TestFineStripesBecomeGrey(t *testing.T) {
	striped := image.NewGray(image.Rect(0, 0, 2560, 64))
	for i := range striped.Pix {
		striped.Pix[i] = uint8(i % 2 * 255)
	}
	small := shrink(striped, 320)
	for x := range 320 {
		if r := small.RGBAAt(x, 4).R; r < 120 || r > 135 {
			t.Fatalf("pixel %d is %d", x, r)
		}
	}
}

func TestGlassIsDrawnOnWhite(t *testing.T) {
	clear := image.NewNRGBA(image.Rect(0, 0, 8, 8))
	if got := shrink(clear, 320).RGBAAt(3, 3); got != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("glass is %v", got)
	}
}

// A note that lies about its lengths is no reason to fail, whatever the bytes.
func TestNotesAreReadWithCare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "data")
		for _, kind := range media.Types {
			orientation(data, kind)
			orientation(append([]byte("\xff\xd8\xff\xe1\x00\x40Exif\x00\x00MM\x00*\x00\x00\x00\x08"), data...), kind)
			orientation(append(binary.LittleEndian.AppendUint32([]byte("RIFF\x40\x00\x00\x00WEBPEXIF"), 0xFFFFFFFF), data...), kind)
		}
		webpFrame(data)
	})
}

// BenchmarkDevelop is a telephone's picture of twelve million pixels.
func BenchmarkDevelop(b *testing.B) {
	img := image.NewYCbCr(image.Rect(0, 0, 4032, 3024), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		img.Y[i] = uint8(i*7 + i/4032*13)
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: 60}); err != nil {
		b.Fatal(err)
	}
	d := New()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Develop(b.Context(), file.Bytes(), "image/jpeg"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(file.Len())/1e6, "MB/picture")
}
