package stampede

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/grafana/sobek"
	"go.k6.io/k6/js/common"
	"go.k6.io/k6/js/modules"
)

// ModuleName is what a script imports.
const ModuleName = "k6/x/stampede"

// Options are the k6 options that a scenario written in Go stands for. A script can extend them as it likes.
type Options struct {
	Scenarios         map[string]*Config  `json:"scenarios"`
	Thresholds        map[string][]string `json:"thresholds,omitempty"`
	SummaryTrendStats []string            `json:"summaryTrendStats,omitempty"`
}

// A Scenario builds its options from a script's environment. given says of a variable whether it was given to the
// script (-e) and not found in the system's environment.
type Scenario func(env map[string]string, given func(name string) bool) (Options, error)

// RegisterModule makes the JavaScript module known to k6, with the scenarios it offers by name. It may be called once.
func RegisterModule(scenarios map[string]Scenario) {
	modules.Register(ModuleName, &rootModule{scenarios: scenarios})
}

type rootModule struct{ scenarios map[string]Scenario }

type module struct {
	vu        modules.VU
	scenarios map[string]Scenario
}

var (
	_ modules.Module   = &rootModule{}
	_ modules.Instance = &module{}
)

// NewModuleInstance registers the custom metrics, because k6 checks thresholds before any executor exists.
func (r *rootModule) NewModuleInstance(vu modules.VU) modules.Instance {
	if init := vu.InitEnv(); init != nil {
		if _, err := RegisterMetrics(init.Registry); err != nil {
			common.Throw(vu.Runtime(), err)
		}
	}
	return &module{vu: vu, scenarios: r.scenarios}
}

// Exports returns what a script sees.
func (m *module) Exports() modules.Exports {
	named := map[string]any{"options": m.options}
	return modules.Exports{Default: named, Named: named}
}

// options is stampede.options(name, env).
func (m *module) options(name string, env map[string]string) (sobek.Value, error) {
	build, ok := m.scenarios[name]
	if !ok {
		names := strings.Join(slices.Sorted(maps.Keys(m.scenarios)), ", ")
		return nil, fmt.Errorf("there is no scenario %q; there are: %s", name, names)
	}
	options, err := build(env, func(name string) bool {
		value, ok := os.LookupEnv(name) // k6's own view of the environment has the script's variables mixed in.
		return !ok || value != env[name]
	})
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(options)
	if err != nil {
		return nil, fmt.Errorf("writing the options of %s: %w", name, err)
	}
	// A plain JavaScript object, so that a script can spread and change it.
	runtime := m.vu.Runtime()
	parse, ok := sobek.AssertFunction(runtime.GlobalObject().Get("JSON").ToObject(runtime).Get("parse"))
	if !ok {
		return nil, errors.New("JSON.parse is no function")
	}
	return parse(sobek.Undefined(), runtime.ToValue(string(text)))
}
