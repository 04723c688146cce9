// Command caddy is a Caddy with Sparekey in it, what xcaddy builds for users:
// the same imports, and this working tree as the plugin.
package main

import (
	_ "time/tzdata"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	_ "github.com/caddy-sparekey/sparekey"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

func main() { caddycmd.Main() }
