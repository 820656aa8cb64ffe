// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
)

// scanAll reads rows into structs, each column into the field of its name, whichever
// embedded struct that is in. It is pgx.RowToStructByName, which looks the names up
// again for each row; a page of twenty needs them once.
func scanAll[R any](found pgx.Rows) ([]R, error) {
	defer found.Close()
	var list []R
	var fields [][]int
	var targets []any
	for found.Next() {
		if targets == nil {
			var err error
			if fields, err = fieldsOf(reflect.TypeFor[R](), found); err != nil {
				return nil, err
			}
			targets = make([]any, len(fields))
		}
		if len(list) == 1 {
			list = slices.Grow(list, 20) // a page, rather than twice as many each time
		}
		list = append(list, *new(R))
		row := reflect.ValueOf(&list[len(list)-1]).Elem()
		for i, path := range fields {
			targets[i] = row.FieldByIndex(path).Addr().Interface()
		}
		if err := found.Scan(targets...); err != nil {
			return nil, err
		}
	}
	return list, found.Err()
}

// rowFields are, by row type, the paths of the fields by their names in lower case.
var rowFields sync.Map

func pathsOf(row reflect.Type) map[string][]int {
	if known, ok := rowFields.Load(row); ok {
		return known.(map[string][]int)
	}
	byName := map[string][]int{}
	for _, f := range reflect.VisibleFields(row) {
		if !f.Anonymous && f.IsExported() {
			byName[strings.ToLower(f.Name)] = f.Index
		}
	}
	rowFields.Store(row, byName)
	return byName
}

// fieldsOf finds the field of each column; there is none too many on either side.
func fieldsOf(row reflect.Type, found pgx.Rows) ([][]int, error) {
	byName := pathsOf(row)
	columns := found.FieldDescriptions()
	fields := make([][]int, len(columns))
	for i, column := range columns {
		fields[i] = byName[strings.ToLower(strings.ReplaceAll(column.Name, "_", ""))]
		if fields[i] == nil || slices.ContainsFunc(fields[:i], func(f []int) bool { return slices.Equal(f, fields[i]) }) {
			return nil, fmt.Errorf("%v has no field for the column %s", row, column.Name)
		}
	}
	if missing := len(byName) - len(columns); missing > 0 {
		return nil, fmt.Errorf("no column for %d fields of %v", missing, row)
	}
	return fields, nil
}
