package caddymodule

import (
	"cmp"
	"maps"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// Notifier is a module below sparekey.notifiers.
type Notifier interface {
	// Channels it can send on: "mail", "sms", "push", "webhook". Each has one
	// notifier at most.
	Channels() []string
	// Sender does the sending.
	Sender() notify.Sender
}

// SMTPNotifier sends mail through a mail server. Placeholders such as
// {env.SMTP_PASSWORD} are replaced in all its texts.
type SMTPNotifier struct {
	// Server as host:port.
	Host string `json:"host"`
	// Address mails come from.
	From string `json:"from"`
	// User name; empty: no authentication.
	User string `json:"user,omitempty"`
	// Password.
	Password string `json:"password,omitempty"`
	// "starttls" (default), "implicit" or "off".
	TLS string `json:"tls,omitempty"`
	// Name given in EHLO. Default: the domain of From.
	HELO string `json:"helo,omitempty"`
	// Accepts "off" for a server that is not on this machine. Default: refused.
	Insecure bool `json:"insecure,omitempty"`

	written
	smtp notify.SMTP
}

// CaddyModule returns the Caddy module information.
func (*SMTPNotifier) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "sparekey.notifiers.smtp", New: func() caddy.Module { return new(SMTPNotifier) }}
}

// Provision replaces placeholders.
func (n *SMTPNotifier) Provision(caddy.Context) error {
	host, from, user, password, tls, helo := n.Host, n.From, n.User, n.Password, n.TLS, n.HELO
	err := fill(option{"host", &host}, option{"from", &from}, option{"user", &user}, option{"password", &password}, option{"tls", &tls}, option{"helo", &helo})
	n.smtp = notify.SMTP{Host: host, From: from, User: user, Password: secret.Text(password), TLS: tls, HELO: helo}
	return n.at(err)
}

// Validate checks addresses and modes.
func (n *SMTPNotifier) Validate() error {
	return n.at(cmp.Or(n.smtp.Validate(), refuseClear("tls", n, n.Insecure)))
}

// InClear implements inClear.
func (n *SMTPNotifier) InClear() string {
	if n.smtp.TLS != notify.TLSOff || web.Loopback(n.smtp.Host) {
		return ""
	}
	return "notify smtp: with tls off, codes and links cross the network in the clear: use starttls or implicit"
}

// Channels implements Notifier.
func (*SMTPNotifier) Channels() []string { return []string{recovery.ChannelMail} }

// Sender implements Notifier.
func (n *SMTPNotifier) Sender() notify.Sender { return &n.smtp }

const smtpForm = "notify smtp HOST:PORT { from ADDRESS ... }, such as notify smtp mail.example.com:587"

// UnmarshalCaddyfile sets up the notifier from Caddyfile tokens:
//
//	notify smtp HOST:PORT {
//		from ADDRESS
//		user NAME
//		password VALUE
//		tls starttls|implicit|off [insecure]
//		helo NAME
//	}
func (n *SMTPNotifier) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	n.begin(d)
	if !d.AllArgs(&n.Host) {
		return reads(d, smtpForm)
	}
	return n.words(d, map[string]func() error{
		"from": one(d, &n.From, "from ADDRESS"), "user": one(d, &n.User, "user NAME"), "password": one(d, &n.Password, "password VALUE"),
		"helo": one(d, &n.HELO, "helo NAME"), "tls": func() error { return n.readTLS(d) },
	})
}

func (n *SMTPNotifier) readTLS(d *caddyfile.Dispenser) error {
	if !d.NextArg() {
		return reads(d, "tls starttls|implicit|off [insecure]")
	}
	n.TLS = d.Val()
	return acceptsClear(d, &n.Insecure)
}

// words reads a block of options, each at most once, and notes their lines.
func (w *written) words(d *caddyfile.Dispenser, options map[string]func() error) error {
	seen := map[string]bool{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		read, known := options[name]
		switch {
		case !known:
			return unknown(d, slices.Collect(maps.Keys(options))...)
		case seen[name]:
			return d.Errf("%s is there twice: write it once", name)
		}
		w.note(d, name)
		if err := read(); err != nil {
			return err
		}
		seen[name] = true
	}
	return nil
}

// one reads an option of one argument.
func one(d *caddyfile.Dispenser, field *string, form string) func() error {
	return func() error { return need(d, d.AllArgs(field), form) }
}

// Interface guards
var (
	_ Notifier              = (*SMTPNotifier)(nil)
	_ caddy.Provisioner     = (*SMTPNotifier)(nil)
	_ caddy.Validator       = (*SMTPNotifier)(nil)
	_ caddyfile.Unmarshaler = (*SMTPNotifier)(nil)
)
