package rehearsal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goormu/stampede/k6/journey"
	"github.com/goormu/stampede/k6/student"
	"github.com/goormu/stampede/k6/wire"
	"github.com/goormu/stampede/slo/objectives"
)

// The scenarios that need something else of a rehearsal than the others.
const (
	scenarioJourney     = "journey"      // A service that is not ours, which knows no registration.
	scenarioBrowse      = "browse"       // No opening.
	scenarioTokenExpiry = "token-expiry" //nolint:gosec // A scenario's name: some tokens end at T0.
)

// enrolling are the scenarios whose students all enrol from T0 on, which is what the objectives of the registration are of.
var enrolling = []string{"open-time", "cart-rush", "add-drop", scenarioTokenExpiry}

// foreign says whether the service under test is not ours.
func (c Config) foreign() bool { return c.Scenario == scenarioJourney }

// objectives are those of the scenario, and what is promised outside.
func (c Config) objectives() []byte {
	if slices.Contains(enrolling, c.Scenario) {
		return slices.Concat(objectives.Registration, []byte("\n---\n"), objectives.RegistrationSLA)
	}
	return objectives.Students
}

// own are the parameters of a scenario that the rehearsal sets itself, with the flags that set them.
var own = map[string]string{
	"TARGET": "--target", "STUDENTS": "--students", "SEED": "--seed", "T0": "--open-in", "OPEN_IN": "--open-in", "RUN_DIR": "--out", "RUN_ID": "",
	"TOKENS": "--tokens", "ALLOW_TARGET": "--allow-target", "FAULT": "--fault",
}

// validateScenario reports parameters that contradict the rehearsal.
func (c Config) validateScenario(bad func(string, ...any)) {
	if c.Scenario != "" && !scenarioName.MatchString(c.Scenario) {
		bad("--scenario is %q: it must be a name of `k6 x stampede list`", c.Scenario)
	}
	if c.foreign() && c.Target == "" {
		bad("--scenario %s needs --target: the service that it is made for", c.Scenario)
	}
	for _, parameter := range c.Env {
		name, _, _ := strings.Cut(parameter, "=")
		switch flag, set := own[name]; {
		case !environmentPair.MatchString(parameter):
			bad("--env is %q: it must be NAME=VALUE", parameter)
		case set && flag == "":
			bad("--env sets %s, which every rehearsal has anew", name)
		case set:
			bad("--env sets %s: use %s instead", name, flag)
		}
	}
}

// checkScenario asks k6 whether it knows the scenario and can read its parameters, before anything is started.
func (r *rehearsal) checkScenario(ctx context.Context) (int, error) {
	known, err := exec.CommandContext(ctx, r.program("k6"), "x", "stampede", "list").Output()
	if err != nil {
		return 0, fmt.Errorf("asking k6 for its scenarios: %w", err)
	}
	var names []string
	for line := range strings.Lines(string(known)) {
		if name, _, _ := strings.Cut(line, " "); scenarioName.MatchString(name) {
			names = append(names, name)
		}
	}
	if !slices.Contains(names, r.Scenario) {
		fmt.Fprintf(r.Stderr, "stampede: --scenario is %q: it must be one of %s\n", r.Scenario, strings.Join(names, ", "))
		return ExitUsage, nil
	}
	settings, environment := r.settings(0)
	settings["T0"] = time.Now().Add(time.Hour).UTC().Format(time.RFC3339) // Nobody waits for it.
	delete(settings, "RUN_DIR")
	if settings["TARGET"] == "" {
		settings["TARGET"] = "http://127.0.0.1:1" // Likewise.
	}
	inspect := exec.CommandContext(ctx, r.program("k6"), append(parameters([]string{"inspect", "--execution-requirements"}, settings), "-")...)
	inspect.Stdin = strings.NewReader(fmt.Sprintf(script, r.Scenario))
	inspect.Env = append(inspect.Environ(), environment...)
	var complaint bytes.Buffer
	inspect.Stderr = &complaint
	var exit *exec.ExitError
	if err := inspect.Run(); errors.As(err, &exit) && exit.ExitCode() > 0 {
		fmt.Fprintf(r.Stderr, "stampede: %s\n", plainly(complaint.String()))
		return ExitUsage, nil
	} else if err != nil {
		return 0, fmt.Errorf("asking k6 about the scenario: %w", err)
	}
	return 0, nil
}

// checkForeign asks a service that is not ours what its journey says it must answer.
func (r *rehearsal) checkForeign(ctx context.Context) error {
	settings, _ := r.settings(0)
	j, err := journey.Load(settings["JOURNEY"])
	if err != nil {
		return err
	}
	target, err := wire.ParseTarget(r.Target, nil)
	if err != nil {
		return err
	}
	return student.CheckJourney(ctx, target, j)
}

var (
	message = regexp.MustCompile(`msg=("(?:[^"\\]|\\.)*")`)
	preface = regexp.MustCompile(`(?s)^.*(?:has configuration errors: |GoError: )`)
	trace   = regexp.MustCompile(`(?s)\n\tat .*$`)
)

// plainly takes out of k6's log what is wrong, without where in k6 it was found.
func plainly(log string) string {
	found := message.FindStringSubmatch(log)
	if found == nil {
		return strings.TrimSpace(log)
	}
	text, err := strconv.Unquote(found[1])
	if err != nil {
		return found[1]
	}
	return trace.ReplaceAllString(preface.ReplaceAllString(text, ""), "")
}
