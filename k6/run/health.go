package run

import (
	"fmt"
	"time"
)

const (
	maxLagShare     = 0.25  // Of the latency objective.
	maxDroppedShare = 0.001 // Of the students offered.
)

// conclude derives what a record says from what it holds: whether the generator kept up, and the thresholds.
func conclude(r *Record) error {
	lag, err := r.Histogram(SendLag)
	if err != nil {
		return err
	}
	r.Health.SendLagP99Seconds = percentileSeconds(lag, 99)
	r.Health.Reasons = append(r.Health.Reasons, r.reasons()...)
	if r.Health.Reasons == nil {
		r.Health.Reasons = []string{}
	}
	r.Health.Valid = len(r.Health.Reasons) == 0
	return r.judgeThresholds()
}

// reasons says, in sentences, why the generator was the bottleneck of the run, or nothing.
func (r *Record) reasons() []string {
	var reasons []string
	objective := r.Health.LatencyObjectiveSeconds
	if lag := r.Health.SendLagP99Seconds; lag > maxLagShare*objective {
		reasons = append(reasons, fmt.Sprintf("The p99 of the send lag, %s, is over a quarter of the latency objective of %s.",
			seconds(lag), seconds(objective)))
	}
	// A first request that never left because the target took no connection is the target's doing, and not dropped.
	if share := float64(r.Dropped) / float64(max(r.Offered, 1)); share > maxDroppedShare {
		reasons = append(reasons, fmt.Sprintf("%d of %d students (%.2f %%) could not send their first request; at most 0.1 %% may.",
			r.Dropped, r.Offered, 100*share))
	}
	if r.Health.DescriptorsExhausted {
		reasons = append(reasons, "The generator ran out of file descriptors.")
	}
	if r.Health.PortsExhausted {
		reasons = append(reasons, "The generator ran out of local ports.")
	}
	return reasons
}

func seconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(time.Millisecond).String()
}

func milliseconds(t time.Time) time.Time {
	return t.UTC().Truncate(time.Millisecond)
}
