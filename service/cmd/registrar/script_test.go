package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The tests of the command line stand in this package, because a script runs main itself.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"registrar": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata", RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("STAMPEDE_DATABASE", "sqlite:"+env.WorkDir+"/registration.db")
			env.Setenv("STAMPEDE_JWT_SECRET", "0123456789abcdef0123456789abcdef")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits, "freeport": freePort, "answers": answers, "logsin": logsIn, "unreadable": unreadable,
		},
	})
}

// exits runs a command that must end with the given code, where that is not 0 without a long wait: exits CODE COMMAND ARGS…
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGS…")
	}
	start := time.Now()
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("running %s: %v", args[1], err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
	if took := time.Since(start); code != 0 && took > 10*time.Second { // it takes less than two; the rest is for a machine busy with tests
		ts.Fatalf("it took %s to say what is wrong", took)
	}
}

// freePort puts an address of 127.0.0.1 that nobody listens on into an environment variable: freeport NAME.
func freePort(ts *testscript.TestScript, _ bool, args []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], listener.Addr().String())
	ts.Check(listener.Close())
}

// answers waits until a URL answers 200: answers URL.
func answers(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(15 * time.Second)
	for {
		err := get(args[0])
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s: %v", args[0], err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// logsIn logs in at the staff's side: logsin URL LOGIN PASSWORD.
func logsIn(ts *testscript.TestScript, neg bool, args []string) {
	body, err := json.Marshal(map[string]string{"login": args[1], "password": args[2]})
	ts.Check(err)
	response, err := http.Post(args[0]+"/api/v1/staff/login", "application/json", bytes.NewReader(body))
	ts.Check(err)
	ts.Check(response.Body.Close())
	if (response.StatusCode == http.StatusOK) == neg {
		ts.Fatalf("logging in as %s answered %s", args[1], response.Status)
	}
}

func get(url string) error {
	response, err := http.Get(url)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", response.Status)
	}
	return nil
}

// unreadable makes a symbolic link that leads to itself: no user, not even root, can read it.
func unreadable(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	ts.Check(os.Symlink(path, path))
}
