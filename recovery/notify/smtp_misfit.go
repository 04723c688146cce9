package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"sync/atomic"
	"time"
)

// probeTime is how long a server that has not greeted is asked for TLS.
const probeTime = time.Second

// misfit says which option does not fit the server, and what to write; empty when
// it is none.
func (s *SMTP) misfit(ctx context.Context, conn *smtpConn, err error) string {
	var unusable *mechanismError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &unusable):
		return unusable.Error()
	case s.TLS == TLSImplicit && errors.As(err, &record):
		return "the server does not begin with encryption: write tls starttls, and its port for that, often 587"
	case strings.Contains(err.Error(), "not support STARTTLS"): // go-mail has no error value for it
		return "the server offers no STARTTLS: write tls implicit, and its port for that, often 465; or tls off if it is on this machine"
	case s.refusesName(err):
		return fmt.Sprintf("the server refuses %q as the name of this side (%s): write helo NAME, with a name that leads to this machine", s.helo(), redact(err.Error()))
	case s.TLS != TLSImplicit && !conn.raw.heard.Load() && s.speaksTLS(ctx):
		return "the server waits for encryption from the first byte: write tls implicit"
	}
	return ""
}

// refusesName tells that EHLO and HELO were refused for good.
func (*SMTP) refusesName(err error) bool {
	var reply *textproto.Error
	return strings.Contains(err.Error(), "EHLO/HELO exchange failed") && errors.As(err, &reply) && reply.Code/100 == 5
}

// speaksTLS asks a server that says nothing for TLS, on a connection of its own.
// ctx may have ended with the wait for a greeting.
func (s *SMTP) speaksTLS(ctx context.Context) bool {
	if errors.Is(ctx.Err(), context.Canceled) {
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
	defer cancel()
	host, port, err := s.server()
	if err != nil {
		return false
	}
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return false
	}
	defer raw.Close()
	err = tls.Client(raw, s.tlsConfig(host)).HandshakeContext(ctx)
	var untrusted *tls.CertificateVerificationError
	return err == nil || errors.As(err, &untrusted)
}

// mechanismError says that the server takes no password, or not in our way.
type mechanismError struct{ offered []string }

// Error implements error.
func (e *mechanismError) Error() string {
	if len(e.offered) == 0 {
		return "the server offers no AUTH: take user and password out, or name the port that takes them, often 587 with tls starttls or 465 with tls implicit"
	}
	return fmt.Sprintf("the server offers AUTH %s, and neither AUTH PLAIN nor AUTH LOGIN: have its operator allow one of them, often with a password made for one app, "+
		"or take user and password out", redact(strings.Join(e.offered, " ")))
}

// heardConn knows whether the other side has said anything.
type heardConn struct {
	net.Conn
	heard atomic.Bool
}

// Read implements net.Conn.
func (c *heardConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.heard.Store(true)
	}
	return n, err
}
