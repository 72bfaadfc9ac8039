package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The rehearsals run the programs of `make build`, as users do.
const programs = "../../../bin"

// A rehearsed is what a rehearsal left behind.
type rehearsed struct {
	code   int
	output string
	dir    string
}

// begin starts a short rehearsal; the returned function waits for its end.
func begin(t *testing.T, arguments ...string) (*exec.Cmd, *output, func() rehearsed) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	command := exec.Command(filepath.Join(programs, "stampede"), append([]string{
		"rehearse", "--out", dir, "--students", "300", "--sections", "60", "--open-in", "5s",
	}, arguments...)...)
	out := &output{}
	command.Stdout, command.Stderr = out, out
	require.NoError(t, command.Start(), "run `make build` first")
	t.Cleanup(func() { _ = command.Process.Kill() })
	return command, out, func() rehearsed {
		err := command.Wait()
		var exit *exec.ExitError
		if err != nil {
			require.ErrorAs(t, err, &exit)
		}
		requireNoChildren(t, dir)
		return rehearsed{command.ProcessState.ExitCode(), out.String(), dir}
	}
}

func rehearse(t *testing.T, arguments ...string) rehearsed {
	t.Helper()
	_, _, wait := begin(t, arguments...)
	return wait()
}

// requireNoChildren looks for processes that know the run folder.
func requireNoChildren(t *testing.T, dir string) {
	t.Helper()
	require.Empty(t, processes(t, dir), "processes were left behind")
}

// processes returns "pid command line" of every process that has part in its arguments, its environment or the name of its log.
func processes(t *testing.T, part string) []string {
	t.Helper()
	folders, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(t, err)
	var found []string
	for _, folder := range folders {
		arguments, _ := os.ReadFile(filepath.Join(folder, "cmdline")) // the process may be gone by now
		environment, _ := os.ReadFile(filepath.Join(folder, "environ"))
		line := string(bytes.ReplaceAll(arguments, []byte{0}, []byte{' '}))
		log, _ := os.Readlink(filepath.Join(folder, "fd", "1"))
		if strings.Contains(line+string(environment)+log, part) && !strings.Contains(line, "stampede rehearse") {
			found = append(found, filepath.Base(folder)+" "+line)
		}
	}
	return found
}

// patient returns the flag for the objectives of the registration with a pace that a machine which does much else holds, too.
func patient(t *testing.T) []string {
	t.Helper()
	objectives, err := os.ReadFile("../../../slo/objectives/registration.yaml")
	require.NoError(t, err)
	text := string(objectives)
	for _, pace := range [][2]string{{`throughput-floor: "2000"`, `throughput-floor: "40"`}, {`le="3"`, `le="10"`}} {
		require.Contains(t, text, pace[0])
		text = strings.ReplaceAll(text, pace[0], pace[1])
	}
	spec := filepath.Join(t.TempDir(), "patient.yaml")
	require.NoError(t, os.WriteFile(spec, []byte(text), 0o600))
	return []string{"--spec", spec}
}

// It keeps k6's own thresholds, so that no rehearsal of ours is to go on beside it.
func TestARehearsalIsMet(t *testing.T) {
	r := rehearse(t, patient(t)...)
	require.Equal(t, 0, r.code, r.output)
	require.Contains(t, strings.ToUpper(r.output), "MET")
	for _, file := range []string{"run.json", "journal.csv.zst", "audit.json", "verdict.json", "report.html", "junit.xml", "summary.md", "export-before.ndjson", "export-after.ndjson"} {
		info, err := os.Stat(filepath.Join(r.dir, file))
		require.NoError(t, err)
		require.Positive(t, info.Size(), file)
	}
	require.Contains(t, r.output, filepath.Join(r.dir, "report.html"))
}

// TestAPrometheusThatWasThereBeforeTellsItsHistory rehearses on the service and the Prometheus of a rehearsal that is kept.
func TestAPrometheusThatWasThereBeforeTellsItsHistory(t *testing.T) {
	t.Parallel()
	kept, out, wait := begin(t, "--keep")
	service := out.waitFor(t, regexp.MustCompile(`service 0 +(http\S+)`))
	prometheus := out.waitFor(t, regexp.MustCompile(`prometheus +(http\S+)`))
	r := rehearse(t, "--target", service, "--prometheus", prometheus)
	require.Contains(t, r.output, "the source's history does not reach back over 5m", "it was asked, and is minutes old")
	require.Contains(t, r.output, "Promised: enrol requests without a server error", "what is promised outside is judged beside it")
	require.NotContains(t, out.String(), "history", "one that is made for a rehearsal knows of nothing else")
	require.NoError(t, kept.Process.Signal(os.Interrupt))
	wait()
}

func TestEachFaultEndsInItsExitCode(t *testing.T) {
	t.Parallel()
	for fault, code := range map[string]int{"slow-commit": 99, "no-metrics": 3, "busy-generator": 4} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			r := rehearse(t, "--fault", fault)
			require.Equal(t, code, r.code, r.output)
			require.Contains(t, r.output, fault, "the report names the seeded fault")
		})
	}
}

// It keeps k6's own thresholds, so that no rehearsal of ours is to go on beside it.
func TestTwoInstancesOnMariaDBAndTwoShardsGiveTheSameKindOfVerdict(t *testing.T) {
	r := rehearse(t, append(patient(t), "--database", "mariadb", "--instances", "2", "--shards", "2")...)
	require.Equal(t, 0, r.code, r.output)
	text, err := os.ReadFile(filepath.Join(r.dir, "run.json"))
	require.NoError(t, err)
	var record struct {
		Students, Shards, Offered int
	}
	require.NoError(t, json.Unmarshal(text, &record))
	require.Equal(t, 300, record.Students)
	require.Equal(t, 300, record.Offered)
	require.Equal(t, 2, record.Shards)
}

func TestAServiceKilledInMidStampedeIsNeverMet(t *testing.T) {
	t.Parallel()
	command, out, wait := begin(t, "--students", "3000")
	t0 := out.waitFor(t, regexp.MustCompile(`T0 +(\S+Z)`))
	instant, err := time.Parse(time.RFC3339Nano, t0)
	require.NoError(t, err)
	time.Sleep(time.Until(instant) + 100*time.Millisecond) // the kill belongs to the middle of the stampede
	for _, process := range processes(t, "registrar serve") {
		pid, err := strconv.Atoi(strings.Fields(process)[0])
		require.NoError(t, err)
		if parent(t, pid) == command.Process.Pid {
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
		}
	}
	r := wait()
	require.Contains(t, []int{3, 99}, r.code, r.output)
	require.Contains(t, r.output, "registrar-0 ended by itself (signal: killed)")
	text, err := os.ReadFile(filepath.Join(r.dir, "audit.json"))
	require.NoError(t, err, r.output)
	var audit struct{ Passed bool }
	require.NoError(t, json.Unmarshal(text, &audit))
	require.True(t, audit.Passed, "no acknowledged enrolment is missing: %s", text)
}

func TestCtrlCStopsEverything(t *testing.T) {
	t.Parallel()
	command, out, wait := begin(t)
	out.waitFor(t, regexp.MustCompile(`T0 +(\S+Z)`))
	require.NoError(t, command.Process.Signal(os.Interrupt))
	r := wait()
	require.Equal(t, 3, r.code, r.output)
	require.Contains(t, r.output, "interrupted")
}

func TestBadInputIsOneLineAndANonZeroExit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments []string
		code      int
		says      string
	}{
		"an unknown flag":                  {[]string{"rehearse", "--stundents", "3"}, 2, "unknown flag: --stundents"},
		"an unknown command":               {[]string{"rehears"}, 2, `unknown command "rehears"`},
		"a word too many":                  {[]string{"rehearse", "now"}, 2, `unknown command "now"`},
		"a target nobody answers at":       {[]string{"rehearse", "--target", "http://127.0.0.1:1"}, 1, "connection refused"},
		"a database nobody answers at":     {[]string{"rehearse", "--database", "u:p@tcp(127.0.0.1:1)/registration"}, 1, "127.0.0.1:1"},
		"a Prometheus nobody answers at":   {[]string{"rehearse", "--prometheus", "http://127.0.0.1:1"}, 1, "asking Prometheus at http://127.0.0.1:1"},
		"several faults at once":           {[]string{"rehearse", "--students", "0", "--fault", "x"}, 2, "--students is 0"},
		"an unknown scenario":              {[]string{"rehearse", "--scenario", "picnic"}, 2, `--scenario is "picnic": it must be one of`},
		"a specification that is not YAML": {[]string{"rehearse", "--spec", "rehearse_test.go"}, 2, "rehearse_test.go:"},
		"a scenario that is none":          {[]string{"rehearse", "--scenario", "rush-hour"}, 2, `--scenario is "rush-hour": it must be one of open-time, `},
		"a parameter that is none":         {[]string{"rehearse", "--scenario", "spike", "-e", "WITHIN=soon"}, 2, `stampede: scenario spike: parameter WITHIN: "soon" is not a duration`},
		"a parameter that is out of range": {[]string{"rehearse", "--scenario", "browse", "-e", "RATE=1"}, 2, "stampede: rate (RATE) is 1 and duration (DURATION) 1m0s, fewer looks than the 300 students"},
		"a parameter that has a flag":      {[]string{"rehearse", "-e", "STUDENTS=5"}, 2, "--env sets STUDENTS: use --students instead"},
		"a journey without a target":       {[]string{"rehearse", "--scenario", "journey"}, 2, "--scenario journey needs --target"},
		"a journey without its file":       {[]string{"rehearse", "--scenario", "journey", "--target", "http://127.0.0.1:1"}, 2, "journey (JOURNEY) is missing"},
		"a journey that nobody answers":    {[]string{"rehearse", "--scenario", "journey", "--target", "http://127.0.0.1:1", "-e", "JOURNEY=" + exampleJourney, "--students", "50"}, 1, "connection refused"},
		"a run folder that is none":        {[]string{"audit", "nowhere"}, 1, "nowhere"},
		"shards that are none":             {[]string{"merge", "--out", "x", "nowhere", "elsewhere"}, 1, "nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arguments := test.arguments
			folder := filepath.Join(t.TempDir(), "run")
			if arguments[0] == "rehearse" {
				arguments = append([]string{"rehearse", "--students", "300", "--out", folder}, arguments[1:]...)
			}
			command := exec.Command(filepath.Join(programs, "stampede"), arguments...)
			var stderr bytes.Buffer
			command.Stderr = &stderr
			err := command.Run()
			require.Error(t, err)
			require.Equal(t, test.code, command.ProcessState.ExitCode(), stderr.String())
			require.Contains(t, stderr.String(), test.says)
			require.Len(t, strings.Split(strings.TrimSpace(stderr.String()), "\n"), 1, stderr.String())
			require.NoDirExists(t, folder, "nothing is left half done")
		})
	}
}

func TestATargetThatIsNoRegistrationServiceIsNamed(t *testing.T) {
	t.Parallel()
	port := serveGarbage(t)
	command := exec.Command(filepath.Join(programs, "stampede"), "rehearse", "--target", fmt.Sprintf("http://127.0.0.1:%d", port))
	out, err := command.CombinedOutput()
	require.Error(t, err)
	require.Equal(t, 1, command.ProcessState.ExitCode())
	require.Contains(t, string(out), "is no registration service")
}
