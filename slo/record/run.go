package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"
)

// maxFile is the size in bytes beyond which a file is no record.
const maxFile = 256 << 20

// Run is run.json, as far as it is judged or drawn.
type Run struct {
	ID       string
	Scenario string
	Fault    string
	// Disruptions are what was taken away from the system on purpose in the middle of the run.
	Disruptions []Disruption
	T0          time.Time
	Start, End  time.Time
	Interrupted bool
	// Offered, Sent and Dropped count what was scheduled at T0, what left, and what could not leave.
	Offered, Sent, Dropped float64
	// ClockSkew is the server's clock minus the generator's.
	ClockSkew  time.Duration
	Outcomes   map[string]float64
	Bins       Bins
	Health     Health
	Thresholds []Threshold
	Totals     []Total
}

// Disruption is a part of the system that was taken away on purpose.
type Disruption struct {
	Part   string     `json:"part"`
	Action string     `json:"action"`
	At     time.Time  `json:"at"`
	Until  *time.Time `json:"until"`
}

// Bins counts events by time. Index i covers [Start + i·Width, Start + (i+1)·Width).
type Bins struct {
	Width time.Duration
	Start time.Time
	// Counts holds every series of counts by its name, such as "offered".
	Counts map[string][]float64
	// Outcomes holds the same split by outcome.
	Outcomes map[string][]float64
	// P50 and P99 are latencies in seconds; nil where a bin had none.
	P50, P99 []*float64
}

// Health is what the generator says of itself.
type Health struct {
	Valid                bool
	Reasons              []string
	SendLagP99           time.Duration
	CPU                  time.Duration
	DescriptorsExhausted bool
	PortsExhausted       bool
}

// Threshold is one of k6's thresholds, judged from the record; OK is nil where the record could not judge it.
type Threshold struct {
	Metric     string  `json:"metric"`
	Expression string  `json:"expression"`
	Value      float64 `json:"value"`
	OK         *bool   `json:"ok"`
}

// Mark is ✓ where the threshold held, ✗ where it was broken, and – where it was not judged.
func (t Threshold) Mark() string {
	switch {
	case t.OK == nil:
		return "–"
	case *t.OK:
		return "✓"
	}
	return "✗"
}

// Total is what the source must hold for one series of this run.
type Total struct {
	Metric string            `json:"metric"`
	Labels map[string]string `json:"labels"`
	Value  float64           `json:"value"`
}

// runFile is the file's own shape. Pointers tell what is absent from what is zero: nothing that a verdict rests on may
// be absent.
type runFile struct {
	Version     *int         `json:"version"`
	ID          string       `json:"id"`
	Scenario    string       `json:"scenario"`
	Fault       string       `json:"fault"`
	Disruptions []Disruption `json:"disruptions"`
	T0          *time.Time   `json:"t0"`
	Window      *struct {
		Start *time.Time `json:"start"`
		End   *time.Time `json:"end"`
	} `json:"window"`
	Interrupted *bool              `json:"interrupted"`
	ClockSkew   float64            `json:"clock_skew_seconds"`
	Offered     *float64           `json:"offered"`
	Sent        *float64           `json:"sent"`
	Dropped     *float64           `json:"dropped"`
	Outcomes    map[string]float64 `json:"outcomes"`
	Bins        json.RawMessage    `json:"bins"`
	Health      *struct {
		Valid       *bool    `json:"valid"`
		Reasons     []string `json:"reasons"`
		SendLag     *float64 `json:"send_lag_p99_seconds"`
		CPU         float64  `json:"cpu_seconds"`
		Descriptors bool     `json:"descriptors_exhausted"`
		Ports       bool     `json:"ports_exhausted"`
	} `json:"health"`
	Thresholds []Threshold `json:"thresholds"`
	Totals     []Total     `json:"totals"`
}

// ReadRun reads run.json.
func ReadRun(path string) (*Run, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the run record: %w", err)
	}
	run, err := ParseRun(data)
	if err != nil {
		return nil, fmt.Errorf("reading the run record %s: %w", path, err)
	}
	return run, nil
}

// ParseRun decodes a run record and checks that everything a verdict rests on is there and makes sense.
func ParseRun(data []byte) (*Run, error) {
	var f runFile
	if err := decode(data, &f); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	run := &Run{
		ID: f.ID, Scenario: f.Scenario, Fault: f.Fault, Disruptions: f.Disruptions, T0: f.T0.UTC(), Start: f.Window.Start.UTC(), End: f.Window.End.UTC(),
		Interrupted: *f.Interrupted, Offered: *f.Offered, Sent: *f.Sent, Dropped: *f.Dropped, ClockSkew: duration(f.ClockSkew),
		Outcomes: f.Outcomes, Thresholds: f.Thresholds, Totals: f.Totals,
		Health: Health{
			Valid: *f.Health.Valid, Reasons: f.Health.Reasons, SendLagP99: duration(*f.Health.SendLag), CPU: duration(f.Health.CPU),
			DescriptorsExhausted: f.Health.Descriptors, PortsExhausted: f.Health.Ports,
		},
	}
	var err error
	if len(f.Bins) > 0 {
		run.Bins, err = parseBins(f.Bins)
	}
	return run, err
}

func (f *runFile) check() error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, errors.New(what))
		}
	}
	need(f.Version != nil && *f.Version == 1, "version must be 1")
	need(f.ID != "", "no id")
	need(!strings.ContainsFunc(f.ID, func(c rune) bool { return !unicode.IsPrint(c) || strings.ContainsRune("\"'`\\", c) }),
		"id has a quotation mark, a backslash or an unprintable character, which would change the queries that it is put into")
	need(f.T0 != nil, "no t0")
	need(f.Interrupted != nil, "no interrupted")
	need(f.Offered != nil && f.Sent != nil && f.Dropped != nil, "no offered, sent or dropped")
	if f.Offered != nil && f.Sent != nil && f.Dropped != nil {
		need(*f.Offered >= 0 && *f.Sent >= 0 && *f.Dropped >= 0, "offered, sent or dropped is below 0")
	}
	need(f.Health != nil && f.Health.Valid != nil && f.Health.SendLag != nil, "no health.valid or health.send_lag_p99_seconds")
	if f.Health != nil && f.Health.SendLag != nil {
		need(*f.Health.SendLag >= 0, "health.send_lag_p99_seconds is below 0")
	}
	need(f.Window != nil && f.Window.Start != nil && f.Window.End != nil, "no window.start or window.end")
	if f.Window != nil && f.Window.Start != nil && f.Window.End != nil {
		need(f.Window.Start.Before(*f.Window.End), "window.start is not before window.end")
		if f.T0 != nil && f.Interrupted != nil && !*f.Interrupted {
			need(!f.T0.Before(*f.Window.Start) && !f.T0.After(*f.Window.End), "t0 is outside the window")
		}
	}
	for i, d := range f.Disruptions {
		need(d.Part != "" && d.Action != "" && !d.At.IsZero(), fmt.Sprintf("disruptions[%d] has no part, action or at", i))
	}
	for i, t := range f.Totals {
		need(t.Metric != "", fmt.Sprintf("totals[%d] has no metric", i))
	}
	return errors.Join(errs...)
}

func parseBins(data json.RawMessage) (Bins, error) {
	var head struct {
		Width    float64              `json:"width_seconds"`
		Start    time.Time            `json:"start"`
		Outcomes map[string][]float64 `json:"outcomes"`
		P50      []*float64           `json:"p50_seconds"`
		P99      []*float64           `json:"p99_seconds"`
	}
	if err := decode(data, &head); err != nil {
		return Bins{}, fmt.Errorf("bins: %w", err)
	}
	if head.Width <= 0 || head.Width > 3600 {
		return Bins{}, fmt.Errorf("bins: width_seconds must lie above 0 and at most 3600, not %v", head.Width)
	}
	b := Bins{
		Width: duration(head.Width), Start: head.Start.UTC(), Outcomes: head.Outcomes, P50: head.P50, P99: head.P99,
		Counts: map[string][]float64{},
	}
	var all map[string]json.RawMessage
	if err := decode(data, &all); err != nil {
		return Bins{}, fmt.Errorf("bins: %w", err)
	}
	for name, raw := range all {
		switch name {
		case "width_seconds", "start", "outcomes", "p50_seconds", "p99_seconds":
			continue
		}
		var counts []float64
		if json.Unmarshal(raw, &counts) == nil && counts != nil {
			b.Counts[name] = counts
		}
	}
	return b, nil
}

// Len is the number of bins of the longest series.
func (b Bins) Len() int {
	n := max(len(b.P50), len(b.P99))
	for _, c := range b.Counts {
		n = max(n, len(c))
	}
	for _, c := range b.Outcomes {
		n = max(n, len(c))
	}
	return n
}

// duration turns seconds into a duration, bounded so that a mad number stays a number.
func duration(seconds float64) time.Duration {
	const most = 1e9
	return time.Duration(max(-most, min(most, seconds)) * float64(time.Second))
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s is larger than %d MiB", path, maxFile>>20)
	}
	return os.ReadFile(path)
}

// decode reads one JSON value and refuses what follows it; its error names the line and column.
func decode(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(into); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return errors.New("the file is truncated")
		}
		line, column := place(data, offset(err, d.InputOffset()))
		return fmt.Errorf("line %d, column %d: %w", line, column, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		line, column := place(data, d.InputOffset())
		return fmt.Errorf("line %d, column %d: more after the end of the record", line, column)
	}
	return nil
}

func offset(err error, otherwise int64) int64 {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Offset
	}
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		return mismatch.Offset
	}
	return otherwise
}

func place(data []byte, offset int64) (line, column int) {
	before := data[:max(0, min(int64(len(data)), offset))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}
