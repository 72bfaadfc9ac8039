// Package stack is highly available monitoring on this machine: two Prometheus replicas with a sidecar each, a MinIO bucket,
// Thanos' store gateway, ruler, querier and compactor, and an Alertmanager whose notifications are recorded. Addresses to scrape come
// in; one URL that answers PromQL goes out, and goes on answering when one replica dies.
package stack
