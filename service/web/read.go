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
		if errors.Is(err, admission.ErrFull) {
			s.Metrics.Shed("reads")
			return nil, nil, &registration.Error{Code: registration.Overloaded, Detail: "too many requests wait for the database", RetryAfter: spread()}
		}
		return nil, nil, unavailable(err)
	}
	return ctx, func() { s.Reads.Leave(); cancel() }, nil
}

// unavailable says that the database did not answer; a refusal that an error already carries stands.
func unavailable(err error) error {
	var e *registration.Error
	if errors.As(err, &e) || errors.Is(err, context.Canceled) {
		return err
	}
	return &registration.Error{Code: registration.Unavailable, Detail: "the database did not answer", RetryAfter: 2 * time.Second, Err: err}
}
