// Package scenario holds what can happen at a registration, one file a scenario, as Go that is checked and tested: its
// parameters, defaults and thresholds. A three-line script beside each hands it to k6; importing this package makes the
// scenarios, their executor and `k6 x stampede list` part of a k6 binary, which is AGPL-3.0 as k6 is.
package scenario
