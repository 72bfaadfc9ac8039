// Package shown holds the proof that the dashboards show something, which needs every part of the project at once: a service on
// MariaDB with its exporter, three stampedes, and the monitoring stack. It has tests only.
package shown
