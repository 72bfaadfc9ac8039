package web

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/goormu/stampede/service/registration"
)

const (
	maxQuery      = 2048 // bytes
	maxNameFilter = 100  // characters
)

// Values of filter.major that are no ids, and what the query calls the second.
const (
	anyMajor        = -1
	liberalArts     = 0
	liberalArtsWord = "liberal-arts"
)

// filter selects sections.
type filter struct {
	weekday registration.Weekday // 0: any
	credits int64                // -1: any
	major   int64                // the course's, or anyMajor, or liberalArts
	name    string               // folded; part of the Korean or the English name
	open    bool                 // only those with a seat left
	after   int64                // only those with a greater id
	limit   int                  // so many at most; 0: all
}

var everything = filter{credits: -1, major: anyMajor}

// parseFilter reads the query of GET /sections. A parameter that is unknown, given twice or out of range is an
// invalid-request Error; an empty one filters nothing.
func parseFilter(query string) (f filter, err error) {
	f = everything
	if query == "" {
		return f, nil
	}
	given, err := parameters(query, "weekday", "credits", "major", "name", "open", "after", "limit")
	if err != nil {
		return f, err
	}
	if day, ok := given["weekday"]; ok {
		if f.weekday, err = registration.ParseWeekday(day); err != nil {
			return f, err
		}
	}
	if f.credits, err = number(given, "credits", f.credits, 0, registration.MaxCredits); err != nil {
		return f, err
	}
	if given["major"] == liberalArtsWord {
		f.major = liberalArts
	} else if f.major, err = number(given, "major", f.major, 1, greatestID); err != nil {
		return f, registration.Errorf(registration.InvalidRequest, "major must be the id of a major, or %s", liberalArtsWord)
	}
	if f.name, err = nameFilter(given["name"]); err != nil {
		return f, err
	}
	switch given["open"] {
	case "true":
		f.open = true
	case "false", "":
	default:
		return f, registration.Errorf(registration.InvalidRequest, "open must be true or false")
	}
	if f.after, err = number(given, "after", 0, 0, greatestID); err != nil {
		return f, err
	}
	limit, err := number(given, "limit", 0, 1, maxPage)
	f.limit = int(limit)
	return f, err
}

func (f filter) matches(e *entry) bool {
	return (f.weekday == 0 || e.days&(1<<f.weekday) != 0) &&
		(f.credits < 0 || e.section.Credits == int(f.credits)) &&
		(f.major == anyMajor || f.major == majorOf(e.section)) &&
		(!f.open || e.section.Taken < e.section.Capacity) &&
		(strings.Contains(e.names[0], f.name) || strings.Contains(e.names[1], f.name))
}

func majorOf(section registration.Section) int64 {
	if section.MajorID == nil {
		return liberalArts
	}
	return *section.MajorID
}

// fold makes names comparable: without case, and with each Korean syllable as one character, for some systems send it as
// its letters.
func fold(name string) string { return strings.ToLower(norm.NFC.String(name)) }
