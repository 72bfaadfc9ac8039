package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"
)

// maxIdleTime is how long a pool keeps a connection that nobody uses.
const maxIdleTime = 5 * time.Minute

// session prepares each new connection, so that no answer depends on what a server gives to new sessions.
type session struct {
	driver.Connector
	settings string // of its pool, besides those of all
}

// The settings of each connection:
// READ COMMITTED, or two instances that lock the same rows deadlock on gaps; strict mode, so that nothing is cut to fit;
// transactions that write, and end where they are told to; no SELECT cut short, no statement refused for how much it reads
// or writes, none stopped by the clock, for the service has time limits of its own; constraints that are checked; and no
// connection closed that the pool still counts on.
const (
	isolationSettings = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE"
	charsetSettings   = "SET NAMES utf8mb4 COLLATE utf8mb4_bin"
	sessionSettings   = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO', " +
		"completion_type = 'NO_CHAIN', innodb_lock_wait_timeout = 4, wait_timeout = 600, " +
		"sql_select_limit = 18446744073709551615, sql_big_selects = 1, sql_safe_updates = 0, foreign_key_checks = 1" +
		" /*M!100300 , check_constraint_checks = 1, max_statement_time = 0, idle_transaction_timeout = 0, " +
		"idle_readonly_transaction_timeout = 0, idle_write_transaction_timeout = 0 */" + // MariaDB's own
		" /*!50708 , max_execution_time = 0 */, " // MySQL's own; MariaDB passes over what is meant for a MySQL 5.7

	// The ledger's connections are in a transaction always. One that waits for whoever holds a whole table gives up as soon as
	// one that waits for a row, which is half of what a request may wait: FLUSH TABLES WITH READ LOCK waits for a statement
	// that waits for a row of a transaction that waits for the FLUSH, and no server sees that circle.
	ledgerSettings = "autocommit = 0, lock_wait_timeout = 4"
)

func (s session) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	for _, statement := range []string{isolationSettings, charsetSettings, sessionSettings + s.settings} {
		if _, err := conn.(driver.ExecerContext).ExecContext(ctx, statement, nil); err != nil {
			return nil, errors.Join(fmt.Errorf("preparing a connection: %w", err), conn.Close())
		}
	}
	return conn, nil
}

// leastPacket is four times the longest statement of the ledger, 512 seats given back, and more than any other takes.
const leastPacket = 1 << 20

// suits refuses a server on which enrolments would fail whatever a session sets.
func (mysqlDialect) suits(ctx context.Context, db *sql.DB) error {
	var (
		packet int64
		logs   bool
		format string
	)
	if err := db.QueryRowContext(ctx, "SELECT @@max_allowed_packet, @@log_bin, @@binlog_format").Scan(&packet, &logs, &format); err != nil {
		return fmt.Errorf("reading the server's settings: %w", err)
	}
	switch {
	case packet < leastPacket:
		return fmt.Errorf("max_allowed_packet is %d on the server, too little for a batch of enrolments: set it to %d or more", packet, leastPacket)
	case logs && strings.EqualFold(format, "STATEMENT"):
		return errors.New("binlog_format is STATEMENT on the server, which cannot log transactions at READ COMMITTED: set it to MIXED or ROW")
	}
	return nil
}
