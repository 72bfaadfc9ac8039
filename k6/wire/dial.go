package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"syscall"
	"time"
)

// SourcePorts is how many connections share one source address on loopback, where a machine has about 14,000 usable
// ports for one source and destination.
const SourcePorts = 8000

const bindAddressNoPort = 24 // IP_BIND_ADDRESS_NO_PORT of Linux: the port is chosen when the destination is known.

// A Target is a base URL that students connect to.
type Target struct {
	URL    string // As it was given, without a slash at its end.
	Host   string // What goes into the Host header.
	Prefix string // A path before every path, or "".
	addr   string // Host and port.
	tls    *tls.Config
	local  bool // On IPv4 loopback.
}

// ParseTarget reads a base URL, http or https, without user, query and fragment. config is used for https; nil is the
// default.
func ParseTarget(text string, config *tls.Config) (*Target, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the target: %w", err)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("target %q: it must begin with http:// or https://", text)
	case u.Hostname() == "":
		return nil, fmt.Errorf("target %q: it names no host", text)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("target %q: it must have no user, query or fragment", text)
	}
	t := &Target{Host: u.Host, Prefix: u.EscapedPath()}
	for len(t.Prefix) > 0 && t.Prefix[len(t.Prefix)-1] == '/' {
		t.Prefix = t.Prefix[:len(t.Prefix)-1]
	}
	t.URL = u.Scheme + "://" + u.Host + t.Prefix
	port := u.Port()
	if port == "" {
		port = "80"
	}
	if u.Scheme == "https" {
		if u.Port() == "" {
			port = "443"
		}
		t.tls = config.Clone()
		if t.tls == nil {
			t.tls = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		t.tls.ServerName, t.tls.NextProtos = u.Hostname(), []string{"http/1.1"}
	}
	t.addr = net.JoinHostPort(u.Hostname(), port)
	ip := net.ParseIP(u.Hostname())
	t.local = u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback() && ip.To4() != nil)
	return t, nil
}

// Hostname returns the target's host without its port.
func (t *Target) Hostname() string {
	host, _, _ := net.SplitHostPort(t.addr) // It was joined here.
	return host
}

// Loopback says whether the target is this machine: localhost or an address of its loopback network.
func (t *Target) Loopback() bool {
	ip := net.ParseIP(t.Hostname())
	return t.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
}

// Secure says whether the target speaks HTTPS.
func (t *Target) Secure() bool { return t.tls != nil }

// A Dialed is a new connection with what it cost.
type Dialed struct {
	*Conn
	Connecting     time.Duration
	TLSHandshaking time.Duration
}

// Dial connects to the target. The source numbers the addresses of the loopback network that connections come from:
// source 0 is the system's choice, and each further one has its own ports. An error wraps the system's.
func (t *Target) Dial(ctx context.Context, source int) (Dialed, error) {
	dialer := net.Dialer{KeepAlive: -1} // A student has a deadline for everything.
	network := "tcp"
	if source > 0 && t.local {
		network = "tcp4"
		dialer.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, byte(1+source>>16), byte(source>>8), byte(source))}
		dialer.Control = func(_, _ string, raw syscall.RawConn) error {
			var option error
			err := raw.Control(func(fd uintptr) {
				option = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, bindAddressNoPort, 1)
			})
			return errors.Join(err, option)
		}
	}
	start := time.Now()
	tcp, err := dialer.DialContext(ctx, network, t.addr)
	if err != nil {
		return Dialed{}, fmt.Errorf("connecting: %w", err)
	}
	connected := time.Now()
	var secure *tls.Conn
	if t.tls != nil {
		secure = tls.Client(tcp, t.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = tcp.Close() // The handshake's error is the one to report.
			return Dialed{}, fmt.Errorf("connecting: TLS handshake: %w", err)
		}
	}
	conn, err := newConn(tcp, secure)
	if err != nil {
		_ = tcp.Close() // Likewise.
		return Dialed{}, err
	}
	d := Dialed{Conn: conn, Connecting: connected.Sub(start)}
	if secure != nil {
		d.TLSHandshaking = time.Since(connected)
	}
	return d, nil
}
