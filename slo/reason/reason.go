package reason

import (
	"fmt"
	"slices"
)

// Code names a reason in verdict.json. Codes are stable; texts are not.
type Code string

// Reason is one finding, ready to be shown.
type Reason struct {
	Code   Code   `json:"code"`
	Text   string `json:"text"`
	Korean string `json:"text_ko"`
}

// String returns the English sentence.
func (r Reason) String() string { return r.Text }

// New fills a catalogue entry's two sentences with the same arguments, in the order of the English one.
// An unknown code is a mistake in this program and panics.
func New(code Code, args ...any) Reason {
	texts, ok := catalogue[code]
	if !ok {
		panic("reason: no text for " + string(code))
	}
	return Reason{Code: code, Text: fmt.Sprintf(texts[0], args...), Korean: fmt.Sprintf(texts[1], args...)}
}

// Union returns a list with the reasons of another one that it does not have.
func Union(list, others []Reason) []Reason {
	for _, r := range others {
		if !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	return list
}

// What a measurement can suffer from.
const (
	NoSeries      Code = "no-series"
	MissingBucket Code = "missing-bucket"
	NaN           Code = "nan"
	NoRatio       Code = "no-ratio"
	NativeOnly    Code = "native-histogram-only"
	Stale         Code = "stale"
	UnknownBase   Code = "unknown-base"
	Reset         Code = "counter-reset"
	Restart       Code = "restart"
	StartedInside Code = "started-inside"
	Ended         Code = "series-ended"
	Gap           Code = "gap"
	SourceWarning Code = "source-warning"

	HistoryShort    Code = "history-short"
	HistoryUnknown  Code = "history-unknown"
	HistoryOfRun    Code = "history-of-run"
	SourceClock     Code = "source-clock"
	ClockSkew       Code = "clock-skew"
	SourcePartial   Code = "source-partial"
	StoreMissing    Code = "store-missing"
	StoresFewer     Code = "stores-fewer"
	ReplicasMissing Code = "replicas-missing"
	ReplicasDiffer  Code = "replicas-differ"
	ReplicasSplit   Code = "replicas-split"
	ReplicaAway     Code = "replica-away"
	StoreNeedless   Code = "store-needless"
	ReplicaLacks    Code = "replica-lacks"
	ReplicaLeftOut  Code = "replica-left-out"
	SourceAgain     Code = "source-asked-again"
)

// What an objective's verdict can rest on.
const (
	ZeroTotal      Code = "zero-total"
	TooFew         Code = "too-few-events"
	GoodOverTotal  Code = "good-over-total"
	LowerBound     Code = "lower-bound"
	Estimated      Code = "estimated"
	BelowTarget    Code = "below-target"
	TotalsDiffer   Code = "totals-differ"
	BinsDiffer     Code = "bins-differ"
	NoBins         Code = "no-bins"
	BinsStart      Code = "bins-start"
	ShareLate      Code = "share-reached-late"
	ShareNever     Code = "share-never-reached"
	FloorUncertain Code = "floor-uncertain"
	FewForFloor    Code = "few-events-for-floor"
	SlicesUnknown  Code = "slices-unknown"

	ThresholdBetween Code = "threshold-between-edges"
	SlicesRest       Code = "slices-rest"
	SlicesEmpty      Code = "slices-empty"
	NoSlice          Code = "no-slice"

	IntervalCrosses Code = "interval-crosses-target"
	ExpectedTooFew  Code = "expected-events-too-few"
)

// What a run can suffer from.
const (
	UnhealthyRun  Code = "generator-unhealthy"
	SendLag       Code = "send-lag"
	Dropped       Code = "dropped"
	Exhausted     Code = "exhausted"
	Interrupted   Code = "interrupted"
	Fault         Code = "seeded-fault"
	Threshold     Code = "threshold"
	Unjudged      Code = "threshold-unjudged"
	Regression    Code = "regression"
	PassedAnyway  Code = "inconclusive-passed"
	AuditFailed   Code = "audit-violation"
	SourceBroken  Code = "source-broken"
	RecordBroken  Code = "record-broken"
	InternalError Code = "internal-error"
)

// catalogue: code → English, Korean. Both take the same arguments; Korean reorders them by index where it must.
var catalogue = map[Code][2]string{
	NoSeries:      {"no series for %s in the window", "구간 안에 %s 시계열이 없음"},
	MissingBucket: {"no histogram bucket le=%s for %s: the histogram has %s", "히스토그램 %[2]s에 le=%[1]s 버킷이 없음: 있는 경계는 %[3]s"},
	NoRatio:       {"%s holds a sample of %g, which is no ratio from 0 to 1", "%s에 0과 1 사이의 비율이 아닌 표본이 있음: %g"},
	NaN:           {"%s holds a sample that is not a number", "%s에 숫자가 아닌 표본이 있음"},
	NativeOnly:    {"%s is stored as a native histogram only", "%s는 네이티브 히스토그램으로만 저장되어 있음"},
	Stale:         {"the newest sample of %s is %s older than the end of the window", "%s의 최신 표본이 구간 끝보다 %s 이전임"},
	UnknownBase:   {"%s was first scraped inside the window, and nothing shows that it began there: what it counted before is unknown", "%s는 구간 안에서 처음 수집되었으나 그때 시작되었다는 근거가 없음: 그 전의 값을 알 수 없음"},
	Reset:         {"the counter of %s was reset at %s", "%s의 카운터가 %s에 초기화됨"},
	Restart:       {"the process of %s restarted by %s", "%s의 프로세스가 %s에 재시작됨"},
	StartedInside: {"the process of %s started inside the window, at %s", "%s의 프로세스가 구간 안(%s)에서 시작됨"},
	Ended:         {"%s ended at %s, before the window's end", "%s가 구간 끝 이전인 %s에 끊김"},
	Gap:           {"%s has no sample from %s to %s", "%s에 %s부터 %s까지 표본이 없음"},
	SourceWarning: {"the source warns: %s", "데이터 원본의 경고: %s"},

	HistoryShort:    {"the source's history does not reach back over %s", "데이터 원본의 이력이 %s 전까지 미치지 않음"},
	HistoryOfRun:    {"the queries select this run alone, and ${run} has no default to look at others by", "질의가 이 실행만 고르며 ${run}에 기본값이 없어 다른 실행을 볼 수 없음"},
	HistoryUnknown:  {"the history could not be read: %s", "이력을 읽지 못함: %s"},
	SourceClock:     {"the source's clock and ours are %s apart: the window is another one there", "데이터 원본의 시계가 %s 어긋남: 구간이 서로 다름"},
	ClockSkew:       {"the run record says that the server's clock and the generator's are %s apart", "실행 기록에 따르면 서버와 부하 생성기의 시계가 %s 어긋남"},
	SourcePartial:   {"the source cannot reach all of its stores: %s", "데이터 원본이 일부 저장소에 연결하지 못함: %s"},
	StoreMissing:    {"a store behind the source does not answer: %s", "데이터 원본 뒤의 저장소가 응답하지 않음: %s"},
	StoresFewer:     {"there were %d stores behind the source, and after the evaluation %d", "데이터 원본 뒤의 저장소가 %d개에서 평가 후 %d개로 줄어듦"},
	ReplicasMissing: {"%d replicas hold the samples, %d wanted", "표본을 가진 복제본이 %d개로, 필요한 %d개보다 적음"},
	ReplicasDiffer:  {"the replicas differ by more than their scrapes explain: %s counts %s to %s of %s, %s counts %s to %s", "복제본의 차이가 수집 시점으로 설명되지 않음: %[1]s는 %[4]s에 대해 %[2]s ~ %[3]s, %[5]s는 %[6]s ~ %[7]s"},
	ReplicasSplit:   {"the replicas do not say the same: %s", "복제본의 판정이 서로 다름: %s"},

	ReplicaAway:    {"left out, for others hold the same: %s", "다른 복제본에 같은 데이터가 있어 제외함: %s"},
	StoreNeedless:  {"left out, for it holds nothing that is asked for: %s", "요청한 데이터가 없는 저장소라 제외함: %s"},
	ReplicaLacks:   {"left out, for it lacks samples of this run: %s; %s", "이 실행의 표본이 부족해 제외함: %s; %s"},
	ReplicaLeftOut: {"left out, for it cannot tell: %s (%s)", "판정할 수 없어 제외함: %s (%s)"},
	SourceAgain:    {"the source was asked again: %s", "데이터 원본에 다시 물음: %s"},

	ZeroTotal:      {"no events at all", "이벤트가 하나도 없음"},
	TooFew:         {"%s events, fewer than the minimum of %s", "이벤트 %s개로 최소 %s개보다 적음"},
	GoodOverTotal:  {"%s counted events of a total of %s: these two do not belong together", "집계된 이벤트 %s개가 전체 %s개보다 많음: 서로 맞지 않는 지표"},
	Estimated:      {"estimated over a long window, by %s: neither exact nor bounded", "긴 구간이라 %s(으)로 추정함: 정확하지 않고 범위도 알 수 없음"},
	LowerBound:     {"counts are lower bounds, so \"met\" cannot be said", "집계값이 하한이므로 \"달성\"이라고 할 수 없음"},
	BelowTarget:    {"%s measured, %s wanted", "측정 %s, 목표 %s"},
	TotalsDiffer:   {"%s: the run record says %s, the source holds %s", "%s: 실행 기록은 %s, 데이터 원본은 %s"},
	BinsDiffer:     {"the run record's bins %q add up to %s, the source counts %s", "실행 기록의 구간값 %q 합계는 %s, 데이터 원본은 %s"},
	NoBins:         {"the run record has no bins %q", "실행 기록에 구간값 %q이 없음"},
	BinsStart:      {"the run record's bins start at %s, not at T0 %s", "실행 기록의 구간값이 T0 %[2]s가 아니라 %[1]s에 시작함"},
	ShareLate:      {"%s of %s events reached after %s, %s allowed", "전체 %[2]s개 중 %[1]s개에 %[3]s 만에 도달, 허용 %[4]s"},
	ShareNever:     {"%s of %s events, %s were never reached", "전체 %[2]s개 중 %[1]s개뿐, %[3]s개에 도달하지 못함"},
	FloorUncertain: {"between %s and %s: scrapes are too coarse to tell", "%s에서 %s 사이: 수집 간격이 성겨 판단할 수 없음"},
	FewForFloor:    {"fewer events than one second of the floor of %s: the share must be reached within the first second", "하한 %s의 1초 분량보다 이벤트가 적음: 첫 1초 안에 목표 비율에 도달해야 함"},

	ThresholdBetween: {"%s events lie in the native histogram's bucket that the threshold is inside of, and count as too slow", "이벤트 %s개가 임계값이 걸친 네이티브 히스토그램 버킷에 있어 느린 것으로 셈"},
	SlicesUnknown:    {"%d of %d time slices were not seen whole", "시간 조각 %[2]d개 중 %[1]d개는 온전히 관측되지 않음"},
	SlicesRest:       {"the last %s of the window are no whole slice of %s, and are not judged", "구간의 마지막 %s는 %s 조각에 못 미쳐 판정하지 않음"},
	SlicesEmpty:      {"%d of %d time slices had no events and count neither way", "시간 조각 %[2]d개 중 %[1]d개는 이벤트가 없어 세지 않음"},
	NoSlice:          {"the window of %s holds no whole time slice of %s", "구간 %s 안에 온전한 시간 조각(%s)이 없음"},

	IntervalCrosses: {"met, but the interval crosses the target: %s to %s (95 %%, Wilson, as if independent)", "달성했으나 신뢰구간이 목표에 걸침: %s ~ %s (95 %%, Wilson, 독립 가정)"},

	ExpectedTooFew: {"%s events, more than the %s that the spec expects in the whole period: no forecast of its budget", "이벤트 %s개로 명세가 기간 전체에 예상한 %s개보다 많음: 예산을 예측하지 않음"},

	UnhealthyRun:  {"the generator was the bottleneck: %s", "부하 생성기가 병목이었음: %s"},
	SendLag:       {"p99 of the send lag is %s, over a quarter of the tightest latency objective of %s", "전송 지연 p99가 %s로, 가장 엄격한 지연 목표 %s의 1/4을 넘음"},
	Dropped:       {"%s of %s could not be sent, more than 0.1 %%", "%[2]s개 중 %[1]s개를 보내지 못함(0.1 %% 초과)"},
	Exhausted:     {"the generator ran out of %[1]s", "부하 생성기의 %[2]s 고갈"},
	Interrupted:   {"the run was interrupted", "실행이 중단됨"},
	Fault:         {"a fault was seeded on purpose: %s", "일부러 심은 결함: %s"},
	Unjudged:      {"threshold %s %s was not judged: the run record does not hold what it is about", "임계값 %s %s 판정 불가: 실행 기록에 해당 지표가 없음"},
	Threshold:     {"threshold %s %s broken: %s", "임계값 %s %s 위반: %s"},
	Regression:    {"regressed against at least %[2]s earlier runs: %[1]s", "이전 실행 %[2]s회 이상과 비교해 퇴보: %[1]s"},
	PassedAnyway:  {"INCONCLUSIVE, AND PASSED: --on-inconclusive=pass turned exit code 3 into 0", "판정 불가인데 통과시킴: --on-inconclusive=pass로 종료 코드 3을 0으로 바꿈"},
	AuditFailed:   {"the audit found violations (%s)", "감사에서 위반 발견(%s)"},
	SourceBroken:  {"%s", "데이터 원본 오류: %s"},
	RecordBroken:  {"%s", "실행 기록 오류: %s"},
	InternalError: {"%s", "내부 오류: %s"},
}
