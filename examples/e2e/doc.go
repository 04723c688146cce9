// Package e2e runs Sparekey as people run it: the built Caddy as a process
// with a Caddyfile, a mail server with STARTTLS, an SMS gateway, an app behind
// it, and either a file or a real Redis below it. Its tests walk whole stories
// over HTTP without scripts, and once more in Chromium.
//
// The clock is real here. What needs hours to pass is tested beside the code
// it belongs to, with recoverytest and its movable clock.
//
//	go test ./examples/e2e                          # everything, with Chromium
//	SCREENSHOTS=DIR go test -run Browser ./examples/e2e
//	CADDY=PATH go test ./examples/e2e               # a binary built elsewhere, such as by xcaddy
package e2e
