package dashboards

// slos shows objectives by what `slo rules` records: no target stands here.
func slos() *Dashboard {
	recorded := func(metric string, matchers ...string) string {
		return selector(metric, append([]string{`slo=~"$slo"`}, matchers...))
	}
	// burn is how fast the budget goes: 1 uses it up exactly at the period's end.
	burn := func(window string) string {
		return "max by (slo) (" + recorded("slo:error_ratio:increase"+window) + ") / max by (slo) (" + recorded("slo:error_budget:ratio") + ")"
	}
	alert := func(window string) string {
		return "min(" + recorded("slo:alert:burn_rate", `long_window="`+window+`"`) + ")"
	}
	// events are those of the range, added up from windows that do not overlap. An opening of this minute lies in no such window
	// yet: until it does, the newest window stands for it.
	events := func(what string) string {
		windows := recorded("slo:" + what + "_events:increase5m")
		newest := "sum by (slo) (last_over_time(" + windows + "[$__range]))"
		return "(sum by (slo) (sum_over_time(" + windows + "[$__range:5m])) >= " + newest + " or " + newest + ")"
	}
	allowed := "max by (slo) (" + recorded("slo:error_budget:ratio") + ")"
	// left is what of the budget is left. What is overspent by far is cut: how far, the burn rates say.
	left := "clamp_min(1 - " + events("bad") + " / (" + allowed + " * (" + events("total") + " > 0)), -1)"
	period := "max by (slo) (" + recorded("slo:error_budget:events") + ")"
	burning := func(long, short, severity string) *Panel {
		return series(text("Burn rate over "+long+" and "+short, "소진 속도: "+long+", "+short), plain,
			text("Where both lines are above the dashed one, SLOBurnRate fires with the severity "+severity+". 1 uses up the budget exactly at the period's end. Of several objectives, the lowest alert is drawn.",
				"두 선이 모두 점선 위면 SLOBurnRate("+severity+")가 울림. 1이면 기간이 끝날 때 예산이 정확히 소진.")).
			query(burn(long), same("{{slo}} "+long)).query(burn(short), same("{{slo}} "+short)).
			query(alert(long), text("alert", "경보")).limit(red).fromZero().size(6, 9).help("slo.md#sloburnrate")
	}
	return &Dashboard{
		Name: "slos", From: "24h", Refresh: "30s",
		Title: text("SLOs and error budgets", "SLO와 오류 예산"),
		Description: text("Each objective now, what its error budget lost in the range shown, how fast it burns against its alerts, and how many openings like this one still fit.",
			"목표별 현재 상태, 표시 구간의 오류 예산 소진, 경보 대비 소진 속도, 그리고 이런 개강일이 몇 번 더 가능한지."),
		Variables: []Variable{{Name: "slo", Label: text("Objective", "목표"), Query: "label_values(slo:objective:ratio, slo)", Multi: true}},
		Rows: []Row{
			{text("Now", "현재"), []*Panel{
				table(text("Objectives", "목표"), text("The last hour, and the range shown. The budget left is of the range: 1 − bad events over those allowed, −100 % at the least; it must last for the period in the last column.",
					"지난 한 시간과 표시 구간. 남은 예산은 표시 구간 기준: 1 − 나쁜 이벤트 / 허용치, 최저 −100 %. 마지막 열은 예산이 버텨야 하는 기간."),
					label("slo", text("Objective", "목표")),
					value("A", text("Target", "목표치"), ratio).to(2),
					value("B", text("Good, last hour", "지난 한 시간"), ratio).to(3),
					value("C", text("Burn rate, 1h", "소진 속도, 1h"), plain, from(1, yellow), from(10, red)).to(1),
					value("D", text("Events", "이벤트"), number).to(0), value("E", text("Bad", "나쁨"), number, from(1, orange)).to(0),
					value("F", text("Budget left", "남은 예산"), ratio, base(red), from(0, yellow), from(0.5, green)).to(1),
					value("G", text("Budget lasts for", "예산 기간"), days).to(0)).
					query("max by (slo) ("+recorded("slo:objective:ratio")+")", Text{}).
					query("1 - max by (slo) ("+recorded("slo:error_ratio:increase1h")+")", Text{}).
					query(burn("1h"), Text{}).
					query("round("+events("total")+")", Text{}).query("round("+events("bad")+")", Text{}).
					query(left, Text{}).
					query("max by (slo) ("+recorded("slo:time_period:days")+")", Text{}).
					sorted("slo").size(16, 7),
				bars(text("Budget left in the range shown", "표시 구간의 남은 예산"), ratio, text("Of the bad events that the range's events allow.", "구간의 이벤트가 허용하는 나쁜 이벤트 중 남은 비율.")).
					query("clamp_min("+left+", 0)", same("{{slo}}")).
					steps(base(red), from(0.2, yellow), from(0.5, green)).between(0, 1).size(8, 7).help("slo.md#sloburnrate"),
			}},
			{text("The whole period", "전체 기간"), []*Panel{
				bars(text("Budget of the period used by the range shown", "표시 구간이 쓴 기간 예산"), ratio, text("Bad events of the range over those that the whole period may have, where the objective says how many events it expects.",
					"기대 이벤트 수가 정해진 목표: 구간의 나쁜 이벤트 / 기간 전체 허용치.")).
					query(events("bad")+" / "+period, same("{{slo}}")).steps(from(0.25, yellow), from(0.5, orange), from(1, red)).between(0, 1).size(8, 7),
				stat(text("Openings like this that fit", "이런 개강일이 들어가는 횟수"), number, text("How many times the period's budget holds what the range shown used: openings used and left follow from it. Without bad events any number fits.",
					"기간 예산이 표시 구간의 소진을 몇 번 담는지. 나쁜 이벤트가 없으면 제한 없음.")).
					query("floor("+period+" / ("+events("bad")+" > 0))", same("{{slo}}")).
					steps(base(red), from(1, orange), from(4, green)).empty(text("any number", "제한 없음")).size(8, 7),
				series(text("Burn-down", "예산 소진 추이"), ratio, text("Budget left of a window as long as the range shown, ending at each moment; −100 % at the least.", "표시 구간 길이의 창을 옮겨가며 본 남은 예산, 최저 −100 %.")).
					query(left, same("{{slo}}")).limits(base(red), from(0, green)).atMost(1).size(8, 7),
			}},
			{text("Burn rates against their alerts", "경보 대비 소진 속도"), []*Panel{
				burning("1h", "5m", "page"), burning("6h", "30m", "page"), burning("1d", "2h", "ticket"), burning("3d", "6h", "ticket"),
			}},
			{text("Events", "이벤트"), []*Panel{
				series(text("Error ratio over 5 minutes", "5분 오류 비율"), ratio, text("Bad events over all, in the five minutes before each moment.", "직전 5분의 나쁜 이벤트 비율.")).
					query("max by (slo) ("+recorded("slo:error_ratio:increase5m")+")", same("{{slo}}")).fromZero().size(8, 8),
				series(text("Events in 5 minutes", "5분 이벤트 수"), count, text("How much the ratio rests on.", "비율의 근거가 되는 이벤트 수.")).
					query("sum by (slo) ("+recorded("slo:total_events:increase5m")+")", same("{{slo}}")).fromZero().size(8, 8),
				series(text("Bad events in 5 minutes", "5분 나쁜 이벤트 수"), count, text("What the budget pays for.", "예산에서 빠지는 이벤트.")).
					query("sum by (slo) ("+recorded("slo:bad_events:increase5m")+")", same("{{slo}}")).fromZero().size(8, 8),
			}},
		},
	}
}
