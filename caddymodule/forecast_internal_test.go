package caddymodule

import (
	"slices"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// forecasting is an installation that sends mails and text messages.
func forecasting() *App {
	return &App{policy: recovery.Default(), senders: []Notifier{&FileNotifier{}}}
}

// What no code has come back from is not in the account that the lint judges:
// neither a source, nor where a wait is heard.
func TestForecastLeavesUnconfirmedAddressesOut(t *testing.T) {
	a, now := forecasting(), time.Now()
	have := recoverytest.Account(recovery.Password, recovery.TOTP)
	without := have.Clone()
	without.Addresses = nil
	if a.shape(have, now) == a.shape(without, now) {
		t.Fatal("addresses make no difference, so this test tells nothing")
	}
	for i := range have.Addresses {
		have.Addresses[i].Answered = recovery.AnsweredNo
	}
	if got, want := a.shape(have, now), a.shape(without, now); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	mends := func(who *recovery.Account) []string {
		var out []string
		for _, l := range a.forecast(who) {
			out = append(out, l.Mend)
		}
		return out
	}
	if got, old := mends(have), mends(without); slices.Contains(got, "add_mail") || slices.Contains(old, "confirm_mail") || !slices.Contains(got, "confirm_mail") {
		t.Errorf("got what helps %q and, without addresses, %q", got, old)
	}
}
