package web

import (
	"net/http"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// askPasskey answers the script of the sign-in page with what the browser is to be
// asked. It is the same for everybody but for the challenge, which is bound to the
// flow cookie that this sets, and nothing is written for it (A04).
func (x *exchange) askPasskey() {
	if x.r.PostForm.Get("flow") != "" {
		x.askAgain()
		return
	}
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

// askAgain answers the script of a page of a flow, whose challenge has ended, with a
// new one. In place of the page itself: what a script can read a worker of the app
// can, too.
func (x *exchange) askAgain() {
	o, err := x.Engine.Submit(x.r.Context(), x.client, recovery.Input{Flow: x.r.PostForm.Get("flow"), Method: recovery.Passkey})
	switch {
	case err != nil:
		x.unavailable(err)
		return
	case o.Problem != nil || o.Step.Method != recovery.Passkey: // the flow stands elsewhere by now
		x.w.WriteHeader(http.StatusConflict)
		return
	}
	x.keepFlow(o.Flow)
	x.w.Header().Set("Content-Type", "application/json")
	_, _ = x.w.Write([]byte(step{exchange: x, Outcome: o}.ceremony().Options))
}
