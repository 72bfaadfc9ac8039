// Package selector reads and writes Prometheus vector selectors, such as
//
//	http_requests_total{route="/",code!~"5.."}
//
// In come the queries of a spec; out go selectors that are known to be plain (no function, range, offset or
// arithmetic), so that the evaluator may append a range and add the raw samples up itself.
package selector
