package wire

import "strconv"

// A Request is what a student asks. The fields are written as they are: they must hold no line breaks.
type Request struct {
	Method string
	Path   string // With the query, e.g. "/api/v1/sections?credits=3".
	Host   string // Host and port of the target.
	Token  string // The bearer token, or "".
	Key    string // The Idempotency-Key, or "".
	ETag   []byte // What If-None-Match asks for, or nil.
	Gzip   bool   // Whether the answer may be compressed.
	Header []byte // More header lines, each with its line break, or nil.
	Body   []byte // Or nil.
	Type   string // Of the body; JSON where it is empty.

	Each func(piece []byte) // Is told of the body of an answer with status 200 as it comes, however large it is; or nil.
}

// AppendTo appends the request to buf as it goes over the wire and returns the extended buffer.
func (r *Request) AppendTo(buf []byte) []byte {
	buf = append(buf, r.Method...)
	buf = append(buf, ' ')
	buf = append(buf, r.Path...)
	buf = append(buf, " HTTP/1.1\r\nHost: "...)
	buf = append(buf, r.Host...)
	buf = append(buf, "\r\nUser-Agent: stampede\r\n"...)
	if r.Token != "" {
		buf = append(buf, "Authorization: Bearer "...)
		buf = append(buf, r.Token...)
		buf = append(buf, "\r\n"...)
	}
	if r.Key != "" {
		buf = append(buf, "Idempotency-Key: "...)
		buf = append(buf, r.Key...)
		buf = append(buf, "\r\n"...)
	}
	if len(r.ETag) > 0 {
		buf = append(buf, "If-None-Match: "...)
		buf = append(buf, r.ETag...)
		buf = append(buf, "\r\n"...)
	}
	if r.Gzip {
		buf = append(buf, "Accept-Encoding: gzip\r\n"...)
	}
	buf = append(buf, r.Header...)
	if r.Body != nil {
		kind := r.Type
		if kind == "" {
			kind = "application/json"
		}
		buf = append(buf, "Content-Type: "...)
		buf = append(buf, kind...)
		buf = append(buf, "\r\nContent-Length: "...)
		buf = strconv.AppendInt(buf, int64(len(r.Body)), 10)
		buf = append(buf, "\r\n"...)
	}
	buf = append(buf, "\r\n"...)
	return append(buf, r.Body...)
}
