package web

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/registration"
)

// person is a student as the staff see one.
type person struct {
	StudentID  registration.StudentID `json:"student_id"`
	Name       string                 `json:"name"`
	NameEN     string                 `json:"name_en"`
	Major      string                 `json:"major"`
	Year       int                    `json:"year"`
	MaxCredits int                    `json:"max_credits"`
}

func newPerson(s registration.Student) person {
	return person{StudentID: s.ID, Name: s.Name, NameEN: s.NameEN, Major: s.Major, Year: s.Year, MaxCredits: s.MaxCredits}
}

type studentsAnswer struct {
	Now      string   `json:"now"`
	Students []person `json:"students"`
	Next     *int64   `json:"next"`
}

// getStudents answers with a page of the students that match.
func (s *Server) getStudents(c *gin.Context, _ auth.Principal) error {
	search, err := parseSearch(c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	ctx, leave, err := s.read(c)
	if err != nil {
		return err
	}
	defer leave()
	limit := search.Limit
	search.Limit++ // one more tells whether there is another page
	students, err := s.Rosters.Students(ctx, search)
	if err != nil {
		return unavailable(err)
	}
	answer := studentsAnswer{Now: registration.FormatTime(s.Clock()), Students: []person{}}
	students, answer.Next = next(students, limit, func(s registration.Student) int64 { return int64(s.ID) })
	for _, student := range students {
		answer.Students = append(answer.Students, newPerson(student))
	}
	return writeValue(c, http.StatusOK, answer)
}

func parseSearch(query string) (search registration.StudentSearch, err error) {
	given, err := parameters(query, "number", "name", "after", "limit")
	if err != nil {
		return search, err
	}
	if search.Page, err = page(given); err != nil {
		return search, err
	}
	if search.Number, err = number(given, "number", 0, 1, greatestID); err != nil {
		return search, err
	}
	search.Name, err = nameFilter(given["name"])
	return search, err
}

type seatHolder struct {
	person
	EnrolledAt string `json:"enrolled_at"`
}

type rosterAnswer struct {
	Now         string                 `json:"now"`
	SectionID   registration.SectionID `json:"section_id"`
	Enrollments []seatHolder           `json:"enrollments"`
	Next        *int64                 `json:"next"`
}

// getRoster answers with a page of those who hold a seat of a section.
func (s *Server) getRoster(c *gin.Context, _ auth.Principal) error {
	section, err := sectionInPath(c)
	if err != nil {
		return err
	}
	part, err := onlyPage(c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	ctx, leave, err := s.read(c)
	if err != nil {
		return err
	}
	defer leave()
	entries, err := s.Rosters.Roster(ctx, section, registration.Page{After: part.After, Limit: part.Limit + 1})
	if err != nil {
		return unavailable(err)
	}
	answer := rosterAnswer{Now: registration.FormatTime(s.Clock()), SectionID: section, Enrollments: []seatHolder{}}
	entries, answer.Next = next(entries, part.Limit, func(e registration.RosterEntry) int64 { return int64(e.ID) })
	for _, entry := range entries {
		answer.Enrollments = append(answer.Enrollments, seatHolder{
			person: newPerson(entry.Student), EnrolledAt: registration.FormatTime(entry.Enrollment.EnrolledAt),
		})
	}
	return writeValue(c, http.StatusOK, answer)
}

// writeValue answers with a value as JSON. It is for the staff's pages; what students ask at open time is written by hand.
func writeValue(c *gin.Context, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encoding an answer: %w", err)
	}
	writeJSON(c, status, append(body, '\n'))
	return nil
}
