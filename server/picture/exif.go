// SPDX-License-Identifier: AGPL-3.0-or-later

package picture

import (
	"bytes"
	"encoding/binary"
	"iter"
)

// orientation is how the camera was held, 1 to 8 as EXIF counts; 0 when the file
// does not say. It is all that is ever read of what a camera noted.
func orientation(data []byte, kind string) int {
	switch kind {
	case "image/jpeg":
		for marker, body := range segments(data) {
			if note, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00")); ok && marker == 0xE1 {
				return oriented(note)
			}
		}
	case "image/png":
		for name, body := range chunks(data, 8, binary.BigEndian, true) {
			if name == "eXIf" {
				return oriented(body)
			}
		}
	case "image/webp":
		for name, body := range chunks(data, 12, binary.LittleEndian, false) {
			if name == "EXIF" {
				return oriented(bytes.TrimPrefix(body, []byte("Exif\x00\x00")))
			}
		}
	}
	return 0
}

// oriented finds tag 0x0112 in the first directory of a TIFF.
func oriented(tiff []byte) int {
	if len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(tiff[:2]) == "MM" {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 0
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 0
		}
		if order.Uint16(entries) == 0x0112 {
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[12:]
	}
	return 0
}

// segments are those of a JPEG before its pixels.
func segments(data []byte) iter.Seq2[byte, []byte] {
	return func(yield func(byte, []byte) bool) {
		for at := 2; at+4 <= len(data) && data[at] == 0xFF && data[at+1] != 0xDA; {
			size := int(binary.BigEndian.Uint16(data[at+2:]))
			if size < 2 || at+2+size > len(data) || !yield(data[at+1], data[at+4:at+2+size]) {
				return
			}
			at += 2 + size
		}
	}
}

// chunks are those of a PNG (length, name, body, check) or of a RIFF (name,
// length, body, padded to even).
func chunks(data []byte, at int, order binary.ByteOrder, lengthFirst bool) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for at+8 <= len(data) {
			name, size := data[at:at+4], int64(order.Uint32(data[at+4:]))
			if lengthFirst {
				name, size = data[at+4:at+8], int64(order.Uint32(data[at:]))
			}
			end := int64(at) + 8 + size
			if end > int64(len(data)) || !yield(string(name), data[at+8:end]) {
				return
			}
			if at = int(end) + int(size&1); lengthFirst {
				at = int(end) + 4
			}
		}
	}
}

// webpFrame is the largest size that a frame inside a WebP says it has.
func webpFrame(data []byte) (width, height int) {
	for name, body := range chunks(data, 12, binary.LittleEndian, false) {
		switch {
		case name == "VP8 " && len(body) >= 10:
			width = max(width, int(binary.LittleEndian.Uint16(body[6:])&0x3FFF))
			height = max(height, int(binary.LittleEndian.Uint16(body[8:])&0x3FFF))
		case name == "VP8L" && len(body) >= 5:
			bits := binary.LittleEndian.Uint32(body[1:])
			width, height = max(width, int(bits&0x3FFF)+1), max(height, int(bits>>14&0x3FFF)+1)
		}
	}
	return width, height
}
