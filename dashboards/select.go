package dashboards

import "strings"

// service selects a series of the registration service, of the instances that are chosen.
func service(metric string, matchers ...string) string {
	return selector(metric, append([]string{`job=~"$job"`, `instance=~"$instance"`}, matchers...))
}

// generator selects a series that k6 sent, of the run that is chosen.
func generator(metric string, matchers ...string) string {
	return selector(metric, append([]string{`run="$run"`}, matchers...))
}

func selector(metric string, matchers []string) string {
	return metric + "{" + strings.Join(matchers, ",") + "}"
}

// rate is a counter's rate in the resolution that is shown.
func rate(selector string) string { return "rate(" + selector + "[$__rate_interval])" }

// increase is what a counter grew by in the range that is shown.
func increase(selector string) string { return "increase(" + selector + "[$__range])" }

func sum(expr string) string { return "sum(" + expr + ")" }

func sumBy(labels, expr string) string { return "sum by (" + labels + ") (" + expr + ")" }

// quantile is a quantile of a classic histogram, in the resolution that is shown.
func quantile(q, by, buckets string) string {
	labels := "le"
	if by != "" {
		labels += ", " + by
	}
	return "histogram_quantile(" + q + ", " + sumBy(labels, rate(buckets)) + ")"
}

// mean is the mean of a histogram's observations, in the resolution that is shown.
func mean(by, histogram string, matchers ...string) string {
	part := func(suffix string) string {
		if by == "" {
			return sum(rate(service(histogram+suffix, matchers...)))
		}
		return sumBy(by, rate(service(histogram+suffix, matchers...)))
	}
	return part("_sum") + " / " + part("_count")
}

// within is a total at the end of the range that is shown, of a counter that begins with zero for each run.
func within(selector string) string { return "last_over_time(" + selector + "[$__range])" }

// fleet are the variables that choose the instances of what exports a metric.
func fleet(metric string) []Variable {
	return []Variable{
		{Name: "job", Label: text("Job", "작업"), Query: "label_values(" + metric + ", job)", Multi: true, Listed: true},
		{Name: "instance", Label: text("Instance", "인스턴스"), Query: "label_values(" + metric + `{job=~"$job"}, instance)`, Multi: true},
	}
}

// run is the variable that chooses a run of the load generator, the newest at first.
func run() Variable {
	return Variable{
		Name: "run", Label: text("Run", "실행"), Query: "label_values(k6_stampede_students_total, run)", Newest: true,
		Description: text("A run of the load generator; there is none on a real opening day.", "부하 생성기의 실행. 실제 개강일에는 없습니다."),
	}
}

// opening marks the instant at which registration opens.
func opening() Mark {
	return Mark{
		Name: text("T0: registration opens", "T0: 수강신청 시작"), Color: red,
		Expr: "max(" + service("registration_period_opens_timestamp_seconds") + ") * 1000 > 0",
	}
}

// startOf marks T0 of the run that is chosen.
func startOf() Mark {
	return Mark{
		Name: text("T0 of the run", "실행의 T0"), Color: orange,
		Expr: "max(" + generator("k6_stampede_t0_timestamp_seconds") + ") * 1000",
	}
}
