package web

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	legacy "github.com/go-json-experiment/json/v1"

	"github.com/goormu/stampede/service/registration"
)

// maxBody bounds a request's body, in bytes. The largest that makes sense has about 150.
const maxBody = 64 << 10

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// sized refuses a request whose body is announced to be too large, whatever it is for: nothing is done, and nothing read.
func sized(r *http.Request) error {
	if r.ContentLength > maxBody {
		return errTooLarge()
	}
	return nil
}

// decode reads a request's body as one JSON object into to. An unknown member, one that is given twice or is of the wrong
// type, or anything after the object is an invalid-request Error; more than maxBody bytes are a too-large one.
func decode(r *http.Request, to any) error {
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

// strict is how bodies are read: a member is known by its exact name and given once. What is null stays as it was, for a
// missing number is told from 0 by what stood there before. encoding/json takes names in any case, and of a member given
// twice the last one; this is the package that its next version is made of.
var strict = json.JoinOptions(json.RejectUnknownMembers(true), legacy.MergeWithLegacySemantics(true))

func decodeJSON(body []byte, to any) error {
	if !utf8.Valid(body) {
		return registration.Errorf(registration.InvalidRequest, "the body is not UTF-8")
	}
	if err := json.Unmarshal(body, to, strict); err != nil {
		return &registration.Error{Code: registration.InvalidRequest, Detail: jsonFault(body, err), Err: err}
	}
	return nil
}

// jsonFault says what is wrong with a body in words for whoever sent it.
func jsonFault(body []byte, err error) string {
	var syntax *jsontext.SyntacticError
	var wrong *json.SemanticError
	var refused *registration.Error
	switch {
	case errors.As(err, &refused): // by a value that reads itself
		return refused.Detail
	case len(bytes.TrimSpace(body)) == 0:
		return "the body is empty: want a JSON object"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the body ends in the middle of a JSON value"
	case errors.Is(err, jsontext.ErrDuplicateName) && errors.As(err, &syntax):
		return fmt.Sprintf("the member %s is given twice", member(syntax.JSONPointer))
	case errors.As(err, &syntax):
		return fmt.Sprintf("the body is no JSON at byte %d: it must be one object and nothing after it", syntax.ByteOffset+1)
	case errors.Is(err, json.ErrUnknownName) && errors.As(err, &wrong):
		return fmt.Sprintf("there is no member %s here", member(wrong.JSONPointer))
	case errors.As(err, &wrong) && wrong.JSONPointer == "":
		return "the body must be a JSON object"
	case errors.As(err, &wrong):
		return member(wrong.JSONPointer) + " must be " + wanted(wrong.GoType)
	default:
		return "the body is not what is wanted here"
	}
}

// member names a member of a body, as slots.0.weekday. Its name may be the client's, and of any length.
func member(at jsontext.Pointer) string {
	return fmt.Sprintf("%.60q", strings.Join(slices.Collect(at.Tokens()), "."))
}

// wanted names what a type is read from.
func wanted(of reflect.Type) string {
	switch {
	case of == reflect.TypeFor[time.Time]():
		return "an instant with its zone, such as 2026-03-02T10:00:00+09:00"
	case of.Kind() == reflect.String, reflect.PointerTo(of).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return "a string"
	case of.Kind() == reflect.Slice:
		return "a list"
	case of.Kind() == reflect.Struct:
		return "an object"
	default:
		return "a whole number of at most 64 bits, with neither fraction nor exponent"
	}
}
