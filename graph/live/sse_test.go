// SPDX-License-Identifier: AGPL-3.0-or-later

package live

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

// wire is an answer on its way to somebody who takes nothing after a while.
type wire struct {
	*httptest.ResponseRecorder
	until time.Time // by when what is written must have been taken
	takes int
}

func (w *wire) SetReadDeadline(time.Time) error { return nil }

func (w *wire) SetWriteDeadline(until time.Time) error { w.until = until; return nil }

func (w *wire) Write(text []byte) (int, error) {
	if w.takes--; w.takes < 0 {
		return 0, os.ErrDeadlineExceeded
	}
	return w.ResponseRecorder.Write(text)
}

// A reader of an event stream has so long for each message, and is then cut off.
func TestAnEventIsTakenInTimeOrTheStreamEnds(t *testing.T) {
	w := &wire{ResponseRecorder: httptest.NewRecorder(), takes: 2}
	s := &stream{w: w, control: http.NewResponseController(w)}
	if err := s.open(); err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for range 2 {
		w.until = time.Time{}
		before := time.Now()
		if err := s.write("event: next\n\n"); err != nil {
			t.Fatal(err)
		}
		if patience := w.until.Sub(before); patience < slow || w.until.After(time.Now().Add(slow)) {
			t.Errorf("a message may take %v", patience)
		}
	}
	if err := s.write("event: next\n\n"); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("who takes nothing is told more: %v", err)
	}
}
