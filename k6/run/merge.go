package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/goormu/stampede/k6/journal"
)

// MergeDirs joins the shards of one run, each with its run.json and journal, into out and returns the merged record.
// What stood in out before is replaced, the journal first; a failure leaves no half of either.
func MergeDirs(ctx context.Context, out string, dirs ...string) (Record, error) {
	records := make([]Record, 0, len(dirs))
	journals := make([]string, 0, len(dirs))
	for _, dir := range dirs {
		record, err := Read(dir)
		if err != nil {
			return Record{}, fmt.Errorf("merging shards: %w", err)
		}
		records = append(records, record)
		journals = append(journals, filepath.Join(dir, journal.FileName))
	}
	merged, err := Merge(records...)
	if err != nil {
		return Record{}, err
	}
	if err := journal.Concat(ctx, filepath.Join(out, journal.FileName), journals...); err != nil {
		return Record{}, fmt.Errorf("merging shards: %w", err)
	}
	return merged, Write(out, merged)
}

// Merge joins the records of all shards of one run: counts add up, bins too (they share T0), histograms are added
// exactly and percentiles taken from the sums, and the generators' health and the thresholds are judged anew. A run
// is invalid if any of its shards is. A missing, repeated or foreign shard is an error.
func Merge(records ...Record) (Record, error) {
	if len(records) == 0 {
		return Record{}, errors.New("merging shards: there are none")
	}
	shards := slices.SortedFunc(slices.Values(records), func(a, b Record) int { return cmp.Compare(a.Shard, b.Shard) })
	if err := sameRun(shards); err != nil {
		return Record{}, fmt.Errorf("merging shards: %w", err)
	}
	first := shards[0]
	if first.Shards == 1 {
		first.Shard = MergedShard
		return first, nil
	}
	merged := Record{
		Version: Version, ID: first.ID, Scenario: first.Scenario, Seed: first.Seed, Revision: first.Revision,
		Fault: first.Fault, Shards: first.Shards, Shard: MergedShard, T0: first.T0, Window: first.Window,
		Outcomes: Counts{}, Histograms: Histograms{}, Thresholds: []Threshold{},
		Bins:   Bins{WidthSeconds: first.Bins.WidthSeconds, Start: first.T0, Outcomes: map[string][]int64{}},
		Health: Health{LatencyObjectiveSeconds: first.Health.LatencyObjectiveSeconds},
	}
	totals := map[string]Total{}
	histograms := map[string]*hdrhistogram.Histogram{}
	for i := range shards {
		shard := &shards[i]
		merged.addShard(shard)
		for _, t := range shard.Totals {
			key := t.Metric + fmt.Sprint(t.Labels)
			t.Value += totals[key].Value
			totals[key] = t
		}
		for name := range shard.Histograms {
			h, err := shard.Histogram(name)
			if err != nil {
				return Record{}, fmt.Errorf("merging shards: shard %d: %w", shard.Shard, err)
			}
			histograms[name] = mergeHistogram(histograms[name], h)
		}
	}
	for name, h := range histograms {
		merged.Histograms[name] = encode(h)
	}
	merged.Totals = []Total{}
	for _, key := range slices.Sorted(maps.Keys(totals)) {
		merged.Totals = append(merged.Totals, totals[key])
	}
	merged.Bins.pad()
	err := merged.Bins.percentiles(false, func(bin int, h *hdrhistogram.Histogram) error { return addTimes(shards, bin, h) })
	if err == nil {
		err = conclude(&merged)
	}
	if err != nil {
		return Record{}, fmt.Errorf("merging shards: %w", err)
	}
	if err := merged.Validate(); err != nil {
		return Record{}, fmt.Errorf("merging shards: %w", err)
	}
	return merged, nil
}

// addShard adds what needs no histogram.
func (r *Record) addShard(s *Record) {
	for _, target := range s.Target {
		if !slices.Contains(r.Target, target) {
			r.Target = append(r.Target, target)
		}
	}
	if s.Window.Start.Before(r.Window.Start) {
		r.Window.Start = s.Window.Start
	}
	if s.Window.End.After(r.Window.End) {
		r.Window.End = s.Window.End
	}
	if math.Abs(s.ClockSkewSeconds) > math.Abs(r.ClockSkewSeconds) {
		r.ClockSkewSeconds = s.ClockSkewSeconds
	}
	r.Interrupted = r.Interrupted || s.Interrupted
	r.Students += s.Students
	r.Offered += s.Offered
	r.Sent += s.Sent
	r.Dropped += s.Dropped
	r.Requests += s.Requests
	for outcome, n := range s.Outcomes {
		r.Outcomes[outcome] += n
	}
	b := &r.Bins
	b.Offered, b.Sent = addBins(b.Offered, s.Bins.Offered), addBins(b.Sent, s.Bins.Sent)
	b.Answered, b.FirstAnswers = addBins(b.Answered, s.Bins.Answered), addBins(b.FirstAnswers, s.Bins.FirstAnswers)
	for outcome, bins := range s.Bins.Outcomes {
		b.Outcomes[outcome] = addBins(b.Outcomes[outcome], bins)
	}
	h := &r.Health
	h.CPUSeconds += s.Health.CPUSeconds
	h.DescriptorsExhausted = h.DescriptorsExhausted || s.Health.DescriptorsExhausted
	h.PortsExhausted = h.PortsExhausted || s.Health.PortsExhausted
	h.LatencyObjectiveSeconds = min(h.LatencyObjectiveSeconds, s.Health.LatencyObjectiveSeconds)
	for _, reason := range s.Health.Reasons {
		h.Reasons = append(h.Reasons, fmt.Sprintf("Shard %d: %s", s.Shard, reason))
	}
	for _, t := range s.Thresholds {
		if !slices.ContainsFunc(r.Thresholds, func(o Threshold) bool { return o.Metric == t.Metric && o.Expression == t.Expression }) {
			r.Thresholds = append(r.Thresholds, t)
		}
	}
}

// addTimes adds the shards' response times in one bin to h.
func addTimes(shards []Record, bin int, h *hdrhistogram.Histogram) error {
	for _, s := range shards {
		if bin >= len(s.Bins.Answered) || s.Bins.Answered[bin] == 0 {
			continue
		}
		if bin >= len(s.Bins.ResponseTime) {
			return fmt.Errorf("shard %d: bins.response_time has no bin %d", s.Shard, bin)
		}
		part, err := decode(s.Bins.ResponseTime[bin])
		if err != nil {
			return fmt.Errorf("shard %d: bins.response_time[%d]: %w", s.Shard, bin, err)
		}
		if n := s.Bins.Answered[bin]; part.TotalCount() != n {
			return fmt.Errorf("shard %d: bins.response_time[%d] holds %d answers, bins.answered %d", s.Shard, bin, part.TotalCount(), n)
		}
		h.Merge(part) // Both have newHistogram's range: nothing is dropped.
	}
	return nil
}

func mergeHistogram(into, from *hdrhistogram.Histogram) *hdrhistogram.Histogram {
	if into == nil {
		return from
	}
	into.Merge(from) // Both have newHistogram's range: nothing is dropped.
	return into
}

// sameRun checks that shards, sorted by number, are all shards of one run.
func sameRun(shards []Record) error {
	first := shards[0]
	for i, s := range shards {
		for _, d := range []struct{ name, a, b string }{
			{"id", first.ID, s.ID},
			{"t0", first.T0.UTC().Format(time.RFC3339Nano), s.T0.UTC().Format(time.RFC3339Nano)},
			{"scenario", first.Scenario, s.Scenario},
			{"seed", fmt.Sprint(first.Seed), fmt.Sprint(s.Seed)},
			{"revision", first.Revision, s.Revision},
			{"fault", first.Fault, s.Fault},
			{"number of shards", fmt.Sprint(first.Shards), fmt.Sprint(s.Shards)},
		} {
			if d.a != d.b {
				return fmt.Errorf("the %s of shard %d is %s, that of shard %d %s", d.name, first.Shard, d.a, s.Shard, d.b)
			}
		}
		switch {
		case s.Shard == MergedShard:
			return errors.New("one of them is a merged record already")
		case i > 0 && s.Shard == shards[i-1].Shard:
			return fmt.Errorf("shard %d is there twice", s.Shard)
		case s.Shard != i:
			return fmt.Errorf("shard %d of %d is missing", i, first.Shards)
		}
	}
	if len(shards) != first.Shards {
		return fmt.Errorf("shard %d of %d is missing", len(shards), first.Shards)
	}
	return nil
}
