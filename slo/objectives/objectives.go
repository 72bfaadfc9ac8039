// Package objectives holds the OpenSLO files of the reference service, so that a program can carry them.
package objectives

import _ "embed"

// Registration is registration.yaml: what the service promises its students at open time.
//
//go:embed registration.yaml
var Registration []byte
