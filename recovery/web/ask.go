package web

import (
	"net/http"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// askPasskey answers the script of the sign-in page with what the browser is to be
// asked. It is the same for everybody but for the challenge, which is bound to the
// flow cookie that this sets, and nothing is written for it (A04).
func (x *exchange) askPasskey() {
	question, token, p, err := x.Engine.Ask(x.client)
	switch {
	case err != nil:
		x.unavailable(err)
		return
	case p != nil:
		x.w.Header().Set("Retry-After", seconds(p.Wait))
		x.w.WriteHeader(http.StatusTooManyRequests)
		return
	case question == nil:
		x.refuse(http.StatusNotFound, "not_found")
		return
	}
	x.holdToken(token)
	x.w.Header().Set("Content-Type", "application/json")
	_, _ = x.w.Write(question)
}

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
