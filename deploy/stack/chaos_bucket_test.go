package stack_test

import (
	"flag"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// outage is how long the bucket is away at least; it is away until uploads have failed, too.
var outage = flag.Duration("outage", 0, "how long the bucket is away, at least, in the test of it")

// Effect: blocks wait on the disks of the replicas and are uploaded within a minute of its return; recent data is asked and judged as ever.
// Nothing is lost for as long as the replicas keep what they have (15 days).
func TestChaosTheBucketIsAway(t *testing.T) {
	t.Parallel()
	s := upWith(t, shortBlocks)

	require.NoError(t, s.Kill("minio"))
	from := time.Now()
	during := remember(t, s)

	eventually(t, 4*time.Minute+*outage, "both sidecars have tried to upload and could not, and the time is over", func() bool {
		return metric(t, s, "sidecar-a", failures) > 0 && metric(t, s, "sidecar-b", failures) > 0 && time.Since(from) > *outage
	})
	require.Empty(t, ask(t, s, span, during.at, raw, only(storeGateway(t, s))).series, "nothing is in the bucket")
	require.Empty(t, during.unchanged(t, s, "--replicas", "2").Reasons, "what is not in the bucket yet is with the replicas")

	require.NoError(t, s.Restart(t.Context(), "minio"))

	during.stored(t, s)
	during.unchanged(t, s, "--replicas", "2")
}

const failures = "thanos_objstore_bucket_operation_failures_total"
