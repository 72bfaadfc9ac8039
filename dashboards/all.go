package dashboards

// All returns every dashboard, in the order in which they are read on the day.
func All() []*Dashboard {
	return []*Dashboard{openTime(), slos(), loadGenerator(), runComparison(), serviceHealth(), mysql(), monitoring()}
}

// ByName returns a dashboard, and whether there is one of that name.
func ByName(name string) (*Dashboard, bool) {
	for _, d := range All() {
		if d.Name == name {
			return d, true
		}
	}
	return nil, false
}
