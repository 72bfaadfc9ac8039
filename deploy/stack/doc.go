// Package stack is highly available monitoring on this machine: two Prometheus replicas with a sidecar each, a MinIO bucket,
// Thanos' store gateway, querier and compactor. Addresses to scrape come in; one URL that answers PromQL goes out, and goes
// on answering when one replica dies.
package stack
