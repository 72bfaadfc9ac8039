// Package objectives holds OpenSLO files, of the reference service and of any other, so that a program can carry them.
package objectives

import _ "embed"

// Registration is registration.yaml: what the service promises its students at open time.
//
//go:embed registration.yaml
var Registration []byte

// RegistrationSLA is registration.sla.yaml: what the university promises outside, looser than Registration and to be read
// together with it.
//
//go:embed registration.sla.yaml
var RegistrationSLA []byte

// RegistrationRules is registration.rules.yaml: what `slo rules` writes for it, to be evaluated by Prometheus between runs.
//
//go:embed registration.rules.yaml
var RegistrationRules []byte

// Students is students.yaml: what anybody may expect of any service, judged by what k6 saw alone.
//
//go:embed students.yaml
var Students []byte
