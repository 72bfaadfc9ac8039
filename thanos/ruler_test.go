package thanos_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/thanos"
)

const ruleFile = `groups:
  - name: openings
    interval: 1s
    rules:
      - record: openings:answers:rate1m
        expr: |-
          sum(
            rate(answers_total[1m])
          )
  - name: careful
    partial_response_strategy: abort
    rules:
      - alert: NoAnswers
        expr: openings:answers:rate1m == 0
`

func TestARulerGoesOnWithPartialAnswersUnlessAGroupSaysOtherwise(t *testing.T) {
	t.Parallel()
	command, err := thanos.Ruler{
		Binary: "bin/thanos", Dir: "stack/ruler", Endpoint: endpoint, Querier: "127.0.0.1:10904", ReplicaLabel: "replica",
		Rules: map[string][]byte{"openings.yaml": []byte(ruleFile)}, BlockDuration: time.Minute, Bucket: bucket,
		Alertmanagers: []string{"http://127.0.0.1:9093"},
	}.Command()
	require.NoError(t, err)
	require.Equal(t, thanos.Command{
		Name: "ruler", Path: "bin/thanos",
		Args: []string{
			"rule", "--log.level=warn", "--http-address=127.0.0.1:10902", "--grpc-address=127.0.0.1:10901",
			"--data-dir=stack/ruler/data", "--query=127.0.0.1:10904", `--label=replica="ruler"`, "--alert.label-drop=replica",
			"--alertmanagers.url=http://127.0.0.1:9093", "--alert.query-url=http://127.0.0.1:10904",
			"--tsdb.block-duration=1m", "--rule-file=stack/ruler/rules/openings.yaml", "--objstore.config-file=stack/ruler/bucket.yml",
		},
		Files: map[string][]byte{
			"stack/ruler/bucket.yml": []byte(bucketConfig),
			"stack/ruler/rules/openings.yaml": []byte(`groups:
- name: openings
  interval: 1s
  partial_response_strategy: warn
  rules:
  - record: openings:answers:rate1m
    expr: |-
      sum(
        rate(answers_total[1m])
      )
- name: careful
  partial_response_strategy: abort
  rules:
  - alert: NoAnswers
    expr: openings:answers:rate1m == 0
`),
		},
		ReadyURL: "http://127.0.0.1:10902/-/ready",
	}, command)
}

func TestRulesThatAreNoneAreNamed(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no YAML":              "groups: [",
		"another kind of file": "scrape_configs: []",
		"groups that are none": "groups: 3",
		"an unknown field":     "groups: [{name: a, rules: [{alert: A, exp: up}]}]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := thanos.Ruler{Rules: map[string][]byte{"openings.yaml": []byte(text)}}.Command()
			require.ErrorContains(t, err, "reading the rules openings.yaml")
		})
	}
}

func TestEmptyPartsOfARuleFileAreNoFault(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"groups: []", "groups: [{name: a, rules: []}]", "groups: [{name: a, rules: [{alert: A, expr: 1, labels: {}, annotations: }]}]"} {
		_, err := thanos.Ruler{Rules: map[string][]byte{"openings.yaml": []byte(text)}}.Command()
		require.NoError(t, err, text)
	}
}

func FuzzRulesAreReadOrRefused(f *testing.F) {
	f.Add([]byte(ruleFile))
	f.Add([]byte("groups:\n- - a\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		ruler := thanos.Ruler{Rules: map[string][]byte{"rules.yaml": text}, Dir: "d"}
		command, err := ruler.Command()
		if err != nil {
			return
		}
		ruler.Rules["rules.yaml"] = command.Files["d/rules/rules.yaml"]
		again, err := ruler.Command()
		require.NoError(t, err, "what was written can be read")
		require.Equal(t, command, again)
	})
}
