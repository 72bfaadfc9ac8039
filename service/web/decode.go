package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/goormu/stampede/service/registration"
)

// maxBody bounds a request's body, in bytes. The largest that makes sense has about 150.
const maxBody = 64 << 10

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// decode reads a request's body as one JSON object into to. An unknown member, a member of the wrong type, a second
// value or anything after it is an invalid-request Error; more than maxBody bytes are a too-large one.
func decode(r *http.Request, to any) error {
	if r.ContentLength > maxBody {
		return errTooLarge()
	}
	buffer := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(buffer)
	buffer.Reset()
	n, err := buffer.ReadFrom(io.LimitReader(r.Body, maxBody+1))
	switch {
	case n > maxBody:
		return errTooLarge()
	case err != nil:
		return &registration.Error{Code: registration.InvalidRequest, Detail: "the body ended early", Err: err}
	}
	return decodeJSON(buffer.Bytes(), to)
}

func errTooLarge() error {
	return registration.Errorf(registration.TooLarge, "the body may have at most %d bytes", maxBody)
}

func decodeJSON(body []byte, to any) error {
	if !utf8.Valid(body) { // the decoder would put something else in its place
		return registration.Errorf(registration.InvalidRequest, "the body is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		return &registration.Error{Code: registration.InvalidRequest, Detail: jsonFault(err), Err: err}
	}
	if rest := bytes.TrimLeft(body[decoder.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return registration.Errorf(registration.InvalidRequest, "the body must be one JSON object and nothing after it")
	}
	return nil
}

// jsonFault says what is wrong with a body in words for whoever sent it.
func jsonFault(err error) string {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	var refused *registration.Error
	switch {
	case errors.As(err, &refused): // by a value that reads itself
		return refused.Detail
	case errors.Is(err, io.EOF):
		return "the body is empty: want a JSON object"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the body ends in the middle of a JSON value"
	case errors.As(err, &syntax):
		return fmt.Sprintf("the body is no JSON at byte %d", syntax.Offset)
	case errors.As(err, &wrong) && wrong.Field == "":
		return "the body must be a JSON object"
	case errors.As(err, &wrong):
		return fmt.Sprintf("%s cannot be a JSON %s", wrong.Field, wrong.Value)
	default:
		// Only DisallowUnknownFields is left, and it has no type of its own.
		return strings.TrimPrefix(err.Error(), "json: ")
	}
}
