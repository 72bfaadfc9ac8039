package output

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// parseTargets reads the argument of --out remote-write: URLs of remote-write receivers, separated by commas.
func parseTargets(argument string) ([]*url.URL, error) {
	if strings.TrimSpace(argument) == "" {
		return nil, errors.New("no URL is given; use --out remote-write=http://HOST:PORT/api/v1/write[,URL…]")
	}
	var targets []*url.URL
	seen := map[string]bool{}
	for _, text := range strings.Split(argument, ",") {
		target, err := parseTarget(strings.TrimSpace(text))
		if err != nil {
			return nil, err
		}
		if seen[target.String()] {
			return nil, fmt.Errorf("the URL %s is given twice", target.Redacted())
		}
		seen[target.String()] = true
		targets = append(targets, target)
	}
	return targets, nil
}

func parseTarget(text string) (*url.URL, error) {
	target, err := url.Parse(text)
	if err != nil {
		// The error of net/url repeats the whole text, a password in it too.
		return nil, errors.New("a URL cannot be read; it must look like http://HOST:PORT/api/v1/write")
	}
	switch {
	case target.Scheme != "http" && target.Scheme != "https":
		return nil, fmt.Errorf("the URL %q does not start with http:// or https://", target.Redacted())
	case target.Hostname() == "":
		return nil, fmt.Errorf("the URL %q names no host", target.Redacted())
	case target.Fragment != "":
		return nil, fmt.Errorf("the URL %q has a fragment", target.Redacted())
	}
	return target, nil
}
