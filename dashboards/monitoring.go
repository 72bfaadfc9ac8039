package dashboards

func monitoring() *Dashboard {
	by := func(labels, metric string, matchers ...string) string {
		return sumBy(labels, rate(service(metric, matchers...)))
	}
	return &Dashboard{
		Name: "monitoring", From: "1h", Refresh: "10s",
		Title: text("Monitoring itself", "모니터링 자체"),
		Description: text("Can the other dashboards be believed? Prometheus replicas, sidecars, the bucket, store gateway, querier, compactor, rules, and alerts on their way.",
			"다른 대시보드를 믿어도 되는가? 프로메테우스 복제본, 사이드카, 버킷, 스토어 게이트웨이, 쿼리어, 컴팩터, 규칙, 경보 전달."),
		Variables: fleet("process_start_time_seconds"),
		Rows: []Row{
			{text("Is it there?", "살아 있는가?"), []*Panel{
				stat(text("Targets down", "장애 대상"), count, text("Targets that could not be scraped.", "수집하지 못한 대상.")).
					query("count("+service("up")+" == 0) or vector(0)", text("down", "장애")).steps(from(1, red)).size(6, 4).help("monitoring.md#targetdown"),
				stat(text("Replicas", "복제본"), count, text("Prometheus servers that answer.", "응답하는 프로메테우스 수.")).
					query("count("+service("prometheus_ready")+" == 1)", text("ready", "준비")).steps(base(red), from(1, yellow), from(2, green)).size(6, 4).help("monitoring.md#prometheusreplicadown"),
				stat(text("Compactor", "컴팩터"), plain, text("A halted compactor found data that it will not touch: read its log.", "멈춘 컴팩터는 손대지 않을 데이터를 발견한 것: 로그를 볼 것.")).
					query("max("+service("thanos_compact_halted")+")", text("compactor", "컴팩터")).mapped(is(0, text("RUNNING", "동작 중"), green), is(1, text("HALTED", "멈춤"), red)).steps(base(gray)).size(6, 4).help("monitoring.md#thanoscompacthalted"),
				stat(text("Alerts firing", "울리는 경보"), count, text("Alerts that fire now, of any part.", "지금 울리는 모든 경보.")).
					query(`count(ALERTS{alertstate="firing"}) or vector(0)`, text("firing", "울림")).steps(from(1, red)).size(6, 4),
				table(text("Targets", "수집 대상"), text("Everything that is scraped: up or down, how long a scrape takes and how many samples it brings.", "수집 대상의 상태, 수집 시간, 샘플 수."),
					label("job", text("Job", "작업")), label("instance", text("Instance", "인스턴스")),
					value("A", text("State", "상태"), plain).shows(is(1, text("UP", "정상"), green), is(0, text("DOWN", "장애"), red)),
					value("B", text("Scrape", "수집 시간"), seconds, from(0.5, orange)), value("C", text("Samples", "샘플"), number).to(0),
					value("D", text("Memory", "메모리"), bytesIEC).to(0)).
					query("max by (job, instance) ("+service("up")+")", Text{}).query("max by (job, instance) ("+service("scrape_duration_seconds")+")", Text{}).
					query("max by (job, instance) ("+service("scrape_samples_scraped")+")", Text{}).
					query("max by (job, instance) ("+service("process_resident_memory_bytes")+")", Text{}).sorted("job").size(12, 9).help("monitoring.md#targetdown"),
				series(text("CPU", "CPU"), count, text("Cores used by each part.", "각 부분이 쓰는 코어.")).
					query(by("job, instance", "process_cpu_seconds_total"), same("{{job}} {{instance}}")).fromZero().size(12, 9),
			}},
			{text("Prometheus", "프로메테우스"), []*Panel{
				series(text("Samples taken in, per second", "초당 수집 샘플"), operations, text("Per replica: two that differ for long have different targets, or one loses writes.", "복제본별. 오래 다르면 대상이 다르거나 쓰기를 잃는 것.")).
					query(by("job, instance, type", "prometheus_tsdb_head_samples_appended_total")+" > 0", same("{{job}} {{instance}} {{type}}")).fromZero(),
				series(text("Series in memory", "메모리의 시계열"), count, text("Active series of each replica.", "복제본별 활성 시계열.")).
					query(sumBy("job, instance", service("prometheus_tsdb_head_series")), same("{{job}} {{instance}}")).fromZero(),
				series(text("Remote writes, per second", "원격 쓰기, 초당"), operations, text("What k6 sends: each replica must get the same.", "k6가 보내는 것: 복제본마다 같아야 함.")).
					query(by("job, instance, code", "prometheus_http_requests_total", `handler="/api/v1/write"`), same("{{job}} {{instance}} {{code}}")).fromZero(),
				series(text("Scrape interval, p99", "수집 간격 p99"), seconds, text("The interval really kept. A second is what a stampede needs.", "실제로 지켜진 간격. 스탬피드에는 1초가 필요.")).
					query("max by (job, instance, interval) ("+service("prometheus_target_interval_length_seconds", `quantile="0.99"`)+")", same("{{job}} {{instance}} {{interval}}")).fromZero(),
				series(text("Queries, p90", "쿼리 p90"), seconds, text("How long the engine's queries take.", "엔진의 쿼리 시간.")).
					query("max by (job, instance) ("+service("prometheus_engine_query_duration_seconds", `slice="inner_eval"`, `quantile="0.9"`)+")", same("{{job}} {{instance}}")).fromZero(),
				series(text("Disk", "디스크"), bytesIEC, text("Blocks, and the write-ahead log.", "블록과 선행 기록 로그.")).
					query(sumBy("job, instance", service("prometheus_tsdb_storage_blocks_bytes")), text("blocks, {{job}} {{instance}}", "블록, {{job}} {{instance}}")).
					query(sumBy("job, instance", service("prometheus_tsdb_wal_storage_size_bytes")), text("log, {{job}} {{instance}}", "로그, {{job}} {{instance}}")).fromZero(),
			}},
			{text("To the bucket and back", "버킷으로, 그리고 다시"), []*Panel{
				series(text("Blocks uploaded", "업로드한 블록"), count, text("By sidecars and ruler. What is not uploaded yet is gone with its Prometheus.", "사이드카와 룰러의 업로드. 업로드 전의 데이터는 프로메테우스와 함께 사라짐.")).
					query(sumBy("job, instance", service("thanos_shipper_uploads_total")), same("{{job}} {{instance}}")).fromZero().size(6, 8),
				series(text("Failed uploads", "실패한 업로드"), count, text("Failures of uploading, in total.", "업로드 실패 누계.")).
					query(sumBy("job, instance", service("thanos_shipper_upload_failures_total")), same("{{job}} {{instance}}")).fromZero().size(6, 8).help("monitoring.md#thanosuploadsfail"),
				series(text("Age of the last upload", "마지막 업로드 이후"), seconds, text("Since each part last wrote to the bucket.", "각 부분이 버킷에 마지막으로 쓴 뒤 지난 시간.")).
					query("time() - max by (job, instance) ("+service("thanos_objstore_bucket_last_successful_upload_time")+" > 0)", same("{{job}} {{instance}}")).fromZero().size(6, 8).help("monitoring.md#thanosuploadsfail"),
				series(text("Blocks that the store gateway serves", "스토어 게이트웨이의 블록"), count, text("Loaded from the bucket.", "버킷에서 읽은 블록.")).
					query(sumBy("job, instance", service("thanos_bucket_store_blocks_loaded")), same("{{job}} {{instance}}")).fromZero().size(6, 8),
				series(text("Bucket operations per second", "초당 버킷 작업"), operations, text("By operation, of all parts.", "모든 부분의 작업별.")).
					query(by("operation", "thanos_objstore_bucket_operations_total")+" > 0", same("{{operation}}")).stack().fromZero().size(8, 8),
				series(text("Failed bucket operations per second", "초당 버킷 작업 실패"), operations, text("By operation; an object that is not there is no failure.", "작업별 실패. 없는 객체는 실패가 아님.")).
					query(by("operation", "thanos_objstore_bucket_operation_failures_total"), same("{{operation}}")).fromZero().size(8, 8).help("monitoring.md#thanosuploadsfail"),
				series(text("Left to compact", "남은 컴팩션"), count, text("Compactions and downsamplings that wait.", "대기 중인 컴팩션과 다운샘플링.")).
					query(sum(service("thanos_compact_todo_compactions")), text("compactions", "컴팩션")).query(sum(service("thanos_compact_todo_downsample_blocks")), text("blocks to downsample", "다운샘플링할 블록")).
					query(sum(service("thanos_compact_iterations_total")), text("iterations done", "완료한 반복")).limit(gray).fromZero().size(8, 8).help("monitoring.md#thanoscompacthalted"),
			}},
			{text("Questions and rules", "질의와 규칙"), []*Panel{
				series(text("Stores that the querier knows", "쿼리어가 아는 스토어"), count, text("By kind. One fewer, and answers are partial.", "종류별. 하나라도 줄면 부분 응답.")).
					query(sumBy("store_type", service("thanos_store_nodes_grpc_connections")), same("{{store_type}}")).fromZero().size(6, 8).help("monitoring.md#thanosqueriermissesastore"),
				series(text("Queries per second", "초당 질의"), operations, text("Of the querier, by status.", "쿼리어의 상태별 질의.")).
					query(by("code", "http_requests_total", `handler=~"query|query_range"`), same("{{code}}")).fromZero().size(6, 8),
				series(text("Rule evaluations per second", "초당 규칙 평가"), operations, text("And those that failed.", "실패 포함.")).
					query(sum(rate(service("prometheus_rule_evaluations_total"))), text("evaluated", "평가")).query(sum(rate(service("prometheus_rule_evaluation_failures_total"))), text("failed", "실패")).colored(red).fromZero().size(6, 8).help("monitoring.md#rulesfail"),
				series(text("Time since a group was evaluated", "그룹의 마지막 평가 이후"), seconds, text("The longest of all groups. Far over its interval, alerts are late.", "가장 오래된 그룹. 간격을 크게 넘으면 경보가 늦음.")).
					query("time() - min by (job, instance) ("+service("prometheus_rule_group_last_evaluation_timestamp_seconds")+" > 0)", same("{{job}} {{instance}}")).fromZero().size(6, 8).help("monitoring.md#rulesfail"),
			}},
			{text("Alerts on their way", "경보 전달"), []*Panel{
				series(text("Alerts handed on by the ruler", "룰러가 넘긴 경보"), count, text("Each as often as it is sent anew, in total. Dropped ones have reached no Alertmanager.", "다시 보낸 것을 포함한 누계. 버려진 것은 Alertmanager에 닿지 못함.")).
					query(sumBy("job, instance", service("thanos_alert_queue_alerts_pushed_total")), text("handed on, {{instance}}", "넘김, {{instance}}")).
					query(sum(service("thanos_alert_queue_alerts_dropped_total"))+" + "+sum(service("thanos_alert_sender_alerts_dropped_total")), text("dropped", "버려짐")).colored(red).fromZero().help("monitoring.md#alertsnotdelivered"),
				series(text("Alerts that Alertmanager holds", "Alertmanager의 경보"), count, text("Active ones are told; suppressed ones are silenced, or a graver one tells the same.", "활성은 통지됨. 억제는 무음이거나 더 심각한 경보가 같은 내용을 알림.")).
					query(sumBy("state", service("alertmanager_alerts")), same("{{state}}")).fromZero(),
				series(text("Notifications", "통지"), count, text("By the way that they go (mail, chat, pager, webhook), in total, and those that failed.", "경로별(메일, 채팅, 호출, 웹훅) 누계와 실패.")).
					query(sumBy("integration", service("alertmanager_notifications_total"))+" > 0", same("{{integration}}")).
					query(sum(service("alertmanager_notifications_failed_total")), text("failed", "실패")).colored(red).
					empty(text("none yet", "아직 없음")).fromZero().help("monitoring.md#notificationsfail"),
			}},
		},
	}
}
