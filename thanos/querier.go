package thanos

import "time"

// Querier answers PromQL over several StoreAPIs and shows replicas as one.
type Querier struct {
	// Binary is the path of the thanos program.
	Binary string
	// Endpoint is where it listens.
	Endpoint Endpoint
	// ReplicaLabel is the external label in which replicas differ.
	ReplicaLabel string
	// Stores are the StoreAPIs, each host:port. Each is required: one that does not answer makes a query fail, or warn where
	// partial answers are allowed, for as long as it is away. A querier that is not told so forgets it in seconds, and
	// then answers without its data and without a word.
	Stores []string
	// Lookback is how old a sample may be to count as present; the engine's five minutes unless set, which hide a dead
	// replica for that long.
	Lookback time.Duration
}

// Command returns how to start the querier. It is ready before it has spoken to its stores: /api/v1/stores tells.
func (q Querier) Command() Command {
	args := []string{"--query.replica-label=" + q.ReplicaLabel}
	for _, store := range q.Stores {
		args = append(args, "--endpoint-strict="+store)
	}
	if q.Lookback > 0 {
		args = append(args, "--query.lookback-delta="+duration(q.Lookback))
	}
	return q.Endpoint.command("querier", q.Binary, "query", args...)
}
