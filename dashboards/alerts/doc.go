// Package alerts holds the alerting rules on the service, the load generator and the monitoring, as Prometheus reads them, with a
// promtool script that shows for each when it fires and when it is silent. What to do about them is in the runbooks beside it.
package alerts

import "embed"

// Rules are the rule files, NAME.rules.yaml.
//
//go:embed *.rules.yaml
var Rules embed.FS
