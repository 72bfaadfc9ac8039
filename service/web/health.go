package web

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/registration"
)

// staleAfter is for how long an instance that cannot read its database still calls itself ready.
const staleAfter = 10 * time.Second

// livez says that the process answers; it asks nobody else.
func (s *Server) livez(c *gin.Context) {
	secure(c.Writer.Header())
	writeText(c, "ok\n")
}

// readyz says whether to send requests here.
func (s *Server) readyz(c *gin.Context) {
	secure(c.Writer.Header())
	switch {
	case !s.ready.Load():
		writeProblem(c, registration.Errorf(registration.Unavailable, "draining"))
	case s.Clock().Sub(time.UnixMilli(s.followed.Load())) > staleAfter:
		writeProblem(c, registration.Errorf(registration.Unavailable, "the database has not answered for %s", staleAfter))
	default:
		writeText(c, "ok\n")
	}
}

func writeText(c *gin.Context, text string) {
	c.Writer.Header()["Content-Type"] = []string{"text/plain; charset=utf-8"}
	writeBody(c, http.StatusOK, []byte(text))
}
