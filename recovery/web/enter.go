package web

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/templates"
)

// A browser on its way to the portal has a cookie of the host it comes from, and
// the ticket from there is good only beside it. There are eight of them in turn:
// tabs that are opened together ask at the same time, and of one cookie the last
// answer alone would be left.
const (
	nonceCookie = "sparekey-enter-"
	nonceLife   = 10 * time.Minute // nobody is on the way for longer: behind a sign-in it begins anew
	maxNonces   = 8
)

// isNonce tells whether something can be the sum of a nonce.
func isNonce(sum string) bool {
	return len(sum) == len(secret.Sum("")) && !strings.ContainsFunc(sum, func(c rune) bool {
		return c != '-' && c != '_' && (c > 0x7f || !alphanumeric(byte(c)))
	})
}

// addNonce begins a way, and returns the sum of its nonce. It does not look at
// those there are: the cookies of a request have been taken off by then.
func (x *exchange) addNonce() string {
	nonce := secret.Token(16)
	x.set(nonceName(x.turn.Add(1)), nonce, nonceLife)
	return secret.Sum(nonce)
}

func nonceName(n uint32) string { return nonceCookie + strconv.FormatUint(uint64(n%maxNonces), 10) }

// holds tells whether this browser was given the nonce with that sum.
func (x *exchange) holds(sum string) bool {
	for n := range uint32(maxNonces) {
		if nonce := x.cookie(nonceName(n)); nonce != "" && secret.Sum(nonce) == sum {
			return true
		}
	}
	return false
}

// handOver makes the ticket, and leads on with it. It is false when nobody is
// signed in.
func (x *exchange) handOver(host, target, nonce string) bool {
	ticket, p, err := x.Engine.HandOff(x.r.Context(), x.client, recovery.HandOff{Origin: host, Nonce: nonce, Target: target})
	switch {
	case err != nil:
		x.unavailable(err)
	case p != nil && p.Key == recovery.ProblemEnterAgain:
		x.enterAgain(host + target)
	case p != nil:
		x.w.Header().Set("Retry-After", seconds(p.Wait))
		x.page(http.StatusTooManyRequests, x.frame(), templates.SlowDownPage{Wait: p.Wait})
	case ticket == "":
		return false
	default:
		x.redirect(host + Prefix + "enter?t=" + ticket)
	}
	return true
}

// enter uses the ticket. Of all pages of ours it is the one that is opened by a
// GET and changes something.
func (x *exchange) enter() {
	if x.r.Method != http.MethodGet {
		x.refuse(http.StatusMethodNotAllowed, "not_found")
		return
	}
	e, err := x.Engine.Enter(x.r.Context(), x.host, x.r.URL.Query().Get("t"), x.holds)
	switch {
	case err != nil:
		x.unavailable(err)
	case e.OK:
		x.entered(e)
	case x.signedIn(): // another tab was faster, or the page was loaded again
		x.redirect(cmp.Or(SafeReturn(e.Target), "/"))
	default:
		x.notEntered(e)
	}
}

func (x *exchange) entered(e recovery.Entry) {
	life := time.Duration(0)
	if !e.Ends.IsZero() {
		life = max(e.Ends.Sub(x.Engine.Now()), time.Second)
	}
	x.set(sessionCookie, e.Cookie, life)
	x.redirect(SafeReturn(e.Target))
}

// notEntered asks again: where the browser wanted to go leads to the portal once
// more.
func (x *exchange) notEntered(e recovery.Entry) {
	x.Engine.Refused(x.r.Context(), recovery.Event{Name: recovery.EventTicketFailed, Detail: "used, over, or of another host or browser: hand-off"})
	x.enterAgain(SafeReturn(e.Target))
}

// enterAgain has the way begin anew when somebody presses the button, and not by
// itself.
func (x *exchange) enterAgain(target string) {
	f := x.frame()
	f.Problem, f.Return = &templates.Text{Key: recovery.ProblemEnterAgain}, target
	x.page(http.StatusForbidden, f, templates.RefusedPage{Again: true})
}
