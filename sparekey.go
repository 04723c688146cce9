// Package sparekey adds the Caddy module, so that
//
//	xcaddy build --with github.com/caddy-sparekey/sparekey
//
// builds a Caddy that has it.
package sparekey

import _ "github.com/caddy-sparekey/sparekey/caddymodule" // registers the module
