package dashboards

// runComparison shows two runs side by side. The second one is moved in time so that its T0 lies on the first one's.
func runComparison() *Dashboard {
	a := func(metric string, matchers ...string) string {
		return selector(metric, append([]string{`run="$run_a"`}, matchers...))
	}
	b := func(metric string, matchers ...string) string {
		return selector(metric, append([]string{`run="$run_b"`}, matchers...))
	}
	const moved = " offset ${shift}ms"
	// both is a total of each run, by the labels which (A or B) and run.
	both := func(metric string, matchers ...string) string {
		return `label_replace(last_over_time(` + a(metric, matchers...) + `[$__range]), "which", "A", "", "") or label_replace(last_over_time(` +
			b(metric, matchers...) + "[$__range]" + moved + `), "which", "B", "", "")`
	}
	rates := func(p *Panel, metric string, matchers ...string) *Panel {
		return p.query("sum(rate("+a(metric, matchers...)+"[$__rate_interval]))", same("A: $run_a")).colored(blue).
			query("sum(rate("+b(metric, matchers...)+"[$__rate_interval]"+moved+"))", same("B: $run_b")).colored(orange)
	}
	totals := func(p *Panel, metric string, matchers ...string) *Panel {
		return p.query("sum("+a(metric, matchers...)+")", same("A: $run_a")).colored(blue).
			query("sum("+b(metric, matchers...)+moved+")", same("B: $run_b")).colored(orange)
	}
	quantiles := func(p *Panel, q, metric string, matchers ...string) *Panel {
		return p.query("histogram_quantile("+q+", sum by (le) (rate("+a(metric, matchers...)+"[$__rate_interval])))", same("A: $run_a")).colored(blue).
			query("histogram_quantile("+q+", sum by (le) (rate("+b(metric, matchers...)+"[$__rate_interval]"+moved+")))", same("B: $run_b")).colored(orange)
	}
	of := func(q, metric string, matchers ...string) string {
		return "histogram_quantile(" + q + ", " + sumBy("which, run, le", both(metric, matchers...)) + ")"
	}
	pick := func(name, label, among string) Variable {
		return Variable{Name: name, Label: text("Run "+label, "실행 "+label), Query: "label_values(k6_stampede_students_total" + among + ", run)", Newest: true}
	}
	t0 := func(selector string) string { return "max(last_over_time(" + selector + "[90d]))" }
	answered := "k6_stampede_student_answer_time_seconds"
	return &Dashboard{
		Name: "run-comparison", From: "1h", Refresh: "",
		Title: text("Run comparison", "실행 비교"),
		Description: text("Two runs, the second moved so that both open at once. The range shown must hold run A; run B may be weeks ago.",
			"두 실행을 T0에 맞춰 나란히. 표시 구간은 실행 A를 포함해야 하며, B는 몇 주 전이어도 됨."),
		Variables: []Variable{
			pick("run_a", "A", ""), pick("run_b", "B", `{run!="$run_a"}`),
			{
				Name: "shift", Label: text("Shift", "이동"), Hidden: true,
				Query: "query_result(round(1000 * (" + t0(`k6_stampede_t0_timestamp_seconds{run="$run_a"}`) + " - " + t0(`k6_stampede_t0_timestamp_seconds{run="$run_b"}`) + ")))",
				Regex: `/^\{\} (-?[0-9.e+]+) /`,
			},
		},
		Marks: []Mark{{Name: text("T0 of both", "두 실행의 T0"), Color: red, Expr: "max(" + a("k6_stampede_t0_timestamp_seconds") + ") * 1000"}},
		Rows: []Row{
			{text("In numbers", "숫자로"), []*Panel{
				table(text("Both runs", "두 실행"), text("Totals of each run. Quantiles are from T0 to a student's first definite answer, and from an attempt's due instant to its answer.",
					"실행별 합계. 분위수는 T0부터 첫 확답까지, 그리고 시도 예정 시각부터 확답까지."),
					label("which", text("Which", "구분")), label("run", text("Run", "실행")),
					value("A", text("T0", "T0"), timestamp), value("B", text("Students", "학생"), number).to(0), value("C", text("Answered", "응답"), ratio, base(red), from(0.999, green)).to(2),
					value("D", text("Granted", "승인"), number).to(0),
					value("E", text("Student p50", "학생 p50"), seconds).to(2), value("F", text("Student p99", "학생 p99"), seconds, from(10, red)).to(2),
					value("G", text("Attempt p99", "시도 p99"), seconds, from(3, red)).to(2),
					value("H", text("Send lag p99", "송신 지연 p99"), seconds, from(0.75, red)).to(3)).
					query("max by (which, run) ("+both("k6_stampede_t0_timestamp_seconds")+") * 1000", Text{}).
					query(sumBy("which, run", both("k6_stampede_students_total")), Text{}).
					query(sumBy("which, run", both(answered+"_count"))+" / "+sumBy("which, run", both("k6_stampede_students_total")), Text{}).
					query(sumBy("which, run", both("k6_stampede_answers_total", `op="enroll"`, `outcome="granted"`)), Text{}).
					query(of("0.50", answered+"_bucket"), Text{}).
					query(of("0.99", answered+"_bucket"), Text{}).
					query(of("0.99", "k6_stampede_response_time_seconds_bucket", `op="enroll"`), Text{}).
					query(of("0.99", "k6_stampede_send_lag_seconds_bucket"), Text{}).sorted("which").size(24, 4),
			}},
			{text("From T0 on", "T0부터"), []*Panel{
				totals(series(text("Students answered", "확답을 받은 학생"), count, text("The steeper, the better.", "가파를수록 좋음.")), answered+"_count").fromZero().size(12, 9),
				rates(series(text("Definite answers per second", "초당 확답"), perSecond, text("Goodput: grants and refusals by the rules.", "유효 처리량: 승인과 규칙에 따른 거절.")), "k6_stampede_answers_total").fromZero().size(12, 9),
				quantiles(series(text("Response time, p50", "응답 시간 p50"), seconds, text("From an attempt's due instant, retries included.", "시도 예정 시각부터, 재시도 포함.")), "0.50", "k6_stampede_response_time_seconds_bucket", `op="enroll"`).fromZero(),
				quantiles(series(text("Response time, p99", "응답 시간 p99"), seconds, text("From an attempt's due instant, retries included. The dashed line is the objective, 3 s.", "시도 예정 시각부터, 재시도 포함. 점선은 목표 3초.")), "0.99", "k6_stampede_response_time_seconds_bucket", `op="enroll"`).limits(from(3, red)).fromZero(),
				rates(series(text("Requests without a definite answer, per second", "확답 없는 요청, 초당"), perSecond, text("Shed, error, time-out, connection: what students had to try again.", "과부하 거부, 오류, 시간 초과, 연결 실패: 학생이 다시 해야 했던 것.")),
					"k6_stampede_outcomes_total", `outcome=~"`+shedding+`|unavailable|error|timeout|connection"`).fromZero(),
			}},
		},
	}
}
