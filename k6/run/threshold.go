package run

func checkThreshold(metric, expression string) error { return nil }
