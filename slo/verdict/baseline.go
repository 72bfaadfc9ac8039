package verdict

import "time"

// Baseline compares a verdict with those of earlier runs.
type Baseline struct {
	// MinimumRuns is how many comparable runs a regression is judged by, MinimumEffect how large it must be: a share of
	// the error budget's rate (1 − target) for a ratio, of the earlier median for a throughput.
	MinimumRuns   int     `json:"minimum_runs"`
	MinimumEffect float64 `json:"minimum_effect"`
	// Fail says that a regression breaches the verdict.
	Fail    bool          `json:"fail_on_regression"`
	Runs    []BaselineRun `json:"runs"`
	Changes []Change      `json:"changes"`
}

// BaselineRun is one earlier verdict that was given.
type BaselineRun struct {
	Path        string    `json:"path"`
	SHA256      string    `json:"sha256"`
	ID          string    `json:"id"`
	State       State     `json:"state"`
	EvaluatedAt time.Time `json:"evaluated_at"`
	// Excluded says why it is not compared with, and ExcludedKorean in Korean; empty where it is.
	Excluded       string `json:"excluded"`
	ExcludedKorean string `json:"excluded_ko"`
}

// Judgement is what a change comes to.
type Judgement string

// A change is judged where there are enough runs, and is a regression or an improvement where it is large enough and
// outside the spread of the earlier ones.
const (
	Regression  Judgement = "regression"
	Improvement Judgement = "improvement"
	Unchanged   Judgement = "unchanged"
	NotJudged   Judgement = "not-judged"
)

// Change is that of one objective.
type Change struct {
	Objective string    `json:"objective"`
	Judgement Judgement `json:"judgement"`
	// Runs is how many earlier runs have a value to compare with. Value is this run's, Median, Least and Most theirs;
	// null where there is none.
	Runs   int      `json:"runs"`
	Value  *float64 `json:"value"`
	Median *float64 `json:"median"`
	Least  *float64 `json:"least"`
	Most   *float64 `json:"most"`
	// Effect is the change for the better in the unit of MinimumEffect, negative where it is for the worse.
	Effect *float64 `json:"effect"`
}
