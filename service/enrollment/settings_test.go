package enrollment_test

import (
	"bytes"
	"database/sql"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/store/mariadb"
	"github.com/goormu/stampede/service/store/storetest"
)

// asService returns how an account that may only read and write, as the service's own should be, opens a database.
func asService(t *testing.T, raw *sql.DB, dsn string) string {
	t.Helper()
	config, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	config.User, config.Passwd = "service", "of this test"
	for _, statement := range []string{
		"CREATE OR REPLACE USER 'service'@'127.0.0.1' IDENTIFIED BY '" + config.Passwd + "'",
		"GRANT SELECT, INSERT, UPDATE, DELETE ON `" + config.DBName + "`.* TO 'service'@'127.0.0.1'",
	} {
		_, err := raw.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	return config.FormatDSN()
}

// What a server gives to new sessions is its owner's affair: the service sets what it depends on.
func TestNoSettingOfAServerChangesAnAnswer(t *testing.T) {
	server, err := mariadb.Start(t.Context(), t.TempDir())
	require.NoError(t, err)
	defer func() { _ = server.Kill() }()
	for i, settings := range [][]string{
		{"autocommit = 0"},
		{"completion_type = 'CHAIN'"},
		{"completion_type = 'RELEASE'"},
		{"tx_read_only = 1"},
		{"tx_isolation = 'SERIALIZABLE'"},
		{"tx_isolation = 'READ-UNCOMMITTED'"},
		{"innodb_lock_wait_timeout = 1", "lock_wait_timeout = 1"},
		{"wait_timeout = 1", "idle_transaction_timeout = 1", "idle_write_transaction_timeout = 1", "idle_readonly_transaction_timeout = 1"},
		{"max_statement_time = 0.000001"},
		{"sql_safe_updates = 1"},
		{"sql_select_limit = 1"},
		{"max_join_size = 1"},
		{"sql_mode = 'ANSI,ORACLE,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,EMPTY_STRING_IS_NULL'"},
		{"time_zone = '+09:00'"},
		{"foreign_key_checks = 0", "unique_checks = 0", "check_constraint_checks = 0"},
		{"init_connect = 'SET NAMES latin1'"},
		{"query_cache_type = 1"},
		{"join_cache_level = 8", "optimizer_switch = 'mrr=on,mrr_sort_keys=on,join_cache_bka=on,optimize_join_buffer_size=on'"},
		{"innodb_force_primary_key = 1"},
	} {
		t.Run(strings.Join(settings, ", "), func(t *testing.T) {
			database := storetest.On(t, server, "settings_"+strconv.Itoa(i))
			raw := database.Raw(t)
			raw.SetMaxOpenConns(1) // it began before the settings
			dsn := asService(t, raw, database.Name)
			defaults := func() {
				for _, setting := range settings {
					name, _, _ := strings.Cut(setting, " =")
					_, err := raw.ExecContext(t.Context(), "SET GLOBAL "+name+" = DEFAULT")
					require.NoError(t, err)
				}
			}
			defer defaults()
			for _, setting := range settings {
				_, err := raw.ExecContext(t.Context(), "SET GLOBAL "+setting)
				require.NoError(t, err)
			}
			require.NoError(t, database.Open(t).Migrate(t.Context()))
			spendATerm(t, dsn, strings.Contains(settings[0], "wait_timeout"))
			defaults()
			database.RequireSound(t)
			var right int
			require.NoError(t, raw.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM major WHERE name = '컴퓨터공학과'").Scan(&right))
			require.Equal(t, 1, right, "what stands in the tables is what was written")
		})
	}
}

// spendATerm does once what a term brings, and looks at what came of it from another process's place.
func spendATerm(t *testing.T, dsn string, idle bool) {
	const students, room = 8, 6
	open := func() *store.Store {
		db, err := store.Open(t.Context(), dsn, store.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	db, ctx := open(), t.Context()
	require.NoError(t, db.Fill(ctx, storetest.University(students,
		storetest.Section{Capacity: room, Slots: []registration.Slot{monday}}, storetest.Section{Capacity: 2},
		storetest.Section{Capacity: room, Slots: []registration.Slot{monday, tuesday}})))
	storetest.OpenPeriod(t, db)

	seen, g := newRetries(t), newGate()
	here := newLedger(t, db, enrollment.Config{Logger: slog.New(seen), Clock: g.clock})
	there := newLedger(t, open(), enrollment.Config{Logger: slog.New(seen)})
	const key = `'\"k`
	for n := range room {
		granted := send(ctx, here, request{student: student(n), section: 1, key: key})
		require.Empty(t, granted.code)
		require.Equal(t, granted, send(ctx, there, request{student: student(n), section: 1, key: key}))
	}
	for range 2 { // the second time by a look
		require.Equal(t, registration.SectionFull, send(ctx, here, request{student: student(room), section: 1, key: key}).code)
		require.Equal(t, registration.IdempotencyKeyReused, send(ctx, here, request{student: student(0), section: 3, key: key}).code)
		require.Equal(t, registration.TimetableClash, send(ctx, here, request{student: student(0), section: 3, key: "3"}).code)
	}
	for n := range room {
		require.Empty(t, send(ctx, there, request{student: student(n), section: 1, key: "c", cancel: true}).code)
	}
	release := g.hold(t, here, student(7)) // while one transaction lies open, and others of its pool are idle
	if idle {
		<-time.After(1200 * time.Millisecond)
	}
	release()
	require.Empty(t, send(ctx, here, request{student: student(room), section: 1, key: key}).code)
	require.Zero(t, seen.count.Load(), "a batch was tried again")

	_, added, err := db.AddToCart(ctx, student(0), 3, time.Now())
	require.NoError(t, err)
	require.True(t, added)
	major, err := db.Majors().Save(ctx, registration.Major{Name: `법학과'\"`, NameEN: "Law"})
	require.NoError(t, err)
	class, err := db.Classes().Save(ctx, registration.Class{CourseID: 1, ProfessorID: 1, Capacity: 5, Slots: []registration.Slot{tuesday}})
	require.NoError(t, err)
	require.NoError(t, db.SaveStaff(ctx, store.Staff{Login: "교무처", Name: "교무처", PasswordHash: "hash"}))

	db = open()
	cart, err := db.Cart(ctx, student(0))
	require.NoError(t, err)
	require.Len(t, cart, 1)
	majors, err := db.Majors().List(ctx, registration.Page{Limit: 9})
	require.NoError(t, err)
	require.Equal(t, []registration.Major{{ID: 1, Name: "컴퓨터공학과", NameEN: "Computer Science"}, major}, majors)
	require.NoError(t, db.Classes().Remove(ctx, class.ID))
	roster, err := db.Roster(ctx, 1, registration.Page{Limit: 9})
	require.NoError(t, err)
	require.Len(t, roster, 1)
	require.Equal(t, "이서준", roster[0].Name)
	require.Equal(t, key, roster[0].Enrollment.Key)
	hash, err := db.StaffPassword(ctx, "교무처")
	require.NoError(t, err)
	require.Equal(t, "hash", hash)
	var text bytes.Buffer
	require.NoError(t, db.Export(ctx, &text, time.Now()))
	require.Equal(t, students, strings.Count(text.String(), `"type":"student"`))
	require.NoError(t, db.Close())
}
