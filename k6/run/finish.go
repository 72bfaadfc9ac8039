package run

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Record returns what was collected until now, for a window that ends at end. interrupted says that the run was
// stopped before its students were done. The Recorder may go on collecting.
func (r *Recorder) Record(end time.Time, interrupted bool) (Record, error) {
	c := r.config
	record := Record{
		Version: Version, ID: c.ID, Scenario: c.Scenario, Seed: c.Seed, Revision: c.Revision,
		Target: slices.Clone(c.Target), Fault: c.Fault, Shards: c.Shards, Shard: c.Shard, T0: milliseconds(c.T0),
		Window:      Window{Start: milliseconds(c.Start), End: milliseconds(end)},
		Interrupted: interrupted, Students: c.Students,
		ClockSkewSeconds: time.Duration(r.skew.Load()).Seconds(),
		Outcomes:         Counts{}, Histograms: Histograms{}, Thresholds: []Threshold{}, Totals: []Total{},
		Health: Health{
			CPUSeconds:           (processCPU() - r.cpu).Seconds(),
			DescriptorsExhausted: r.descriptors.Load(), PortsExhausted: r.ports.Load(),
			LatencyObjectiveSeconds: c.LatencyObjective.Seconds(),
		},
	}
	for _, metric := range slices.Sorted(maps.Keys(c.Thresholds)) {
		for _, expression := range c.Thresholds[metric] {
			record.Thresholds = append(record.Thresholds, Threshold{Metric: metric, Expression: expression})
		}
	}
	r.routes.Lock()
	for route, h := range r.routes.times {
		record.Histograms[routeName(route)] = encode(h)
	}
	r.routes.Unlock()
	err := r.sum().fill(&record)
	if err == nil {
		err = conclude(&record)
	}
	if err != nil {
		return Record{}, fmt.Errorf("ending the run record: %w", err)
	}
	return record, nil
}

// sum joins the stripes as of one instant: what a student did before cannot be missing from what it did after.
func (r *Recorder) sum() *stripe {
	for i := range r.stripes {
		r.stripes[i].Lock()
		defer r.stripes[i].Unlock()
	}
	total := &stripe{attempts: map[string]int64{}, series: map[series]*events{}}
	for i := range r.stripes {
		s := &r.stripes[i]
		total.dropped += s.dropped
		total.requests += s.requests
		total.offered = addBins(total.offered, s.offered)
		total.sent = addBins(total.sent, s.sent)
		total.first = addBins(total.first, s.first)
		total.answers = append(total.answers, s.answers...)
		total.lags = append(total.lags, s.lags...)
		for op, n := range s.attempts {
			total.attempts[op] += n
		}
		for key, e := range s.series {
			t := total.events(key.op, key.outcome)
			t.finished = addBins(t.finished, e.finished)
			t.answers = append(t.answers, e.answers...)
		}
	}
	return total
}

// fill writes the sums into record: counters, bins, histograms and totals.
func (s *stripe) fill(record *Record) error {
	b := Bins{
		WidthSeconds: BinWidth.Seconds(), Start: record.T0,
		Offered: s.offered, Sent: s.sent, FirstAnswers: s.first, Outcomes: map[string][]int64{},
	}
	totals := tally{}
	response := newHistogram()
	var times [][]uint32 // Response times by bin.
	for key, e := range s.series {
		if n := total(e.finished); n > 0 {
			b.Outcomes[key.outcome] = addBins(b.Outcomes[key.outcome], e.finished)
			record.Outcomes[key.outcome] += n
			totals.add("stampede_outcomes_total", key, float64(n))
		}
		if len(e.answers) == 0 {
			continue
		}
		h := newHistogram()
		for _, a := range e.answers {
			add(h, a.micros)
			times = grow(times, int(a.bin)+1)
			times[a.bin] = append(times[a.bin], a.micros)
		}
		response.Merge(h)
		record.Histograms[seriesName(key)] = encode(h)
		totals.add("stampede_answers_total", key, float64(len(e.answers)))
		totals.add("stampede_response_time_seconds_count", key, float64(len(e.answers)))
	}
	b.Answered = make([]int64, len(times))
	for i, list := range times {
		b.Answered[i] = int64(len(list))
	}
	for op, n := range s.attempts {
		totals.add("stampede_attempts_total", series{op: op}, float64(n))
	}
	record.Offered, record.Sent = total(b.Offered), total(b.Sent)
	record.Dropped, record.Requests = s.dropped, s.requests
	totals.add("stampede_students_total", series{}, float64(record.Offered))
	totals.add("stampede_student_answer_time_seconds_count", series{}, float64(len(s.answers)))
	totals.add("stampede_send_lag_seconds_count", series{}, float64(len(s.lags)))
	record.Totals = totals.list()
	record.Histograms[ResponseTime] = encode(response)
	record.Histograms[StudentAnswerTime] = encode(histogramOf(s.answers))
	record.Histograms[SendLag] = encode(histogramOf(s.lags))
	b.pad()
	record.Bins = b
	return record.Bins.percentiles(record.Shards > 1, func(bin int, h *hdrhistogram.Histogram) error {
		for _, m := range times[bin] {
			add(h, m)
		}
		return nil
	})
}
