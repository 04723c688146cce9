package caddymodule

import "os"

// Where the packaged service of Linux distributions keeps its store, and what is to
// outlast that.
const (
	systemFolder = "/var/lib/caddy/.local/share/caddy/sparekey"
	systemConfig = "/var/lib/caddy/.config/caddy/sparekey"
)

// whichFolder is that of this user, or, where there is none, that of the system's
// service: root runs commands for it.
func whichFolder(own, service string) string {
	if _, err := os.Stat(own); err == nil {
		return own
	}
	if _, err := os.Stat(service); err == nil {
		return service
	}
	return own
}
