package openslo

import (
	"fmt"
	"strings"
)

// Variables gives values to the names in ${name}. With Open set, a name without a value and without a default stands
// for itself: enough to check a spec that will get its values later.
type Variables struct {
	Values map[string]string
	Open   bool
}

// substitute replaces ${name} and ${name:-default} as a shell does: the default stands in where the value is unset or
// empty. $${ is a plain ${. Braces in a default must be balanced.
func substitute(text string, vars Variables) (string, error) {
	var b strings.Builder
	for {
		i := strings.Index(text, "${")
		if i < 0 {
			b.WriteString(text)
			return b.String(), nil
		}
		if i > 0 && text[i-1] == '$' {
			b.WriteString(text[:i-1] + "${")
			text = text[i+2:]
			continue
		}
		b.WriteString(text[:i])
		end := closing(text[i+2:])
		if end < 0 {
			return "", fmt.Errorf("%.20q has no closing brace", text[i:])
		}
		inner := text[i+2 : i+2+end]
		text = text[i+2+end+1:]
		name, fallback, hasDefault := strings.Cut(inner, ":-")
		if !IsVariable(name) {
			return "", fmt.Errorf("${%s}: want ${name} or ${name:-default}, the name of letters, digits and _", inner)
		}
		value := vars.Values[name]
		switch {
		case value != "":
		case hasDefault:
			value = fallback
		case vars.Open:
			value = name
		default:
			return "", fmt.Errorf("${%s} has no value: give it with --set %s=…, or write a default, ${%s:-…}", name, name, name)
		}
		b.WriteString(value)
	}
}

// closing finds the brace that closes one opened before text.
func closing(text string) int {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return -1
}

// IsVariable reports whether name can stand in ${name}: letters, digits and _, not starting with a digit.
func IsVariable(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
