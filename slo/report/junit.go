package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/goormu/stampede/slo/verdict"
)

type junitSuites struct {
	XMLName xml.Name   `xml:"testsuites"`
	Suite   junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Timestamp string      `xml:"timestamp,attr"`
	Time      string      `xml:"time,attr"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string    `xml:"classname,attr"`
	Name    string    `xml:"name,attr"`
	Time    string    `xml:"time,attr"`
	Failure *junitBad `xml:"failure"`
	Error   *junitBad `xml:"error"`
	Output  string    `xml:"system-out,omitempty"`
}

type junitBad struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes the verdict as a JUnit test suite: a case for each objective, for the audit, for the run's validity and
// for whatever else the verdict rests on. What is broken is a failure; what cannot be known is an error, for CI systems
// take a skipped case for a good one.
func JUnit(w io.Writer, v *verdict.Verdict) error {
	s := junitSuite{
		Name: "slo", Timestamp: v.EvaluatedAt.UTC().Format("2006-01-02T15:04:05"),
		Time: fmt.Sprintf("%.3f", v.Window.End.Sub(v.Window.Start).Round(time.Millisecond).Seconds()),
	}
	for _, r := range rows(v) {
		var why []string
		for _, reason := range r.Reasons {
			why = append(why, reason.Text)
		}
		out := fmt.Sprintf("measured %s, target %s, good / all %s, budget burned %s", r.Measured, r.Wanted, r.Events, r.Burned)
		s.add("objective", r.Title, r.State, strings.Join(why, "; "), out)
	}
	for _, l := range lines(v) {
		text := l.Text.English
		for _, m := range l.More {
			text += "\n" + m.English
		}
		state := l.State
		if l.About.English == "audit" && v.Audit.Missing {
			continue
		}
		if l.About.English == "baseline" && state == verdict.Inconclusive {
			state = verdict.Met // reported, and no part of the verdict
		}
		s.add("run", l.About.English, state, text, l.Text.English)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(junitSuites{Suite: s}); err != nil {
		return fmt.Errorf("writing the verdict as JUnit: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(class, name string, state verdict.State, why, out string) {
	c := junitCase{Class: "slo." + class, Name: name, Time: "0", Output: out}
	first, _, _ := strings.Cut(why, "\n")
	bad := &junitBad{Message: first, Type: string(state), Text: why}
	switch state {
	case verdict.Met:
	case verdict.Breached:
		c.Failure = bad
		s.Failures++
	default:
		c.Error = bad
		s.Errors++
	}
	s.Tests++
	s.Cases = append(s.Cases, c)
}
