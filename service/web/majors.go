package web

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/encoded"
	"github.com/goormu/stampede/service/registration"
)

// maxMajors bounds what is read of the majors, more than any university has.
const maxMajors = 10_000

// majors are the fields of study as they were last read, and encoded.
type majors struct {
	rows []registration.Major // by id
	body *encoded.Body
}

// named returns one major, the zero one where it is not known.
func (m *majors) named(id int64) registration.Major {
	i, ok := slices.BinarySearchFunc(m.rows, id, func(row registration.Major, id int64) int { return int(row.ID - id) })
	if !ok {
		return registration.Major{}
	}
	return m.rows[i]
}

// refreshMajors reads the majors anew.
func (s *Server) refreshMajors(ctx context.Context) error {
	rows, err := s.Majors.List(ctx, registration.Page{Limit: maxMajors})
	if err != nil {
		return err
	}
	if old := s.majors.Load(); old != nil && slices.Equal(old.rows, rows) {
		return nil
	}
	if rows == nil {
		rows = []registration.Major{}
	}
	plain, err := json.Marshal(map[string]any{"majors": rows})
	if err != nil {
		return fmt.Errorf("encoding the majors: %w", err)
	}
	s.majors.Store(&majors{rows: rows, body: encoded.New(append(plain, '\n'))})
	return nil
}

// getMajors answers with the majors by which sections can be filtered, from memory.
func (s *Server) getMajors(c *gin.Context, _ auth.Principal) error {
	writeEncoded(c, s.majors.Load().body)
	return nil
}
