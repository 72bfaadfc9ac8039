package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBenchmarkPrintsATableAndTheFigures(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"--callers", "16", "--rounds", "1", "--duration", "200ms"}, &stdout, &stderr)
	require.Zero(t, code, stderr.String())
	require.Contains(t, stdout.String(), "innodb_flush_log_at_trx_commit=1\n")
	require.Regexp(t, `(?m)mariadb +one hot section +group-commit +\d+`, stdout.String())
	require.Regexp(t, `(?s)figure group_commit_vs_for_update_hot [\d.]+
figure group_commit_vs_for_update_zipf [\d.]+
figure group_commit_vs_for_update_hot_sqlite [\d.]+
figure group_commit_vs_for_update_zipf_sqlite [\d.]+
$`, stdout.String())
}

func TestBadFlagsAreToldAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want []string
	}{
		"an unknown flag":  {[]string{"--fast"}, []string{"-fast"}},
		"an argument":      {[]string{"now"}, []string{`unexpected argument "now"`}},
		"numbers too far":  {[]string{"--callers", "0", "--rounds", "0", "--duration", "1h", "--connections", "0"}, []string{"--callers", "--rounds", "--duration", "--connections"}},
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
	require.InDelta(t, 2, result{rates: []float64{9, 1, 2}}.median(), 0)
	require.InDelta(t, 3, result{rates: []float64{4, 2}}.median(), 0)
}
