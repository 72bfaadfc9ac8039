// Command bench-service compares two ways to grant seats, group commit and one SELECT … FOR UPDATE transaction a
// request, on a private MariaDB that flushes at each commit and on SQLite. It prints a table and, at its end, a line a
// figure.
package main
