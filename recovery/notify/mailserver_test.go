package notify_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// authority signs the certificates of the test servers.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t), pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert = sign(t, template, template, a.key, a.key)
	a.pool.AddCert(a.cert)
	return a
}

// server makes a TLS configuration for 127.0.0.1, or for a name when given.
func (a *authority) server(t *testing.T, names ...string) *tls.Config {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if len(names) == 0 {
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	cert := sign(t, template, a.cert, key, a.key)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// received is a mail as it came over the wire.
type received struct {
	from string
	to   []string
	data string
	helo string
}

// mailServer is a real SMTP server that keeps what it gets. Each list of
// errors is used up from the front, one per command.
type mailServer struct {
	addr       string
	mechanisms []string // offered for AUTH; empty: none
	password   string

	mu       sync.Mutex
	mail     []error
	rcpt     []error
	data     []error // errDrop cuts the connection in the middle of the text
	attempts int     // MAIL commands
	mails    []received
}

var errDrop = errors.New("drop the connection")

// start serves on a free port: with implicit TLS, with STARTTLS, or (nil)
// without encryption.
func (m *mailServer) start(t *testing.T, config *tls.Config, implicit bool) *mailServer {
	t.Helper()
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &mailSession{server: m, conn: c}, nil
	}))
	server.Domain = "server.test"
	server.AllowInsecureAuth = true
	server.ErrorLog = log.New(io.Discard, "", 0)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.addr = listener.Addr().String()
	if implicit {
		listener = tls.NewListener(listener, config)
	} else {
		server.TLSConfig = config
	}
	var running sync.WaitGroup
	running.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		_ = server.Close()
		_ = listener.Close() // Serve may not have come to know it yet
		running.Wait()
	})
	return m
}

func (m *mailServer) got() []received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]received(nil), m.mails...)
}

func (m *mailServer) tries() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.attempts
}

func (m *mailServer) take(list *[]error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(*list) == 0 {
		return nil
	}
	err := (*list)[0]
	*list = (*list)[1:]
	return err
}

type mailSession struct {
	server *mailServer
	conn   *smtp.Conn
	signed bool
	mail   received
}

func (s *mailSession) Reset()        { s.mail = received{} }
func (s *mailSession) Logout() error { return nil }

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	s.server.mu.Lock()
	s.server.attempts++
	s.server.mu.Unlock()
	if len(s.server.mechanisms) > 0 && !s.signed {
		return smtp.ErrAuthRequired
	}
	s.mail = received{from: from, helo: s.conn.Hostname()}
	return s.server.take(&s.server.mail)
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.to = append(s.mail.to, to)
	return s.server.take(&s.server.rcpt)
}

func (s *mailSession) Data(r io.Reader) error {
	err := s.server.take(&s.server.data)
	if errors.Is(err, errDrop) {
		_, _ = io.CopyN(io.Discard, r, 64)
		_ = s.conn.Conn().Close()
		return err
	}
	text, readErr := io.ReadAll(r)
	if err != nil {
		return err
	}
	if readErr != nil {
		return readErr
	}
	s.mail.data = string(text)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.mails = append(s.server.mails, s.mail)
	return nil
}

func (s *mailSession) AuthMechanisms() []string { return s.server.mechanisms }

func (s *mailSession) Auth(mech string) (sasl.Server, error) {
	check := func(user, password string) error {
		if user != "sparekey" || password != s.server.password {
			// A careless server: it repeats what it was sent.
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "bad login " + user + "/" + password}
		}
		s.signed = true
		return nil
	}
	if mech == "LOGIN" {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// loginServer is the server's side of AUTH LOGIN.
type loginServer struct {
	check func(user, password string) error
	user  *string
}

func (l *loginServer) Next(response []byte) ([]byte, bool, error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case l.user == nil:
		user := string(response)
		l.user = &user
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(*l.user, string(response))
}

// talk runs a server without encryption that answers each line as told; an
// empty answer is silence. It returns the address.
func talk(t *testing.T, greeting string, answer func(line string) string) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { converse(conn, greeting, answer) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
	})
	return listener.Addr().String()
}

func converse(conn net.Conn, greeting string, answer func(string) string) {
	defer conn.Close()
	if greeting != "" {
		_, _ = io.WriteString(conn, greeting+"\r\n")
	}
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if reply := answer(strings.TrimSpace(lines.Text())); reply != "" {
			_, _ = io.WriteString(conn, reply+"\r\n")
		}
	}
}
