package web

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/auth"
)

// getMe answers with the student's profile and credits, read from the database.
func (s *Server) getMe(c *gin.Context, who auth.Principal) error {
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
	credits := 0
	for _, seat := range held {
		credits += seat.section.Credits
	}
	b := append(make([]byte, 0, 512), `{"student_id":`...)
	b = strconv.AppendInt(b, int64(student.ID), 10)
	b = append(b, `,"name":`...)
	b = appendJSON(b, student.Name)
	b = append(b, `,"name_en":`...)
	b = appendJSON(b, student.NameEN)
	b = append(b, `,"major_id":`...)
	b = strconv.AppendInt(b, student.MajorID, 10)
	b = append(b, `,"major":`...)
	b = appendJSON(b, student.Major)
	b = append(b, `,"year":`...)
	b = strconv.AppendInt(b, int64(student.Year), 10)
	b = append(b, `,"max_credits":`...)
	b = strconv.AppendInt(b, int64(student.MaxCredits), 10)
	b = append(b, ',')
	b = appendCredits(b, credits, student.MaxCredits)
	b = append(b, `,"now":`...)
	now, period := s.Clock(), *s.period.Load()
	b = appendTime(b, now)
	b = append(b, `,"period":`...)
	b = appendPeriod(b, period, period.State(now))
	writeJSON(c, http.StatusOK, append(b, '}', '\n'))
	return nil
}
