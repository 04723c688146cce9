package caddymodule

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// SMSNotifier sends text messages through any gateway with an HTTP interface.
// Placeholders such as {env.SMS_TOKEN} are replaced in all its texts; in address
// and body {to} and {text} stay for the message.
type SMSNotifier struct {
	// Address of the gateway; {to} and {text} are replaced.
	URL string `json:"url"`
	// Default: POST.
	Method string `json:"method,omitempty"`
	// Headers to send.
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

	written
	sms notify.SMS
}

// CaddyModule returns the Caddy module information.
func (*SMSNotifier) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "sparekey.notifiers.sms", New: func() caddy.Module { return new(SMSNotifier) }}
}

// Provision replaces placeholders.
func (n *SMSNotifier) Provision(ctx caddy.Context) error {
	address, err1 := filled("url", n.URL)
	body, err2 := filled("body", n.Body)
	method, err3 := replaced("method", n.Method)
	header, err4 := n.header()
	countries, err5 := n.countries()
	n.sms = notify.SMS{
		URL: secret.Text(address), Method: method, Header: header, Body: body,
		Countries: countries, Budget: n.Budget, Logger: ctx.Slogger(), Now: time.Now,
	}
	return n.at(cmp.Or(err1, err2, err3, err4, err5))
}

func (n *SMSNotifier) header() (map[string]secret.Text, error) {
	header := map[string]secret.Text{}
	for _, name := range slices.Sorted(maps.Keys(n.Header)) {
		v, err := replaced("header "+name, n.Header[name])
		if err != nil {
			return nil, err
		}
		header[name] = secret.Text(v)
	}
	return header, nil
}

func (n *SMSNotifier) countries() ([]string, error) {
	countries := slices.Clone(n.Countries)
	for i := range countries {
		if err := fill(option{"countries", &countries[i]}); err != nil {
			return nil, err
		}
	}
	return countries, nil
}

// Validate checks the address and the template.
func (n *SMSNotifier) Validate() error {
	return n.at(cmp.Or(n.sms.Validate(), refuseClear("", n, n.Insecure)))
}

// InClear implements inClear.
func (n *SMSNotifier) InClear() string {
	if !plainHTTP(string(n.sms.URL)) {
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
	n.begin(d)
	if !d.NextArg() {
		return reads(d, "notify sms URL [insecure], such as notify sms https://gateway.example.com/send")
	}
	n.URL = d.Val()
	if err := acceptsClear(d, &n.Insecure); err != nil {
		return err
	}
	seen := map[string]bool{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		if seen[name] && name != "header" {
			return d.Errf("%s is there twice: write it once", name)
		}
		seen[name] = true
		if name != "header" {
			n.note(d, name)
		}
		if err := n.word(d, name); err != nil {
			return err
		}
	}
	return nil
}

func (n *SMSNotifier) word(d *caddyfile.Dispenser, name string) error {
	switch name {
	case "method":
		return need(d, d.AllArgs(&n.Method), "method NAME, such as method POST")
	case "body":
		return need(d, d.AllArgs(&n.Body), "body TEMPLATE (between backquotes when it has blanks or quotes)")
	case "countries":
		n.Countries = d.RemainingArgs()
		return need(d, len(n.Countries) > 0, "countries CODE..., such as countries 33 41")
	case "header":
		return n.readHeader(d)
	case "budget":
		return n.readBudget(d)
	}
	return unknown(d, "method", "header", "body", "countries", "budget")
}

func (n *SMSNotifier) readHeader(d *caddyfile.Dispenser) error {
	var k, v string
	if !d.AllArgs(&k, &v) {
		return reads(d, `header NAME VALUE (in quotes when it has blanks)`)
	}
	if n.Header == nil {
		n.Header = map[string]string{}
	}
	if _, twice := n.Header[k]; twice {
		return d.Errf("header %s is there twice: write it once", k)
	}
	n.Header[k] = v
	n.note(d, "header "+k)
	return nil
}

func (n *SMSNotifier) readBudget(d *caddyfile.Dispenser) error {
	var count, per, day string
	if !d.AllArgs(&count, &per, &day) || per != "per" || day != "day" {
		return reads(d, "budget COUNT per day")
	}
	var err error
	if n.Budget, err = positive(count); err != nil {
		return d.Errf("budget: %v", err)
	}
	return nil
}

// Interface guards
var (
	_ Notifier              = (*SMSNotifier)(nil)
	_ caddy.Provisioner     = (*SMSNotifier)(nil)
	_ caddy.Validator       = (*SMSNotifier)(nil)
	_ caddyfile.Unmarshaler = (*SMSNotifier)(nil)
)
