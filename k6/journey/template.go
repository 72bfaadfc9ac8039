package journey

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// A Template is text with variables, each written {{name}}.
type Template struct {
	Source string
	pieces []piece
}

// A piece is text, or the variable of a name.
type piece struct{ text, variable string }

var variable = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)

var name = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// ParseTemplate splits a template at its variables.
func ParseTemplate(text string) (Template, error) {
	t := Template{Source: text}
	last := 0
	for _, at := range variable.FindAllStringSubmatchIndex(text, -1) {
		v := text[at[2]:at[3]]
		if !name.MatchString(v) {
			return t, fmt.Errorf("{{%s}} is no variable: a name has small letters, digits and underscores", v)
		}
		t.pieces = append(t.pieces, piece{text: text[last:at[0]]}, piece{variable: v})
		last = at[1]
	}
	if rest := text[last:]; rest != "" {
		if strings.Contains(rest, "{{") {
			return t, fmt.Errorf("%.40q begins a variable that does not end", rest[strings.Index(rest, "{{"):])
		}
		t.pieces = append(t.pieces, piece{text: rest})
	}
	return t, nil
}

// variables are the names that the template uses.
func (t *Template) variables() []string {
	var names []string
	for _, p := range t.pieces {
		if p.variable != "" {
			names = append(names, p.variable)
		}
	}
	return names
}

// An escape makes a value fit for its place.
type escape func(value string) string

func raw(value string) string { return value }

// inJSON escapes a value for the inside of a JSON string; a number stays as it is.
func inJSON(value string) string {
	text, err := json.Marshal(value)
	if err != nil {
		return "" // Text can always be encoded.
	}
	return string(text[1 : len(text)-1])
}

// expand appends the template to buffer, with the values that look finds.
func (t *Template) expand(buffer []byte, look func(name string) string, fit escape) []byte {
	for _, p := range t.pieces {
		if p.variable == "" {
			buffer = append(buffer, p.text...)
			continue
		}
		buffer = append(buffer, fit(look(p.variable))...)
	}
	return buffer
}

// expandPath escapes values for a path before the first question mark, and for a query behind it.
func (t *Template) expandPath(buffer []byte, look func(name string) string) []byte {
	fit := escape(url.PathEscape)
	for _, p := range t.pieces {
		if p.variable != "" {
			buffer = append(buffer, fit(look(p.variable))...)
			continue
		}
		if strings.Contains(p.text, "?") {
			fit = url.QueryEscape
		}
		buffer = append(buffer, p.text...)
	}
	return buffer
}
