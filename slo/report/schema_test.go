package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/slo/verdict"
)

const schemaPath = "../verdict.schema.json"

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(schemaPath)
	require.NoError(t, err)
	return s
}

func decoded(t *testing.T, data []byte) map[string]any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	object, ok := v.(map[string]any)
	require.True(t, ok)
	return object
}

func TestEveryVerdictKeepsToThePublishedSchema(t *testing.T) {
	s := schema(t)
	paths, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.Len(t, paths, 4)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, s.Validate(decoded(t, data)))
		})
	}
}

func TestTheSchemaRefusesWhatIsNoVerdict(t *testing.T) {
	s := schema(t)
	data, err := os.ReadFile("testdata/met.json")
	require.NoError(t, err)
	first := func(v map[string]any) map[string]any { return v["objectives"].([]any)[0].(map[string]any) }
	for _, tt := range []struct {
		name   string
		change func(v map[string]any)
	}{
		{"another version", func(v map[string]any) { v["version"] = json.Number("2") }},
		{"an unknown state", func(v map[string]any) { v["state"] = "passed" }},
		{"an exit code that no verdict has", func(v map[string]any) { v["exit_code"] = json.Number("2") }},
		{"no objectives", func(v map[string]any) { delete(v, "objectives") }},
		{"an unknown field", func(v map[string]any) { v["extra"] = true }},
		{"a target of all", func(v map[string]any) { first(v)["target"] = json.Number("1") }},
		{"a value that is text", func(v map[string]any) { first(v)["value"] = "1" }},
		{"an interval without its label", func(v map[string]any) { delete(first(v)["interval"].(map[string]any), "assumes") }},
		{"a time that is none", func(v map[string]any) { v["evaluated_at"] = "yesterday" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := decoded(t, data)
			tt.change(v)
			require.Error(t, s.Validate(v))
		})
	}
}

// TestTheSchemaNamesEveryField holds the schema against the Go types: no field may be missing from it, and none left over.
func TestTheSchemaNamesEveryField(t *testing.T) {
	data, err := os.ReadFile(schemaPath)
	require.NoError(t, err)
	root := decoded(t, data)
	var walk func(path string, goType reflect.Type, node map[string]any)
	walk = func(path string, goType reflect.Type, node map[string]any) {
		for goType.Kind() == reflect.Pointer || goType.Kind() == reflect.Slice {
			goType = goType.Elem()
		}
		if either, ok := node["anyOf"].([]any); ok {
			node = either[0].(map[string]any)
		}
		if ref, ok := node["$ref"].(string); ok {
			node = root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
		if items, ok := node["items"].(map[string]any); ok {
			walk(path, goType, items)
			return
		}
		if goType.Kind() != reflect.Struct || goType == reflect.TypeFor[time.Time]() {
			return
		}
		properties, ok := node["properties"].(map[string]any)
		require.True(t, ok, path)
		required := map[any]bool{}
		for _, name := range node["required"].([]any) {
			required[name] = true
		}
		for i := range goType.NumField() {
			name, options, _ := strings.Cut(goType.Field(i).Tag.Get("json"), ",")
			child, ok := properties[name].(map[string]any)
			require.True(t, ok, "%s.%s is not in the schema", path, name)
			require.Equal(t, options == "", required[name], "%s.%s", path, name)
			walk(path+"."+name, goType.Field(i).Type, child)
		}
		require.Len(t, properties, goType.NumField(), path)
	}
	walk("verdict", reflect.TypeFor[verdict.Verdict](), root)
}
