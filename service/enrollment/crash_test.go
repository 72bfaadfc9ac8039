package enrollment_test

const childDatabase = "STAMPEDE_TEST_ENROL_UNTIL_KILLED"

func enrolUntilKilled(string) {}
