package web

import (
	"context"
	"errors"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/admission"
	"github.com/goormu/stampede/service/registration"
)

// bounded returns the request's context with the time that its work may take.
func (s *Server) bounded(c *gin.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.Request.Context(), requestTimeout)
}

// read admits a request that reads the database; leave must be called when it has.
func (s *Server) read(c *gin.Context) (ctx context.Context, leave func(), err error) {
	ctx, cancel := s.bounded(c)
	if err := s.Reads.Enter(ctx); err != nil {
		cancel()
		return nil, nil, unavailable(s.crowded(err, "reads", "too many requests wait for the database"))
	}
	return ctx, func() { s.Reads.Leave(); cancel() }, nil
}

// crowded counts a request that a gate turned away, and says so; any other error stays as it is.
func (s *Server) crowded(err error, limit, detail string) error {
	var full *admission.FullError
	if !errors.As(err, &full) {
		return err
	}
	s.Metrics.Shed(limit)
	return &registration.Error{Code: registration.Overloaded, Detail: detail, RetryAfter: full.RetryAfter}
}

// unavailable says that the database did not answer; a refusal that an error already carries stands.
func unavailable(err error) error {
	var e *registration.Error
	if errors.As(err, &e) || errors.Is(err, context.Canceled) {
		return err
	}
	return &registration.Error{Code: registration.Unavailable, Detail: "the database did not answer", RetryAfter: 2 * time.Second, Err: err}
}
