package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/goormu/stampede/service/encoded"
)

var (
	varyEncoding = []string{"Accept-Encoding"}
	revalidate   = []string{"private, no-cache"}
	encodingGzip = []string{"gzip"}
)

// writeEncoded answers with a body in the coding that the client accepts, or with 304 where it has that already.
func writeEncoded(c *gin.Context, body *encoded.Body) {
	header := c.Writer.Header()
	if others := header["Vary"]; len(others) > 0 { // the answer is shared with named web sites only
		header["Vary"] = append(others, "Accept-Encoding")
	} else {
		header["Vary"] = varyEncoding
	}
	header["Cache-Control"] = revalidate
	zip := body.Zipped != nil && acceptsGzip(c.Request.Header["Accept-Encoding"])
	tag, content := body.Tag, body.Plain
	if zip {
		tag, content = body.ZippedTag, body.Zipped
	}
	header["Etag"] = tag
	if matches(c.Request.Header["If-None-Match"], body.Tag[0], body.ZippedTag[0]) {
		c.Writer.WriteHeader(http.StatusNotModified)
		c.Writer.WriteHeaderNow()
		return
	}
	header["Content-Type"] = contentJSON
	if zip {
		header["Content-Encoding"] = encodingGzip
	}
	writeBody(c, http.StatusOK, content)
}

// acceptsGzip reports whether an Accept-Encoding header (RFC 9110, 12.5.3) allows gzip.
func acceptsGzip(header []string) bool {
	star := false
	for _, line := range header {
		if line == "gzip" {
			return true
		}
		for part := range strings.SplitSeq(line, ",") {
			coding, parameters, _ := strings.Cut(part, ";")
			switch coding = strings.TrimSpace(coding); {
			case strings.EqualFold(coding, "gzip"), strings.EqualFold(coding, "x-gzip"):
				return quality(parameters) > 0
			case coding == "*":
				star = quality(parameters) > 0
			}
		}
	}
	return star
}

// quality reads "q=0.5"; without a q that makes sense it is 1.
func quality(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			if q, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
				return q
			}
		}
	}
	return 1
}

// matches reports whether an If-None-Match header (RFC 9110, 13.1.2) names one of the tags, which are strong and quoted.
func matches(header []string, tags ...string) bool {
	for _, line := range header {
		for candidate := range strings.SplitSeq(line, ",") {
			candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
			if candidate == "*" {
				return true
			}
			for _, tag := range tags {
				if candidate == tag {
					return true
				}
			}
		}
	}
	return false
}
