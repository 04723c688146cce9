package method

import (
	"context"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Authority stands for tickets that somebody hands out: set-up, invitation,
// case, rescue. They begin flows (recovery.Ticket) and are never asked for in
// one.
type Authority struct {
	Name string
}

// Traits implements recovery.Method.
func (m Authority) Traits() recovery.Traits {
	t := recovery.Traits{Name: m.Name, Source: m.Name, Class: recovery.ClassAuthority, Throttle: recovery.ThrottleSecret}
	if m.Name == recovery.SetupTicket || m.Name == recovery.Invite || m.Name == recovery.GroupInvite {
		t.Class = "" // they begin new accounts and are in no way back
	}
	return t
}

// Ready implements recovery.Method: no form asks for it.
func (Authority) Ready(*recovery.Account, time.Time) bool { return false }

// Verify implements recovery.Method and proves nothing.
func (Authority) Verify(context.Context, recovery.Try) (recovery.Verdict, error) {
	return recovery.Verdict{}, nil
}
