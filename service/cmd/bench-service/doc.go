// Command bench-service measures how fast seats are granted: group commit beside two usual ways, without and over HTTP,
// on a private MariaDB that flushes at each commit and on SQLite; beside what the database can do at all; and with one,
// two and three instances on one database. Every invariant is checked after every measurement. Then it measures what reading
// the list costs beside the least that a server can do, and what it costs to tell a change of the seats to thousands. It
// prints tables and, at its end, a line a figure.
package main
