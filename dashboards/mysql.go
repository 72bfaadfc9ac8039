package dashboards

func mysql() *Dashboard {
	status := func(name string, matchers ...string) string { return service("mysql_global_status_"+name, matchers...) }
	variable := func(name string) string { return service("mysql_global_variables_" + name) }
	by := func(expr string) string { return sumBy("instance", expr) }
	return &Dashboard{
		Name: "mysql", From: "1h", Refresh: "10s",
		Title:       text("MySQL", "MySQL 데이터베이스"),
		Description: text("MySQL or MariaDB, from prometheus-mysqld-exporter. Panels that only MariaDB fills say so.", "prometheus-mysqld-exporter로 본 MySQL/MariaDB."),
		Variables:   fleet("mysql_up"),
		Rows: []Row{
			{text("State", "상태"), []*Panel{
				stat(text("Server", "서버"), plain, text("Whether the exporter could ask the server.", "익스포터가 서버에 물을 수 있었는지.")).
					query("min("+service("mysql_up")+")", text("server", "서버")).mapped(is(1, text("UP", "정상"), green), is(0, text("DOWN", "장애"), red)).steps(base(gray)).help("service.md#databasedown"),
				stat(text("Uptime", "가동 시간"), seconds, text("Since the server was started.", "서버 시작 후.")).query("min("+status("uptime")+")", text("uptime", "가동")).steps(base(orange), from(300, green)).digits(0),
				stat(text("Flush at each commit", "커밋마다 디스크 기록"), plain, text("innodb_flush_log_at_trx_commit. Other than 1, a grant can be lost in a crash of the machine.", "innodb_flush_log_at_trx_commit. 1이 아니면 장비 장애 시 승인이 사라질 수 있음.")).
					query("max("+variable("innodb_flush_log_at_trx_commit")+")", text("flush", "기록")).
					mapped(is(1, text("YES", "예"), green), is(0, text("NO", "아니오"), red), is(2, text("TO THE SYSTEM ONLY", "OS까지만"), red)).steps(base(orange)),
				stat(text("Most connections ever", "연결 최대치"), ratio, text("The most connections since the start, over those allowed.", "시작 후 최대 연결 비율.")).
					query("max("+status("max_used_connections")+" / on (job, instance) "+variable("max_connections")+")", text("most", "최대")).steps(from(0.7, yellow), from(0.9, red)).digits(0).help("service.md#databaseconnectionsrunout"),
				stat(text("Deadlocks", "교착 상태"), count, text("In the range shown (MariaDB). Group commit locks in one order, so there should be none.", "표시 구간의 교착 (MariaDB). 잠금 순서가 하나라 없어야 함.")).
					query("round("+sum(increase(status("innodb_deadlocks")))+")", text("deadlocks", "교착")).steps(from(1, orange)),
				stat(text("Slow queries", "느린 쿼리"), count, text("Statements slower than long_query_time, in the range shown.", "표시 구간에 long_query_time보다 느린 문장.")).
					query("round("+sum(increase(status("slow_queries")))+")", text("slow", "느림")).steps(from(1, yellow)),
			}},
			{text("Load", "부하"), []*Panel{
				series(text("Statements per second", "초당 문장"), operations, text("Statements that clients sent.", "클라이언트가 보낸 문장.")).
					query(by(rate(status("questions"))), same("{{instance}}")).fromZero().size(6, 8),
				series(text("Commands per second", "초당 명령"), operations, text("The six most frequent commands at each moment.", "순간마다 가장 많은 명령 6가지.")).
					query("topk(6, "+sumBy("command", rate(status("commands_total")))+" > 0)", same("{{command}}")).stack().fromZero().size(6, 8),
				series(text("Row operations per second", "초당 행 연산"), operations, text("What the storage engine was asked for, by handler.", "스토리지 엔진 호출, 핸들러별.")).
					query("topk(6, "+sumBy("handler", rate(status("handlers_total")))+" > 0)", same("{{handler}}")).stack().fromZero().size(6, 8),
				series(text("Network", "네트워크"), bytesRate, text("Bytes from and to clients.", "클라이언트와 주고받은 바이트.")).
					query(sum(rate(status("bytes_received"))), text("received", "수신")).query(sum(rate(status("bytes_sent"))), text("sent", "송신")).fromZero().size(6, 8),
			}},
			{text("Connections and locks", "연결과 잠금"), []*Panel{
				series(text("Connections", "연결"), count, text("Connected, running, and the most allowed.", "연결됨, 실행 중, 최대 허용.")).
					query(sum(status("threads_connected")), text("connected", "연결됨")).query(sum(status("threads_running")), text("running", "실행 중")).
					query(sum(variable("max_connections")), text("allowed", "허용")).limit(red).fromZero().size(6, 8).help("service.md#databaseconnectionsrunout"),
				series(text("Refused and broken connections, per second", "거절되거나 끊긴 연결, 초당"), operations, text("Connections that failed to begin, and clients that went away without a word.", "시작하지 못한 연결과 말없이 사라진 클라이언트.")).
					query(sum(rate(status("aborted_connects"))), text("failed to begin", "시작 실패")).query(sum(rate(status("aborted_clients"))), text("went away", "사라짐")).fromZero().size(6, 8),
				series(text("Waits for row locks, per second", "행 잠금 대기, 초당"), operations, text("Statements that waited for a row. Beside them, those waiting now.", "행을 기다린 문장과 지금 기다리는 수.")).
					query(sum(rate(status("innodb_row_lock_waits"))), text("waits", "대기")).query(sum(status("innodb_row_lock_current_waits")), text("waiting now (right)", "대기 중 (오른쪽)")).onRight(count).fromZero().size(6, 8),
				series(text("Time waited for row locks", "행 잠금 대기 시간"), seconds, text("Seconds waited each second, by all statements together.", "모든 문장이 매초 기다린 시간의 합.")).
					query(sum(rate(status("innodb_row_lock_time")))+" / 1000", text("waited", "대기")).fromZero().size(6, 8),
			}},
			{text("InnoDB: memory and disk", "InnoDB: 메모리와 디스크"), []*Panel{
				series(text("Reads answered from memory", "메모리 적중률"), ratio, text("Share of page reads that needed no disk.", "디스크가 필요 없었던 페이지 읽기 비율.")).
					query("1 - "+sum(rate(status("innodb_buffer_pool_reads")))+" / ("+sum(rate(status("innodb_buffer_pool_read_requests")))+" > 0)", text("from memory", "메모리")).
					limits(base(red), from(0.99, green)).atMost(1).size(6, 8),
				series(text("Log writes and syncs, per second", "로그 쓰기와 동기화, 초당"), operations, text("Group commit turns many requests into one sync: compare with the answers per second.", "그룹 커밋은 여러 요청을 한 번의 동기화로 만듦.")).
					query(sum(rate(status("innodb_log_writes"))), text("log writes", "로그 쓰기")).query(sum(rate(status("innodb_data_fsyncs"))), text("data syncs", "데이터 동기화")).fromZero().size(6, 8),
				series(text("Buffer pool", "버퍼 풀"), bytesIEC, text("Data in the buffer pool, and what of it is not on disk yet.", "버퍼 풀의 데이터와 아직 디스크에 없는 부분.")).
					query(sum(status("innodb_buffer_pool_bytes_data")), text("data", "데이터")).query(sum(status("innodb_buffer_pool_bytes_dirty")), text("dirty", "더티")).
					query(sum(variable("innodb_buffer_pool_size")), text("size", "크기")).limit(gray).fromZero().size(6, 8),
				series(text("Undo history", "언두 기록"), count, text("Transactions not purged yet (MariaDB). What grows without end holds a long transaction.", "아직 정리되지 않은 트랜잭션 (MariaDB). 계속 늘면 긴 트랜잭션이 있음.")).
					query(by(status("innodb_history_list_length")), same("{{instance}}")).fromZero().size(6, 8),
				series(text("Temporary tables on disk, per second", "디스크 임시 테이블, 초당"), operations, text("Queries whose sorting or grouping did not fit in memory.", "정렬이나 집계가 메모리에 들어가지 않은 쿼리.")).
					query(sum(rate(status("created_tmp_disk_tables"))), text("on disk", "디스크")).query(sum(rate(status("created_tmp_tables"))), text("all", "전체")).limit(gray).fromZero().size(12, 7),
				series(text("Scrapes of the exporter", "익스포터 수집 시간"), seconds, text("How long the exporter's collectors took.", "익스포터 수집기가 걸린 시간.")).
					query("max by (collector) ("+service("mysql_exporter_collector_duration_seconds")+")", same("{{collector}}")).fromZero().size(12, 7),
			}},
		},
	}
}
