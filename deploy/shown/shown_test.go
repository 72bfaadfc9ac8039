package shown_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/dashboards"
	"github.com/goormu/stampede/dashboards/command"
	"github.com/goormu/stampede/dashboards/grafana"
	"github.com/goormu/stampede/dashboards/query"
)

// previews is a folder for the previews of every dashboard, as CI keeps them; none are written unless it is named.
var previews = flag.String("previews", os.Getenv("STAMPEDE_PREVIEWS"), "write the previews of every dashboard into this `folder` (default $STAMPEDE_PREVIEWS)")

// linger keeps everything up after the tests until it is interrupted, for whoever works on a dashboard.
var linger = flag.Bool("linger", false, "keep everything up after the tests until Ctrl-C")

// everything is up for all tests of this package.
var everything *parts

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(main(m))
}

func main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "shown-")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
		defer cancel()
		everything, err = bring(ctx, dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bringing up what the dashboards show:", err)
		return 1
	}
	defer everything.stop()
	code := m.Run()
	if everything.unsettled != nil {
		fmt.Fprintln(os.Stderr, everything.unsettled)
		code = 1
	}
	if *linger {
		fmt.Println("querier", everything.url("querier"), "from", everything.begun.UTC().Format(time.RFC3339), "Ctrl-C stops it")
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		<-ctx.Done()
	}
	return code
}

func newClient(url string) (*query.Client, error) { return query.NewClient(url) }

// generated are the rules that `slo rules` wrote.
const generated = "../../slo/objectives/registration.rules.yaml"

// rules are the files that the ruler of the stack evaluates unless it is told others.
func rules() ([]string, error) {
	files, err := filepath.Glob("../../dashboards/alerts/*.rules.yaml")
	return append(files, generated), err
}

// scope is a range that holds both stampedes.
func (p *parts) scope() query.Scope {
	return query.Scope{From: p.begun, To: time.Now()}
}

// slowest is the longest that a query may take. On a wall, a page is read anew every few seconds.
const slowest = time.Second

func TestNoQueryOfADashboardIsEmpty(t *testing.T) {
	ctx := t.Context()
	client, err := newClient(everything.url("querier"))
	require.NoError(t, err)
	for _, d := range dashboards.All() {
		t.Run(d.Name, func(t *testing.T) {
			built := d.Build(dashboards.English)
			scope, err := client.Resolve(ctx, built, everything.scope())
			require.NoError(t, err)
			page := client.Ask(ctx, built, scope)
			for _, r := range page.Results {
				where := fmt.Sprintf("dashboard %s, panel %q, query %s: %s", d.Name, titles(built)[r.Panel], r.RefID, r.Expr)
				require.NoError(t, r.Err, where)
				requireFast(t, client, built, scope, r, where)
			}
			require.Empty(t, empty(d, built, page), "these find nothing")
			require.Empty(t, zeros(d, built, page), "these find nothing but zeros: write down why, or let the stampedes bring some")
			for name, instants := range page.Marks {
				require.NotEmpty(t, instants, "%s: nothing is marked as %s", d.Name, name)
			}
		})
	}
}

// TestPreviewsAreWritten writes the pages that whoever reviews a change looks at, over the openings where a dashboard is about them.
func TestPreviewsAreWritten(t *testing.T) {
	dir := *previews
	if dir == "" {
		dir = t.TempDir()
	}
	write := func(file string, more ...string) {
		var out, errs bytes.Buffer
		arguments := append([]string{"preview", "--prometheus", everything.url("querier"), "--out", file}, more...)
		require.Zero(t, command.Run(t.Context(), arguments, &out, &errs), errs.String())
	}
	for _, language := range dashboards.Languages() {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, string(language)), 0o750))
		for _, d := range dashboards.All() {
			scope := everything.openings
			if d.Name == "slos" || d.Name == "monitoring" {
				scope = everything.scope()
			}
			write(filepath.Join(dir, string(language), d.Name+".html"), "--dashboard", d.Name, "--language", string(language),
				"--from", scope.From.UTC().Format(time.RFC3339), "--to", scope.To.UTC().Format(time.RFC3339))
		}
	}
	file := filepath.Join(t.TempDir(), "run.html")
	write(file, "--dashboard", "load-generator", "--run", everything.lastRun)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	begun, err := time.Parse("20060102T150405Z", everything.lastRun[:16])
	require.NoError(t, err)
	require.Contains(t, string(text), begun.Add(-10*time.Second).Format("2006-01-02 15:04:05"), "the page begins before the run")
}

// requireFast asks a query that was slow again until it is not: the machine may be busy with other tests for a while, but what
// takes long by itself always does.
func requireFast(t *testing.T, client *query.Client, d grafana.Dashboard, scope query.Scope, r query.Result, where string) {
	t.Helper()
	for begun := time.Now(); r.Took > slowest; {
		require.Less(t, time.Since(begun), time.Minute, "%s: it takes %s", where, r.Took.Round(time.Millisecond))
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				if p.ID == r.Panel && target.RefID == r.RefID {
					r = client.AskOne(t.Context(), p.ID, target, scope)
				}
			}
		}
	}
}

func TestAQueryThatFindsNothingIsToldByItsPanel(t *testing.T) {
	client, err := newClient(everything.url("querier"))
	require.NoError(t, err)
	d, _ := dashboards.ByName("open-time")
	built := d.Build(dashboards.English)
	scope, err := client.Resolve(t.Context(), built, everything.scope())
	require.NoError(t, err)
	for i := range built.Panels {
		for j := range built.Panels[i].Targets {
			// A metric that the service no longer has: as if it had been deleted there.
			target := &built.Panels[i].Targets[j]
			target.Expr = strings.ReplaceAll(target.Expr, "registration_enroll_queue_depth", "registration_enroll_queue_depth_deleted")
		}
	}
	require.Equal(t, []string{`dashboard open-time, panel "Queue depth", query A`}, empty(d, built, client.Ask(t.Context(), built, scope)))
}

// empty names the queries that found nothing.
func empty(d *dashboards.Dashboard, built grafana.Dashboard, page *query.Page) []string {
	var all []string
	for _, r := range page.Results {
		if r.Err == nil && r.Empty() {
			all = append(all, fmt.Sprintf("dashboard %s, panel %q, query %s", d.Name, titles(built)[r.Panel], r.RefID))
		}
	}
	return all
}

// quiet are the queries that may find nothing but zeros, and why that is as it should be.
var quiet = map[string]string{
	"open-time, Failed, A":                                 nothingBroke,
	"open-time, Requests to enrol, per second, E":          nothingBroke,
	"open-time, Inconsistent sections, A":                  nothingBroke,
	"open-time, Alerts, A":                                 nothingBroke,
	"open-time, Queue depth, A":                            betweenScrapes,
	"open-time, Database connections, A":                   betweenScrapes,
	"open-time, Students listening to the seats, B":        "who leaves closes the stream, and is not sent away",
	"slos, Budget left in the range shown, A":              "those who went away used it up",
	"slos, Openings like this that fit, A":                 "those who went away used it up",
	"load-generator, Dropped, A":                           nothingBroke,
	"service, Requests in flight, A":                       betweenScrapes,
	"service, Panics, A":                                   nothingBroke,
	"service, Connections used, A":                         betweenScrapes,
	"service, Waiting for a connection, A":                 "there are more connections than batches at a time",
	"service, Waits for a connection, per second, A":       "there are more connections than batches at a time",
	"mysql, Deadlocks, A":                                  "group commit locks in one order",
	"mysql, Slow queries, A":                               nothingBroke,
	"mysql, Connections, B":                                betweenScrapes,
	"mysql, Undo history, A":                               betweenScrapes,
	"mysql, Buffer pool, B":                                betweenScrapes,
	"service, Garbage collection, A":                       "a heap that may grow fivefold need not be collected in so short a time",
	"mysql, Refused and broken connections, per second, A": nothingBroke,
	"mysql, Refused and broken connections, per second, B": nothingBroke,
	"mysql, Waits for row locks, per second, A":            "one ledger does not wait for itself",
	"mysql, Waits for row locks, per second, B":            "one ledger does not wait for itself",
	"mysql, Time waited for row locks, A":                  "one ledger does not wait for itself",
	"mysql, Temporary tables on disk, per second, A":       "they fit in memory",
	"monitoring, Targets down, A":                          nothingBroke,
	"monitoring, Compactor, A":                             nothingBroke,
	"monitoring, Alerts firing, A":                         nothingBroke,
	"monitoring, Failed uploads, A":                        nothingBroke,
	"monitoring, Failed bucket operations per second, A":   nothingBroke,
	"monitoring, Left to compact, A":                       "it takes hours until there is something to compact",
	"monitoring, Left to compact, B":                       "it takes days until there is something to downsample",
	"monitoring, Alerts handed on by the ruler, B":         nothingBroke,
	"monitoring, Notifications, B":                         nothingBroke,
	"monitoring, Rule evaluations per second, B":           nothingBroke,
}

const (
	nothingBroke   = "nothing broke"
	betweenScrapes = "it may be over between two scrapes"
)

// zeros names the queries that found nothing but zeros, and have no reason to.
func zeros(d *dashboards.Dashboard, built grafana.Dashboard, page *query.Page) []string {
	var all []string
	for _, r := range page.Results {
		some := slices.ContainsFunc(r.Series, func(s query.Series) bool {
			return slices.ContainsFunc(s.Values, func(v float64) bool { return v != 0 && !math.IsNaN(v) })
		})
		name := fmt.Sprintf("%s, %s, %s", d.Name, titles(built)[r.Panel], r.RefID)
		if !some && quiet[name] == "" {
			all = append(all, name)
		}
	}
	return all
}

func titles(d grafana.Dashboard) map[int]string {
	all := map[int]string{}
	for _, p := range d.Panels {
		all[p.ID] = p.Title
	}
	return all
}
