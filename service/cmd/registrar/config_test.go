package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

func TestTheDefaultsAreValid(t *testing.T) {
	t.Parallel()
	config := newServeConfig()
	config.Database = "sqlite:x.db"
	before := config
	require.NoError(t, config.Validate())
	require.Equal(t, before, config, "Validate changes nothing")
}

func TestLoopbackAddressesAreToldFromOthers(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"127.0.0.1:80": true, "127.9.9.9:80": true, "[::1]:80": true, "localhost:80": true, "[::ffff:127.0.0.1]:80": true,
		":80": false, "0.0.0.0:80": false, "[::]:80": false, "10.0.0.1:80": false, "localhost.example.org:80": false, "127.0.0.1": false, "": false,
	} {
		require.Equal(t, want, isLoopback(address), address)
	}
}

func TestAFlagWinsOverTheEnvironment(t *testing.T) {
	t.Parallel()
	environment := func(name string) (string, bool) {
		value, set := map[string]string{"STAMPEDE_QUEUE": "5", "STAMPEDE_DRAIN_TIMEOUT": "7s", "STAMPEDE_FAULT": ""}[name]
		return value, set
	}
	config := newServeConfig()
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	config.flags(flags)
	require.NoError(t, flags.Parse([]string{"--queue=9"}))
	require.NoError(t, flagsFromEnvironment(flags, environment))
	require.Equal(t, 9, config.Queue)
	require.Equal(t, 7*time.Second, config.DrainTimeout)
	require.Equal(t, "127.0.0.1:8080", config.Listen)
}

// FuzzServeFlags gives serve any command line and environment. Whatever passes must keep the promises that the service
// relies on.
func FuzzServeFlags(f *testing.F) {
	f.Add("--queue=1 --listen=127.0.0.1:0 --database=sqlite:x", "STAMPEDE_QUEUE=3")
	f.Add("--fault slow-commit --listen [::1]:1 --database x", "STAMPEDE_TOKEN_TTL=1h STAMPEDE_LOG_LEVEL=WARN+1")
	f.Add("--queue= --drain-timeout=-1s", "STAMPEDE_CONNECTIONS=0x10 STAMPEDE_MAX_IN_FLIGHT=1e3")
	f.Fuzz(func(t *testing.T, line, variables string) {
		environment := map[string]string{}
		for _, variable := range strings.Fields(variables) {
			name, value, _ := strings.Cut(variable, "=")
			environment[name] = value
		}
		config := newServeConfig()
		flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
		flags.SetOutput(io.Discard)
		flags.Usage = func() {}
		config.flags(flags)
		if err := flags.Parse(strings.Fields(line)); err != nil {
			return
		}
		err := flagsFromEnvironment(flags, func(name string) (string, bool) { value, set := environment[name]; return value, set })
		if err == nil {
			err = config.Validate()
		}
		if err != nil {
			var usage usageError
			require.ErrorAs(t, err, &usage, "what is wrong with a command line is an error of usage")
			require.NotContains(t, oneLine(err), "\n")
			return
		}
		require.Empty(t, config.Fault, "no fault without its second key")
		require.Positive(t, config.Queue)
		require.Positive(t, config.MaxInFlight)
		require.Positive(t, config.DrainTimeout)
		require.GreaterOrEqual(t, config.TokenTTL, time.Second)
		_, err = config.level()
		require.NoError(t, err)
	})
}

// FuzzPeriod gives seed any opening and closing.
func FuzzPeriod(f *testing.F) {
	f.Add("2026-03-02T10:00:00+09:00", "2026-03-02T11:00:00.5Z")
	f.Add("", "")
	f.Add("0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z")
	f.Fuzz(func(t *testing.T, opensAt, closesAt string) {
		period, err := parsePeriod(opensAt, closesAt)
		switch {
		case err != nil:
			require.True(t, period.IsZero())
		case opensAt == "":
			require.Empty(t, closesAt)
		default:
			require.NoError(t, period.Validate())
			require.True(t, period.OpensAt.Before(period.ClosesAt))
		}
	})
}
