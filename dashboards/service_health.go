package dashboards

func serviceHealth() *Dashboard {
	const requests = "registration_http_request_duration_seconds"
	return &Dashboard{
		Name: "service", From: "1h", Refresh: "10s",
		Title: text("Service", "서비스"),
		Description: text("The registration service by the RED method for each route (rate, errors, duration) and the USE method for each pool (utilisation, saturation, errors).",
			"수강신청 서비스: 경로별 RED(요청률, 오류, 소요 시간)와 자원별 USE(사용률, 포화, 오류)."),
		Variables: fleet("registration_build_info"),
		Marks:     []Mark{opening()},
		Rows: []Row{
			{text("Routes: rate, errors, duration", "경로: 요청률, 오류, 소요 시간"), []*Panel{
				series(text("Requests per second", "초당 요청"), perSecond, text("Answered requests by route, of all methods.", "경로별 응답한 요청 (모든 메서드).")).
					query(sumBy("route", rate(service(requests+"_count")))+" > 0", same("{{route}}")).stack().fromZero(),
				series(text("Share of server errors", "서버 오류 비율"), ratio, text("Requests answered with 5xx over all, by route. 503 from shedding is among them.", "경로별 5xx 응답 비율. 과부하 503 포함.")).
					query(sumBy("route", rate(service(requests+"_count", `code=~"5.."`)))+" / "+sumBy("route", rate(service(requests+"_count"))), same("{{route}}")).
					fromZero().limits(from(0.001, red)).help("service.md#requestsareshed"),
				series(text("p99 by route", "경로별 p99"), seconds, text("99 % of a route's requests were answered faster.", "경로별로 요청의 99 %가 이보다 빨리 응답됨.")).
					query(quantile("0.99", "route", service(requests+"_bucket"))+" > 0", same("{{route}}")).fromZero().limits(from(3, red)),
				table(text("All routes, in the range shown", "모든 경로, 표시 구간"), text("Requests, share of server errors and latency of each route and method.", "경로와 메서드별 요청 수, 서버 오류 비율, 지연."),
					label("method", text("Method", "메서드")), label("route", text("Route", "경로")),
					value("A", text("Requests", "요청"), number).to(0),
					value("B", text("Server errors", "서버 오류"), ratio, from(0.001, red)).to(2),
					value("C", text("p50", "p50"), seconds), value("D", text("p99", "p99"), seconds, from(1, yellow), from(3, red))).
					query("round("+sumBy("route, method", increase(service(requests+"_count")))+") > 0", Text{}).
					query("("+sumBy("route, method", increase(service(requests+"_count", `code=~"5.."`)))+" or 0 * "+sumBy("route, method", increase(service(requests+"_count")))+") / ("+sumBy("route, method", increase(service(requests+"_count")))+" > 0)", Text{}).
					query("histogram_quantile(0.50, "+sumBy("le, route, method", increase(service(requests+"_bucket")))+") > 0", Text{}).
					query("histogram_quantile(0.99, "+sumBy("le, route, method", increase(service(requests+"_bucket")))+") > 0", Text{}).
					sorted("A").size(24, 10),
			}},
			{text("Doors: log-ins, limits, faults", "입구: 로그인, 한도, 오류"), []*Panel{
				series(text("Log-ins per second", "초당 로그인"), perSecond, text("Log-ins by role and outcome. Passwords are checked on half of the cores at most.", "역할과 결과별 로그인. 비밀번호 검사는 코어의 절반까지만 사용.")).
					query(sumBy("role, outcome", rate(service("registration_logins_total")))+" > 0", same("{{role}} {{outcome}}")).empty(text("nobody logs in", "로그인 없음")).fromZero().size(6, 8),
				series(text("Shed by limit, per second", "한도별 거부, 초당"), perSecond, text("Requests refused at once, by the limit that was reached.", "즉시 거부된 요청, 넘은 한도별.")).
					query(sumBy("limit", rate(service("registration_shed_total"))), same("{{limit}}")).
					fromZero().size(6, 8).help("service.md#requestsareshed"),
				series(text("Requests in flight", "처리 중인 요청"), count, text("Requests being answered now, by instance.", "인스턴스별 처리 중인 요청.")).
					query(sumBy("instance", service("registration_http_requests_in_flight")), same("{{instance}}")).fromZero().size(6, 8),
				series(text("Outcomes of the ledger, per second", "원장의 결과, 초당"), perSecond, text("What became of each request to enrol or cancel that reached the seat ledger.", "좌석 원장에 도달한 신청과 취소 요청의 결과.")).
					query(sumBy("op, outcome", rate(service("registration_enrollments_total")))+" > 0", same("{{op}} {{outcome}}")).stack().byMeaning(byOutcome).fromZero().size(6, 8),
				stat(text("Panics", "패닉"), count, text("Panics recovered while answering, in the range shown: each is a fault in the code.", "처리 중 복구된 패닉 수: 하나하나가 코드 결함.")).
					query("round("+sum(increase(service("registration_panics_total")))+")", text("panics", "패닉")).steps(from(1, red)).size(4, 5).help("service.md#panics"),
				stat(text("Lists encoded anew", "목록 재생성"), count, text("Times the list of sections was encoded anew in the range shown: at most once a second.", "표시 구간에 분반 목록을 다시 만든 횟수: 많아야 초당 한 번.")).
					query("round("+sum(increase(service("registration_sections_snapshot_rebuilds_total")))+")", text("rebuilds", "재생성")).steps(base(blue)).size(4, 5),
				stat(text("Checks of the seats", "좌석 점검"), count, text("Checks of every section's seats against its enrolments since the instances started; each instance checks each minute.", "기동 후 좌석과 신청 기록을 대조한 횟수. 인스턴스마다 매분.")).
					query(sum(service("registration_sections_checks_total")), text("checks", "점검")).steps(base(red), from(1, green)).size(4, 5),
				table(text("Builds", "빌드"), text("What each instance was built from, and when it was started.", "각 인스턴스의 빌드 정보와 시작 시각."),
					label("instance", text("Instance", "인스턴스")), label("version", text("Version", "버전")), label("revision", text("Revision", "리비전")), label("goversion", same("Go")),
					value("A", text("Started", "시작"), timestamp), value("B", text("Closes", "마감"), timestamp)).
					query("max by (instance, version, revision, goversion) ("+service("registration_build_info")+" * on (job, instance) group_left () "+service("process_start_time_seconds")+") * 1000", Text{}).
					query("max by (instance) ("+service("registration_period_closes_timestamp_seconds")+") * 1000", Text{}).
					sorted("instance").size(12, 5),
			}},
			{text("Pools: utilisation, saturation, errors", "자원: 사용률, 포화, 오류"), []*Panel{
				series(text("Connections used", "연결 사용률"), ratio, text("Database connections in use over the most that may be open, by pool. At 100 % the next one waits.", "풀별 사용 중인 연결 비율. 100 %면 다음 요청이 기다림.")).
					query(sumBy("db_name", service("go_sql_in_use_connections"))+" / "+sumBy("db_name", service("go_sql_max_open_connections")), same("{{db_name}}")).between(0, 1).limits(from(0.9, red)).size(6, 8),
				series(text("Waiting for a connection", "연결 대기"), seconds, text("Seconds waited for a connection, each second: 1 means that one caller waits all the time.", "매초 연결을 기다린 시간: 1이면 항상 한 요청이 대기 중.")).
					query(sumBy("db_name", rate(service("go_sql_wait_duration_seconds_total"))), same("{{db_name}}")).fromZero().size(6, 8),
				series(text("Waits for a connection, per second", "연결 대기 횟수, 초당"), operations, text("How often a connection had to be waited for.", "연결을 기다려야 했던 횟수.")).
					query(sumBy("db_name", rate(service("go_sql_wait_count_total"))), same("{{db_name}}")).fromZero().size(6, 8),
				series(text("Connections open", "열린 연결"), count, text("Open connections, and those that are idle.", "열린 연결과 유휴 연결.")).
					query(sumBy("db_name", service("go_sql_open_connections")), text("open, {{db_name}}", "열림, {{db_name}}")).
					query(sumBy("db_name", service("go_sql_idle_connections")), text("idle, {{db_name}}", "유휴, {{db_name}}")).limit(gray).fromZero().size(6, 8),
			}},
			{text("Process and Go runtime", "프로세스와 Go 런타임"), runtimePanels()},
		},
	}
}

// runtimePanels show a Go process by its own metrics.
func runtimePanels() []*Panel {
	return []*Panel{
		series(text("CPU", "CPU"), count, text("Cores used by each instance, against those that Go may use.", "인스턴스별 사용 코어와 Go가 쓸 수 있는 코어.")).
			query(sumBy("instance", rate(service("process_cpu_seconds_total"))), same("{{instance}}")).
			query("max("+service("go_sched_gomaxprocs_threads")+")", text("may use", "허용")).limit(red).fromZero().size(6, 8),
		series(text("Memory", "메모리"), bytesIEC, text("Resident memory, and the heap in use.", "상주 메모리와 사용 중인 힙.")).
			query(sumBy("instance", service("process_resident_memory_bytes")), text("resident, {{instance}}", "상주, {{instance}}")).
			query(sumBy("instance", service("go_memstats_heap_inuse_bytes")), text("heap, {{instance}}", "힙, {{instance}}")).fromZero().size(6, 8),
		series(text("Goroutines", "고루틴"), count, text("A connection takes one or two; what grows without connections is a leak.", "연결마다 한두 개. 연결 없이 늘면 누수.")).
			query(sumBy("instance", service("go_goroutines")), same("{{instance}}")).fromZero().size(6, 8),
		series(text("File descriptors used", "파일 디스크립터 사용률"), ratio, text("Open descriptors over those allowed; each connection takes one.", "열린 디스크립터 비율. 연결마다 하나.")).
			query("max by (instance) ("+service("process_open_fds")+" / "+service("process_max_fds")+")", same("{{instance}}")).between(0, 1).limits(from(0.8, red)).size(6, 8).help("service.md#filedescriptorsrunout"),
		series(text("Garbage collection", "가비지 컬렉션"), ratio, text("Share of the time in which the collector stopped the program.", "수집기가 프로그램을 멈춘 시간의 비율.")).
			query(sumBy("instance", rate(service("go_gc_duration_seconds_sum"))), same("{{instance}}")).fromZero().size(8, 8),
		series(text("Allocation", "할당"), bytesRate, text("Bytes allocated on the heap each second.", "매초 힙에 할당한 바이트.")).
			query(sumBy("instance", rate(service("go_memstats_alloc_bytes_total"))), same("{{instance}}")).fromZero().size(8, 8),
		series(text("Network", "네트워크"), bytesRate, text("Bytes received and sent by the machine's or container's network namespace.", "네트워크 네임스페이스의 송수신 바이트.")).
			query(sumBy("instance", rate(service("process_network_receive_bytes_total"))), text("received, {{instance}}", "수신, {{instance}}")).
			query(sumBy("instance", rate(service("process_network_transmit_bytes_total"))), text("sent, {{instance}}", "송신, {{instance}}")).fromZero().size(8, 8),
	}
}
