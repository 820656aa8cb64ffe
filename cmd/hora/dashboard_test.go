// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import (
	"io/fs"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/hora-coop/hora/graph"
	"github.com/hora-coop/hora/web"
)

// Any address of the dashboard is the same page, which loads what this server has
// and nothing else; what its name changes with is kept for good.
func TestTheDashboardComesFromThisServerAlone(t *testing.T) {
	t.Parallel()
	p := boot(t)
	get := func(path string) *http.Response {
		t.Helper()
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, p.address+path, http.NoBody)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response
	}
	_, page := p.http(http.MethodGet, "/admin", nil)
	for _, path := range []string{"/admin/", "/admin/baie/members/42", "/admin/" + url.PathEscape("été")} {
		if status, other := p.http(http.MethodGet, path, nil); status != http.StatusOK || string(other) != string(page) {
			t.Errorf("%s: %d, another page", path, status)
		}
	}
	if inline := regexp.MustCompile(`<script>|<style|style=|\son[a-z]+=|https?://`).Find(page); inline != nil {
		t.Errorf("the page holds %q", inline)
	}
	policy := get("/admin/baie").Header.Get("Content-Security-Policy")
	if strings.Contains(policy, "unsafe") || !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("the policy is %s", policy)
	}
	files := 0
	err := fs.WalkDir(web.Pages(), "assets", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		response := get("/admin/" + path)
		same(t, path, response.StatusCode, http.StatusOK)
		same(t, path+" is kept", response.Header.Get("Cache-Control"), "public, max-age=31536000, immutable")
		return nil
	})
	if err != nil || files < 5 {
		t.Errorf("%d files, %v", files, err)
	}
	same(t, "a file of another release", get("/admin/assets/index-0.js").StatusCode, http.StatusNotFound)
}

// The dashboard sends no document by its text, so it works where nothing but
// trusted documents is run, and each of them fits the contract.
func TestTheDashboardsDocumentsAreTrusted(t *testing.T) {
	t.Parallel()
	documents, err := graph.OpenDocuments("", true, web.Documents)
	if err != nil {
		t.Fatal(err)
	}
	if outdated := documents.Outdated(); len(outdated) > 0 {
		t.Errorf("%d documents do not fit: run npm run build in web/", len(outdated))
	}
}
