package web

import (
	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/auth"
)

// getSections answers with the sections that match the filter, from memory.
func (s *Server) getSections(c *gin.Context, _ auth.Principal) error {
	f, err := parseFilter(c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	list, rebuilt := s.sections.at(s.Clock(), *s.period.Load())
	if rebuilt {
		s.Metrics.Rebuilt()
	}
	if f != everything {
		list = list.filtered(f)
	}
	writeEncoded(c, list.body)
	return nil
}
