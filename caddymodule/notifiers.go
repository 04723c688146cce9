package caddymodule

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

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

// SMTPNotifier sends mail through a mail server.
type SMTPNotifier struct {
	// Server as host:port.
	Host string `json:"host"`
	// Address mails come from.
	From string `json:"from"`
	// User name; empty: no authentication. Placeholders are replaced.
	User string `json:"user,omitempty"`
	// Password. Placeholders such as {env.SMTP_PASSWORD} are replaced.
	Password string `json:"password,omitempty"`
	// "starttls" (default), "implicit" or "off".
	TLS string `json:"tls,omitempty"`
	// Accepts "off" for a server that is not on this machine. Default: refused.
	Insecure bool `json:"insecure,omitempty"`
	// Where it was written, for messages.
	Line string `json:"line,omitempty"`

	smtp notify.SMTP
}

// CaddyModule returns the Caddy module information.
func (*SMTPNotifier) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "sparekey.notifiers.smtp", New: func() caddy.Module { return new(SMTPNotifier) }}
}

// Provision replaces placeholders.
func (n *SMTPNotifier) Provision(caddy.Context) error {
	user, err := replaced("user", n.User)
	if err != nil {
		return err
	}
	password, err := replaced("password", n.Password)
	n.smtp = notify.SMTP{Host: n.Host, From: n.From, User: user, Password: secret.Text(password), TLS: n.TLS}
	return err
}

// Validate checks addresses and modes.
func (n *SMTPNotifier) Validate() error {
	return at(n.Line, cmp.Or(n.smtp.Validate(), refuseClear(n, n.Insecure)))
}

// InClear implements inClear.
func (n *SMTPNotifier) InClear() string {
	if n.TLS != notify.TLSOff || web.Loopback(n.Host) {
		return ""
	}
	return "notify smtp: with tls off, codes and links cross the network in the clear: use starttls or implicit"
}

// Channels implements Notifier.
func (*SMTPNotifier) Channels() []string { return []string{recovery.ChannelMail} }

// Sender implements Notifier.
func (n *SMTPNotifier) Sender() notify.Sender { return &n.smtp }

// UnmarshalCaddyfile sets up the notifier from Caddyfile tokens:
//
//	notify smtp HOST:PORT {
//		from ADDRESS
//		user NAME
//		password VALUE
//		tls starttls|implicit|off [insecure]
//	}
func (n *SMTPNotifier) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	n.Line = lineOf(d)
	if !d.AllArgs(&n.Host) {
		return d.ArgErr()
	}
	return words(d, map[string]func() error{
		"from": one(d, &n.From), "user": one(d, &n.User), "password": one(d, &n.Password), "tls": func() error { return n.readTLS(d) },
	})
}

func (n *SMTPNotifier) readTLS(d *caddyfile.Dispenser) error {
	n.Line = lineOf(d)
	if !d.NextArg() {
		return d.ArgErr()
	}
	n.TLS = d.Val()
	return acceptsClear(d, &n.Insecure)
}

// words reads a block of options, each at most once.
func words(d *caddyfile.Dispenser, options map[string]func() error) error {
	seen := map[string]bool{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		read, known := options[name]
		switch {
		case !known:
			return d.Errf("unknown option %q", name)
		case seen[name]:
			return d.Errf("%s is there twice", name)
		}
		if err := read(); err != nil {
			return err
		}
		seen[name] = true
	}
	return nil
}

// one reads an option of one argument.
func one(d *caddyfile.Dispenser, field *string) func() error {
	return func() error { return need(d, d.AllArgs(field)) }
}

func replaced(what, value string) (string, error) {
	if value == "" {
		return "", nil
	}
	out, err := caddy.NewReplacer().ReplaceOrErr(value, true, true)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	return out, nil
}

// SMSNotifier sends text messages through any gateway with an HTTP interface.
type SMSNotifier struct {
	// Address of the gateway; {to} and {text} are replaced.
	URL string `json:"url"`
	// Default: POST.
	Method string `json:"method,omitempty"`
	// Headers to send. Placeholders such as {env.SMS_TOKEN} are replaced.
	Header map[string]string `json:"header,omitempty"`
	// Body template with {to} and {text}, escaped for JSON or forms. Default:
	// {"to":"{to}","text":"{text}"}.
	Body string `json:"body,omitempty"`
	// Calling codes that may be sent to, without "+". Default: all.
	Countries []string `json:"countries,omitempty"`
	// Messages per UTC day, for each Caddy by itself and anew with every
	// configuration loaded; zero: no bound.
	Budget int `json:"budget,omitempty"`
	// Accepts http for a gateway that is not on this machine. Default: refused.
	Insecure bool `json:"insecure,omitempty"`
	// Where it was written, for messages.
	Line string `json:"line,omitempty"`

	sms notify.SMS
}

// CaddyModule returns the Caddy module information.
func (*SMSNotifier) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "sparekey.notifiers.sms", New: func() caddy.Module { return new(SMSNotifier) }}
}

// Provision replaces placeholders.
func (n *SMSNotifier) Provision(ctx caddy.Context) error {
	header := map[string]secret.Text{}
	for name, value := range n.Header {
		v, err := replaced("header "+name, value)
		if err != nil {
			return err
		}
		header[name] = secret.Text(v)
	}
	n.sms = notify.SMS{
		URL: secret.Text(n.URL), Method: n.Method, Header: header, Body: n.Body,
		Countries: n.Countries, Budget: n.Budget, Logger: ctx.Slogger(), Now: time.Now,
	}
	return nil
}

// Validate checks the address and the template.
func (n *SMSNotifier) Validate() error {
	return at(n.Line, cmp.Or(n.sms.Validate(), refuseClear(n, n.Insecure)))
}

// InClear implements inClear.
func (n *SMSNotifier) InClear() string {
	if !plainHTTP(n.URL) {
		return ""
	}
	return "notify sms: over http, codes and numbers cross the network in the clear: use https"
}

// Channels implements Notifier.
func (*SMSNotifier) Channels() []string { return []string{recovery.ChannelSMS} }

// Sender implements Notifier.
func (n *SMSNotifier) Sender() notify.Sender { return &n.sms }

// UnmarshalCaddyfile sets up the notifier from Caddyfile tokens:
//
//	notify sms URL [insecure] {
//		method POST
//		header NAME VALUE
//		body TEMPLATE
//		countries CODE...
//		budget COUNT per day
//	}
func (n *SMSNotifier) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	n.Line = lineOf(d)
	if !d.NextArg() {
		return d.ArgErr()
	}
	n.URL = d.Val()
	if err := acceptsClear(d, &n.Insecure); err != nil {
		return err
	}
	seen := map[string]bool{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		if seen[name] && name != "header" {
			return d.Errf("%s is there twice", name)
		}
		seen[name] = true
		if err := n.word(d, name); err != nil {
			return err
		}
	}
	return nil
}

func (n *SMSNotifier) word(d *caddyfile.Dispenser, name string) error {
	switch name {
	case "method":
		return need(d, d.AllArgs(&n.Method))
	case "body":
		return need(d, d.AllArgs(&n.Body))
	case "countries":
		n.Countries = d.RemainingArgs()
		return need(d, len(n.Countries) > 0)
	case "header":
		var k, v string
		if !d.AllArgs(&k, &v) {
			return d.ArgErr()
		}
		if n.Header == nil {
			n.Header = map[string]string{}
		}
		if _, twice := n.Header[k]; twice {
			return d.Errf("header %s is there twice", k)
		}
		n.Header[k] = v
	case "budget":
		var count, per, day string
		if !d.AllArgs(&count, &per, &day) || per != "per" || day != "day" {
			return d.Err("budget reads: budget COUNT per day")
		}
		b, err := strconv.Atoi(count)
		if err != nil || b <= 0 {
			return d.Errf("budget: %q is no count", count)
		}
		n.Budget = b
	default:
		return d.Errf("unknown option %q", name)
	}
	return nil
}

func need(d *caddyfile.Dispenser, ok bool) error {
	if !ok {
		return d.ArgErr()
	}
	return nil
}

// FileNotifier writes every message into a folder, one file each: for trying
// things out, and for people who have neither mail server nor gateway.
type FileNotifier struct {
	// Folder; made when it is not there.
	Dir string `json:"dir"`
}

// CaddyModule returns the Caddy module information.
func (*FileNotifier) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "sparekey.notifiers.file", New: func() caddy.Module { return new(FileNotifier) }}
}

// Validate wants a folder.
func (n *FileNotifier) Validate() error {
	if n.Dir == "" {
		return fmt.Errorf("notify file needs a folder")
	}
	return nil
}

// Channels implements Notifier.
func (*FileNotifier) Channels() []string {
	return []string{recovery.ChannelMail, recovery.ChannelSMS}
}

// Sender implements Notifier.
func (n *FileNotifier) Sender() notify.Sender { return &notify.File{Dir: n.Dir, Now: time.Now} }

// UnmarshalCaddyfile sets up the notifier from Caddyfile tokens:
//
//	notify file DIR
func (n *FileNotifier) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if !d.AllArgs(&n.Dir) {
		return d.ArgErr()
	}
	return nothingMore(d)
}

// Interface guards
var (
	_ Notifier              = (*SMTPNotifier)(nil)
	_ Notifier              = (*SMSNotifier)(nil)
	_ Notifier              = (*FileNotifier)(nil)
	_ caddy.Provisioner     = (*SMTPNotifier)(nil)
	_ caddy.Provisioner     = (*SMSNotifier)(nil)
	_ caddy.Validator       = (*SMTPNotifier)(nil)
	_ caddy.Validator       = (*SMSNotifier)(nil)
	_ caddy.Validator       = (*FileNotifier)(nil)
	_ caddyfile.Unmarshaler = (*SMTPNotifier)(nil)
	_ caddyfile.Unmarshaler = (*SMSNotifier)(nil)
	_ caddyfile.Unmarshaler = (*FileNotifier)(nil)
)
