package openslo_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/openslo"
)

// TestEveryShapeOfTheStandardIsReadOrRefusedForAReason reads documents of every kind and shape of OpenSLO v1.
func TestEveryShapeOfTheStandardIsReadOrRefusedForAReason(t *testing.T) {
	spec, err := openslo.Load([]string{"testdata/corpus/accepted.yaml"}, openslo.Variables{})
	require.NoError(t, err)
	byName := map[string]openslo.Objective{}
	for _, o := range spec.Objectives {
		byName[o.Name] = o
	}
	require.Len(t, byName, 10)
	require.Equal(t, "gte", byName["ovens"].Op)
	require.InDelta(t, 180, byName["ovens"].Value, 0)
	require.Equal(t, `oven_temperature_celsius{shop="1"}`, byName["ovens"].Metric.Text)
	require.Equal(t, `orders_total{result="burnt"}`, byName["orders/2"].Bad.Text)
	require.Equal(t, &openslo.Slices{Width: 5 * time.Minute, Target: 0.99}, byName["till-open"].Slices)
	require.Equal(t, &openslo.Slices{Width: time.Minute, Average: true}, byName["till-mean"].Slices)
	require.InDelta(t, 0.25, byName["recorded-bad"].Score(0.75), 0)
	require.InDelta(t, 0.75, byName["recorded-good"].Score(0.75), 0)
	require.InDelta(t, 1, byName["ovens"].Score(180), 0)
	require.Zero(t, byName["ovens"].Score(179))

	data, err := os.ReadFile("testdata/corpus/refused.yaml")
	require.NoError(t, err)
	_, err = openslo.Load([]string{"testdata/corpus/refused.yaml"}, openslo.Variables{})
	var faults openslo.Faults
	require.ErrorAs(t, err, &faults)
	wanted := 0
	for line := range strings.SplitSeq(string(data), "\n") {
		if text, ok := strings.CutPrefix(line, "# refused: "); ok {
			wanted++
			require.Contains(t, err.Error(), text)
		}
	}
	require.Len(t, faults, wanted, "%v", err)
}
