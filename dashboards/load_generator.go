package dashboards

func loadGenerator() *Dashboard {
	const (
		students = "k6_stampede_students_total"
		lag      = "k6_stampede_send_lag_seconds"
		requests = "k6_http_reqs_total"
	)
	cores := sum(rate(generator("k6_process_cpu_seconds_total"))) + " / " + sum(generator("k6_process_gomaxprocs"))
	descriptors := "max(max_over_time(" + generator("k6_process_open_fds") + "[$__range]) / max_over_time(" + generator("k6_process_max_fds") + "[$__range]))"
	return &Dashboard{
		Name: "load-generator", From: "15m", Refresh: "5s",
		Title: text("Load generator", "부하 생성기"),
		Description: text("Was the run valid? What was scheduled against what left, how late it left, and whether the generator was the bottleneck itself.",
			"실행이 유효한가? 예정된 부하와 실제 부하, 늦어진 정도, 생성기 자체가 병목이었는지."),
		Variables: []Variable{run()},
		Marks:     []Mark{startOf()},
		Rows: []Row{
			{text("Was the run valid?", "실행이 유효한가?"), []*Panel{
				stat(text("Students scheduled", "예정된 학생"), number, text("Students who were to come at T0, or at an instant of their own after it.", "T0 또는 자기 시각에 오기로 된 학생.")).
					query(sum(within(generator(students))), text("scheduled", "예정")).steps(base(blue)),
				stat(text("First requests sent", "보낸 첫 요청"), ratio, text("Share of the scheduled students whose first request left. Below 99.9 % the run is invalid.", "예정된 학생 중 첫 요청이 나간 비율. 99.9 % 미만이면 무효.")).
					query(sum(within(generator(lag+"_count")))+" / "+sum(within(generator(students))), text("sent", "보냄")).
					steps(base(red), from(0.999, green)).digits(2).help("generator.md#generatordropsstudents"),
				stat(text("Send lag, p99", "송신 지연 p99"), seconds, text("99 % of the first requests left sooner after they were due. Over 0.75 s, a quarter of the tightest objective, the run is invalid.",
					"첫 요청의 99 %가 이보다 빨리 나감. 가장 엄격한 목표의 1/4인 0.75초를 넘으면 무효.")).
					query("histogram_quantile(0.99, "+sumBy("le", within(generator(lag+"_bucket")))+")", same("p99")).
					steps(from(0.375, yellow), from(0.75, red)).digits(3).help("generator.md#generatorsendslate"),
				stat(text("Dropped", "누락"), number, text("Students who could not even be sent: the generator ran out of descriptors, ports or time.", "보내지도 못한 학생: 디스크립터, 포트, 시간 부족.")).
					query(sum(within(generator("k6_dropped_iterations_total")))+" or vector(0)", text("dropped", "누락")).
					steps(from(1, red)).help("generator.md#generatordropsstudents"),
				stat(text("Generator CPU, most", "생성기 CPU 최대"), ratio, text("The most of its cores that the generator used at a time. Near 100 % it measures itself.", "생성기가 한때 쓴 코어의 최대 비율. 100 %에 가까우면 자기 자신을 재는 것.")).
					query("max_over_time(("+cores+")[$__range:$__interval])", text("most", "최대")).steps(from(0.7, yellow), from(0.9, red)).digits(0).help("generator.md#generatorsaturated"),
				stat(text("Descriptors, most", "디스크립터 최대"), ratio, text("The most file descriptors that were open over those allowed. Each student takes one.", "열린 파일 디스크립터의 최대 비율. 학생마다 하나.")).
					query(descriptors, text("most", "최대")).steps(from(0.8, yellow), from(0.95, red)).digits(0).help("generator.md#generatorsaturated"),
			}},
			{text("Offered against scheduled", "예정 대비 실제"), []*Panel{
				series(text("Students: scheduled, sent, answered", "학생: 예정, 송신, 응답"), count, text("The dashed line came due, the others followed. A gap between scheduled and sent is the generator's fault, one between sent and answered the service's.",
					"점선이 예정. 예정과 송신의 차이는 생성기 탓, 송신과 응답의 차이는 서비스 탓.")).
					query(sum(generator(students)), text("scheduled", "예정")).limit("text").
					query(sum(generator(lag+"_count")), text("sent", "송신")).colored(blue).
					query(sum(generator("k6_stampede_student_answer_time_seconds_count")), text("answered", "응답")).colored(green).fromZero(),
				heatmap(text("Send lag", "송신 지연 분포"), seconds, text("How late first requests left.", "첫 요청이 늦게 나간 정도의 분포.")).
					query(sumBy("le", rate(generator(lag+"_bucket"))), same("{{le}}")),
				series(text("Attempts and requests, per second", "초당 시도와 요청"), perSecond, text("An attempt is one student and one section, retries included; a request is one try.", "시도는 학생 한 명과 분반 하나(재시도 포함), 요청은 한 번의 시도.")).
					query(sumBy("op", rate(generator("k6_stampede_attempts_total"))), text("attempts, {{op}}", "시도, {{op}}")).limit("text").
					query(sumBy("op", rate(generator("k6_stampede_outcomes_total"))), text("requests, {{op}}", "요청, {{op}}")).
					query(sumBy("op", rate(generator("k6_stampede_answers_total"))), text("definite answers, {{op}}", "확답, {{op}}")).fromZero(),
			}},
			{text("The generator's own process", "생성기 프로세스"), []*Panel{
				series(text("CPU", "CPU"), ratio, text("Share of the generator's cores in use, by shard.", "샤드별 생성기 코어 사용률.")).
					query(sumBy("shard", rate(generator("k6_process_cpu_seconds_total")))+" / "+sumBy("shard", generator("k6_process_gomaxprocs")), text("shard {{shard}}", "샤드 {{shard}}")).
					fromZero().limits(from(0.9, red)).size(6, 8).help("generator.md#generatorsaturated"),
				series(text("File descriptors", "파일 디스크립터"), count, text("Open, against the most allowed.", "열린 수와 최대 허용 수.")).
					query(sumBy("shard", generator("k6_process_open_fds")), text("open, shard {{shard}}", "열림, 샤드 {{shard}}")).
					query("min("+generator("k6_process_max_fds")+")", text("allowed", "허용")).limit(red).fromZero().size(6, 8),
				series(text("Memory", "메모리"), bytesIEC, text("Resident memory, by shard.", "샤드별 상주 메모리.")).
					query(sumBy("shard", generator("k6_process_resident_memory_bytes")), text("shard {{shard}}", "샤드 {{shard}}")).fromZero().size(6, 8),
				series(text("Students at work", "활동 중인 학생"), count, text("Virtual users who are busy, and those who are initialised.", "활동 중인 가상 사용자와 준비된 사용자.")).
					query(sum(generator("k6_vus")), text("active", "활동")).query(sum(generator("k6_vus_max")), text("initialised", "준비")).limit(gray).fromZero().size(6, 8),
			}},
			{text("On the wire", "전송"), []*Panel{
				series(text("HTTP requests per second", "초당 HTTP 요청"), perSecond, text("Every request that k6 made, reads too, by status; 0 is no answer.", "k6가 보낸 모든 요청의 상태별 수. 0은 무응답.")).
					query(sumBy("status", rate(generator(requests)))+" > 0", same("{{status}}")).stack().byMeaning(byStatus).fromZero().size(6, 8),
				series(text("On the connection", "연결 위에서의 시간"), seconds, text("From sending to the last byte (p99): it hides the wait before sending, which the response time does not.", "송신부터 마지막 바이트까지(p99). 송신 전 대기는 숨겨지므로 응답 시간과 비교할 것.")).
					query(quantile("0.99", "", generator("k6_http_req_duration_seconds_bucket")), text("whole", "전체")).
					query(quantile("0.99", "", generator("k6_http_req_waiting_seconds_bucket")), text("to the first byte", "첫 바이트까지")).
					query(quantile("0.99", "", generator("k6_http_req_receiving_seconds_bucket")), text("receiving", "수신")).
					fromZero().size(6, 8),
				series(text("Connecting", "연결 수립"), seconds, text("p99 of making a connection, and of waiting for it: done before T0 where it can be.", "연결 수립과 그 대기의 p99. 가능하면 T0 전에 끝남.")).
					query(quantile("0.99", "", generator("k6_http_req_connecting_seconds_bucket")), text("connecting", "연결")).
					query(quantile("0.99", "", generator("k6_http_req_blocked_seconds_bucket")), text("blocked", "대기")).fromZero().size(6, 8),
				series(text("Data", "데이터"), bytesRate, text("Bytes sent and received each second.", "매초 송수신 바이트.")).
					query(sum(rate(generator("k6_data_received_total"))), text("received", "수신")).query(sum(rate(generator("k6_data_sent_total"))), text("sent", "송신")).fromZero().size(6, 8),
				series(text("Iterations per second", "초당 반복"), operations, text("Students who went home: to k6, one student's stay is one iteration.", "끝난 학생. k6에서는 학생 한 명의 방문이 한 반복.")).
					query(sum(rate(generator("k6_iterations_total"))), text("done", "완료")).fromZero().size(12, 7),
				series(text("A student's stay", "학생의 체류 시간"), seconds, text("From arrival to going home.", "도착부터 떠날 때까지.")).
					query(quantile("0.50", "", generator("k6_iteration_duration_seconds_bucket")), same("p50")).
					query(quantile("0.99", "", generator("k6_iteration_duration_seconds_bucket")), same("p99")).fromZero().size(6, 7),
				bars(text("Failed requests by route", "경로별 실패 요청 비율"), ratio, text("Share of requests that k6 counts as failed.", "k6가 실패로 센 요청의 비율.")).
					query("avg by (name) ("+within(generator("k6_http_req_failed_rate"))+")", same("{{name}}")).steps(from(0.01, orange)).between(0, 1).size(6, 7),
			}},
		},
	}
}
