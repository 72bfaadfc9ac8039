package command_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/dashboards/command"
)

func run(t *testing.T, arguments ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = command.Run(t.Context(), arguments, &out, &errs)
	return code, out.String(), errs.String()
}

func TestWhatIsWrittenPassesTheCheckAndWhatWasChangedDoesNot(t *testing.T) {
	dir := t.TempDir()
	code, _, stderr := run(t, "write", "--dir", dir)
	require.Zero(t, code, stderr)
	code, stdout, stderr := run(t, "check", "--dir", dir)
	require.Zero(t, code, stdout+stderr)

	changed, gone := filepath.Join(dir, "grafana", "en", "open-time.json"), filepath.Join(dir, "provisioning", "datasources.yaml")
	require.NoError(t, os.WriteFile(changed, []byte("{}"), 0o600))
	require.NoError(t, os.Remove(gone))
	code, stdout, stderr = run(t, "check", "--dir", dir)
	require.Equal(t, 1, code)
	require.Contains(t, stdout, changed)
	require.Contains(t, stdout, gone)
	require.Equal(t, "dashboards: 2 faults were found\n", stderr)
}

func TestBadInputIsOneLineAndItsCode(t *testing.T) {
	t.Setenv("GRAFANA_TOKEN", "")
	for name, test := range map[string]struct {
		arguments []string
		code      int
		says      string
	}{
		"no command":                      {nil, 2, "a command is wanted"},
		"an unknown command":              {[]string{"show"}, 2, `unknown command "show"`},
		"an unknown flag":                 {[]string{"write", "--dire", "x"}, 2, "unknown flag: --dire"},
		"a word too many":                 {[]string{"check", "all"}, 2, `here is "all"`},
		"a language that is none":         {[]string{"preview", "--out", "x", "--prometheus", "http://127.0.0.1:1", "--language", "fr"}, 2, "--language must be en or ko"},
		"a folder that cannot be made":    {[]string{"write", "--dir", "/dev/null/x"}, 1, "/dev/null"},
		"a preview without a source":      {[]string{"preview", "--out", "x"}, 2, "--prometheus and --out are wanted"},
		"a source that is no URL":         {[]string{"preview", "--out", "x", "--prometheus", "here"}, 2, "it must be a URL"},
		"a dashboard that is none":        {[]string{"preview", "--out", "x", "--prometheus", "http://127.0.0.1:1", "--dashboard", "open"}, 2, "--dashboard must be one of open-time"},
		"a source that nobody answers at": {[]string{"preview", "--out", "x", "--prometheus", "http://127.0.0.1:1", "--dashboard", "mysql"}, 1, "connection refused"},
		"a time that is none":             {[]string{"preview", "--out", "x", "--prometheus", "http://127.0.0.1:1", "--dashboard", "mysql", "--from", "noon"}, 2, `--from is "noon"`},
		"a run that is none":              {[]string{"preview", "--out", "x", "--prometheus", "http://127.0.0.1:1", "--run", "today"}, 2, `--run is "today"`},
		"an end before its beginning":     {[]string{"preview", "--out", "x", "--prometheus", "http://127.0.0.1:1", "--dashboard", "mysql", "--from", "-1m", "--to", "-2m"}, 2, "is not before --to"},
		"a check with nobody to parse":    {[]string{"check", "--prometheus", "http://127.0.0.1:1"}, 1, "connection refused"},
		"a push without a token":          {[]string{"push", "--grafana", "http://127.0.0.1:1"}, 2, "GRAFANA_TOKEN is not set"},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := run(t, test.arguments...)
			require.Equal(t, test.code, code, stderr)
			require.Contains(t, stderr, test.says)
			require.Len(t, strings.Split(strings.TrimSpace(stderr), "\n"), 1, stderr)
		})
	}
}
