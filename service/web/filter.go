package web

import (
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/goormu/stampede/service/registration"
)

const (
	maxQuery      = 2048 // bytes
	maxNameFilter = 100  // characters
	maxCredits    = 30
)

// filter selects sections. The zero filter lets all through.
type filter struct {
	weekday registration.Weekday // 0: any
	credits int                  // -1: any
	name    string               // folded; part of the Korean or the English name
}

var everything = filter{credits: -1}

// parseFilter reads the query of GET /sections. A parameter that is unknown, given twice or out of range is an
// invalid-request Error; an empty one filters nothing.
func parseFilter(query string) (filter, error) {
	f := everything
	if query == "" {
		return f, nil
	}
	if len(query) > maxQuery {
		return f, registration.Errorf(registration.InvalidRequest, "the query may have at most %d bytes", maxQuery)
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return f, &registration.Error{Code: registration.InvalidRequest, Detail: "the query is not well formed", Err: err}
	}
	for name, given := range values {
		if len(given) > 1 {
			return f, registration.Errorf(registration.InvalidRequest, "the filter %q is given %d times", name, len(given))
		}
		if err := f.set(name, given[0]); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (f *filter) set(name, value string) (err error) {
	switch name {
	case "weekday":
		if value != "" {
			f.weekday, err = registration.ParseWeekday(value)
		}
	case "credits":
		if value == "" {
			return nil
		}
		if f.credits, err = strconv.Atoi(value); err != nil || f.credits < 0 || f.credits > maxCredits {
			return registration.Errorf(registration.InvalidRequest, "credits must be a whole number from 0 to %d", maxCredits)
		}
	case "name":
		f.name, err = nameFilter(value)
	default:
		return registration.Errorf(registration.InvalidRequest, "there is no filter %q: there are weekday, credits and name", name)
	}
	return err
}

func (f filter) matches(e *entry) bool {
	return (f.weekday == 0 || e.days&(1<<f.weekday) != 0) &&
		(f.credits < 0 || e.section.Credits == f.credits) &&
		(strings.Contains(e.names[0], f.name) || strings.Contains(e.names[1], f.name))
}

// fold makes names comparable: without case, and with each Korean syllable as one character, for some systems send it as
// its letters.
func fold(name string) string { return strings.ToLower(norm.NFC.String(name)) }
