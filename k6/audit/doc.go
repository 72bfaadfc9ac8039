// Package audit holds a run's history against the state that the service exported before and after it: is every seat
// accounted for, is every acknowledged answer true, did every refusal leave nothing behind? In come two exports, the
// journals and the run record; out goes audit.json with each violation and its evidence.
package audit
