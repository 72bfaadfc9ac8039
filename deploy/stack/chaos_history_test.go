package stack_test

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/deploy/stack"
)

// What is broken here, one after the other, is broken while the bucket holds ten seconds of both replicas; the last breaks most.
func TestChaosHistoryOutlivesWhatIsBroken(t *testing.T) {
	t.Parallel()
	s := upWith(t, shortBlocks)
	before := remember(t, s)
	before.stored(t, s)

	// Effect: blocks are no longer merged, thinned out and deleted, so that the bucket grows; it says so, and no answer changes. It
	// does not begin again by itself: somebody must take the blocks out of its way.
	t.Run("the compactor is halted", func(t *testing.T) {
		twins := overlap(t, s)
		require.NoError(t, s.Kill("compactor"))
		require.NoError(t, s.Restart(t.Context(), "compactor"))
		eventually(t, time.Minute, "the compactor has halted", func() bool { return metric(t, s, "compactor", "thanos_compact_halted") == 1 })
		eventually(t, time.Minute, "the ruler has our alert on it", func() bool {
			return len(ask(t, s, `ALERTS{alertname="ThanosCompactHalted"}`, time.Now()).series) > 0
		})
		require.Empty(t, before.unchanged(t, s, "--replicas", "2").Reasons)

		twins.remove(t)
		require.NoError(t, s.Kill("compactor"))
		require.NoError(t, s.Restart(t.Context(), "compactor"))
		eventually(t, time.Minute, "the compactor has been through the bucket", func() bool {
			return metric(t, s, "compactor", "thanos_compact_iterations_total") > 0
		})
		require.Zero(t, metric(t, s, "compactor", "thanos_compact_halted"))
		before.unchanged(t, s, "--replicas", "2")
	})

	// Effect: what the replica had not uploaded is gone, for it alone: the other one fills the hole. A verdict over the hole
	// rests on the other one.
	t.Run("a replica is restored with an empty disk", func(t *testing.T) {
		died := time.Now()
		require.NoError(t, s.Kill("prometheus-a"))
		wipe(t, s, "prometheus-a")
		other := sidecar(t, s, "b")
		eventually(t, time.Minute, "the other one has gone on for ten scrapes", func() bool {
			return len(samples(t, s, died, time.Now(), raw, only(other))) >= 10
		})
		back := time.Now()
		require.NoError(t, s.Restart(t.Context(), "prometheus-a"))
		healed(t, s)
		after := remember(t, s)

		before.unchanged(t, s, "--replicas", "2")
		v, code := judged(t, s.QueryURL(), died.Add(-3*time.Second), after.from, "--replicas", "1")
		require.Zero(t, code, "%+v", v)
		require.InDelta(t, counted(t, s, died.Add(-3*time.Second), after.from), *v.Objectives[0].Total, 0, "what the other replica counted")
		hole := samples(t, s, died, back, raw, only(other))
		shown := samples(t, s, died.Add(-3*time.Second), after.at)
		require.Contains(t, shown, hole[len(hole)-1], "the other one fills the hole")
		require.IsNonDecreasing(t, values(t, shown), "and neither shows a step back where it takes over nor where it hands over again")
	})

	// Effect: what was uploaded is asked and judged as ever; what was not is missing, and not made up.
	t.Run("both Prometheus are killed", func(t *testing.T) {
		latest := remember(t, s)
		for _, name := range []string{"prometheus-a", "prometheus-b"} {
			require.NoError(t, s.Kill(name))
		}
		v := before.unchanged(t, s, "--replicas", "2")
		require.Contains(t, words(v), "left out, for others hold the same: sidecar "+sidecar(t, s, "a"))
		require.Contains(t, words(v), "left out, for others hold the same: sidecar "+sidecar(t, s, "b"))
		require.Empty(t, ask(t, s, span, time.Now()).series)
		v, code := judged(t, s.QueryURL(), latest.from, latest.to, "--replicas", "2")
		require.Equal(t, 3, code, "%+v", v)
	})
}

// counted is what replica b counted from its last scrape at or before a window to its first at or after it.
func counted(t *testing.T, s *stack.Stack, from, to time.Time) float64 {
	t.Helper()
	held := samples(t, s, from.Add(-time.Minute), to.Add(time.Minute), raw, only(sidecar(t, s, "b")))
	var first, last float64
	for i, value := range values(t, held) {
		at := held[i][0].(float64)
		if at <= float64(from.UnixMilli())/1000 {
			first = value
		}
		if last == 0 && at >= float64(to.UnixMilli())/1000 {
			last = value
		}
	}
	return last - first
}

// samples are those of the counter in a span, each a time and a value, of one series.
func samples(t *testing.T, s *stack.Stack, from, to time.Time, options ...option) [][]any {
	t.Helper()
	held := ask(t, s, fmt.Sprintf("%s[%dms]", ticks, to.Sub(from).Milliseconds()), to, options...)
	require.Equal(t, 200, held.code, held.fault)
	if len(held.series) == 0 {
		return nil
	}
	require.Len(t, held.series, 1)
	return held.series[0].Values
}

func values(t *testing.T, points [][]any) (all []float64) {
	t.Helper()
	for _, point := range points {
		value, err := strconv.ParseFloat(point[1].(string), 64)
		require.NoError(t, err)
		all = append(all, value)
	}
	return all
}

// copies are two blocks that hold the same: what two compactors leave that do not know of each other.
type copies struct {
	client *minio.Client
	names  []string
}

// overlap makes two blocks of one of the bucket, as if compactors had: those of sidecars are left alone for half an hour.
func overlap(t *testing.T, s *stack.Stack) copies {
	t.Helper()
	c := copies{names: []string{"01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAW"}}
	var err error
	c.client, err = minio.New(host(s.URL("minio")), &minio.Options{Creds: credentials.NewStaticV4(s.Root.AccessKey, s.Root.SecretKey, "")})
	require.NoError(t, err)
	block := ""
	for object := range c.client.ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		require.NoError(t, object.Err)
		name, file, _ := strings.Cut(object.Key, "/")
		if block == "" {
			block = name
		}
		if name != block {
			continue
		}
		reader, err := c.client.GetObject(t.Context(), bucket, object.Key, minio.GetObjectOptions{})
		require.NoError(t, err)
		text, err := io.ReadAll(reader)
		require.NoError(t, err)
		for _, twin := range c.names {
			content := text
			if file == "meta.json" {
				content = named(t, text, twin)
			}
			_, err = c.client.PutObject(t.Context(), bucket, twin+"/"+file, strings.NewReader(string(content)), int64(len(content)), minio.PutObjectOptions{})
			require.NoError(t, err)
		}
	}
	require.NotEmpty(t, block)
	return c
}

// named changes what a block's description says of its name and of who made it.
func named(t *testing.T, text []byte, name string) []byte {
	t.Helper()
	var meta map[string]any
	require.NoError(t, json.Unmarshal(text, &meta))
	meta["ulid"] = name
	meta["thanos"].(map[string]any)["source"] = "compactor"
	meta["compaction"].(map[string]any)["sources"] = []string{name}
	changed, err := json.Marshal(meta)
	require.NoError(t, err)
	return changed
}

func (c copies) remove(t *testing.T) {
	t.Helper()
	for _, name := range c.names {
		for object := range c.client.ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{Prefix: name + "/", Recursive: true}) {
			require.NoError(t, object.Err)
			require.NoError(t, c.client.RemoveObject(t.Context(), bucket, object.Key, minio.RemoveObjectOptions{}))
		}
	}
}

const bucket = "blocks"
