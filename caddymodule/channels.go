package caddymodule

import (
	"slices"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/method"
)

// channels are all that messages can take, those to people first.
func channels() []string {
	return []string{recovery.ChannelMail, recovery.ChannelSMS, recovery.ChannelPush, recovery.ChannelHook}
}

// notifier is nil when nothing sends on the channel.
func (a *App) notifier(channel string) Notifier {
	for _, n := range a.senders {
		if slices.Contains(n.Channels(), channel) {
			return n
		}
	}
	return nil
}

// has tells which channels the configuration can send on.
func (a *App) has(channel string) bool { return a.notifier(channel) != nil }

// needs tells whether a way has a proof that is sent on a channel on which
// nothing is sent.
func (a *App) needs(w lint.Way, channel string) bool {
	methods := method.All(method.Set{Has: a.has})
	for _, name := range w.Proofs {
		if m := methods.Get(name); m != nil && m.Traits().Channel == channel {
			return !a.has(channel)
		}
	}
	return false
}
