package scenario

// OpenTime is the open time: students arrive over a while, look at the page now and then, and all enrol at T0. Where a
// section is full they try their next choice, where the service sheds load they come back when it says, and in the end
// they read their time-table. Its thresholds are the objectives as the students see them.
var OpenTime = Scenario{
	Name:       "open-time",
	Summary:    "All students enrol at one instant.",
	Parameters: common,
	Thresholds: enrolling,
}

// enrolling are the objectives of students who enrol.
var enrolling = map[string][]string{
	"stampede_response_time{op:enroll}": {"p(99)<3000"},
	"stampede_student_answer_time":      {"p(99.9)<10000"},
}
