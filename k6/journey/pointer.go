package journey

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// A Pointer is an RFC 6901 JSON pointer, split into its unescaped parts.
type Pointer []string

// ParsePointer reads a pointer such as /items/0/id. It must name a part of the document, not all of it.
func ParsePointer(text string) (Pointer, error) {
	if !strings.HasPrefix(text, "/") {
		return nil, errors.New("it must begin with a slash, like /items/0/id")
	}
	parts := strings.Split(text[1:], "/")
	for i, part := range parts {
		if strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(part), "~") {
			return nil, errors.New("a ~ in it must be written ~0, and a slash ~1")
		}
		parts[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
	}
	return parts, nil
}

// lazy is a JSON document that is parsed when somebody asks.
type lazy struct {
	text   []byte
	parsed bool
	value  any
}

// at returns the scalar at a pointer: text as it is, everything else as JSON writes it.
func (l *lazy) at(pointer Pointer) (string, bool) {
	if !l.parsed {
		l.parsed = true
		decoder := json.NewDecoder(bytes.NewReader(l.text))
		decoder.UseNumber()
		if decoder.Decode(&l.value) != nil {
			l.value = nil
		}
	}
	value := l.value
	for _, part := range pointer {
		switch v := value.(type) {
		case map[string]any:
			member, ok := v[part]
			if !ok {
				return "", false
			}
			value = member
		case []any:
			i, err := strconv.ParseUint(part, 10, 31)
			if err != nil || int(i) >= len(v) || part != strconv.FormatUint(i, 10) {
				return "", false
			}
			value = v[i]
		default:
			return "", false
		}
	}
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	case nil:
		return "null", len(pointer) > 0 && l.value != nil
	}
	return "", false
}
