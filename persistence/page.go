// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
)

// slice makes a page of rows read one beyond the limit, in the order they were
// read; a page read backwards is turned round.
func slice[T any](items []T, page domain.Page, cursor func(T) string) domain.Slice[T] {
	s := domain.Slice[T]{HasMore: len(items) > page.Limit}
	if s.HasMore {
		items = items[:page.Limit]
	}
	if page.Backward {
		slices.Reverse(items)
	}
	s.Items, s.Cursor = items, func(i int) string { return cursor(items[i]) }
	return s
}

// encodeKey and decodeKey carry a list's order key in a cursor.
func encodeKey(key any) string {
	raw, err := json.Marshal(key)
	if err != nil {
		panic(err) // keys are plain values
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// decodeKey reads a cursor into key; false means there was none.
func decodeKey(cursor, field string, key any) (bool, error) {
	if cursor == "" {
		return false, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(raw, key)
	}
	if err != nil {
		return false, domain.NewError(domain.CursorInvalid, field)
	}
	return true, nil
}

// collect reads rows into a row type and maps each to the domain's value.
func collect[R, V any](found pgx.Rows, err error, value func(R) V) ([]V, error) {
	if err != nil {
		return nil, err
	}
	list, err := scanAll[R](found)
	if err != nil {
		return nil, err
	}
	values := make([]V, len(list))
	for i, row := range list {
		values[i] = value(row)
	}
	return values, nil
}

// mapSlice keeps a page's cursors and changes its items.
func mapSlice[R, V any](s domain.Slice[R], value func(R) V) domain.Slice[V] {
	mapped := domain.Slice[V]{Cursor: s.Cursor, HasMore: s.HasMore, Items: make([]V, len(s.Items))}
	for i, item := range s.Items {
		mapped.Items[i] = value(item)
	}
	return mapped
}

// keyset reads a page's cursor and says how to compare with it and how to sort,
// for a list that runs up or down; reading backwards turns both.
func keyset[K any](page domain.Page, descending bool) (key *K, compare, direction string, err error) {
	cursor, field := page.After, "after"
	if page.Backward {
		cursor, field = page.Before, "before"
	}
	var k K
	given, err := decodeKey(cursor, field, &k)
	if err != nil {
		return nil, "", "", err
	}
	compare, direction = ">", "ASC"
	if descending != page.Backward {
		compare, direction = "<", "DESC"
	}
	if given {
		key = &k
	}
	return key, compare, direction, nil
}

// limit is how many rows a page needs: one more tells whether there is a next page. It is
// written into the statement, since PostgreSQL takes an unknown limit for a tenth of the
// table and would plan the statement anew each time it runs, which takes longer than a page.
func limit(page domain.Page) string { return "\n LIMIT " + strconv.Itoa(page.Limit+1) }
