package run

import (
	"crypto/rand"
	"encoding/hex"
	"runtime/debug"
	"time"
)

// Version is the version of run.json that this package writes and reads.
const Version = 1

// FileName is the run record's name in a run folder.
const FileName = "run.json"

// MergedShard is the shard of a record that joins all shards of a run.
const MergedShard = -1

// A Record is run.json: what one run, or one shard of it, offered, sent and was answered.
type Record struct {
	Version          int          `json:"version"`
	ID               string       `json:"id"` // YYYYMMDDTHHMMSSZ-xxxx; sorts by time.
	Scenario         string       `json:"scenario"`
	Seed             int64        `json:"seed"`
	Revision         string       `json:"revision"` // The generator's git revision, or "unknown".
	Target           []string     `json:"target"`
	Fault            string       `json:"fault"`                 // A seeded fault's name, or "".
	Disruptions      []Disruption `json:"disruptions,omitempty"` // What was broken on purpose, in that order.
	Shards           int          `json:"shards"`                // Generators that share the run.
	Shard            int          `json:"shard"`                 // 0 … Shards-1, or MergedShard.
	T0               time.Time    `json:"t0"`
	Window           Window       `json:"window"`
	Interrupted      bool         `json:"interrupted"`
	Students         int          `json:"students"`
	ClockSkewSeconds float64      `json:"clock_skew_seconds"` // The server's clock minus the generator's.
	Offered          int64        `json:"offered"`            // Students scheduled at T0.
	Sent             int64        `json:"sent"`               // First requests that left.
	Dropped          int64        `json:"dropped"`            // First requests that could not leave.
	Requests         int64        `json:"requests"`           // Enrol and cancel requests sent, retries included.
	Outcomes         Counts       `json:"outcomes"`           // Finished requests by outcome.
	Bins             Bins         `json:"bins"`
	Histograms       Histograms   `json:"histograms"`
	Health           Health       `json:"health"`
	Thresholds       []Threshold  `json:"thresholds"`
	Totals           []Total      `json:"totals"` // What Prometheus must hold for the label run="ID".
}

// A Disruption is a part of the system under test that was taken away on purpose in the middle of the run.
type Disruption struct {
	Part   string     `json:"part"`   // By name: "registrar-0".
	Action string     `json:"action"` // What was done to it: "killed".
	At     time.Time  `json:"at"`
	Until  *time.Time `json:"until"` // When it was back; nil where it was not.
}

// A Window is the time a run took.
type Window struct {
	Start time.Time `json:"start"` // The executor's start.
	End   time.Time `json:"end"`   // When the last student was done.
}

// Counts are requests by outcome.
type Counts map[string]int64

// Bins are counts over time: index i covers [Start+i·Width, Start+(i+1)·Width). All slices have the same length.
// What happened before Start counts in the first bin.
type Bins struct {
	WidthSeconds float64            `json:"width_seconds"`
	Start        time.Time          `json:"start"`         // T0.
	Offered      []int64            `json:"offered"`       // Students, by the instant they were scheduled at.
	Sent         []int64            `json:"sent"`          // First requests, by the instant they left.
	Answered     []int64            `json:"answered"`      // Definite answers.
	FirstAnswers []int64            `json:"first_answers"` // Students' first definite answers.
	Outcomes     map[string][]int64 `json:"outcomes"`      // Finished requests.
	P50Seconds   []*float64         `json:"p50_seconds"`   // Median response time of the bin's definite answers; nil without any.
	P99Seconds   []*float64         `json:"p99_seconds"`
	// ResponseTime holds each bin's response times like Histograms does, "" for a bin without any. Only the record of
	// one shard among several has it: merging needs it for the percentiles.
	ResponseTime []string `json:"response_time,omitempty"`
}

// Histograms are HdrHistograms of microseconds, V2 compressed, in base64, by name: "response_time",
// "student_answer_time", "send_lag", the first split by tags as "response_time{op:enroll,outcome:granted}", and the durations
// of all requests by route, as "http_req_duration{name:/api/v1/sections}".
type Histograms map[string]string

// Health says whether the generator kept up. A run that is not valid says nothing about the service.
type Health struct {
	Valid                   bool     `json:"valid"`
	Reasons                 []string `json:"reasons"` // Sentences; empty when valid.
	SendLagP99Seconds       float64  `json:"send_lag_p99_seconds"`
	CPUSeconds              float64  `json:"cpu_seconds"` // User and system time of the generator's process since its Recorder began.
	DescriptorsExhausted    bool     `json:"descriptors_exhausted"`
	PortsExhausted          bool     `json:"ports_exhausted"`
	LatencyObjectiveSeconds float64  `json:"latency_objective_seconds"` // The tightest; the send lag is judged against a quarter of it.
}

// A Threshold is a k6 threshold judged from the record. Value and OK are nil where the record cannot judge it,
// and Note says why.
type Threshold struct {
	Metric     string   `json:"metric"`     // With its tag filter, as in a k6 script: "stampede_response_time{op:enroll}".
	Expression string   `json:"expression"` // "p(99)<3000"
	Value      *float64 `json:"value"`      // Times in milliseconds, as k6 has them.
	OK         *bool    `json:"ok"`
	Note       string   `json:"note,omitempty"`
}

// A Total is the final value that all series of a metric with these labels and the run's label add up to.
type Total struct {
	Metric string            `json:"metric"`
	Labels map[string]string `json:"labels"`
	Value  float64           `json:"value"`
}

// NewID returns an identifier for a run that starts at now; IDs sort by time.
func NewID(now time.Time) string {
	var b [2]byte
	_, _ = rand.Read(b[:]) // It never returns an error.
	return now.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b[:])
}

// Revision returns the git revision that this program was built from, with "-dirty" where the tree was, or "unknown".
func Revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision, dirty := "unknown", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && s.Value != "":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "-dirty"
		}
	}
	return revision + dirty
}
