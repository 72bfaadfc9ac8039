package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/goormu/stampede/service/registration"
)

type mysqlDialect struct{}

func openMySQL(dsn string, options Options) (*Store, error) {
	config, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	config.MultiStatements = false
	config.InterpolateParams = true // one round trip a statement
	config.ClientFoundRows = false
	config.RejectReadOnly = true // a server that was the primary: ask the next connection
	config.Collation = "utf8mb4_bin"
	config.Logger = &mysql.NopLogger{} // the driver's own words reach us as errors
	if config.Timeout == 0 {
		config.Timeout = pingTimeout
	}
	if config.ReadTimeout == 0 {
		config.ReadTimeout = 30 * time.Second
	}
	if config.WriteTimeout == 0 {
		config.WriteTimeout = 30 * time.Second
	}
	pool, err := openPool(config, options, "autocommit = 1")
	if err != nil {
		return nil, err
	}
	// The ledger's connections begin a transaction with the first statement after the last one's end, and take several
	// statements in one round trip. No text that anybody else wrote ever stands in theirs; see writeKey.
	config = config.Clone()
	config.MultiStatements = true
	ledger, err := openPool(config, options, ledgerSettings)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &Store{
		write: pool, read: pool, ledger: ledger, looks: ledger, frequent: &prepared{pool: pool},
		dialect: mysqlDialect{}, name: "mysql " + config.Addr + "/" + config.DBName,
	}, nil
}

func openPool(config *mysql.Config, options Options, settings string) (*sql.DB, error) {
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, fmt.Errorf("reading the database's name: %w", err)
	}
	pool := sql.OpenDB(session{connector, settings})
	connections := options.Connections
	if connections == 0 {
		connections = 32
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxIdleTime(maxIdleTime)
	return pool, nil
}

var errWanted = fmt.Errorf("%w: it must be sqlite:PATH or user:password@tcp(host:port)/name", ErrName)

// parseDSN reads a go-sql-driver DSN. Its errors hold nothing of what stands before the last @, the password's place.
func parseDSN(dsn string) (*mysql.Config, error) {
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		// The driver quotes what it cannot read, which may be a part of the password; so it is asked about the rest only.
		if at := strings.LastIndex(dsn, "@"); at >= 0 {
			if _, err := mysql.ParseDSN(dsn[at+1:]); err != nil {
				return nil, fmt.Errorf("%w: %w", errWanted, err)
			}
		}
		return nil, errWanted
	}
	switch {
	case config.Net != "tcp" && config.Net != "unix":
		return nil, fmt.Errorf("%w: the protocol is neither tcp nor unix", errWanted)
	case config.DBName == "":
		return nil, fmt.Errorf("%w: the name of a database after the last / is missing", errWanted)
	case strings.ContainsAny(config.DBName, "@:"): // a password with a slash, and no slash behind it
		return nil, errWanted
	}
	return config, nil
}

func (mysqlDialect) forUpdate() string { return " FOR UPDATE" }
func (mysqlDialect) primary() string   { return " FORCE INDEX (PRIMARY)" }
func (mysqlDialect) begin() string     { return "" } // its connections never commit by themselves
func (mysqlDialect) together() bool    { return true }
func (mysqlDialect) goose() string     { return "mysql" }

// showsUnflushed: InnoDB lets go of the locks first, and flushes its log then.
func (mysqlDialect) showsUnflushed() bool { return true }

func (mysqlDialect) look() string {
	return "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION READ ONLY"
}

// writeKey writes a key in digits, x'6b6579', so that whatever is in it can be nothing but a string.
func (mysqlDialect) writeKey(s *statement, key string) {
	var digits [2 * registration.MaxKeyLength]byte
	s.WriteString("x'")
	s.Write(hex.AppendEncode(digits[:0], []byte(key)))
	s.WriteByte('\'')
}

// deleteEnrollments is a join, for a DELETE from one table alone takes no hint of an index: where it is to remove most of a
// table, the planner reads all of it.
func (d mysqlDialect) deleteEnrollments(named string) string {
	return "DELETE enrollment FROM (" + named + ") AS gone STRAIGHT_JOIN enrollment" + d.primary() + " ON student_id = s AND section_id = c"
}

// migrationLock takes a lock named after the database, for data definitions are no transactions here.
func (mysqlDialect) migrationLock(ctx context.Context, db *sql.DB) (func(), error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK(LEFT(CONCAT('migrate:', DATABASE()), 64), 60)").Scan(&got); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if got.Int64 != 1 {
		return nil, errors.Join(errors.New("another instance has been migrating for a minute"), conn.Close())
	}
	return func() {
		// The lock goes with its connection, so the pool must not keep it: ErrBadConn makes it close.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		_ = conn.Close()
	}, nil
}

func (mysqlDialect) snapshot(ctx context.Context, db *sql.DB) (*sql.Conn, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	for _, statement := range []string{
		"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
		"START TRANSACTION WITH CONSISTENT SNAPSHOT",
	} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return conn, nil
}

func (mysqlDialect) durability(ctx context.Context, db *sql.DB) (string, error) {
	settings := map[string]string{}
	rows, err := db.QueryContext(ctx, `SHOW GLOBAL VARIABLES WHERE Variable_name IN
		('innodb_flush_log_at_trx_commit', 'innodb_doublewrite', 'innodb_flush_method', 'log_bin', 'sync_binlog')`)
	if err != nil {
		return "", err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return "", err
		}
		settings[name] = value
	}
	if err := rows.Err(); err != nil {
		return "", err
	}
	var weak []string
	if value := settings["innodb_flush_log_at_trx_commit"]; value != "1" {
		weak = append(weak, "innodb_flush_log_at_trx_commit="+value+" (1 flushes at each commit)")
	}
	if value := settings["innodb_doublewrite"]; strings.EqualFold(value, "OFF") || value == "0" {
		weak = append(weak, "innodb_doublewrite="+value)
	}
	if value := settings["innodb_flush_method"]; strings.Contains(strings.ToLower(value), "nosync") {
		weak = append(weak, "innodb_flush_method="+value)
	}
	if strings.EqualFold(settings["log_bin"], "ON") && settings["sync_binlog"] != "1" {
		weak = append(weak, "sync_binlog="+settings["sync_binlog"])
	}
	if len(weak) == 0 {
		return "", nil
	}
	return "a commit may be lost with the power: " + strings.Join(weak, ", "), nil
}

// contradiction knows duplicate keys and the CHECK constraints of MySQL (3819) and MariaDB (4025).
func (mysqlDialect) contradiction(err error) bool {
	var server *mysql.MySQLError
	return errors.As(err, &server) && (server.Number == 1062 || server.Number == 3819 || server.Number == 4025)
}

// Numbers of server errors after which the same transaction may succeed.
const (
	errLockWait           = 1205
	errDeadlock           = 1213
	errServerShutdown     = 1053
	errConnectionKilled   = 1927
	errQueryInterrupted   = 1317
	errTooManyConnections = 1040
)

func (mysqlDialect) transient(err error) bool {
	var server *mysql.MySQLError
	if errors.As(err, &server) {
		switch server.Number {
		case errLockWait, errDeadlock, errServerShutdown, errConnectionKilled, errQueryInterrupted, errTooManyConnections:
			return true
		}
		return false
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false // the caller's own time is up
	}
	var network net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network)
}
