package rehearsal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/deploy/rehearsal"
)

func TestAConfigurationIsRefusedWithWhatIsWrongAndWhatToDo(t *testing.T) {
	t.Parallel()
	full := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(full, "run.json"), nil, 0o600))
	for name, test := range map[string]struct {
		change func(*rehearsal.Config)
		says   string
	}{
		"no students":                            {func(c *rehearsal.Config) { c.Students = 0 }, "--students is 0: it must be between 1 and 100000"},
		"too many sections":                      {func(c *rehearsal.Config) { c.Sections = 1 << 20 }, "--sections is 1048576"},
		"no shard":                               {func(c *rehearsal.Config) { c.Shards = 0 }, "--shards is 0"},
		"no instance":                            {func(c *rehearsal.Config) { c.Instances = -1 }, "--instances is -1"},
		"an opening that is too near":            {func(c *rehearsal.Config) { c.OpenIn = time.Millisecond }, "--open-in is 1ms"},
		"an unknown strategy":                    {func(c *rehearsal.Config) { c.Strategy = "hope" }, `--strategy is "hope"`},
		"a scenario that is no name":             {func(c *rehearsal.Config) { c.Scenario = "Open Time" }, `--scenario is "Open Time"`},
		"a parameter without a value":            {func(c *rehearsal.Config) { c.Env = []string{"ROUNDS"} }, `--env is "ROUNDS": it must be NAME=VALUE`},
		"an unknown fault":                       {func(c *rehearsal.Config) { c.Fault = "fire" }, `--fault is "fire": it must be one of busy-generator, double-enroll`},
		"several instances on SQLite":            {func(c *rehearsal.Config) { c.Instances = 2 }, "add --database mariadb"},
		"a database that is none":                {func(c *rehearsal.Config) { c.Database = "postgres" }, "--database is neither sqlite, mariadb nor a DSN"},
		"a target that is no URL":                {func(c *rehearsal.Config) { c.Target = "localhost" }, `--target is "localhost"`},
		"a target elsewhere, not named":          {func(c *rehearsal.Config) { c.Target = "http://203.0.113.7:80" }, "add --allow-target 203.0.113.7"},
		"another host named than the target":     {func(c *rehearsal.Config) { c.Target, c.AllowTarget = "http://203.0.113.7", "203.0.113.8" }, "--allow-target 203.0.113.7"},
		"a fault of a service not ours":          {func(c *rehearsal.Config) { c.Target, c.Fault = "http://127.0.0.1:1", "lost-commit" }, "--fault lost-commit is a fault of our own service"},
		"tokens for our own service":             {func(c *rehearsal.Config) { c.Tokens = full }, "--tokens goes with --target"},
		"a Prometheus that is no URL":            {func(c *rehearsal.Config) { c.Prometheus = "9090" }, `--prometheus is "9090"`},
		"no metrics of a foreign Prometheus":     {func(c *rehearsal.Config) { c.Prometheus, c.Fault = "http://127.0.0.1:9", "no-metrics" }, "leave out --prometheus"},
		"a specification that is not there":      {func(c *rehearsal.Config) { c.Spec = "nowhere.yaml" }, "--spec: stat nowhere.yaml"},
		"an unknown balancer":                    {func(c *rehearsal.Config) { c.Balancer = "nginx" }, `--balancer is "nginx": it must be haproxy`},
		"a balancer before a target":             {func(c *rehearsal.Config) { c.Target, c.Balancer = "http://127.0.0.1:1", "haproxy" }, "leave out --target"},
		"a kill of nothing":                      {kill("prometheus@1s"), "--kill prometheus@1s: PART must be registrar-N, mariadb, haproxy, or one of minio, "},
		"a kill of an instance too many":         {kill("registrar-1@1s"), "there are --instances 1, which are called registrar-0 to registrar-0"},
		"a kill of a database not ours":          {kill("mariadb@1s"), "add --database mariadb"},
		"a kill of a balancer not there":         {kill("haproxy@1s"), "add --balancer haproxy"},
		"a kill that is too late":                {kill("registrar-0@1h"), "must be between 0s and 10m0s after T0"},
		"two kills of one part at once":          {kill("registrar-0@1s..3s", "registrar-0@2s"), "--kill registrar-0@1s..3s and --kill registrar-0@2s overlap"},
		"a kill of monitoring that is not there": {kill("prometheus-a@1s"), "--kill prometheus-a@1s: there is no such part: add --stack ha"},
		"monitoring of another kind":             {func(c *rehearsal.Config) { c.Stack = "federated" }, `--stack is "federated": it must be ha`},
		"monitoring twice":                       {func(c *rehearsal.Config) { c.Stack, c.Prometheus = "ha", "http://127.0.0.1:9090" }, "leave out --prometheus"},
		"monitoring without a folder":            {func(c *rehearsal.Config) { c.Stack, c.StackDir = "ha", "" }, "--stack-dir is empty"},
		"a kill of a target":                     {func(c *rehearsal.Config) { kill("registrar-0@1s")(c); c.Target = "http://127.0.0.1:1" }, "leave out --target"},
		"a run folder in use":                    {func(c *rehearsal.Config) { c.Out = full }, "is not empty: name a new folder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := rehearsal.Default()
			test.change(&config)
			require.ErrorContains(t, config.Validate(), test.says)
		})
	}
}

func kill(texts ...string) func(*rehearsal.Config) {
	return func(c *rehearsal.Config) {
		for _, text := range texts {
			k, err := rehearsal.ParseKill(text)
			if err != nil {
				panic(err)
			}
			c.Kills = append(c.Kills, k)
		}
	}
}

func TestKillsAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]rehearsal.Kill{
		"registrar-2@300ms": {Part: "registrar-2", At: 300 * time.Millisecond},
		"mariadb@1s..2.5s":  {Part: "mariadb", At: time.Second, Back: 2500 * time.Millisecond},
	} {
		got, err := rehearsal.ParseKill(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, text, got.String())
	}
	for text, says := range map[string]string{
		"mariadb": "is not of the form", "@1s": "is not of the form", "mariadb@": "is not of the form", "mariadb@1s..": "is not of the form",
		"mariadb@soon": "is not of the form", "mariadb@2s..1s": "ends before it begins",
	} {
		_, err := rehearsal.ParseKill(text)
		require.ErrorContains(t, err, says, text)
	}
}

func TestMoreStudentsThanABalancerHoldsAreToldHowMany(t *testing.T) {
	t.Parallel()
	config := rehearsal.Default()
	config.Students, config.Shards, config.Balancer = 100_000, 64, rehearsal.BalancerHAProxy
	if err := config.Validate(); err != nil { // a machine may allow them all
		require.ErrorContains(t, err, "students at most")
	}
}

func TestEveryFaultOfAConfigurationIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	config := rehearsal.Default()
	config.Students, config.Strategy, config.Database = 0, "", "none"
	require.Len(t, strings.Split(config.Validate().Error(), "\n"), 3)
}

func TestMoreStudentsThanDescriptorsAreToldHowManyProcessesTheyNeed(t *testing.T) {
	t.Parallel()
	config := rehearsal.Default()
	config.Students = 100_000
	config.Database = rehearsal.DatabaseMariaDB
	if err := config.Validate(); err != nil { // a machine may allow them all in one process
		require.ErrorContains(t, err, "file descriptors")
		require.ErrorContains(t, err, "use --shards")
	}
}

func TestTheDefaultsAreValid(t *testing.T) {
	t.Parallel()
	require.NoError(t, rehearsal.Default().Validate())
	config := rehearsal.Default()
	config.Database, config.Instances = "root:@tcp(127.0.0.1:3306)/registration", 3
	require.NoError(t, config.Validate())
	config = rehearsal.Default()
	config.Target, config.AllowTarget = "https://registration.example.edu", "registration.example.edu"
	require.NoError(t, config.Validate())
}
