package rehearsal

import (
	"maps"
	"slices"
	"time"

	"github.com/goormu/stampede/service/enrollment"
)

// Faults that are no bug of the ledger's.
const (
	FaultSlowCommit    = "slow-commit"
	FaultNoMetrics     = "no-metrics"
	FaultBusyGenerator = "busy-generator"
)

// A fault is something that is broken on purpose, and the circumstances that bring it to light.
type fault struct {
	inService  bool          // The service seeds it.
	scenario   string        // What the students must do, where it is not what they do anyway.
	env        []string      // Parameters of the scenario.
	opensLate  time.Duration // How long after T0 the period opens.
	closesSoon time.Duration // How long after T0 it closes, where that is not an hour.
}

// faults are the ones that there are, by name.
var faults = func() map[string]fault {
	all := map[string]fault{FaultNoMetrics: {}, FaultBusyGenerator: {}, FaultSlowCommit: {inService: true}}
	for _, bug := range enrollment.Bugs() {
		all[string(bug)] = circumstances(bug)
	}
	return all
}()

func circumstances(bug enrollment.Bug) fault {
	churn := []string{"ROUNDS=3", "THINK=500ms"}
	switch bug {
	case enrollment.LostCancel, enrollment.RevokedGrant:
		return fault{inService: true, scenario: "add-drop", env: churn}
	case enrollment.EarlyOpening:
		return fault{inService: true, opensLate: 2 * time.Second}
	case enrollment.LateClosing:
		return fault{inService: true, scenario: "add-drop", env: churn, closesSoon: time.Second}
	case enrollment.IgnoredClash, enrollment.IgnoredCreditLimit:
		return fault{inService: true, scenario: "cart-rush", env: []string{"CHOICES=12"}}
	default:
		return fault{inService: true}
	}
}

// Faults returns the names of the faults that can be seeded.
func Faults() []string { return slices.Sorted(maps.Keys(faults)) }
