// Package mariadb starts a private MariaDB server on loopback, for tests, benchmarks and rehearsals: a folder comes in,
// a server that flushes at each commit comes out, and it ends with the process that started it.
package mariadb
