// SPDX-License-Identifier: AGPL-3.0-or-later

// Package picture draws pictures anew: whatever somebody hands in, what is kept
// is pixels that this program wrote itself.
package picture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/http"
	"strings"

	"github.com/bbrks/go-blurhash"
	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/media"
)

// Darkroom implements media.Darkroom. One picture is worked on at a time: the
// largest fills a hundred megabytes for a moment.
type Darkroom struct{ place chan struct{} }

var _ media.Darkroom = (*Darkroom)(nil)

// New opens a darkroom.
func New() *Darkroom { return &Darkroom{place: make(chan struct{}, 1)} }

const (
	quality = 82 // of JPEG; beyond it a phone downloads more and sees no more
	// maxScans bounds the passes of a progressive JPEG: cameras make ten, an
	// attacker a hundred thousand that each draw the whole picture again.
	maxScans = 64
)

// Develop implements media.Darkroom.
func (d *Darkroom) Develop(ctx context.Context, data []byte, announced string) (made media.Pictures, err error) {
	if http.DetectContentType(data) != announced {
		return made, domain.NewError(media.TypeRefused, "contentType", "known", strings.Join(media.Types, ", "))
	}
	select {
	case d.place <- struct{}{}:
		defer func() { <-d.place }()
	case <-ctx.Done():
		return made, ctx.Err()
	}
	// The decoders are made for good files; one that trips over a bad one must not
	// take the program with it.
	defer func() {
		if cause := recover(); cause != nil {
			err = unreadable(fmt.Errorf("decoder: %v", cause))
		}
	}()
	img, turned, err := decode(data, announced)
	if err != nil {
		return made, err
	}
	large := turn(shrink(img, media.Large.Longest()), turned)
	made.Width, made.Height = large.Bounds().Dx(), large.Bounds().Dy()
	made.Files = map[media.Size][]byte{}
	version := large
	for _, size := range media.Sizes {
		version = shrink(version, size.Longest())
		var file bytes.Buffer
		if err := jpeg.Encode(&file, version, &jpeg.Options{Quality: quality}); err != nil {
			return made, fmt.Errorf("encode a picture: %w", err)
		}
		made.Files[size] = file.Bytes()
	}
	if made.Placeholder, err = blurhash.Encode(4, 3, shrink(version, 32)); err != nil {
		return made, fmt.Errorf("blur a picture: %w", err)
	}
	return made, nil
}

// decode reads a picture once its head says that it is not too large, and how it
// was held when it was taken.
func decode(data []byte, kind string) (img image.Image, turned int, err error) {
	config, read := jpeg.DecodeConfig, jpeg.Decode
	switch kind {
	case "image/png":
		config, read = png.DecodeConfig, png.Decode
	case "image/webp":
		config, read = webp.DecodeConfig, webp.Decode
	}
	head, err := config(bytes.NewReader(data))
	if err != nil {
		return nil, 0, unreadable(err)
	}
	width, height := head.Width, head.Height
	if kind == "image/webp" { // its canvas may claim less than its frame
		w, h := webpFrame(data)
		width, height = max(width, w), max(height, h)
	}
	switch {
	case width < 1 || height < 1 || kind == "image/jpeg" && bytes.Count(data, []byte{0xFF, 0xDA}) > maxScans:
		return nil, 0, unreadable(errors.New("no picture that people make"))
	case width*height > media.MaxPixels/weight(head.ColorModel):
		return nil, 0, domain.NewError(media.TooManyPixels, "", "max", media.MaxPixels/weight(head.ColorModel)/1_000_000)
	}
	if img, err = read(bytes.NewReader(data)); err != nil {
		return nil, 0, unreadable(err)
	}
	return img, orientation(data, kind), nil
}

// weight is how much dearer a pixel is than a telephone's: what is stored in
// sixteen bits, by palette or for print is large in memory and slow to draw.
func weight(model color.Model) int {
	if _, ok := model.(color.Palette); ok { // which cannot be compared with the models below
		return 4
	}
	switch model {
	case color.YCbCrModel, color.RGBAModel, color.NRGBAModel, color.GrayModel:
		return 1
	}
	return 4
}

func unreadable(cause error) error { return domain.NewError(media.Unreadable, "").Because(cause) }

// shrink draws a picture on white, its longer side at most so many pixels. Halving
// first lets every pixel of the original count; the drawer looks at four only.
func shrink(img image.Image, longest int) *image.RGBA {
	b := img.Bounds()
	if drawn, ok := img.(*image.RGBA); ok && max(b.Dx(), b.Dy()) <= longest {
		return drawn
	}
	w, h := b.Dx(), b.Dy()
	for max(w, h) >= 2*longest {
		w, h = max(w/2, 1), max(h/2, 1)
		img = drawn(img, w, h)
	}
	if m := max(w, h); m > longest {
		w, h = max((w*longest+m/2)/m, 1), max((h*longest+m/2)/m, 1)
	}
	return drawn(img, w, h)
}

func drawn(img image.Image, w, h int) *image.RGBA {
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(dst, dst.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(dst, dst.Bounds(), img, img.Bounds(), draw.Over, nil)
	return dst
}

// turn makes a picture upright, as EXIF's orientation says it was held.
func turn(img *image.RGBA, how int) *image.RGBA {
	if how <= 1 || how > 8 {
		return img
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	if how >= 5 {
		w, h = h, w
	}
	upright := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			sx, sy := x, y
			switch how {
			case 2:
				sx = w - 1 - x
			case 3:
				sx, sy = w-1-x, h-1-y
			case 4:
				sy = h - 1 - y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, w-1-x
			case 7:
				sx, sy = h-1-y, w-1-x
			case 8:
				sx, sy = h-1-y, x
			}
			upright.SetRGBA(x, y, img.RGBAAt(sx, sy))
		}
	}
	return upright
}
