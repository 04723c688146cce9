package web

import "github.com/caddy-sparekey/sparekey/recovery"

// asksPasskeys tells whether the sign-in page has something to ask of passkeys here,
// and lets its script do so.
func (x *exchange) asksPasskeys() bool {
	if !x.client.Passkeys.Here() {
		return false
	}
	for _, name := range x.Engine.Methods.Names() {
		if _, asks := x.Engine.Methods.Get(name).(recovery.Asker); asks {
			x.hardenAsking()
			return true
		}
	}
	return false
}
