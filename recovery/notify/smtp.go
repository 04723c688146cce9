package notify

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// The values of SMTP.TLS.
const (
	TLSStartTLS = "starttls" // encryption begins inside the session; without it nothing is sent
	TLSImplicit = "implicit" // encrypted from the first byte (port 465)
	TLSOff      = "off"      // no encryption; with a User only to this machine
)

const defaultSMTPTimeout = 15 * time.Second

// SMTP sends mail through one submission server.
//
// A reply of 4xx is a temporary failure, 5xx a permanent one. Everything that
// goes wrong before the server is known to be the right one (no connection, a
// greeting of 5xx, no STARTTLS, a certificate that does not verify) is
// temporary: it says nothing about the letter, and before encryption anyone on
// the way could have said it.
type SMTP struct {
	// Host is the server as HOST:PORT. Required.
	Host string
	// From is the sender's address, with or without a name:
	// "Sparekey <no-reply@example.org>". Required.
	From string
	// User and Password sign on with AUTH PLAIN or LOGIN. Without a User there
	// is no AUTH.
	User     string
	Password secret.Text
	// TLS is "starttls" (default), "implicit" or "off". The certificate is
	// always verified against the name in Host.
	TLS string
	// Timeout bounds each of the two halves of an exchange: up to the sign-on,
	// and the delivery. Default 15 s.
	Timeout time.Duration
	// RootCAs replaces the system's authorities. Default: the system's.
	RootCAs *x509.CertPool
	// HELO is the name given in EHLO. Default: the domain of From, never the
	// machine's host name, which is nobody's business.
	HELO string
	// Now gives the Date header. Default: time.Now.
	Now func() time.Time
}

// Validate checks the settings without a connection. Its errors are of type
// [OptionError] and say what to write.
func (s *SMTP) Validate() error {
	host, port, err := s.server()
	if err != nil {
		return err
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return wrong("host", "smtp: %q is not a port: use 587, or 465 with tls implicit", port)
	}
	if _, err := s.sender(); err != nil {
		return wrong("from", "smtp: from: %w", err)
	}
	if strings.ContainsFunc(s.helo(), unnameable) {
		return wrong("helo", "smtp: helo %q is not the name of a host: write it like mail.example.com", s.HELO)
	}
	if err := oneLine("user", s.User); err != nil {
		return wrong("user", "smtp: %w", err)
	}
	return s.validateTLS(host)
}

// server is Host in its parts, the name in ASCII.
func (s *SMTP) server() (host, port string, err error) {
	host, port, err = net.SplitHostPort(s.Host)
	if err == nil {
		host, err = inASCII(host)
	}
	if err != nil || host == "" {
		return "", "", wrong("host", "smtp: host %q is not HOST:PORT: write it like mail.example.com:587", s.Host)
	}
	return host, port, nil
}

// inASCII is a domain as name servers and mail servers take it (IDNA, RFC 5891).
// One that is in ASCII stays as it is.
func inASCII(domain string) (string, error) {
	if !strings.ContainsFunc(domain, beyondASCII) {
		return domain, nil
	}
	return idna.Lookup.ToASCII(domain)
}

func beyondASCII(r rune) bool { return r > unicode.MaxASCII }

// unnameable are the characters that no argument of EHLO has: a name, or an
// address in brackets (RFC 5321, section 4.1.3).
func unnameable(r rune) bool {
	return beyondASCII(r) || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_:[]", r)
}

func (s *SMTP) validateTLS(host string) error {
	switch s.TLS {
	case "", TLSStartTLS, TLSImplicit:
		return nil
	case TLSOff:
		if s.User != "" && !isLoopback(host) {
			return wrong("tls", "smtp: tls off would send the password to %s unencrypted: write tls starttls or tls implicit", host)
		}
		return nil
	}
	return wrong("tls", "smtp: tls %q is none of starttls, implicit, off", s.TLS)
}

// Send delivers the letter.
func (s *SMTP) Send(ctx context.Context, l Letter) error {
	if err := s.Validate(); err != nil {
		return permanentf("%w", err)
	}
	msg, err := s.compose(l)
	if err != nil {
		return permanentf("smtp: %w", err)
	}
	conn, err := s.signOn(ctx)
	if err != nil {
		return err
	}
	defer conn.close()
	return s.deliver(ctx, conn, msg, l.To)
}

// Check connects, encrypts, signs on and leaves again without sending
// anything. The error says which of these failed.
func (s *SMTP) Check(ctx context.Context) error {
	if err := s.Validate(); err != nil {
		return err
	}
	conn, err := s.signOn(ctx)
	if err != nil {
		return err
	}
	defer conn.close()
	defer conn.bind(ctx)()
	if err := conn.client.Quit(); err != nil {
		return s.explain(ctx, "quit", err)
	}
	return nil
}

func (s *SMTP) deliver(ctx context.Context, conn *smtpConn, msg *gomail.Msg, to string) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	defer conn.bind(ctx)()
	err := conn.dialer.SendWithSMTPClient(conn.client, msg)
	if err == nil {
		// The letter is taken: an error from here on must not send it again.
		_ = conn.client.Quit()
		return nil
	}
	var failed *gomail.SendError
	if !errors.As(err, &failed) || failed.ErrorCode() == 0 {
		return s.explain(ctx, "deliver", err, to)
	}
	_ = conn.client.Quit()
	if failed.ErrorCode()/100 == 5 { // not IsTemp: it is false for a broken connection too
		return permanentf("%w", s.explain(ctx, "deliver", err, to))
	}
	return s.explain(ctx, "deliver", err, to)
}

// sender is From, its domain in ASCII: in the envelope, the header, the Message-ID
// and EHLO, since few servers take another (RFC 6531).
func (s *SMTP) sender() (*mail.Address, error) {
	if s.From == "" {
		return nil, errors.New("it is missing: write it like from photos@example.com")
	}
	if err := oneLine("address", s.From); err != nil {
		return nil, err
	}
	from, err := mail.ParseAddress(s.From)
	if err != nil {
		return nil, fmt.Errorf("%q is not a mail address: write it like photos@example.com", s.From)
	}
	at := strings.LastIndexByte(from.Address, '@')
	domain, err := inASCII(from.Address[at+1:])
	if err != nil || strings.ContainsFunc(from.Address[:at], beyondASCII) {
		return nil, fmt.Errorf("%q is an address that few servers take: use one with plain letters before the @", s.From)
	}
	from.Address = from.Address[:at+1] + domain
	return from, nil
}

// domain is that of the sender; the zero value when From is not an address.
func (s *SMTP) domain() string {
	from, err := s.sender()
	if err != nil {
		return ""
	}
	return from.Address[strings.LastIndexByte(from.Address, '@')+1:]
}

func (s *SMTP) helo() string {
	if name, err := inASCII(s.HELO); s.HELO != "" && err == nil {
		return name
	}
	return cmp.Or(s.HELO, s.domain())
}

func (s *SMTP) timeout() time.Duration {
	if s.Timeout > 0 {
		return s.Timeout
	}
	return defaultSMTPTimeout
}

func (s *SMTP) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

func (s *SMTP) tlsConfig(host string) *tls.Config {
	return &tls.Config{ServerName: host, RootCAs: s.RootCAs, MinVersion: tls.VersionTLS12}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

var _ Sender = (*SMTP)(nil)
