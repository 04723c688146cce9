package caddymodule

import (
	"cmp"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// PushNotifier tells the operator of every event of every account through a
// push or chat service: ntfy, Gotify, Telegram, Matrix and whatever else
// shoutrrr knows. It carries notices only: no code, no link.
type PushNotifier struct {
	// Address of the service in the form of shoutrrr, such as
	// ntfy://ntfy.sh/TOPIC or gotify://HOST/TOKEN. Placeholders such as
	// {env.PUSH_URL} are replaced. Required.
	URL string `json:"url"`
	// More people than one read the channel: messages with a secret are
	// refused. Default: false.
	Shared bool `json:"shared,omitempty"`
	// Accepts an address without encryption, or with none that is checked, for a
	// service that is not on this machine. Default: refused.
	Insecure bool `json:"insecure,omitempty"`

	written
	push notify.Push
}

// CaddyModule returns the Caddy module information.
func (*PushNotifier) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "sparekey.notifiers.push", New: func() caddy.Module { return new(PushNotifier) }}
}

// Provision replaces placeholders.
func (n *PushNotifier) Provision(ctx caddy.Context) error {
	url, err := replaced("url", n.URL)
	n.push.URL, n.push.Shared, n.push.Log = secret.Text(url), n.Shared, ctx.Slogger()
	return n.at(err)
}

// Validate checks the address, without a request.
func (n *PushNotifier) Validate() error {
	return n.at(cmp.Or(n.push.Validate(), refuseClear("", n, n.Insecure)))
}

// InClear implements inClear.
func (n *PushNotifier) InClear() string {
	if !n.push.Open() {
		return ""
	}
	return "notify push: the address turns encryption or its check off, and with it goes the service's token: take that out"
}

// Channels implements Notifier.
func (*PushNotifier) Channels() []string { return []string{recovery.ChannelPush} }

// Sender implements Notifier.
func (n *PushNotifier) Sender() notify.Sender { return &n.push }

// UnmarshalCaddyfile sets up the notifier from Caddyfile tokens:
//
//	notify push URL [insecure] {
//		shared
//	}
func (n *PushNotifier) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	n.begin(d)
	if !d.NextArg() {
		return reads(d, "notify push URL [insecure], such as notify push ntfy://ntfy.sh/TOPIC")
	}
	n.URL = d.Val()
	if err := acceptsClear(d, &n.Insecure); err != nil {
		return err
	}
	return n.words(d, map[string]func() error{"shared": func() error {
		n.Shared = true
		return need(d, !d.NextArg(), "shared, alone in its line")
	}})
}

// WebhookNotifier tells a program of the operator of every event of every
// account, as JSON with a signature: see notify.Webhook. It carries notices
// only: no code, no link.
type WebhookNotifier struct {
	// Address to post to, http or https. Placeholders such as {env.HOOK_URL}
	// are replaced. Required.
	URL string `json:"url"`
	// Key of the signature, of 16 characters and more. Placeholders such as
	// {env.HOOK_SECRET} are replaced. Required.
	Secret string `json:"secret"`
	// Accepts http for a program that is not on this machine. Default: refused.
	Insecure bool `json:"insecure,omitempty"`

	written
	webhook notify.Webhook
}

// CaddyModule returns the Caddy module information.
func (*WebhookNotifier) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "sparekey.notifiers.webhook", New: func() caddy.Module { return new(WebhookNotifier) }}
}

// Provision replaces placeholders.
func (n *WebhookNotifier) Provision(caddy.Context) error {
	url, key := n.URL, n.Secret
	err := fill(option{"url", &url}, option{"secret", &key})
	n.webhook = notify.Webhook{URL: secret.Text(url), Secret: secret.Text(key), Now: time.Now}
	return n.at(err)
}

// Validate checks the address and wants a secret.
func (n *WebhookNotifier) Validate() error {
	return n.at(cmp.Or(n.webhook.Validate(), refuseClear("", n, n.Insecure)))
}

// InClear implements inClear.
func (n *WebhookNotifier) InClear() string {
	if !plainHTTP(string(n.webhook.URL)) {
		return ""
	}
	return "notify webhook: over http, who does what crosses the network in the clear: use https"
}

// Channels implements Notifier.
func (*WebhookNotifier) Channels() []string { return []string{recovery.ChannelHook} }

// Sender implements Notifier.
func (n *WebhookNotifier) Sender() notify.Sender { return &n.webhook }

// UnmarshalCaddyfile sets up the notifier from Caddyfile tokens:
//
//	notify webhook URL [insecure] {
//		secret S
//	}
func (n *WebhookNotifier) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	n.begin(d)
	if !d.NextArg() {
		return reads(d, "notify webhook URL [insecure], such as notify webhook https://hooks.example.com/sparekey")
	}
	n.URL = d.Val()
	if err := acceptsClear(d, &n.Insecure); err != nil {
		return err
	}
	return n.words(d, map[string]func() error{"secret": func() error { return n.readSecret(d) }})
}

// readSecret looks at once at one that is written down as it is.
func (n *WebhookNotifier) readSecret(d *caddyfile.Dispenser) error {
	if !d.AllArgs(&n.Secret) {
		return reads(d, "secret VALUE, such as secret {env.HOOK_SECRET}")
	}
	if !literal(n.Secret) {
		return nil
	}
	if err := notify.WebhookSecret(secret.Text(n.Secret)); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

// Interface guards
var (
	_ Notifier              = (*PushNotifier)(nil)
	_ Notifier              = (*WebhookNotifier)(nil)
	_ caddy.Provisioner     = (*PushNotifier)(nil)
	_ caddy.Provisioner     = (*WebhookNotifier)(nil)
	_ caddy.Validator       = (*PushNotifier)(nil)
	_ caddy.Validator       = (*WebhookNotifier)(nil)
	_ caddyfile.Unmarshaler = (*PushNotifier)(nil)
	_ caddyfile.Unmarshaler = (*WebhookNotifier)(nil)
)
