package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
	"golang.org/x/text/unicode/norm"

	"github.com/goormu/stampede/service/auth"
	"github.com/goormu/stampede/service/registration"
)

// Shelf is one kind of thing in the catalogue, as the staff edit it. Its Errors have the codes not-found and conflict.
type Shelf[T any] interface {
	// List returns a page of the rows, in the order of their ids.
	List(ctx context.Context, page registration.Page) ([]T, error)
	// Save writes a row, a new one where its id is 0, and returns it.
	Save(ctx context.Context, row T) (T, error)
	// Remove removes a row to which no other refers.
	Remove(ctx context.Context, id int64) error
}

// kind is what the handlers must know of a kind of thing.
type kind[T interface{ Validate() error }] struct {
	shelf Shelf[T]
	path  string // under /staff, and the name of the list in an answer
	param string // what the path calls the id
	blank T      // what a body fills: a number that has to be given is one here that does not validate
	id    func(*T) *int64
	// names are the texts that are kept with each Korean syllable as one character, however they were sent: else two rows
	// could look alike, and neither be found.
	names func(*T) []*string
}

// editable adds the routes by which the staff list, create, edit and remove one kind of thing.
func editable[T interface{ Validate() error }](s *Server, e *gin.Engine, k kind[T]) {
	all, single := "/staff/"+k.path, "/staff/"+k.path+"/:"+k.param
	e.GET(s.staff(http.MethodGet, all, k.list(s)))
	e.POST(s.staff(http.MethodPost, all, k.create(s), http.StatusCreated))
	e.PUT(s.staff(http.MethodPut, single, k.replace(s)))
	e.DELETE(s.staff(http.MethodDelete, single, k.remove(s)))
}

func (s *Server) editables(e *gin.Engine) {
	editable(s, e, kind[registration.Major]{
		shelf: s.Majors, path: "majors", param: "id", id: func(m *registration.Major) *int64 { return &m.ID },
		names: func(m *registration.Major) []*string { return []*string{&m.Name, &m.NameEN} },
	})
	editable(s, e, kind[registration.Professor]{
		shelf: s.Professors, path: "professors", param: "id", id: func(p *registration.Professor) *int64 { return &p.ID },
		names: func(p *registration.Professor) []*string { return []*string{&p.Name, &p.NameEN} },
	})
	editable(s, e, kind[registration.Course]{
		shelf: s.Courses, path: "courses", param: "id", id: func(c *registration.Course) *int64 { return &c.ID },
		blank: registration.Course{Credits: -1},
		names: func(c *registration.Course) []*string { return []*string{&c.Code, &c.Name, &c.NameEN} },
	})
	editable(s, e, kind[registration.Class]{
		shelf: s.Classes, path: "sections", param: "section_id", id: func(c *registration.Class) *int64 { return &c.ID },
		blank: registration.Class{Capacity: -1},
	})
	editable(s, e, kind[registration.ScheduledPeriod]{
		shelf: s.Periods, path: "periods", param: "id", id: func(p *registration.ScheduledPeriod) *int64 { return &p.ID },
	})
}

func (k kind[T]) list(s *Server) insider {
	return func(c *gin.Context, _ auth.Principal) error {
		part, err := onlyPage(c.Request.URL.RawQuery)
		if err != nil {
			return err
		}
		ctx, leave, err := s.read(c)
		if err != nil {
			return err
		}
		defer leave()
		rows, err := k.shelf.List(ctx, registration.Page{After: part.After, Limit: part.Limit + 1})
		if err != nil {
			return unavailable(err)
		}
		rows, following := next(rows, part.Limit, func(row T) int64 { return *k.id(&row) })
		if rows == nil {
			rows = []T{}
		}
		return writeValue(c, http.StatusOK, map[string]any{"now": registration.FormatTime(s.Clock()), k.path: rows, "next": following})
	}
}

func (k kind[T]) create(s *Server) insider {
	return func(c *gin.Context, who auth.Principal) error { return k.save(s, c, who, 0, http.StatusCreated) }
}

func (k kind[T]) replace(s *Server) insider {
	return func(c *gin.Context, who auth.Principal) error {
		id, err := k.idInPath(c)
		if err != nil {
			return err
		}
		return k.save(s, c, who, id, http.StatusOK)
	}
}

// save reads a body and writes it as the row with the id, as a new one where that is 0.
func (k kind[T]) save(s *Server, c *gin.Context, who auth.Principal, id int64, status int) error {
	row := k.blank
	*k.id(&row) = id // as it stays where the body has none
	if err := decode(c.Request, &row); err != nil {
		return err
	}
	if *k.id(&row) != id {
		return registration.Errorf(registration.InvalidRequest, "the id in the body is not the one in the path")
	}
	if k.names != nil {
		for _, name := range k.names(&row) {
			*name = norm.NFC.String(*name)
		}
	}
	if err := row.Validate(); err != nil {
		return err
	}
	ctx, leave, err := s.read(c)
	if err != nil {
		return err
	}
	defer leave()
	if row, err = k.shelf.Save(ctx, row); err != nil {
		return unavailable(err)
	}
	s.edited(ctx, who, "saved", k.path, *k.id(&row))
	return writeValue(c, status, row)
}

func (k kind[T]) remove(s *Server) insider {
	return func(c *gin.Context, who auth.Principal) error {
		id, err := k.idInPath(c)
		if err != nil {
			return err
		}
		ctx, leave, err := s.read(c)
		if err != nil {
			return err
		}
		defer leave()
		if err := k.shelf.Remove(ctx, id); err != nil {
			return unavailable(err)
		}
		s.edited(ctx, who, "removed", k.path, id)
		return writeValue(c, http.StatusOK, map[string]int64{"id": id})
	}
}

func (k kind[T]) idInPath(c *gin.Context) (int64, error) {
	id, ok := wholeNumber(c.Param(k.param))
	if !ok || id <= 0 {
		return 0, registration.Errorf(registration.InvalidRequest, "the id in the path must be a positive number")
	}
	return id, nil
}

// edited has the next list of sections show the change. Where that cannot be read now, the list follows within a second.
func (s *Server) edited(ctx context.Context, who auth.Principal, what, kind string, id int64) {
	s.Logger.Info("catalogue edited", "by", who.Login, "change", what, "kind", kind, "id", id)
	if err := errors.Join(s.refreshPeriod(ctx), s.refreshSections(ctx), s.refreshSeats(ctx)); err != nil {
		s.Logger.Warn("reading the sections after a change of the catalogue", "error", err)
	}
}
