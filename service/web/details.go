package web

import (
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/encoded"
	"github.com/goormu/stampede/service/registration"
)

// getSection answers with all that is known of one section, from memory.
func (s *Server) getSection(c *gin.Context, _ auth.Principal) error {
	id, err := sectionInPath(c)
	if err != nil {
		return err
	}
	list, rebuilt := s.sections.at(s.Clock(), *s.period.Load())
	if rebuilt {
		s.Metrics.Rebuilt()
	}
	e, known := list.section(id)
	if !known {
		return registration.Errorf(registration.SectionNotFound, "there is no section %d", id)
	}
	b := append(make([]byte, 0, 1024), `{"as_of":`...)
	b = appendTime(b, list.asOf)
	b = append(b, `,"period":`...)
	b = appendPeriod(b, list.period, list.state)
	b = append(b, `,"section":`...)
	// The section's own object, left open for more members.
	b = append(b, e.encoded[:len(e.encoded)-1]...)
	b = append(b, `,"major_en":`...)
	b = appendJSON(b, e.section.MajorEN)
	b = append(b, `,"professor_en":`...)
	b = appendJSON(b, e.section.ProfessorEN)
	b = append(b, `,"seats_left":`...)
	b = strconv.AppendInt(b, int64(e.section.Capacity-e.section.Taken), 10)
	b = append(b, `,"only_major":`...)
	if only := e.section.OnlyMajorID; only == nil {
		b = append(b, `null,"only_major_en":null`...)
	} else {
		major := s.majors.Load().named(*only)
		b = appendJSON(b, major.Name)
		b = append(b, `,"only_major_en":`...)
		b = appendJSON(b, major.NameEN)
	}
	writeEncoded(c, encoded.New(append(b, "}}\n"...)))
	return nil
}
