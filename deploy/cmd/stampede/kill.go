package main

import (
	"strings"

	"github.com/goormu/stampede/deploy/rehearsal"
)

// killFlag is the flag --kill, which may be given several times.
type killFlag []rehearsal.Kill

func (f *killFlag) Type() string { return "kill" }

func (f *killFlag) String() string {
	all := make([]string, len(*f))
	for i, k := range *f {
		all[i] = k.String()
	}
	return strings.Join(all, ",")
}

func (f *killFlag) Set(text string) error {
	k, err := rehearsal.ParseKill(text)
	if err != nil {
		return err
	}
	*f = append(*f, k)
	return nil
}
