package mariadb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"
)

// ErrNotInstalled says that this machine has no MariaDB server.
var ErrNotInstalled = errors.New("mariadbd is not installed: apt-get install mariadb-server")

// Option changes how a server runs.
type Option func(*Server)

// MaxConnections sets the server's max_connections, 1200 by default.
func MaxConnections(n int) Option { return func(s *Server) { s.connections = n } }

// LogFile sets where the server and its installation write, DIR/mariadb.log by default. The file is appended to.
func LogFile(path string) Option { return func(s *Server) { s.log = path } }

// Arguments adds to the server's command line; the last one of a kind counts.
func Arguments(arguments ...string) Option {
	return func(s *Server) { s.more = append(s.more, arguments...) }
}

// account is the only one that may come in by TCP; its password is made anew for each server.
const account = "stampede"

// Server is a private MariaDB server. It keeps its data in a folder and can be started on it again after Stop or Kill.
type Server struct {
	folder      string
	log         string
	connections int
	more        []string // arguments
	password    string
	port        int
	admin       *sql.DB

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	err  error         // how it ended, once done is closed
}

// Start makes a new server in a folder, which it creates, on a free port of loopback and returns when the server answers.
// Where ctx ends first the server is killed. After that ctx has no hold on it: Stop does.
func Start(ctx context.Context, folder string, options ...Option) (*Server, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("starting mariadb: %w", err)
	}
	s := &Server{folder: folder, log: filepath.Join(folder, "mariadb.log"), connections: 1200, password: rand.Text()}
	for _, option := range options {
		option(s)
	}
	if err := s.install(ctx); err != nil {
		return nil, fmt.Errorf("starting mariadb in %s: %w", folder, err)
	}
	if err := s.Restart(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Restart starts the server again on its data and on its port, after Stop or Kill, and returns when it answers.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.launch(ctx); err != nil {
		return fmt.Errorf("starting mariadb in %s: %w", s.folder, err)
	}
	return nil
}

// DSN returns the address of one of the server's databases, as go-sql-driver reads it.
func (s *Server) DSN(database string) string {
	config := mysql.NewConfig()
	config.User, config.Net, config.Addr, config.DBName = account, "tcp", s.address(), database
	config.Passwd = s.password
	return config.FormatDSN()
}

// CreateDatabase creates an empty database; one that exists is an error. The name may hold letters, digits, and _.
func (s *Server) CreateDatabase(ctx context.Context, name string) error {
	for _, r := range name {
		if r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return fmt.Errorf("creating database %q: its name holds %q", name, r)
		}
	}
	if _, err := s.admin.ExecContext(ctx, "CREATE DATABASE `"+name+"`"); err != nil {
		return fmt.Errorf("creating database %q: %w", name, err)
	}
	return nil
}

// Pid returns the server's process id.
func (s *Server) Pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cmd.Process.Pid
}

// LogFile returns the path of what the server wrote.
func (s *Server) LogFile() string { return s.log }

// Done is closed when the present process has ended, for whatever reason.
func (s *Server) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done
}

// Kill ends the server at once, as a crash does, and returns when it is gone.
func (s *Server) Kill() error {
	s.mu.Lock()
	cmd, done := s.cmd, s.done
	s.mu.Unlock()
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("killing mariadb: %w", err)
	}
	<-done
	return nil
}

// Stop ends the server cleanly and returns when it is gone; where ctx ends first, it is killed.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	cmd, done := s.cmd, s.done
	s.mu.Unlock()
	defer func() { _ = s.admin.Close() }()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping mariadb: %w", err)
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("stopping mariadb: %w", context.Cause(ctx)), s.Kill())
	}
}

func (s *Server) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// install writes a fresh data folder.
func (s *Server) install(ctx context.Context) error {
	if _, err := find("mariadbd"); err != nil {
		return err
	}
	installer, err := find("mariadb-install-db")
	if err != nil {
		return err
	}
	if _, err := os.Stat(s.path("data")); err == nil {
		return fmt.Errorf("%s exists already", s.path("data"))
	}
	for _, folder := range []string{s.folder, s.path("data"), s.path("tmp")} {
		if err := os.MkdirAll(folder, 0o750); err != nil {
			return err
		}
	}
	grants := "CREATE OR REPLACE USER '" + account + "'@'127.0.0.1' IDENTIFIED BY '" + s.password + "';\n" +
		"GRANT ALL PRIVILEGES ON *.* TO '" + account + "'@'127.0.0.1' WITH GRANT OPTION;\n"
	if err := os.WriteFile(s.path("grants.sql"), []byte(grants), 0o600); err != nil {
		return err
	}
	args := asRoot([]string{
		"--no-defaults", "--datadir=./data", "--auth-root-authentication-method=socket", "--skip-test-db", "--skip-name-resolve",
	})
	command := exec.CommandContext(ctx, installer, args...)
	command.Dir = s.folder // the installer is a script that spaces in a path confuse
	// A server that starts sweeps its folder for temporary tables: in a shared one it takes those of another installation.
	command.Env = append(os.Environ(), "TMPDIR="+s.path("tmp"))
	return s.logged(command, func() error { return command.Run() })
}

// launch starts the process and waits until it answers. Port 0 is no choice for mariadbd, so a free port is found first;
// where another process takes it in between, the next one is tried.
func (s *Server) launch(ctx context.Context) error {
	program, err := find("mariadbd")
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		fresh := s.port == 0
		if fresh {
			if s.port, err = freePort(); err != nil {
				return err
			}
		}
		if err := s.run(program); err != nil {
			return err
		}
		err = s.ready(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || !fresh || try == 2 {
			return errors.Join(fmt.Errorf("%w (its log: %s)", err, s.log), s.Kill())
		}
		if err := s.Kill(); err != nil {
			return err
		}
		s.port = 0
	}
}

func (s *Server) run(program string) error {
	command := exec.Command(program, s.arguments()...)
	done := make(chan struct{})
	started := make(chan error, 1)
	command.SysProcAttr = endWithParent()
	go func() {
		// The kernel ties the child to the thread that started it, so that thread must live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(done)
		err := s.logged(command, func() error {
			if err := command.Start(); err != nil {
				started <- err
				return err
			}
			started <- nil
			return command.Wait()
		})
		s.mu.Lock()
		defer s.mu.Unlock()
		s.err = err
	}()
	if err := <-started; err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cmd, s.done = command, done
	return nil
}

// ready waits for an answer of the server, asking again and again while its process lives.
func (s *Server) ready(ctx context.Context) error {
	if s.admin != nil {
		_ = s.admin.Close() // of the process before
	}
	admin, err := sql.Open("mysql", s.DSN(""))
	if err != nil {
		return err
	}
	admin.SetMaxIdleConns(1)
	s.admin = admin
	done := s.Done()
	ask := time.NewTicker(20 * time.Millisecond)
	defer ask.Stop()
	for {
		err := s.ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for its answer: %w", errors.Join(context.Cause(ctx), err))
		case <-done:
			s.mu.Lock()
			defer s.mu.Unlock()
			return fmt.Errorf("it ended before it answered: %w", errors.Join(s.err, err))
		case <-ask.C:
		}
	}
}

// ping checks that it is our process that answers on the port.
func (s *Server) ping(ctx context.Context) error {
	var folder string
	if err := s.admin.QueryRowContext(ctx, "SELECT @@datadir").Scan(&folder); err != nil {
		return err
	}
	if filepath.Clean(folder) != s.path("data") {
		return fmt.Errorf("another server, of %s, answers on %s", folder, s.address())
	}
	return nil
}

func (s *Server) arguments() []string {
	args := []string{
		"--no-defaults", "--datadir=" + s.path("data"), "--tmpdir=" + s.path("tmp"), "--socket=" + s.path("s.sock"),
		"--init-file=" + s.path("grants.sql"), "--pid-file=" + s.path("pid"), "--bind-address=127.0.0.1", "--port=" + strconv.Itoa(s.port), "--skip-name-resolve",
		"--skip-log-bin", "--innodb-flush-log-at-trx-commit=1", "--innodb-flush-method=O_DIRECT", "--innodb-log-file-size=256M",
		"--transaction-isolation=READ-COMMITTED", "--max-connections=" + strconv.Itoa(s.connections),
	}
	return append(asRoot(args), s.more...)
}

// asRoot lets the programs run as root where we do, which they refuse unless they are told. Another account could not
// reach a folder below /root; the password keeps other people on this machine out.
func asRoot(args []string) []string {
	if os.Geteuid() == 0 {
		return append(args, "--user=root")
	}
	return args
}

// logged runs a command with its output at the end of the log file.
func (s *Server) logged(command *exec.Cmd, run func() error) error {
	file, err := os.OpenFile(s.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	command.Stdout, command.Stderr = file, file
	if err := run(); err != nil {
		return fmt.Errorf("%s (its log: %s): %w", filepath.Base(command.Path), s.log, err)
	}
	return nil
}

func (s *Server) path(name string) string { return filepath.Join(s.folder, name) }

// find looks for a program also where Debian puts daemons, which is not in everybody's PATH.
func find(program string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	for _, folder := range strings.Fields("/usr/sbin /usr/local/sbin /usr/libexec") {
		if path, err := exec.LookPath(filepath.Join(folder, program)); err == nil {
			return path, nil
		}
	}
	return "", ErrNotInstalled
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("looking for a free port: %w", err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
