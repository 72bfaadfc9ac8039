// Package web is the service's HTTP API, one file a resource. Requests come in through Gin, are admitted, authenticated
// and decoded strictly; seats are asked of the ledger and everything else of the store, both through the small
// interfaces declared here; answers go out as JSON, every refusal and fault as problem details (RFC 9457).
package web
