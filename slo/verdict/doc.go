// Package verdict holds the rules. In come what a spec asks, what was measured, the run record and the audit; out comes
// one verdict with the reasons for it and its exit code. No data is never a pass, and a number that may be too small is
// never the reason for one.
package verdict
