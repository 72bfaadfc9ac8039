// Package balancer puts haproxy before the instances of the registration service, so that one of them may die in the
// middle of a stampede. What comes in are the addresses of the instances; what goes out is the process to start, with its
// configuration written.
package balancer
