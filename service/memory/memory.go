package memory

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

const (
	// Percent is how much the heap grows before it is collected, in percent of what lives. At Go's own 100 the collector
	// takes a fifth of the service's CPU time at open time, when much is allocated and little lives on.
	Percent = 400
	// Share is the part of the container's memory, or else of the machine's, near which the collector works as often as it
	// takes to stay below.
	Share = 0.75
)

// Spend sets Percent, and the limit that Share makes, which it returns in bytes. GOGC and GOMEMLIMIT in the environment
// win, each over its own. Where there is no limit (math.MaxInt64) the collector keeps Go's percentage.
func Spend() (limit int64, err error) {
	_, err = memlimit.SetGoMemLimitWithOpts(
		memlimit.WithRatio(Share), memlimit.WithProvider(memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)))
	if err != nil {
		err = fmt.Errorf("limiting the memory: %w", err)
	}
	limit = debug.SetMemoryLimit(-1)
	if _, set := os.LookupEnv("GOGC"); !set && limit != math.MaxInt64 {
		debug.SetGCPercent(Percent)
	}
	return limit, err
}
