package main

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain lets the servers of a benchmark be this test binary again.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(asChild(context.Background(), role, os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func TestBenchmarkPrintsATableAndTheFigures(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"--callers", "16", "--crowd", "64", "--rounds", "1", "--duration", "200ms", "--listeners", "100"}, &stdout, &stderr)
	require.Zero(t, code, stderr.String())
	require.Contains(t, stdout.String(), "innodb_flush_log_at_trx_commit=1\n")
	require.Regexp(t, `(?m)group commit +\d+`, stdout.String())
	figures := regexp.MustCompile(`(?m)^figure (\S+) [\d.e+-]+$`).FindAllStringSubmatch(stdout.String(), -1)
	var names []string
	for _, f := range figures {
		names = append(names, f[1])
	}
	onBoth := []string{
		"group_commit_vs_for_update_hot", "group_commit_vs_for_update_zipf", "group_commit_vs_conditional_update_hot",
		"group_commit_vs_conditional_update_zipf", "group_commit_vs_insert_limit", "group_commit_vs_insert_limit_of_full_batches", "group_commit_vs_for_update_http_hot",
		"group_commit_vs_for_update_http_zipf", "group_commit_vs_conditional_update_http_hot", "group_commit_vs_conditional_update_http_zipf", "full_look_vs_queue", "full_look_vs_for_update",
	}
	want := []string{"instances2_vs_1", "instances3_vs_1", "overload_goodput_vs_peak", "overload_goodput_vs_peak_for_update", "overload_admitted_p99_seconds", "overload_max_rss_mib", "reads_vs_gin_ping", "bodies_vs_bare_handler", "sse_fanout_vs_bare_writes"}
	for _, name := range onBoth {
		want = append(want, name, name+"_sqlite")
	}
	require.ElementsMatch(t, want, names)
	lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	for _, line := range lines[len(lines)-len(want):] {
		require.True(t, strings.HasPrefix(line, "figure "), "the figures are the last lines: %s", line)
	}
}

func TestBadFlagsAreToldAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want []string
	}{
		"an unknown flag":  {[]string{"--fast"}, []string{"-fast"}},
		"an argument":      {[]string{"now"}, []string{`unexpected argument "now"`}},
		"numbers too far":  {[]string{"--callers", "0", "--rounds", "0", "--duration", "1h", "--connections", "0", "--listeners", "0"}, []string{"--callers", "--rounds", "--duration", "--connections", "--listeners"}},
		"another part":     {[]string{"--parts", "direct,lunch"}, []string{`"lunch" is none of direct, http, instances, reads, streams, overload`}},
		"another database": {[]string{"--databases", "mariadb,oracle"}, []string{`"oracle" is neither mariadb nor sqlite`}},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			require.Equal(t, 2, run(t.Context(), test.args, &stdout, &stderr))
			for _, want := range test.want {
				require.Contains(t, stderr.String(), want)
			}
		})
	}
}

func TestMedian(t *testing.T) {
	require.InDelta(t, 2, (&series{rates: []float64{9, 1, 2}}).median(), 0)
	require.InDelta(t, 3, (&series{rates: []float64{4, 2}}).median(), 0)
}
