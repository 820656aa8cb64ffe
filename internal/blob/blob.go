// SPDX-License-Identifier: AGPL-3.0-or-later

// Package blob keeps files under names: in a folder, in a bucket of any server
// that speaks S3, or in memory.
package blob

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/hora-coop/hora/domain"
)

// Store keeps files. Names are slash-separated; putting a name again replaces the
// file, removing an absent one is no error, opening one is domain.NotFound.
type Store interface {
	Put(ctx context.Context, name string, data []byte) error
	Open(ctx context.Context, name string) ([]byte, error)
	Remove(ctx context.Context, name string) error
}

// Open opens the store at an address: file:///var/lib/hora/media, or
// s3://bucket/folder?region=eu-west-3, with endpoint=minio.example.org:9000 (and
// insecure=true for plain HTTP) for another provider than Amazon. An empty
// address is memory. The bucket's keys come from AWS_ACCESS_KEY_ID and
// AWS_SECRET_ACCESS_KEY, or from the machine's role.
func Open(address string) (Store, error) {
	if address == "" {
		return &memory{files: map[string][]byte{}}, nil
	}
	at, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the place for files: %w", err)
	}
	switch at.Scheme {
	case "file":
		if at.Host != "" || at.Path == "" {
			return nil, fmt.Errorf("the place for files %q is not an absolute folder: write file:///var/lib/hora/media", address)
		}
		return folder(filepath.FromSlash(at.Path)), nil
	case "s3":
		return openBucket(at)
	}
	return nil, fmt.Errorf("the place for files is file:///a/folder or s3://bucket, not %q", at.Scheme)
}

// Address is a folder as Open reads it.
func Address(dir string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(dir)}).String()
}

type memory struct {
	mu    sync.RWMutex
	files map[string][]byte
}

func (m *memory) Put(_ context.Context, name string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[name] = bytes.Clone(data)
	return nil
}

func (m *memory) Open(_ context.Context, name string) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	data, ok := m.files[name]
	if !ok {
		return nil, domain.NotFound
	}
	return data, nil
}

func (m *memory) Remove(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, name)
	return nil
}

type bucket struct {
	client       *minio.Client
	name, folder string
}

func openBucket(at *url.URL) (Store, error) {
	asked := at.Query()
	endpoint := asked.Get("endpoint")
	if endpoint == "" {
		endpoint = "s3.amazonaws.com"
	}
	client, err := minio.New(endpoint, &minio.Options{
		Creds: credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{},
		}),
		Secure: asked.Get("insecure") != "true", Region: asked.Get("region"),
	})
	if err != nil {
		return nil, fmt.Errorf("the place for files: %w", err)
	}
	if at.Host == "" {
		return nil, fmt.Errorf("the place for files names no bucket: write s3://bucket?region=eu-west-3")
	}
	return &bucket{client: client, name: at.Host, folder: strings.Trim(at.Path, "/")}, nil
}

func (b *bucket) Put(ctx context.Context, name string, data []byte) error {
	_, err := b.client.PutObject(ctx, b.name, path.Join(b.folder, name), bytes.NewReader(data), int64(len(data)),
		minio.PutObjectOptions{ContentType: "image/jpeg", DisableMultipart: true})
	return err
}

func (b *bucket) Open(ctx context.Context, name string) ([]byte, error) {
	object, err := b.client.GetObject(ctx, b.name, path.Join(b.folder, name), minio.GetObjectOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = object.Close() }()
	data, err := io.ReadAll(object)
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil, domain.NotFound
	}
	return data, err
}

func (b *bucket) Remove(ctx context.Context, name string) error {
	return b.client.RemoveObject(ctx, b.name, path.Join(b.folder, name), minio.RemoveObjectOptions{})
}
