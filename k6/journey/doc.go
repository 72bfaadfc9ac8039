// Package journey reads what students do at a service that is not ours: a YAML file of templated requests in order, which
// of them is released at T0, and rules that map answers to outcomes. What comes in is the file and a CSV of identities; what
// goes out is a Journey that makes each student's requests and judges each answer. It is plain Go and knows nothing of k6.
package journey
