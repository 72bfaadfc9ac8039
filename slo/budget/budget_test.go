package budget_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/budget"
)

func TestABurnIsTheShareOfAllowedBadEvents(t *testing.T) {
	b := budget.Of(0.99, 10000, 25)
	require.InDelta(t, 100, b.Allowed, 1e-9)
	require.InDelta(t, 0.25, b.Share, 1e-9)
	require.InDelta(t, 25, b.Bad, 0)
	require.Zero(t, budget.Of(0.99, 0, 0).Share, "no events, nothing burned")
}
