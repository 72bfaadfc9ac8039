// Package store keeps the university in a database: one set of SQL and of migrations for MySQL or MariaDB and for
// SQLite. What differs between them stands in the two dialects: how to lock rows, how to hold the planner to the
// primary key, how to connect, and how to tell one error from another.
package store
