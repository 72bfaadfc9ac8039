package shown_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/dashboards"
	"github.com/goormu/stampede/dashboards/grafana"
	"github.com/goormu/stampede/dashboards/preview"
	"github.com/goormu/stampede/dashboards/query"
)

// previews is a folder for the previews of every dashboard, as CI keeps them; none are written unless it is named.
var previews = flag.String("previews", "", "write the previews of every dashboard into this folder")

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
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		everything, err = bring(ctx, dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bringing up what the dashboards show:", err)
		return 1
	}
	defer everything.stop()
	code := m.Run()
	if *linger {
		fmt.Println("querier", everything.url("querier"), "from", everything.begun.UTC().Format(time.RFC3339), "Ctrl-C stops it")
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		<-ctx.Done()
	}
	return code
}

func newClient(url string) (*query.Client, error) { return query.NewClient(url) }

// rules are the files that the ruler evaluates.
func rules() ([]string, error) {
	files, err := filepath.Glob("../../dashboards/alerts/*.rules.yaml")
	return append(files, filepath.Join("..", "..", "slo", "objectives", "registration.rules.yaml")), err
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
			if *previews != "" {
				var html bytes.Buffer
				require.NoError(t, preview.Write(&html, built, page, string(dashboards.English), time.Now()))
				require.NoError(t, os.MkdirAll(*previews, 0o750))
				require.NoError(t, os.WriteFile(filepath.Join(*previews, d.Name+".html"), html.Bytes(), 0o600))
			}
			for name, instants := range page.Marks {
				require.NotEmpty(t, instants, "%s: nothing is marked as %s", d.Name, name)
			}
		})
	}
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

// empty names the queries that found nothing and have no reason to.
func empty(d *dashboards.Dashboard, built grafana.Dashboard, page *query.Page) []string {
	var all []string
	reasons := d.MayBeEmpty()
	for _, r := range page.Results {
		if title := titles(built)[r.Panel]; r.Err == nil && r.Empty() && reasons[title+" "+r.RefID] == "" {
			all = append(all, fmt.Sprintf("dashboard %s, panel %q, query %s", d.Name, title, r.RefID))
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
