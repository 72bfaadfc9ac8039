// Command bench-k6 compares the stampede executor with stock k6 of the same module version: requests per second of
// generator processor time against one lean server, memory per waiting student, and the spread of the sends at T0.
// It links no k6; it builds both binaries and watches them from outside.
package main
