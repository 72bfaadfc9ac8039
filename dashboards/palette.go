package dashboards

// The palettes give what means the same the same colour on every dashboard: green is granted, blue refused by the rules, orange
// sent away for want of room, red broken.

// byOutcome is for legends that end in an outcome.
var byOutcome = []Named{
	{"granted$|served$", green},
	{"cancelled$", purple},
	{"section-full$", blue},
	{"already-enrolled$", "semi-dark-blue"},
	{"timetable-clash$", "light-blue"},
	{"credit-limit$", "super-light-blue"},
	{"major-restricted$", "dark-blue"},
	{"year-restricted$", "light-purple"},
	{"period-closed$", "dark-purple"},
	{"period-not-open$", gray},
	{"overloaded$", orange},
	{"rate-limited$", "light-orange"},
	{"unavailable$", red},
	{"internal$", "dark-red"},
	{"timeout$", "light-red"},
	{"connection$", "super-light-red"},
	{"(error|other)$", "semi-dark-red"},
	{"(abandoned|not-enrolled)$", "super-light-yellow"},
}

// byStatus is for legends that are an HTTP status; 0 is no answer.
var byStatus = []Named{
	{"^200$", green},
	{"^20[1-9]$", "light-green"},
	{"^3", blue},
	{"^4", yellow},
	{"^429$", "light-orange"},
	{"^503$", orange},
	{"^5(0[0-24-9]|[1-9])", red},
	{"^0$", "dark-red"},
}

// byPhase is for the phases of a batch: waiting for its turn, the reads, the decision, what is written.
var byPhase = []Named{
	{"^turn$", gray},
	{"^students$", "light-blue"},
	{"^sections$", blue},
	{"^decide$", green},
	{"^write$", purple},
	{"^commit$", orange},
}
