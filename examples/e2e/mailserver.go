package e2e

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

const (
	mailUser     = "sparekey"
	mailPassword = "mail-password-of-the-story"
)

// MailServer is a real SMTP server that takes mail only over STARTTLS and only
// from who signs on.
type MailServer struct {
	Inbox
	Addr string

	server *smtp.Server
	done   sync.WaitGroup
	fault  atomic.Pointer[MailFault]
}

// MailFault goes wrong at a step of a delivery: "auth", "rcpt" or "data". Its
// error is the answer; nil goes on. It may close the connection.
type MailFault func(step string, conn net.Conn) error

// Break makes the server fail from now on; nil mends it.
func (m *MailServer) Break(f MailFault) { m.fault.Store(&f) }

func (m *MailServer) at(step string, conn *smtp.Conn) error {
	if f := m.fault.Load(); f != nil && *f != nil {
		return (*f)(step, conn.Conn())
	}
	return nil
}

func startMailServer(tb testing.TB, config *tls.Config) *MailServer {
	tb.Helper()
	m := new(MailServer)
	m.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &mailSession{server: m, conn: c}, nil
	}))
	m.server.Domain = "mail.test"
	m.server.TLSConfig = config
	m.server.ErrorLog = log.New(io.Discard, "", 0)
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	m.Addr = listener.Addr().String()
	m.done.Go(func() { _ = m.server.Serve(listener) }) // ends with Close
	tb.Cleanup(func() {
		_ = m.server.Close()
		_ = listener.Close() // Serve may not have come to know it yet
		m.done.Wait()
	})
	return m
}

type mailSession struct {
	server *MailServer
	conn   *smtp.Conn
	signed bool
	to     []string
}

func (s *mailSession) Reset()                   { s.to = nil }
func (s *mailSession) Logout() error            { return nil }
func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth is offered by the library over TLS only.
func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != mailUser || password != mailPassword {
			return smtp.ErrAuthFailed
		}
		if err := s.server.at("auth", s.conn); err != nil {
			return err
		}
		s.signed = true
		return nil
	}), nil
}

func (s *mailSession) Mail(string, *smtp.MailOptions) error {
	if !s.signed {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return s.server.at("rcpt", s.conn)
}

func (s *mailSession) Data(r io.Reader) error {
	if err := s.server.at("data", s.conn); err != nil {
		return err
	}
	m, err := readMail(r)
	if err != nil {
		return err
	}
	for _, m.To = range s.to {
		s.server.add(m)
	}
	return nil
}

// readMail takes subject and plain text out of a mail.
func readMail(r io.Reader) (Message, error) {
	letter, err := mail.ReadMessage(r)
	if err != nil {
		return Message{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(letter.Header.Get("Subject"))
	if err != nil {
		return Message{}, err
	}
	kind, params, err := mime.ParseMediaType(letter.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return Message{}, fmt.Errorf("a mail of type %q: want text and HTML", kind)
	}
	text, err := plainPart(multipart.NewReader(letter.Body, params["boundary"]))
	return Message{Subject: subject, Text: text}, err
}

var errNoText = errors.New("a mail without plain text")

func plainPart(parts *multipart.Reader) (string, error) {
	for {
		part, err := parts.NextRawPart()
		if err != nil {
			return "", errors.Join(errNoText, err)
		}
		if !strings.HasPrefix(part.Header.Get("Content-Type"), "text/plain") {
			continue
		}
		var body io.Reader = part
		if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
			body = quotedprintable.NewReader(part)
		}
		text, err := io.ReadAll(body)
		return strings.ReplaceAll(string(text), "\r\n", "\n"), err
	}
}
