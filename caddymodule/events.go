package caddymodule

import (
	"log/slog"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// audit writes an event to Caddy's log. The line of a failed login has a
// frozen format: fail2ban and CrowdSec filters match it.
func (a *App) audit(e recovery.Event) {
	attrs := []any{
		slog.String("event", string(e.Name)), slog.String("client_ip", e.Network), slog.String("account", e.Account),
		slog.String("user", e.Person), slog.String("method", e.Method), slog.String("flow", e.Flow), slog.String("detail", e.Detail),
		slog.String("actor", e.Actor), slog.String("actor_account", e.ActorID),
	}
	switch e.Name {
	case recovery.EventLoginFailed:
		a.logger.Warn("failed login", attrs...)
	case recovery.EventAlarm, recovery.EventSuspended:
		a.logger.Error("alarm", attrs...)
	default:
		a.logger.Info("audit", attrs...)
	}
}
