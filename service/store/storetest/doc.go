// Package storetest gives tests real databases: a database of its own for each test, on SQLite and on one private
// MariaDB server for each test binary. Where MariaDB is not installed the tests fail.
package storetest
