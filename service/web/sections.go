package web

import (
	"net/http"

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
	header := c.Writer.Header()
	header["Vary"] = varyEncoding
	header["Cache-Control"] = revalidate
	zip := acceptsGzip(c.Request.Header["Accept-Encoding"]) && len(list.zipped) > 0
	tag := list.tag
	if zip {
		tag = list.zippedTag
	}
	header["Etag"] = tag
	if matches(c.Request.Header["If-None-Match"], list.tag[0], list.zippedTag[0]) {
		c.Writer.WriteHeader(http.StatusNotModified)
		c.Writer.WriteHeaderNow()
		return nil
	}
	header["Content-Type"] = contentJSON
	if !zip {
		writeBody(c, http.StatusOK, list.plain)
		return nil
	}
	header["Content-Encoding"] = encodingGzip
	writeBody(c, http.StatusOK, list.zipped)
	return nil
}

var (
	varyEncoding = []string{"Accept-Encoding"}
	revalidate   = []string{"private, no-cache"}
	encodingGzip = []string{"gzip"}
)
