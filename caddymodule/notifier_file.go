package caddymodule

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
)

// FileNotifier writes every message into a folder, one file each: for trying
// things out, and for people who have neither mail server nor gateway.
type FileNotifier struct {
	// Folder; made when it is not there. Placeholders are replaced.
	Dir string `json:"dir"`

	written
}

// CaddyModule returns the Caddy module information.
func (*FileNotifier) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "sparekey.notifiers.file", New: func() caddy.Module { return new(FileNotifier) }}
}

// Provision replaces placeholders.
func (n *FileNotifier) Provision(caddy.Context) error {
	return n.at(fill(option{"notify file", &n.Dir}))
}

// Validate wants a folder.
func (n *FileNotifier) Validate() error {
	if n.Dir == "" {
		return n.at(errors.New("notify file needs a folder: write notify file DIR"))
	}
	if info, err := os.Stat(n.Dir); err == nil && !info.IsDir() {
		return n.at(fmt.Errorf("notify file %s: it is not a folder: name another place", n.Dir))
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
	const form = "notify file DIR"
	d.Next()
	n.begin(d)
	if !d.AllArgs(&n.Dir) {
		return reads(d, form)
	}
	return nothingMore(d, form)
}

// Interface guards
var (
	_ Notifier              = (*FileNotifier)(nil)
	_ caddy.Provisioner     = (*FileNotifier)(nil)
	_ caddy.Validator       = (*FileNotifier)(nil)
	_ caddyfile.Unmarshaler = (*FileNotifier)(nil)
)
