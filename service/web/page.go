package web

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goormu/stampede/service/registration"
)

// Sizes of one page of a list, in rows.
const (
	defaultPage = 50
	maxPage     = 200
)

// parameters reads a query whose parameters are known by name and given once at most; empty ones count as not given. A
// fault is an invalid-request Error.
func parameters(query string, known ...string) (map[string]string, error) {
	if len(query) > maxQuery {
		return nil, registration.Errorf(registration.InvalidRequest, "the query may have at most %d bytes", maxQuery)
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, &registration.Error{Code: registration.InvalidRequest, Detail: "the query is not well formed", Err: err}
	}
	given := make(map[string]string, len(known))
	for _, name := range known {
		if len(values[name]) > 1 {
			return nil, registration.Errorf(registration.InvalidRequest, "the parameter %q is given %d times", name, len(values[name]))
		}
		if value := values.Get(name); value != "" {
			given[name] = value
		}
		delete(values, name)
	}
	for name := range values {
		return nil, registration.Errorf(registration.InvalidRequest, "there is no parameter %.60q: there are %s", name, strings.Join(known, ", "))
	}
	return given, nil
}

// wholeNumber reads a number in its only spelling: decimal digits without a plus or leading zeros.
func wholeNumber(text string) (int64, bool) {
	value, err := strconv.ParseInt(text, 10, 64)
	return value, err == nil && strconv.FormatInt(value, 10) == text
}

// number reads a whole number from low to high, otherwise where it is not given.
func number(given map[string]string, name string, otherwise, low, high int64) (int64, error) {
	text, ok := given[name]
	if !ok {
		return otherwise, nil
	}
	value, ok := wholeNumber(text)
	if !ok || value < low || value > high {
		return 0, registration.Errorf(registration.InvalidRequest, "%s must be a whole number from %d to %d", name, low, high)
	}
	return value, nil
}

// greatestID bounds the ids that a client may name, so that adding to one never overflows.
const greatestID = 999_999_999_999_999_999

// onlyPage reads a query that may choose a page and nothing else.
func onlyPage(query string) (registration.Page, error) {
	given, err := parameters(query, "after", "limit")
	if err != nil {
		return registration.Page{}, err
	}
	return page(given)
}

func page(given map[string]string) (p registration.Page, err error) {
	if p.After, err = number(given, "after", 0, 0, greatestID); err != nil {
		return p, err
	}
	limit, err := number(given, "limit", defaultPage, 1, maxPage)
	p.Limit = int(limit)
	return p, err
}

// nameFilter reads a part of a name, made comparable. No name holds a control character, and SQLite takes NUL for the end.
func nameFilter(value string) (string, error) {
	if !utf8.ValidString(value) || utf8.RuneCountInString(value) > maxNameFilter || strings.ContainsFunc(value, unicode.IsControl) {
		return "", registration.Errorf(registration.InvalidRequest, "name must be at most %d characters of UTF-8, without control characters", maxNameFilter)
	}
	return fold(strings.TrimSpace(value)), nil
}

// next is the id after which the following page begins, nil where this is the last one. Rows has one row more than the
// page where another follows; it returns what belongs to the page.
func next[T any](rows []T, limit int, id func(T) int64) ([]T, *int64) {
	if len(rows) <= limit {
		return rows, nil
	}
	rows = rows[:limit]
	last := id(rows[limit-1])
	return rows, &last
}
