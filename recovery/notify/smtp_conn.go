package notify

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

// smtpConn is a session that has signed on.
//
// It keeps the connection under go-mail's client for two reasons: go-mail looks
// at its context only while dialling, and it leaves the connection open when
// the handshake or the sign-on fails.
type smtpConn struct {
	dialer *gomail.Client
	client *smtp.Client
	raw    *heardConn
}

// bind cuts the connection when ctx ends. The returned function unbinds it.
func (c *smtpConn) bind(ctx context.Context) func() bool {
	return context.AfterFunc(ctx, supervise.Func(nil, "a mail connection", c.close))
}

func (c *smtpConn) close() { _ = c.raw.Close() }

// signOn connects, encrypts and authenticates.
func (s *SMTP) signOn(ctx context.Context) (*smtpConn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	host, port, err := s.server()
	if err != nil {
		return nil, err
	}
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, s.explain(ctx, "connect", err)
	}
	conn := &smtpConn{raw: &heardConn{Conn: raw}}
	defer conn.bind(ctx)()
	if err := s.hello(ctx, conn, host); err != nil {
		conn.close()
		return nil, s.explainSignOn(ctx, conn, err)
	}
	return conn, nil
}

func (s *SMTP) hello(ctx context.Context, conn *smtpConn, host string) error {
	options := []gomail.Option{
		// go-mail's own limit is the longer one, so that ours gives the reason.
		gomail.WithHELO(s.helo()), gomail.WithTimeout(2 * s.timeout()),
		gomail.WithTLSConfig(s.tlsConfig(host)), gomail.WithTLSPolicy(gomail.TLSMandatory),
		// With RSET a letter that was taken could count as failed, and come twice.
		gomail.WithoutNoop(), gomail.WithoutRset(),
		gomail.WithDialContextFunc(func(ctx context.Context, _, _ string) (net.Conn, error) {
			return s.encrypt(ctx, conn.raw, host)
		}),
	}
	switch s.TLS {
	case TLSImplicit:
		options = append(options, gomail.WithSSL())
	case TLSOff:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.User != "" {
		options = append(options, gomail.WithSMTPAuthCustom(
			&credentials{user: s.User, password: string(s.Password), host: host}))
	}
	var err error
	if conn.dialer, err = gomail.NewClient(host, options...); err != nil {
		return err
	}
	conn.client, err = conn.dialer.DialToSMTPClientWithContext(ctx)
	return err
}

func (s *SMTP) encrypt(ctx context.Context, raw net.Conn, host string) (net.Conn, error) {
	if s.TLS != TLSImplicit {
		return raw, nil
	}
	conn := tls.Client(raw, s.tlsConfig(host))
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return conn, nil
}

// explainSignOn says in words what an operator can mend. Of the replies before
// the delivery only refused credentials are permanent (RFC 4954, section 6):
// trying them again could lock the mailbox.
func (s *SMTP) explainSignOn(ctx context.Context, conn *smtpConn, err error) error {
	if words := s.misfit(ctx, conn, err); words != "" {
		return marked(FaultSetting, fmt.Errorf("smtp: %s: %s", s.Host, words))
	}
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return marked(FaultTLS, fmt.Errorf("smtp: %s: certificate not verified, nothing sent: %w", s.Host, untrusted.Err))
	}
	var reply *textproto.Error
	if errors.As(err, &reply) && slices.Contains([]int{534, 535, 538}, reply.Code) {
		return permanentf("%w", s.explain(ctx, "sign on", err))
	}
	return s.explain(ctx, "sign on", err)
}

// explain keeps the words of err and drops the error itself: go-mail's errors
// hold addresses, and a server may repeat what it was sent.
func (s *SMTP) explain(ctx context.Context, step string, err error, secrets ...string) error {
	if ctx.Err() != nil {
		return fmt.Errorf("smtp: %s: %s: no answer in time: %w", s.Host, step, ctx.Err())
	}
	// After the server's words go-mail lists recipients and message id.
	text, _, _ := strings.Cut(err.Error(), ", affected ")
	if password := string(s.Password); password != "" {
		secrets = append(secrets, password,
			base64.StdEncoding.EncodeToString([]byte(password)),
			base64.StdEncoding.EncodeToString([]byte("\x00"+s.User+"\x00"+password)))
	}
	return marked(faultOfReply(err), fmt.Errorf("smtp: %s: %s: %s", s.Host, step, redact(text, secrets...)))
}

// faultOfReply tells what an error of go-mail, or of the connection under it,
// is about.
func faultOfReply(err error) Fault {
	var failed *gomail.SendError
	var reply *textproto.Error
	switch {
	case errors.As(err, &failed):
		return faultOfDelivery(failed)
	case errors.As(err, &reply):
		return faultOfSignOn(reply.Code)
	}
	return faultOfConnection(err)
}

func faultOfDelivery(failed *gomail.SendError) Fault {
	switch code := failed.ErrorCode(); {
	case code == 0:
		return FaultDropped
	case code/100 == 4:
		return FaultBusy
	case code == 530: // RFC 4954, section 6: authentication required
		return FaultSignOn
	}
	switch failed.Reason {
	case gomail.ErrSMTPMailFrom:
		return FaultSender
	case gomail.ErrSMTPRcptTo:
		return FaultRecipient
	default:
		return FaultRefused
	}
}

func faultOfSignOn(code int) Fault {
	switch {
	case slices.Contains([]int{530, 534, 535, 538}, code):
		return FaultSignOn
	case code/100 == 4:
		return FaultBusy
	}
	return FaultRefused
}

// credentials picks the mechanism from what the server offers once the
// connection is encrypted. go-mail's own discovery cannot be used: on a
// connection it did not dial itself it takes implicit TLS for plain text.
type credentials struct {
	user, password, host string
	chosen               smtp.Auth
}

// Start implements smtp.Auth.
func (c *credentials) Start(server *smtp.ServerInfo) (string, []byte, error) {
	offers := func(name string) bool {
		return slices.ContainsFunc(server.Auth, func(m string) bool { return strings.EqualFold(m, name) })
	}
	// Validate let unencrypted passwords through to this machine only.
	unencrypted := isLoopback(c.host)
	switch {
	case offers("PLAIN"):
		c.chosen = smtp.PlainAuth("", c.user, c.password, c.host, unencrypted)
	case offers("LOGIN"):
		c.chosen = smtp.LoginAuth(c.user, c.password, c.host, unencrypted)
	default:
		return "", nil, &mechanismError{server.Auth}
	}
	return c.chosen.Start(server)
}

// Next implements smtp.Auth.
func (c *credentials) Next(fromServer []byte, more bool) ([]byte, error) {
	return c.chosen.Next(fromServer, more)
}
