package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/goormu/stampede/dashboards"
	"github.com/goormu/stampede/dashboards/preview"
	"github.com/goormu/stampede/dashboards/query"
)

// previewFlags is the command line of `dashboards preview`.
type previewFlags struct {
	prometheus, from, to, run, dashboard, language, out string
	set                                                 map[string]string
}

func previewCommand(stdout io.Writer) *cobra.Command {
	f := previewFlags{}
	cmd := &cobra.Command{
		Use:   "preview --prometheus URL --out FILE|FOLDER [--dashboard NAME] [--from TIME] [--to TIME] [--run ID]",
		Short: "Show a dashboard as one HTML page that needs neither Grafana nor a network",
		Long: `Ask a Prometheus, or a Thanos querier, what a dashboard asks, and write one HTML page with its panels in their grid, light and dark.
With --dashboard, --out is a file; without it every dashboard is written into the folder --out.

TIME is an instant in RFC 3339, or a time before now, such as -15m. Without --from and --to the page shows the run, where one is
named by --run, and else the range that the dashboard begins with.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return writePreviews(cmd.Context(), f, time.Now(), stdout)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&f.prometheus, "prometheus", "", "the `URL` of a Prometheus or a Thanos querier (required)")
	fs.StringVar(&f.out, "out", "", "the `file` to write, or the folder where no dashboard is named (required)")
	fs.StringVar(&f.dashboard, "dashboard", "", "the `name` of the dashboard: "+strings.Join(names(), ", "))
	fs.StringVar(&f.from, "from", "", "the beginning, a `time`")
	fs.StringVar(&f.to, "to", "", "the end, a `time` (default now)")
	fs.StringVar(&f.run, "run", "", "the `ID` of a run of the load generator (default the newest)")
	fs.StringToStringVar(&f.set, "set", nil, "the `name=value` of a variable, such as run_b=ID; may be given several times")
	fs.StringVar(&f.language, "language", "en", "the `language`: en or ko")
	return cmd
}

func names() []string {
	var all []string
	for _, d := range dashboards.All() {
		all = append(all, d.Name)
	}
	return all
}

func writePreviews(ctx context.Context, f previewFlags, now time.Time, stdout io.Writer) error {
	if f.prometheus == "" || f.out == "" {
		return usagef("--prometheus and --out are wanted (see dashboards preview --help)")
	}
	language, err := parseLanguage(f.language)
	if err != nil {
		return err
	}
	client, err := query.NewClient(f.prometheus)
	if err != nil {
		return usageError{err}
	}
	if f.run != "" && f.from == "" && f.to == "" {
		if f.from, f.to, err = rangeOf(ctx, client, f.run, now); err != nil {
			return err
		}
	}
	chosen := dashboards.All()
	file := func(name string) string { return filepath.Join(f.out, name+".html") }
	if f.dashboard != "" {
		d, ok := dashboards.ByName(f.dashboard)
		if !ok {
			return usagef("--dashboard must be one of %s, not %q", strings.Join(names(), ", "), f.dashboard)
		}
		chosen = []*dashboards.Dashboard{d}
		file = func(string) string { return f.out }
	} else if err := os.MkdirAll(f.out, 0o755); err != nil { //nolint:gosec // others are to read it
		return fmt.Errorf("making the folder of the previews: %w", err)
	}
	for _, d := range chosen {
		scope, err := f.scope(d, now)
		if err != nil {
			return err
		}
		built := d.Build(language)
		scope, err = client.Resolve(ctx, built, scope)
		if err != nil {
			return fmt.Errorf("dashboard %s: %w", d.Name, err)
		}
		var b bytes.Buffer
		if err := preview.Write(&b, built, client.Ask(ctx, built, scope), string(language), now); err != nil {
			return err
		}
		if err := os.WriteFile(file(d.Name), b.Bytes(), 0o644); err != nil { //nolint:gosec // others are to read it
			return fmt.Errorf("writing the preview: %w", err)
		}
		fmt.Fprintln(stdout, file(d.Name))
	}
	return nil
}

// longest is how long a run may take at most, and around how much more of it is shown before and after.
const (
	longest = time.Hour
	around  = 10 * time.Second
)

// rangeOf returns from when to when a run of the load generator was, as flags: its ID tells its beginning.
func rangeOf(ctx context.Context, client *query.Client, run string, now time.Time) (from, to string, err error) {
	stamp, _, _ := strings.Cut(run, "-")
	begun, err := time.Parse("20060102T150405Z", stamp)
	if err != nil {
		return "", "", usagef("--run is %q: it must be the ID of a run, like 20261122T041500Z-3f9a", run)
	}
	end := begun.Add(longest)
	if now.Before(end) {
		end = now
	}
	found, err := client.Instant(ctx, fmt.Sprintf("max(max_over_time(timestamp(k6_stampede_students_total{run=%q})[1h:1s]))", run), end)
	if err != nil {
		return "", "", err
	}
	if len(found) == 0 {
		return "", "", usagef("--run %s: Prometheus has nothing of it", run)
	}
	last := time.UnixMilli(int64(found[0].Values[0] * 1000))
	return begun.Add(-around).Format(time.RFC3339), last.Add(around).UTC().Format(time.RFC3339), nil
}

// scope is what the flags choose for a dashboard.
func (f previewFlags) scope(d *dashboards.Dashboard, now time.Time) (query.Scope, error) {
	scope := query.Scope{From: now, To: now, Values: map[string][]string{}}
	for name, value := range f.set {
		scope.Values[name] = []string{value}
	}
	if f.run != "" {
		for _, name := range []string{"run", "run_a"} {
			if _, ok := scope.Values[name]; !ok {
				scope.Values[name] = []string{f.run}
			}
		}
	}
	var err error
	if f.to != "" {
		if scope.To, err = instant("--to", f.to, now); err != nil {
			return scope, err
		}
	}
	from := f.from
	if from == "" {
		length, err := time.ParseDuration(d.From)
		if err != nil {
			return scope, fmt.Errorf("reading the range of %s: %w", d.Name, err)
		}
		scope.From = scope.To.Add(-length)
	} else if scope.From, err = instant("--from", from, now); err != nil {
		return scope, err
	}
	if !scope.From.Before(scope.To) {
		return scope, usagef("--from %s is not before --to %s", scope.From.Format(time.RFC3339), scope.To.Format(time.RFC3339))
	}
	return scope, nil
}

// instant reads an instant, or a time before now.
func instant(flag, text string, now time.Time) (time.Time, error) {
	if before, err := time.ParseDuration(text); err == nil {
		return now.Add(before), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usagef("%s is %q: it must be an instant like 2026-11-22T09:00:00Z, or a time before now like -15m", flag, text)
	}
	return at, nil
}
