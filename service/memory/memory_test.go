package memory_test

import (
	"math"
	"os"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/memory"
)

func TestTheEnvironmentWins(t *testing.T) {
	for name, test := range map[string]struct {
		environment map[string]string
		percent     int
		limited     bool
		limit       int64 // where it is told
	}{
		"nothing is set":       {nil, memory.Percent, true, 0},
		"GOGC is set":          {map[string]string{"GOGC": "150"}, 100, true, 0}, // the runtime read it at the start of this process, not we
		"GOMEMLIMIT is set":    {map[string]string{"GOMEMLIMIT": "5GiB"}, memory.Percent, true, 5 << 30},
		"there is no limit":    {map[string]string{"GOMEMLIMIT": "off"}, 100, false, 0},
		"both are set":         {map[string]string{"GOGC": "150", "GOMEMLIMIT": "5GiB"}, 100, true, 5 << 30},
		"it makes no sense":    {map[string]string{"AUTOMEMLIMIT": "much"}, 100, false, 0},
		"the share is its own": {map[string]string{"AUTOMEMLIMIT": "0.5"}, memory.Percent, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"GOGC", "GOMEMLIMIT", "AUTOMEMLIMIT"} {
				t.Setenv(variable, "") // so that it is set back
				require.NoError(t, os.Unsetenv(variable))
			}
			before := int64(math.MaxInt64)
			if test.limit > 0 {
				before = test.limit // as the runtime reads it
			}
			oldLimit, oldPercent := debug.SetMemoryLimit(before), debug.SetGCPercent(100)
			defer func() { debug.SetMemoryLimit(oldLimit); debug.SetGCPercent(oldPercent) }()
			for variable, value := range test.environment {
				t.Setenv(variable, value)
			}
			limit, err := memory.Spend()
			require.Equal(t, name == "it makes no sense", err != nil, "%v", err)
			require.Equal(t, test.limited, limit < math.MaxInt64)
			require.Positive(t, limit)
			if test.limit > 0 {
				require.Equal(t, test.limit, limit)
			}
			require.Equal(t, test.percent, debug.SetGCPercent(100))
		})
	}
}
