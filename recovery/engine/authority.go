package engine

import (
	"context"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Authority is who acts on the accounts of others. The zero value may do nothing.
type Authority struct {
	admin  *recovery.Account
	shell  bool
	agreed bool // to what another administrator asked for
}

// Administrator is the authority of an account.
func Administrator(a *recovery.Account) Authority { return Authority{admin: a} }

// Shell is the authority of whoever runs commands on the host.
func Shell() Authority { return Authority{shell: true} }

// name is what the log calls it.
func (by Authority) name() string {
	if by.admin != nil {
		return by.admin.Name
	}
	return CommandLine
}

// acting notes in a context who acts.
func (by Authority) acting(ctx context.Context) context.Context {
	who := Actor{Name: by.name()}
	if by.admin != nil {
		who.ID = by.admin.ID
	}
	return By(ctx, who)
}

// accountable checks that somebody may act on the account, and returns the trimmed
// reason. Nobody acts on themselves (AD-05).
func (e *Engine) accountable(by Authority, person, reason string) (string, error) {
	a := by.admin
	switch {
	case a == nil && !by.shell:
		return "", recovery.ErrNotAllowed
	case a == nil:
	case !a.Admin() || !e.Methods.HasFactor(a) || a.State != recovery.StateActive || a.ID == person || e.Now().Before(a.Probation):
		return "", recovery.ErrNotAllowed
	}
	if reason = strings.TrimSpace(reason); len(reason) < 3 || len(reason) > 500 {
		return "", recovery.ErrReason
	}
	return reason, nil
}
