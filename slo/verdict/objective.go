package verdict

import (
	"math"
	"slices"
	"time"

	"github.com/goormu/stampede/slo/budget"
	"github.com/goormu/stampede/slo/figure"
	"github.com/goormu/stampede/slo/measure"
	"github.com/goormu/stampede/slo/openslo"
	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/record"
)

// Measured is what was counted for one objective.
type Measured struct {
	// Part counts the good events, or the bad ones where the objective counts these.
	Part, Total measure.Count
	// Doubts are what makes any number useless: warnings of the source, totals that differ.
	Doubts []reason.Reason
	Window Window
	// Estimated is how the counts were estimated over a window too long to be added up; empty where they are exact.
	Estimated string
	// Between is how many more events Part may count: those in a native histogram's bucket in which the threshold lies.
	Between float64
	// Replica names the replica of the source that counted, empty where there are none.
	Replica string
	// T0Unknown says that nobody named T0: the total began to rise then.
	T0Unknown bool
	// Run is the run record, nil where there is none.
	Run *record.Run
}

// Judge judges one objective.
func Judge(o openslo.Objective, m Measured) Objective {
	j := judge{spec: o, m: m, out: Objective{
		Name: o.Name, Title: o.Title, TitleKorean: o.TitleKorean, Description: o.Description, DescriptionKorean: o.DescriptionKorean, Service: o.Service, SLAOf: o.SLAOf, Kind: KindRatio, Unit: UnitEvents,
		Target: o.Target, TargetPercent: o.TargetText, Period: o.Period, Threshold: o.Threshold, State: Inconclusive, Reasons: []reason.Reason{},
	}}
	j.measurements()
	switch {
	case o.Floor > 0:
		j.out.Kind = KindThroughput
		j.out.Floor = &o.Floor
	case o.Slices != nil:
		j.out.Kind, j.out.Unit = KindSlices, UnitSlices
	case o.Metric != nil:
		j.out.Unit = UnitSamples
	}
	j.doubts()
	if m.Estimated != "" {
		j.note(reason.Estimated, m.Estimated)
	}
	if j.count() {
		switch {
		case o.Floor > 0:
			j.throughput()
		case o.Slices != nil:
			j.slices()
		default:
			j.ratio()
		}
	}
	return j.out
}

type judge struct {
	spec        openslo.Objective
	m           Measured
	out         Objective
	good, total float64
	doubtful    bool
}

func (j *judge) doubt(code reason.Code, args ...any) {
	j.doubtful = true
	j.note(code, args...)
}

func (j *judge) note(code reason.Code, args ...any) {
	j.out.Reasons = append(j.out.Reasons, reason.New(code, args...))
}

func (j *judge) doubts() {
	gaps := j.m.Total.Gapped
	if j.spec.Slices != nil {
		gaps = nil // a slice that was not seen is one that nobody knows of, and the others are judged
	}
	for _, list := range [][]reason.Reason{j.m.Part.Unknown, j.m.Total.Unknown, gaps, j.m.Doubts} {
		for _, r := range list {
			j.doubtful = true
			j.out.Reasons = reason.Union(j.out.Reasons, []reason.Reason{r})
		}
	}
}

// count works out good and total events and reports whether there is anything to divide.
func (j *judge) count() bool {
	if j.m.Total.Series == 0 || len(j.m.Part.Unknown) > 0 && j.m.Part.Series == 0 {
		return false
	}
	j.total = j.m.Total.Events
	j.good = j.m.Part.Events
	over := j.good - j.total
	if j.spec.Bad != nil {
		j.good = j.total - j.m.Part.Events
	}
	j.out.Total, j.out.Good = &j.total, &j.good
	if j.total <= 0 {
		j.doubt(reason.ZeroTotal)
		return false
	}
	if j.total < j.spec.MinEvents {
		j.doubt(reason.TooFew, figure.Count(j.total), figure.Count(j.spec.MinEvents))
	}
	if over > j.m.Part.EdgeEvents+j.m.Total.EdgeEvents {
		j.doubt(reason.GoodOverTotal, figure.Count(j.m.Part.Events), figure.Count(j.total))
	}
	j.good = math.Max(0, math.Min(j.good, j.total))
	return true
}

func (j *judge) ratio() {
	value := j.good / j.total
	j.out.Value = &value
	burn := budget.Of(j.spec.Target, j.total, j.total-j.good)
	j.out.Budget = &burn
	if j.spec.Metric == nil {
		step, bad := measure.BurnDown(j.m.Part, j.m.Total, j.spec.Bad != nil, j.m.Window.T0, j.m.Window.End, burnDownSteps)
		if step > 0 {
			j.out.BurnDown = &BurnDown{step.Seconds(), bad}
		}
	}
	met := value >= j.spec.Target
	if j.m.Between > 0 {
		met = j.between(value, met)
	}
	if !met {
		j.note(reason.BelowTarget, figure.Percent(value), j.spec.TargetText+" %")
	}
	interval := Wilson(j.good, j.total)
	j.out.Interval = &interval
	j.settle(met)
	j.period()
	if j.out.State == Met && interval.Low < j.spec.Target {
		j.note(reason.IntervalCrosses, figure.Percent(interval.Low), figure.Percent(interval.High))
	}
}

// between bounds a share whose threshold lies inside a native histogram's bucket, and doubts it where the bucket decides.
func (j *judge) between(least float64, met bool) bool {
	most := math.Min(1, (j.good+j.m.Between)/j.total)
	j.out.Least, j.out.Most = &least, &most
	j.note(reason.ThresholdBetween, figure.Count(j.m.Between))
	if !met && most >= j.spec.Target {
		j.doubtful = true
	}
	return met
}

// period works out what the window took of the period's budget, from counts that can be trusted.
func (j *judge) period() {
	length, ok := openslo.Length(j.spec.Period)
	if !ok || j.spec.ExpectedEvents == 0 || j.out.State == Inconclusive || len(j.m.Part.Lower)+len(j.m.Total.Lower) > 0 {
		return
	}
	if j.total > j.spec.ExpectedEvents {
		j.note(reason.ExpectedTooFew, figure.Count(j.total), figure.Count(j.spec.ExpectedEvents))
		return
	}
	p := budget.Over(j.spec.Period, length, j.spec.Target, j.spec.ExpectedEvents, j.total-j.good, budget.FromAnnotation)
	j.out.PeriodBudget = &p
}

// throughput judges the floor: the good events must reach the target's share of all within that many events' time at
// the floor, counted from T0.
func (j *judge) throughput() {
	if j.m.Between > 0 {
		j.doubt(reason.ThresholdBetween, figure.Count(j.m.Between))
	}
	needed := atLeast(j.spec.Target, j.total)
	floor := j.spec.Floor
	if j.total < floor {
		// Fewer events than one second's floor: all that can be asked is the share within the first second.
		j.note(reason.FewForFloor, figure.Rate(floor))
		floor = needed
	}
	j.out.Floor = &floor
	reach, ok := j.reach(needed)
	if !ok {
		return
	}
	j.rates()
	if !reach.Reached {
		span := j.m.Window.End.Sub(j.begin().From).Seconds()
		value := j.good / math.Max(span, 1e-3)
		j.out.Value = &value
		j.note(reason.ShareNever, figure.Count(j.good), figure.Count(j.total), figure.Count(needed))
		j.settle(false)
		return
	}
	least, most := rate(needed, reach.Latest), rate(needed, reach.Earliest)
	j.out.Value = &least
	allowed := time.Duration(needed / floor * float64(time.Second))
	switch {
	case least >= floor:
		j.settle(true)
	case j.fromBins() || most < floor:
		j.note(reason.ShareLate, figure.Count(needed), figure.Count(j.total), figure.Duration(reach.Latest), figure.Duration(allowed))
		j.settle(false)
	default:
		j.doubt(reason.FloorUncertain, figure.Rate(least), rateText(most))
	}
	if !j.fromBins() {
		j.out.Least = &least
		if !math.IsInf(most, 0) {
			j.out.Most = &most
		}
	}
}

// rates tells the mean from T0 to the window's end, and the peak as finely as it is known.
func (j *judge) rates() {
	r := Rates{Mean: j.good / math.Max(j.m.Window.End.Sub(j.begin().From).Seconds(), 1e-3)}
	if j.fromBins() {
		width := j.m.Run.Bins.Width
		r.Peak, r.PeakOver = measure.PeakBins(j.m.Run.Bins.Counts[j.spec.FloorBins], width), width.Seconds()
	} else {
		peak, over := j.m.Part.Peak()
		r.Peak, r.PeakOver = peak, over.Seconds()
	}
	j.out.Rates = &r
}

func (j *judge) fromBins() bool { return j.m.Run != nil && j.spec.FloorBins != "" }

// begin is T0. Where nobody named it the window began at some time before, and T0 is when the total began to rise.
func (j *judge) begin() measure.Span {
	w := j.m.Window
	if j.m.T0Unknown {
		if begin, ok := j.m.Total.Begin(measure.Window{Start: w.Start, End: w.End}); ok {
			return begin
		}
	}
	return measure.Span{From: w.T0, To: w.T0}
}

// reach finds when the share was reached: from the run record's bins, which are fine, or else from the scrapes.
func (j *judge) reach(needed float64) (measure.Reach, bool) {
	if !j.fromBins() {
		return j.m.Part.Reach(needed, j.begin()), true
	}
	bins, ok := j.m.Run.Bins.Counts[j.spec.FloorBins]
	if !ok {
		j.doubt(reason.NoBins, j.spec.FloorBins)
		return measure.Reach{}, false
	}
	if !j.m.Run.Bins.Start.Equal(j.m.Run.T0) {
		j.doubt(reason.BinsStart, stamp(j.m.Run.Bins.Start), stamp(j.m.Run.T0))
		return measure.Reach{}, false
	}
	sum := 0.0
	for _, n := range bins {
		sum += n
	}
	if sum != j.m.Part.Events {
		j.doubt(reason.BinsDiffer, j.spec.FloorBins, figure.Count(sum), figure.Count(j.m.Part.Events))
	}
	return measure.ReachBins(bins, j.m.Run.Bins.Width, needed), true
}

// settle turns a comparison into a state: doubts make it inconclusive, and so do lower bounds wherever the missing
// increments could change it.
func (j *judge) settle(met bool) {
	lower := reason.Union(slices.Clone(j.m.Part.Lower), j.m.Total.Lower)
	j.out.Reasons = reason.Union(j.out.Reasons, lower)
	switch {
	case j.doubtful:
		j.out.State = Inconclusive
	case len(lower) > 0 && (met || j.mendable()):
		j.note(reason.LowerBound)
		j.out.State = Inconclusive
	case met:
		j.out.State = Met
	default:
		j.out.State = Breached
	}
}

// mendable reports whether the events that a lower bound may lack could have kept the target, had all of them been good.
// Good events that are missing from a total that is whole are in it already, and nobody knows how many they are; the same
// goes for a total that may be larger, where bad ones are counted.
func (j *judge) mendable() bool {
	part, total := len(j.m.Part.Lower) > 0, len(j.m.Total.Lower) > 0
	if part && !total && j.spec.Bad == nil || total && !part && j.spec.Bad != nil {
		return true
	}
	lack := math.Max(j.m.Part.MayLack(), j.m.Total.MayLack())
	return j.good+lack >= j.spec.Target*(j.total+lack)
}

func (j *judge) measurements() {
	if j.spec.Metric != nil {
		j.out.Measurements = []Measurement{measurement(j.m.Replica, "samples", j.spec.Metric.Text, j.m.Total)}
		return
	}
	part, query := "good", j.spec.Good
	if j.spec.Bad != nil {
		part, query = "bad", j.spec.Bad
	}
	j.out.Measurements = []Measurement{
		measurement(j.m.Replica, part, query.Text, j.m.Part),
		measurement(j.m.Replica, "total", j.spec.Total.Text, j.m.Total),
	}
}

func measurement(replica, part, query string, c measure.Count) Measurement {
	m := Measurement{
		Replica: replica, Part: part, Query: query, Events: c.Events, Series: c.Series, Scrapes: c.Scrapes, IntervalSeconds: c.Interval.Seconds(),
		EdgeEvents: c.EdgeEvents, LowerBound: len(c.Lower) > 0, Reasons: append(append([]reason.Reason{}, c.Unknown...), c.Lower...),
	}
	if !c.Opening.IsZero() {
		m.Opening = &c.Opening
	}
	if !c.Closing.IsZero() {
		m.Closing = &c.Closing
	}
	return m
}

// atLeast is the smallest whole number of events whose share of total is not below target.
func atLeast(target, total float64) float64 {
	if total > 1<<52 {
		return target * total // beyond whole numbers
	}
	n := math.Max(0, math.Floor(target*total)-1)
	for n/total < target {
		n++
	}
	return n
}

func rate(events float64, after time.Duration) float64 {
	if after <= 0 {
		return math.Inf(1)
	}
	return events / after.Seconds()
}

func rateText(perSecond float64) string {
	if math.IsInf(perSecond, 0) {
		return "∞"
	}
	return figure.Rate(perSecond)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
