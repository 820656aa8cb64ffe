// SPDX-License-Identifier: AGPL-3.0-or-later

package blob

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hora-coop/hora/domain"
)

// What is kept comes back, whatever keeps it.
func TestAFileIsKeptUntilItIsRemoved(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "a key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "its secret")
	theirs := &bucketServer{files: map[string][]byte{}}
	far := httptest.NewServer(theirs)
	defer far.Close()
	for kind, address := range map[string]string{
		"memory": "", "folder": Address(filepath.Join(t.TempDir(), "a folder", "é")),
		"bucket": "s3://pictures/of hora?region=eu-west-3&insecure=true&endpoint=" + strings.TrimPrefix(far.URL, "http://"),
	} {
		s, err := Open(strings.ReplaceAll(address, " ", "%20"))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		ctx := t.Context()
		if _, err := s.Open(ctx, "ab/abc/large.jpg"); !errors.Is(err, domain.NotFound) {
			t.Errorf("%s: before, %v", kind, err)
		}
		for _, content := range []string{"first", "second, longer"} {
			if err := s.Put(ctx, "ab/abc/large.jpg", []byte(content)); err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			if got, err := s.Open(ctx, "ab/abc/large.jpg"); err != nil || string(got) != content {
				t.Errorf("%s: kept %q, %v, want %q", kind, got, err, content)
			}
		}
		for range 2 {
			if err := s.Remove(ctx, "ab/abc/large.jpg"); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
		if _, err := s.Open(ctx, "ab/abc/large.jpg"); !errors.Is(err, domain.NotFound) {
			t.Errorf("%s: afterwards, %v", kind, err)
		}
	}
	if theirs.put != "/pictures/of%20hora/ab/abc/large.jpg" || !strings.HasPrefix(theirs.signed, "AWS4-HMAC-SHA256 Credential=a key/") {
		t.Errorf("the bucket was asked to keep %s, signed %q", theirs.put, theirs.signed)
	}
}

// No name leads out of the folder, and nothing half written stays.
func TestAFolderKeepsToItself(t *testing.T) {
	parent := t.TempDir()
	s := folder(filepath.Join(parent, "media"))
	if err := s.Put(t.Context(), "../escaped", []byte("x")); err == nil {
		t.Error("a name leads out of the folder")
	}
	if err := s.Put(t.Context(), "ab/whole", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), "../media/ab/whole"); err == nil {
		t.Error("a name leads around the folder")
	}
	var files []string
	if err := filepath.WalkDir(parent, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
			info, _ := entry.Info()
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s may be read by others: %s", path, info.Mode())
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(files) != 1 {
		t.Errorf("files: %v", files)
	}
	if err := os.Mkdir(filepath.Join(parent, "media", "ab", "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "ab/taken", []byte("x")); err == nil {
		t.Error("a folder was written over")
	}
	if left, _ := filepath.Glob(filepath.Join(parent, "media", "ab", "*.*")); len(left) > 0 {
		t.Errorf("a failure left %v", left)
	}
}

func TestAnAddressSaysWhatItMeans(t *testing.T) {
	for _, address := range []string{"media", "/var/lib/hora", "http://example.org", "file://media", "s3://", "s3:///bucket"} {
		if _, err := Open(address); err == nil {
			t.Errorf("%s is taken", address)
		}
	}
}

// bucketServer is as much of S3 as keeping files takes.
type bucketServer struct {
	mu          sync.Mutex
	files       map[string][]byte
	put, signed string
}

func (s *bucketServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch content, ok := s.files[r.URL.Path]; {
	case r.Method == http.MethodPut:
		sent, _ := io.ReadAll(r.Body)
		if r.Header.Get("X-Amz-Decoded-Content-Length") != "" { // signed piece by piece: size;signature, bytes, and an empty last piece
			_, sent, _ = bytes.Cut(sent, []byte("\r\n"))
			sent, _, _ = bytes.Cut(sent, []byte("\r\n"))
		}
		s.files[r.URL.Path], s.put, s.signed = sent, r.URL.EscapedPath(), r.Header.Get("Authorization")
		w.Header().Set("ETag", `"e"`)
	case r.Method == http.MethodDelete:
		delete(s.files, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`<Error><Code>NoSuchKey</Code></Error>`))
	default:
		w.Header().Set("ETag", `"e"`)
		w.Header().Set("Last-Modified", "Mon, 02 Mar 2026 13:30:00 GMT")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}
}
