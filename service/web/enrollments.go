package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/registration"
)

type enrollRequest struct {
	SectionID int64 `json:"section_id"`
}

// enroll takes a seat. It is the path that a stampede takes.
func (s *Server) enroll(c *gin.Context, who auth.Principal) error {
	key, err := idempotencyKey(c.Request.Header)
	if err != nil {
		return err
	}
	section, err := sectionInBody(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), seatTimeout)
	defer cancel()
	granted, err := s.Ledger.Enroll(ctx, studentID(who), section, key)
	if err != nil {
		return s.refused(err)
	}
	writeSeat(c, http.StatusCreated, granted.Section, `,"enrolled_at":`, granted.EnrolledAt)
	return nil
}

// refused counts a request for which the ledger's queue had no room.
func (s *Server) refused(err error) error {
	if registration.CodeOf(err) == registration.Overloaded {
		s.Metrics.Shed("queue")
	}
	return err
}

func sectionInBody(c *gin.Context) (registration.SectionID, error) {
	var body enrollRequest
	if err := decode(c.Request, &body); err != nil {
		return 0, err
	}
	if body.SectionID <= 0 {
		return 0, registration.Errorf(registration.InvalidRequest, "section_id must be a positive number")
	}
	return registration.SectionID(body.SectionID), nil
}

func sectionInPath(c *gin.Context) (registration.SectionID, error) {
	section, ok := wholeNumber(c.Param("section_id"))
	if !ok || section <= 0 {
		return 0, registration.Errorf(registration.InvalidRequest, "the section in the path must be a positive number")
	}
	return registration.SectionID(section), nil
}

// cancel gives a seat back.
func (s *Server) cancel(c *gin.Context, who auth.Principal) error {
	key, err := idempotencyKey(c.Request.Header)
	if err != nil {
		return err
	}
	section, err := sectionInPath(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), seatTimeout)
	defer cancel()
	cancelled, err := s.Ledger.Cancel(ctx, studentID(who), section, key)
	if err != nil {
		return s.refused(err)
	}
	writeSeat(c, http.StatusOK, cancelled.Section, `,"cancelled_at":`, cancelled.CancelledAt)
	return nil
}

// idempotencyKey returns the key by which a request that is sent again is known.
func idempotencyKey(header http.Header) (string, error) {
	switch keys := header["Idempotency-Key"]; {
	case len(keys) == 0:
		return "", registration.Errorf(registration.InvalidRequest, "the header Idempotency-Key is missing")
	case len(keys) > 1 || !registration.ValidKey(keys[0]):
		return "", registration.Errorf(registration.InvalidRequest, "the header Idempotency-Key must be 1 to %d printable ASCII characters without spaces", registration.MaxKeyLength)
	default:
		return keys[0], nil
	}
}

func writeSeat(c *gin.Context, status int, section registration.SectionID, member string, at time.Time) {
	b := append(make([]byte, 0, 80), `{"section_id":`...)
	b = strconv.AppendInt(b, int64(section), 10)
	b = append(b, member...)
	b = appendTime(b, at)
	writeJSON(c, status, append(b, '}', '\n'))
}

// getEnrollments answers with the student's time-table, read from the database.
func (s *Server) getEnrollments(c *gin.Context, who auth.Principal) error {
	ctx, leave, err := s.read(c)
	if err != nil {
		return err
	}
	defer leave()
	student, err := s.Students.Student(ctx, studentID(who))
	if err != nil {
		return unavailable(err)
	}
	held, err := s.timetable(ctx, student.ID)
	if err != nil {
		return err
	}
	b := append(make([]byte, 0, 128+400*len(held)), `{"now":`...)
	b = appendTime(b, s.Clock())
	b = append(b, `,"enrollments":[`...)
	credits := 0
	for i, seat := range held {
		if i > 0 {
			b = append(b, ',')
		}
		// The section's own object, left open for one more member.
		b = append(b, seat.encoded[:len(seat.encoded)-1]...)
		b = append(b, `,"enrolled_at":`...)
		b = appendTime(b, seat.enrolledAt)
		b = append(b, '}')
		credits += seat.section.Credits
	}
	b = append(b, `],`...)
	b = appendCredits(b, credits, student.MaxCredits)
	writeJSON(c, http.StatusOK, append(b, '}', '\n'))
	return nil
}

// seat is a section in a student's time-table.
type seat struct {
	*entry
	enrolledAt time.Time
}

func (s *Server) timetable(ctx context.Context, id registration.StudentID) ([]seat, error) {
	rows, err := s.Students.Enrollments(ctx, id)
	if err != nil {
		return nil, unavailable(err)
	}
	seats := make([]seat, 0, len(rows))
	for _, row := range rows {
		e, err := s.listed(ctx, row.Section)
		if err != nil {
			return nil, err
		}
		if e == nil {
			return nil, registration.Errorf(registration.Internal, "section %d has seats but is not in the list", row.Section)
		}
		seats = append(seats, seat{entry: e, enrolledAt: row.EnrolledAt})
	}
	return seats, nil
}

// listed returns what is known of a section, nil where there is none. A section that is younger than our list has it read anew.
func (s *Server) listed(ctx context.Context, id registration.SectionID) (*entry, error) {
	if e, known := s.sections.current.Load().section(id); known {
		return e, nil
	}
	if err := s.refreshSections(ctx); err != nil {
		return nil, unavailable(err)
	}
	e, _ := s.sections.current.Load().section(id)
	return e, nil
}

func appendCredits(b []byte, taken, limit int) []byte {
	b = append(b, `"credits_taken":`...)
	b = strconv.AppendInt(b, int64(taken), 10)
	b = append(b, `,"credits_left":`...)
	return strconv.AppendInt(b, int64(limit-taken), 10)
}
