package caddymodule

import (
	"context"
	"log/slog"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// audit writes an event to Caddy's log, as [recovery.Events] lists it. The line of
// a failed login has a frozen format: fail2ban and CrowdSec filters match it.
func (a *App) audit(e recovery.Event) {
	tallies.Event(e)
	var attrs []slog.Attr
	for _, f := range e.Fields() {
		if f.Name == "count" {
			attrs = append(attrs, slog.Int(f.Name, e.Count))
			continue
		}
		attrs = append(attrs, slog.String(f.Name, f.Value))
	}
	level, message := slog.LevelInfo, "audit"
	switch info, _ := e.Name.Info(); info.Level {
	case recovery.LevelWarn:
		level = slog.LevelWarn
	case recovery.LevelError:
		level, message = slog.LevelError, "alarm"
	case recovery.LevelInfo:
	}
	if e.Name == recovery.EventLoginFailed {
		message = "failed login"
	}
	a.logger.LogAttrs(context.Background(), level, message, attrs...)
}
