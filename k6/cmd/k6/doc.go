// Command k6 is k6 itself with the stampede executor, its scenarios and the remote-write output in it: everything that k6
// does, it does. It links go.k6.io/k6 and is therefore AGPL-3.0.
package main
