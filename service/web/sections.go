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
	writeList(c, list)
	return nil
}

// writeList answers with a list, compressed or not, or with 304 where the client has it.
func writeList(c *gin.Context, list *list) {
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
		writeNotModified(c)
		return
	}
	header["Content-Type"] = contentJSON
	if !zip {
		writeBody(c, http.StatusOK, list.plain)
		return
	}
	header["Content-Encoding"] = encodingGzip
	writeBody(c, http.StatusOK, list.zipped)
}

func writeNotModified(c *gin.Context) {
	c.Writer.WriteHeader(http.StatusNotModified)
	c.Writer.WriteHeaderNow()
}

// writeTagged answers with a small body and its ETag, or with 304 where the client has it.
func writeTagged(c *gin.Context, body []byte) {
	header, tag := c.Writer.Header(), `"`+digest(body)+`"`
	header["Cache-Control"] = revalidate
	header["Etag"] = []string{tag}
	if matches(c.Request.Header["If-None-Match"], tag) {
		writeNotModified(c)
		return
	}
	writeJSON(c, http.StatusOK, body)
}

var (
	varyEncoding = []string{"Accept-Encoding"}
	revalidate   = []string{"private, no-cache"}
	encodingGzip = []string{"gzip"}
)
