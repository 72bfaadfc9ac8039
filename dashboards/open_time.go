package dashboards

// enrolling is the route of the stampede.
const enrolling = `route="/api/v1/enrollments",method="POST"`

// What becomes of a request to enrol: the groups in which openings are read. Any other outcome is a failure.
const (
	refusals = "section-full|timetable-clash|credit-limit|already-enrolled|period-closed|major-restricted|year-restricted"
	shedding = "overloaded|rate-limited"
)

// atTheDoor are the limits before the seat ledger. The queue's is among its outcomes, and who guesses passwords is no student
// that was turned away.
const atTheDoor = `limit!~"queue|passwords"`

func outcomes(matcher string) string {
	return service("registration_enrollments_total", `op="enroll"`, matcher)
}

func openTime() *Dashboard {
	return &Dashboard{
		Name: "open-time", From: "15m", Refresh: "5s",
		Title: text("Open time", "수강신청 시작"),
		Description: text("The opening minute: what students asked for, what they got, and where it queued. For the wall on the day.",
			"수강신청이 열리는 순간: 학생이 무엇을 요청했고, 무엇을 받았고, 어디서 밀렸는지. 당일 상황판용."),
		Variables: append(fleet("registration_build_info"), run()),
		Marks:     []Mark{opening(), startOf()},
		Rows: []Row{
			{text("Now", "현재"), openTimeNow()},
			{text("What came in, what went out", "들어온 요청과 나간 응답"), openTimeTraffic()},
			{text("The queue before the database", "데이터베이스 앞의 대기열"), openTimeQueue()},
			{text("Seats and database", "좌석과 데이터베이스"), openTimeSeats()},
			{text("As the students saw it (load test runs only)", "학생이 본 모습 (부하 시험 실행만)"), openTimeStudents()},
		},
	}
}

func openTimeNow() []*Panel {
	return []*Panel{
		stat(text("Registration", "수강신청"), plain, text("Whether every instance lets students enrol. MIXED: instances disagree, some do not know of the period yet.",
			"모든 인스턴스가 신청을 받고 있는지. 혼재: 기간을 아직 모르는 인스턴스가 있음.")).
			query("avg("+service("registration_period_open")+")", text("state", "상태")).
			mapped(is(1, text("OPEN", "열림"), green), is(0, text("CLOSED", "닫힘"), blue)).
			steps(base(orange)).size(3, 4).help("service.md#opentimepassedbutclosed"),
		stat(text("Since opening", "시작 후 경과"), seconds, text("Time since registration opened; negative until then.", "수강신청이 열린 뒤 지난 시간. 열리기 전에는 음수.")).
			query("time() - (max("+service("registration_period_opens_timestamp_seconds")+") > 0)", text("since T0", "T0 이후")).
			steps(base(blue)).size(3, 4).digits(0).empty(text("not announced", "미공지")),
		stat(text("Seats granted", "배정된 좌석"), number, text("Enrolments granted in the range shown.", "표시 구간에 승인된 신청 수.")).
			query("round("+sum(increase(outcomes(`outcome="granted"`)))+")", text("granted", "승인")).steps(base(green)).size(3, 4),
		stat(text("Peak per second", "초당 최대"), perSecond, text("The most definite answers (grants and refusals by the rules) in one second of the range shown.",
			"표시 구간에서 1초 동안 나간 확답(승인과 규칙에 따른 거절)의 최댓값.")).
			query("max_over_time("+sum(rate(outcomes(`outcome=~"granted|`+refusals+`"`)))+"[$__range:$__interval])", text("peak", "최대")).steps(base(blue)).size(3, 4).digits(0),
		stat(text("p99 to enrol", "신청 p99"), seconds, text("99 % of the requests to enrol in the range shown were answered faster. The objective is 3 s.",
			"표시 구간 신청 요청의 99 %가 이보다 빨리 응답됨. 목표는 3초.")).
			query("histogram_quantile(0.99, "+sumBy("le", increase(service("registration_http_request_duration_seconds_bucket", enrolling)))+")", same("p99")).
			steps(from(1, yellow), from(3, red)).size(3, 4).digits(2),
		stat(text("Shed", "거부(과부하)"), number, text("Requests refused at once because a limit was reached, in the range shown. Students retry these.",
			"한도를 넘어 즉시 거부된 요청 수. 학생은 재시도합니다.")).
			query("round("+sum(increase(outcomes(`outcome=~"`+shedding+`"`)))+" + ("+sum(increase(service("registration_shed_total", atTheDoor)))+" or vector(0)))", text("shed", "거부")).
			steps(from(1, orange)).size(3, 4).help("service.md#requestsareshed"),
		stat(text("Failed", "실패"), number, text("Requests to enrol that were answered with a fault of ours (5xx, shed ones not counted), in the range shown.",
			"우리 쪽 오류로 끝난 신청 요청 수 (과부하 거부 제외).")).
			query("round("+sum(increase(outcomes(`outcome=~"unavailable|internal|other"`)))+")", text("failed", "실패")).
			steps(from(1, red)).size(2, 4).help("service.md#databasedown"),
		stat(text("Alerts", "경보"), count, text("Alerts that fire now. Each has a section in the runbooks.", "지금 울리는 경보. 각각 런북에 항목이 있음.")).
			query(`count(ALERTS{alertstate="firing"}) or vector(0)`, text("firing", "울림")).steps(from(1, red)).size(2, 4),
		stat(text("Instances", "인스턴스"), count, text("Instances of the service that could be scraped, and can read the database.", "수집 가능하고 데이터베이스를 읽을 수 있는 인스턴스 수.")).
			query("sum("+service("registration_database_up")+")", text("up", "가동")).
			steps(base(red), from(1, green)).size(2, 4).help("service.md#instancedown"),
	}
}

func openTimeTraffic() []*Panel {
	return []*Panel{
		series(text("Requests to enrol, per second", "초당 신청 요청"), perSecond,
			text("What became of each request: granted, refused by the rules, too early, shed, failed. The dashed line is what was offered.",
				"요청별 결과: 승인, 규칙에 따른 거절, 시작 전, 과부하 거부, 실패. 점선은 들어온 요청.")).
			query(sum(rate(outcomes(`outcome="granted"`))), text("granted", "승인")).colored(green).
			query(sum(rate(outcomes(`outcome=~"`+refusals+`"`))), text("refused by the rules", "규칙에 따른 거절")).colored(blue).
			query(sum(rate(outcomes(`outcome="period-not-open"`))), text("too early", "시작 전")).colored(gray).
			query(sum(rate(outcomes(`outcome=~"`+shedding+`"`)))+" + ("+sum(rate(service("registration_shed_total", atTheDoor)))+" or vector(0))", text("shed", "과부하 거부")).colored(orange).
			query(sum(rate(outcomes(`outcome=~"unavailable|internal|other|abandoned"`))), text("failed or abandoned", "실패 또는 이탈")).colored(red).
			query(sum(rate(service("registration_http_request_duration_seconds_count", enrolling))), text("offered", "유입")).limit("text").
			stack().fromZero().size(12, 9),
		heatmap(text("Enrol latency", "신청 지연 분포"), seconds,
			text("How long requests to enrol took, each column a moment, darker where more lie. Buckets end at the objectives, 3 s and 10 s.",
				"신청 요청에 걸린 시간의 분포. 진할수록 많음. 구간은 목표인 3초와 10초에서 끝남.")).
			query(sumBy("le", rate(service("registration_http_request_duration_seconds_bucket", enrolling))), same("{{le}}")).size(6, 9),
		series(text("Enrol latency, quantiles", "신청 지연 분위수"), seconds, text("Of all requests to enrol, answered by all instances. The dashed line is the objective, 3 s.",
			"모든 인스턴스의 신청 요청. 점선은 목표 3초.")).
			query(quantile("0.50", "", service("registration_http_request_duration_seconds_bucket", enrolling)), same("p50")).colored(green).
			query(quantile("0.90", "", service("registration_http_request_duration_seconds_bucket", enrolling)), same("p90")).colored(yellow).
			query(quantile("0.99", "", service("registration_http_request_duration_seconds_bucket", enrolling)), same("p99")).colored(orange).
			limits(from(3, red)).fromZero().size(6, 9),
	}
}

func openTimeQueue() []*Panel {
	return []*Panel{
		series(text("Queue depth", "대기열 길이"), count, text("Requests waiting for a batch, by instance. A full queue sheds (20,000 unless it was set).", "인스턴스별 배치를 기다리는 요청 수. 가득 차면 거부함 (기본 20,000).")).
			query(sumBy("instance", service("registration_enroll_queue_depth")), same("{{instance}}")).fromZero().help("service.md#enrollqueuesaturated"),
		series(text("Wait in the queue", "대기 시간"), seconds, text("From entering the queue to the beginning of the batch.", "대기열 진입부터 배치 시작까지.")).
			query(quantile("0.50", "", service("registration_enroll_queue_wait_seconds_bucket")), same("p50")).colored(green).
			query(quantile("0.99", "", service("registration_enroll_queue_wait_seconds_bucket")), same("p99")).colored(orange).
			fromZero().help("service.md#enrollqueuesaturated"),
		series(text("Batches", "배치"), operations, text("Transactions per second, and how many requests one decides (right axis). Batches grow under load: that is what holds the line.",
			"초당 트랜잭션 수와 하나가 처리하는 요청 수(오른쪽 축). 부하가 커지면 배치가 커짐.")).
			query(sum(rate(service("registration_enroll_batch_size_count"))), text("transactions per second", "초당 트랜잭션")).colored(blue).
			query(mean("", "registration_enroll_batch_size"), text("requests a transaction (right)", "트랜잭션당 요청 (오른쪽)")).colored(purple).onRight(count).
			fromZero(),
		series(text("A batch, by phase", "배치의 단계별 시간"), seconds, text("Mean time of one transaction, by phase: waiting for its turn, locking students and sections, deciding, writing, committing.",
			"트랜잭션 하나의 평균 시간: 차례 대기, 학생과 분반 잠금, 판정, 쓰기, 커밋.")).
			query(mean("phase", "registration_enroll_batch_duration_seconds"), same("{{phase}}")).stack().byMeaning(byPhase).fromZero(),
		series(text("Refused without the queue", "대기열 없이 거절"), perSecond, text("Requests for a section that was seen full: one read, begun after they came, answers many of them. The others go to the queue.",
			"만석으로 보인 분반 요청: 도착 후 시작한 조회 하나가 여럿에 답함. 나머지는 대기열로.")).
			query(sum(rate(service("registration_enroll_look_requests_total"))), text("asked", "요청")).limit("text").
			query(sum(rate(service("registration_enroll_look_answers_total"))), text("answered by a look", "조회로 응답")).colored(blue).
			fromZero(),
		series(text("A look", "조회 시간"), seconds, text("How long one such read takes.", "그 조회 하나에 걸리는 시간.")).
			query(quantile("0.50", "", service("registration_enroll_look_duration_seconds_bucket")), same("p50")).colored(green).
			query(quantile("0.99", "", service("registration_enroll_look_duration_seconds_bucket")), same("p99")).colored(orange).
			fromZero(),
	}
}

func openTimeSeats() []*Panel {
	return []*Panel{
		series(text("Seats left, hottest sections", "인기 분반의 남은 좌석"), count, text("Of the sections that were asked for most since the start. All instances agree within a second.",
			"기동 후 가장 많이 찾은 분반. 모든 인스턴스가 1초 안에 같아짐.")).
			query("min by (section) ("+service("registration_section_seats_left")+")", text("section {{section}}", "분반 {{section}}")).
			withLatest().fromZero().size(12, 10),
		series(text("Seats taken and given back", "초당 좌석 배정과 취소"), perSecond, text("Seats that were taken, and seats that were given back.", "배정된 좌석과 반환된 좌석.")).
			query(sum(rate(outcomes(`outcome="granted"`))), text("enrolled", "배정")).colored(green).
			query(sum(rate(service("registration_enrollments_total", `op="cancel"`, `outcome="cancelled"`))), text("cancelled", "취소")).colored(purple).
			fromZero().size(8, 10),
		stat(text("Inconsistent sections", "정합성 오류 분반"), count, text("Sections whose seats taken are not their enrolments, or are over their capacity. Checked each minute by each instance.",
			"배정 좌석 수가 신청 기록과 다르거나 정원을 넘은 분반. 인스턴스마다 매분 확인.")).
			query("max("+service("registration_sections_inconsistent")+")", text("sections", "분반")).
			steps(from(1, red)).size(4, 10).help("service.md#seatsinconsistent"),
		series(text("Reads of the list, per second", "초당 목록 조회"), perSecond, text("Requests for the sections, by status: 304 costs almost nothing, 200 is the whole list.", "분반 목록 요청의 상태별 수: 304는 거의 공짜, 200은 목록 전체.")).
			query(sumBy("code", rate(service("registration_http_request_duration_seconds_count", `route="/api/v1/sections"`))), same("{{code}}")).stack().byMeaning(byStatus).fromZero().size(6, 8),
		series(text("Database connections", "데이터베이스 연결"), count, text("Connections in use, by pool, against the most that may be open.", "풀별 사용 중인 연결과 최대 연결 수.")).
			query(sumBy("db_name", service("go_sql_in_use_connections")), same("{{db_name}}")).
			query(sumBy("db_name", service("go_sql_max_open_connections")), text("most, {{db_name}}", "최대, {{db_name}}")).limit(gray).
			fromZero().size(6, 8),
		series(text("Students listening to the seats", "좌석 현황 구독 학생"), count, text("Open streams of the seats, by instance. Beside them, those sent away each second because they were too slow, gone, or the instance drains.",
			"인스턴스별 열린 좌석 스트림과 초당 끊은 수(너무 느림, 사라짐, 인스턴스 종료).")).
			query(sumBy("instance", service("registration_seat_streams")), same("{{instance}}")).
			query(sumBy("reason", rate(service("registration_seat_streams_dropped_total"))), text("sent away (right): {{reason}}", "끊음 (오른쪽): {{reason}}")).onRight(operations).
			fromZero().size(8, 8),
		stat(text("Database", "데이터베이스"), plain, text("Whether every instance could read the database when it last tried; it tries several times a second.",
			"모든 인스턴스가 마지막 시도에서 데이터베이스를 읽었는지. 초당 여러 번 시도.")).
			query("min("+service("registration_database_up")+")", text("database", "데이터베이스")).
			mapped(is(1, text("UP", "정상"), green), is(0, text("DOWN", "장애"), red)).steps(base(gray)).size(4, 8).help("service.md#databasedown"),
	}
}

func openTimeStudents() []*Panel {
	return []*Panel{
		series(text("Students answered", "확답을 받은 학생"), count, text("Students with a first definite answer, against those who came. The gap is who still waits.", "첫 확답을 받은 학생과 온 학생. 차이가 기다리는 학생.")).
			query(sum(generator("k6_stampede_student_answer_time_seconds_count")), text("answered", "응답됨")).colored(green).
			query(sum(generator("k6_stampede_students_total")), text("came", "온 학생")).limit("text").
			fromZero().size(8, 8),
		series(text("Response time, retries included", "응답 시간 (재시도 포함)"), seconds, text("From the instant that a request was due to its definite answer, as k6 measured it.", "요청 예정 시각부터 확답까지, k6가 잰 값.")).
			query(quantile("0.50", "", generator("k6_stampede_response_time_seconds_bucket", `op="enroll"`)), same("p50")).colored(green).
			query(quantile("0.99", "", generator("k6_stampede_response_time_seconds_bucket", `op="enroll"`)), same("p99")).colored(orange).
			limits(from(3, red)).fromZero().size(8, 8),
		series(text("What students got, per second", "학생이 받은 결과, 초당"), perSecond, text("Every finished request by its outcome, also shed, error, time-out and connection.", "끝난 모든 요청의 결과: 거부, 오류, 시간 초과, 연결 실패 포함.")).
			query(sumBy("outcome", rate(generator("k6_stampede_outcomes_total", `op="enroll"`)))+" > 0", same("{{outcome}}")).
			stack().byMeaning(byOutcome).fromZero().size(8, 8),
	}
}
