package web

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/auth"
)

// exportTimeout bounds one export, whose transaction is the longest there is.
const exportTimeout = 5 * time.Minute

var contentNDJSON = []string{"application/x-ndjson"}

// getExport streams the state of all seats. When it breaks off, so does the connection, and the end line is missing.
func (s *Server) getExport(c *gin.Context, who auth.Principal) error {
	ctx := c.Request.Context()
	if err := s.exports.Enter(ctx); err != nil {
		return s.crowded(err, "export", "other exports are being written")
	}
	defer s.exports.Leave()
	// A server that cannot move the deadline keeps its own, which is long enough for most.
	_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(exportTimeout))
	s.Logger.Info("export begins", "by", who.Login)
	c.Writer.Header()["Content-Type"] = contentNDJSON
	if err := s.Export(ctx, c.Writer, s.Clock()); err != nil {
		return unavailable(err)
	}
	return nil
}
