package enrollment_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/enrollment"
	"github.com/goormu/stampede/service/store/mariadb"
	"github.com/goormu/stampede/service/store/storetest"
)

// MariaDB shows what is committed before it is on disk. Whoever answers from what another instance has committed just now
// must not do so while a crash of the server could undo it.
func TestAnAnswerFoundByItsKeySurvivesACrashOfTheServer(t *testing.T) {
	server, err := mariadb.Start(t.Context(), t.TempDir())
	require.NoError(t, err)
	defer func() { _ = server.Kill() }()
	database := storetest.On(t, server, "durable")
	require.NoError(t, database.Open(t).Migrate(t.Context()))
	db := fill(t, database, storetest.University(9, seats(1, 9)...))
	for name, test := range map[string]struct {
		request
		here, there []request // before it, on disk
		look        bool
	}{
		"a seat": {
			request: request{student: student(0), section: 2, key: "k"},
		},
		"a seat given back": {
			request: request{student: student(1), section: 2, key: "k", cancel: true},
			here:    []request{{student: student(1), section: 2, key: "e"}},
		},
		"a seat of a section that was seen full": {
			request: request{student: student(2), section: 1, key: "k"},
			there:   []request{{student: student(3), section: 1, key: "e"}},
			here:    []request{{student: student(3), section: 1, key: "c", cancel: true}},
			look:    true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, raw, looks := t.Context(), database.Raw(t), atomic.Int64{}
			here := newLedger(t, db, enrollment.Config{})
			there := newLedger(t, database.Open(t), enrollment.Config{Observer: enrollment.Observer{
				Look: func(_, answered int, _ time.Duration) { looks.Add(int64(answered)) },
			}})
			for _, r := range test.there {
				require.Empty(t, send(ctx, there, r).code)
			}
			for _, r := range test.here {
				require.Empty(t, send(ctx, here, r).code)
			}
			_, err := raw.ExecContext(ctx, "SET GLOBAL innodb_flush_log_at_trx_commit = 0") // as if the first COMMIT were on its way
			require.NoError(t, err)
			first := send(ctx, here, test.request)
			require.Empty(t, first.code)
			_, err = raw.ExecContext(ctx, "SET GLOBAL innodb_flush_log_at_trx_commit = 1")
			require.NoError(t, err)
			require.Equal(t, first, send(ctx, there, test.request))
			require.Eventually(t, func() bool { return test.look == (looks.Load() > 0) }, 10*time.Second, time.Millisecond) // told after the answer

			require.NoError(t, server.Kill())
			require.NoError(t, server.Restart(ctx))
			require.Equal(t, first, send(ctx, here, test.request))
			database.RequireSound(t)
			var rows int
			require.NoError(t, database.Raw(t).QueryRowContext(ctx, `SELECT COUNT(*) FROM enrollment JOIN student ON student.id = student_id
				WHERE student_id = ? AND enrolled_at = ?`, int64(test.student), first.at.UnixMilli()).Scan(&rows))
			require.Equal(t, !test.cancel, rows == 1)
		})
	}
}
