package web

import (
	"sync/atomic"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

// Forward is what other proxies may ask a server for which they are in front, at
// addresses below verify. nil answers none.
type Forward struct {
	Guard *guard.Guard
	Hosts map[string]*guard.Rules // by origin: https://photos.example.com; all others are refused

	said atomic.Int64 // when a refused question was logged last, Unix seconds
}
