// SPDX-License-Identifier: AGPL-3.0-or-later

package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/hora-coop/hora/domain"
)

// folder keeps files on disk, under no name that leads out of it. It is made when
// the first file comes.
type folder string

// Put writes beside the name and then takes it, so that nobody ever reads half a
// file, and a machine that stops leaves none.
func (f folder) Put(_ context.Context, name string, data []byte) (err error) {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return fmt.Errorf("keep a file: %w", err)
	}
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return fmt.Errorf("keep a file: %w", err)
	}
	defer func() { _ = root.Close() }()
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return fmt.Errorf("keep a file: %w", err)
	}
	draft := name + "." + rand.Text()
	if err = write(root, draft, data); err == nil {
		err = root.Rename(draft, name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep a file: %w", err), root.Remove(draft))
	}
	return nil
}

func write(root *os.Root, name string, data []byte) error {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}

func (f folder) Open(_ context.Context, name string) ([]byte, error) {
	root, err := os.OpenRoot(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, domain.NotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open a file: %w", err)
	}
	defer func() { _ = root.Close() }()
	data, err := root.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, domain.NotFound
	}
	return data, err
}

// Remove takes the file's own folder with it once that is empty.
func (f folder) Remove(_ context.Context, name string) error {
	root, err := os.OpenRoot(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove a file: %w", err)
	}
	defer func() { _ = root.Close() }()
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a file: %w", err)
	}
	_ = root.Remove(path.Dir(name)) // refused while something else lies there
	return nil
}
