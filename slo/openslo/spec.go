package openslo

import (
	"math/big"
	"time"

	"github.com/goormu/stampede/slo/selector"
)

// Spec is everything that was read: the objectives to judge, in order of files, and the files themselves.
type Spec struct {
	Objectives []Objective
	Files      []File
	// Documents is how many OpenSLO documents were read, of every kind.
	Documents int
}

// File is one file of a spec.
type File struct {
	Path string
	// SHA256 is the hexadecimal digest of the file's bytes.
	SHA256 string
}

// Objective is one target of one SLO, its indicator resolved.
type Objective struct {
	Position
	// Name identifies it: the SLO's metadata.name, with "/1", "/2" … where the SLO has several objectives.
	Name string
	// Title is what people read: the display name, or else the name.
	Title       string
	Description string
	Service     string
	// Target is the share of events that must be good, in [0, 1), and TargetText the same as the spec wrote it, in percent.
	Target     float64
	TargetText string
	// Good or Bad is set, never both, and Total with them, unless Metric is.
	Good, Bad, Total *Query
	// Metric is a gauge, whose samples are judged: each is good where it compares as Op and Value say, or, where Op is empty,
	// each is a ratio of good events, or of bad ones with Failure.
	Metric  *Query
	Op      string // lte, gte, lt or gt
	Value   float64
	Failure bool
	// Slices cuts the window into slices of time; nil where events, or samples, are judged.
	Slices *Slices
	// Period is the SLO's time window in OpenSLO's shorthand, such as 28d; empty where it has none.
	Period string
	// Calendar is where a calendar's periods begin; nil for a period that rolls.
	Calendar *Calendar
	Annotations
}

// Queries are all that an objective asks, the part before the total.
func (o Objective) Queries() []*Query {
	var all []*Query
	for _, q := range []*Query{o.Metric, o.Good, o.Bad, o.Total} {
		if q != nil {
			all = append(all, q)
		}
	}
	return all
}

// Plain reports whether an objective is a share of counted events, and nothing else.
func (o Objective) Plain() bool { return o.Floor == 0 && o.Metric == nil && o.Slices == nil }

// Score is how much of a sample of Metric is good: 0 or 1, or in between for a ratio.
func (o Objective) Score(v float64) float64 {
	var good bool
	switch o.Op {
	case "lte":
		good = v <= o.Value
	case "lt":
		good = v < o.Value
	case "gte":
		good = v >= o.Value
	case "gt":
		good = v > o.Value
	default:
		if o.Failure {
			return 1 - v
		}
		return v
	}
	if good {
		return 1
	}
	return 0
}

// Query is a metric source's query after substitution.
type Query struct {
	Position
	Text     string
	Selector selector.Selector
	// Lasting selects the same of every run: ${run} has its default in it. It is empty where there is none, so that Selector
	// is about one run alone.
	Lasting selector.Selector
}

// Annotations is what OpenSLO has no field for, written in metadata.annotations under Prefix.
type Annotations struct {
	// TitleKorean and DescriptionKorean stand for the display name and the description in Korean; they may be empty.
	TitleKorean, DescriptionKorean string
	// MinEvents is the number of events below which an objective is inconclusive, at least 1.
	MinEvents float64
	// Floor is the throughput floor in events a second, 0 where the objective is a plain share.
	Floor float64
	// FloorBins names the series of run.json's bins that shows when the good events came.
	FloorBins string
	// Threshold is the latency that the indicator is about in seconds, 0 where it is about none.
	Threshold float64
	// ExpectedEvents is how many events the SLO's period is expected to have, 0 where nobody says.
	ExpectedEvents float64
	// SLAOf names the SLO that this one is the looser promise of, to those outside; empty for an objective of our own.
	SLAOf string
	// Runbook is the address of what to do when an alert of `slo rules` fires, or empty.
	Runbook string
	// AbsentAfter is for how long the indicator must have no series before `slo rules` has it alerted, 0 for never.
	AbsentAfter time.Duration
}

// Prefix is what the evaluator's own annotations start with.
const Prefix = "stampede.goormu.dev/"

// indicator is the part of an SLI that is judged.
type indicator struct {
	good, bad, total, metric *Query
	threshold, failure       bool
}

// share is a target, exact and as written.
type share struct {
	exact *big.Rat
	float float64
}

func (s share) percent() string {
	p := new(big.Rat).Mul(s.exact, big.NewRat(100, 1))
	for digits := range 12 {
		text := p.FloatString(digits)
		if back, ok := new(big.Rat).SetString(text); ok && back.Cmp(p) == 0 {
			return text
		}
	}
	return p.FloatString(12)
}
