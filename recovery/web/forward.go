package web

import (
	"net/http"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

// HeaderReason is in each answer to another proxy that is no yes, with one word
// of a closed list (public contract): configurations compare it.
const HeaderReason = "Sparekey-Reason"

// Words of [HeaderReason].
const (
	reasonSignIn      = "sign_in"
	reasonForbidden   = "forbidden"
	reasonShowing     = "showing"
	reasonKey         = "key"         // an access key that lets nobody in
	reasonUnavailable = "unavailable" // nobody knows: a proxy should say 503
	reasonProve       = "prove"
	reasonRecovered   = "recovered"
	reasonDenied      = "denied"
	reasonCrossSite   = "cross_site"
	reasonUpgrade     = "upgrade"
	reasonPeer        = "peer"
	reasonQuestion    = "question"
	reasonHost        = "host"
	reasonPages       = "pages"
	reasonNoQuestion  = "no_question" // it was asked where nothing of the kind is answered
)

// Verifying tells whether a request is the question of another proxy.
func Verifying(r *http.Request) bool { return dialectOf(r.URL.Path) != nil }

// Verify answers another proxy that asks whether a request may go on: with 200,
// an empty body and the headers that the app is to get, only when the guard has
// said so (HD-05). The body of the question is never read (HD-11).
func (s *Server) Verify(w http.ResponseWriter, r *http.Request) guard.Decision {
	v := &verdict{ResponseWriter: w, dialect: dialectOf(r.URL.Path)}
	d := s.decideAsked(v, r)
	v.close()
	return d
}

func (s *Server) decideAsked(v *verdict, r *http.Request) guard.Decision {
	asked, rules, no := s.question(r, v.dialect)
	if no != nil {
		s.tellRefused(r, no)
		v.refuse(s.Front, r, no)
		return guard.Decision{}
	}
	q := s.ask(asked, rules, nil) // nothing has rewritten it here
	upgrade := asked.Header.Get("Upgrade")
	s.Scrub(asked)
	switch {
	case s.Foreign(asked):
		v.reason(reasonCrossSite)
		s.RefuseForeign(v, asked)
		return guard.Decision{}
	case asked.Header.Get("Upgrade") != upgrade:
		v.refuse(s.Front, r, errUpgrade)
		return guard.Decision{}
	}
	d := s.Forward.Guard.Check(r.Context(), q)
	if d.OK() {
		if d.Identity != nil {
			Introduce(asked, d.Identity)
		}
		v.allow(asked.Header)
		return d
	}
	s.denyAsked(v, asked, d)
	return d
}

// denyAsked answers as the gate itself would, but for pages that ask to sign in:
// those have an address of their own, because not every proxy passes a page on.
func (s *Server) denyAsked(v *verdict, asked *http.Request, d guard.Decision) {
	v.reason(reasonOf(d.Reason))
	if d.Reason != guard.DeniedAnonymous || !navigation(asked) || framed(asked) {
		s.Deny(v, asked, d)
		return
	}
	s.Harden(v, asked)
	v.Header().Set("Location", signInAddress(asked))
	v.WriteHeader(http.StatusSeeOther)
}

// signInAddress is where a person signs in who has asked for a page of an app
// behind another proxy. It is absolute: some proxies resolve it against the
// address of the question.
func signInAddress(asked *http.Request) string {
	x := exchange{}
	return originOf(asked) + x.loginURL("", SafeReturn(asked.RequestURI))
}

func reasonOf(r guard.Reason) string {
	switch r {
	case guard.DeniedAnonymous:
		return reasonSignIn
	case guard.DeniedForbidden:
		return reasonForbidden
	case guard.DeniedShowing:
		return reasonShowing
	case guard.DeniedUnavailable:
		return reasonUnavailable
	case guard.DeniedKey:
		return reasonKey
	case guard.DeniedRecovered:
		return reasonRecovered
	case guard.DeniedFactor, guard.DeniedStale:
		return reasonProve
	}
	return reasonDenied
}

// VerifyUnavailable answers such a question when nothing can be decided.
func (f Front) VerifyUnavailable(w http.ResponseWriter, r *http.Request) {
	v := &verdict{ResponseWriter: w, dialect: dialectOf(r.URL.Path)}
	defer v.close()
	f.Harden(v, r)
	v.Header().Set("Retry-After", "5")
	v.reason(reasonUnavailable)
	http.Error(v, "Sign-in is not available right now. You have not been signed out.", http.StatusServiceUnavailable)
}

// logEvery is how often, in seconds, a refused question is logged: clients choose
// when there is one.
const logEvery = 60

// tellRefused tells of a question that no client can help: it is the configuration
// of the proxy or of this server that has to be changed.
func (s *Server) tellRefused(r *http.Request, no *refusal) {
	if s.Forward == nil {
		return
	}
	now, said := s.Engine.Now().Unix(), &s.Forward.said
	if last := said.Load(); now-last < logEvery || !said.CompareAndSwap(last, now) {
		return
	}
	s.log().Warn("another proxy has asked and was refused; further ones are logged once a minute: "+no.text,
		"reason", no.reason, "peer", r.RemoteAddr, "path", r.URL.Path, "about", no.about)
}

// verdict writes the answer to a proxy. Nothing but allow says 2xx, and one that
// says nothing says no.
type verdict struct {
	http.ResponseWriter
	dialect *dialect
	sent    bool
}

func (v *verdict) reason(word string) { v.Header().Set(HeaderReason, word) }

// WriteHeader implements http.ResponseWriter. A page that is shown instead of the
// one asked for, with 200, is no yes.
func (v *verdict) WriteHeader(status int) {
	if v.sent {
		return
	}
	v.sent = true
	if status < http.StatusMultipleChoices {
		status = http.StatusForbidden
	}
	if v.dialect.only401And403 && status != http.StatusUnauthorized {
		status = narrowed(status)
	}
	v.ResponseWriter.WriteHeader(status)
}

// narrowed is a refusal for a proxy that knows two of them: it is asked to sign in,
// or it is not.
func narrowed(status int) int {
	if status == http.StatusSeeOther {
		return http.StatusUnauthorized
	}
	return http.StatusForbidden
}

// Write implements http.ResponseWriter.
func (v *verdict) Write(p []byte) (int, error) {
	v.WriteHeader(http.StatusForbidden)
	return v.ResponseWriter.Write(p)
}

func (v *verdict) close() { v.WriteHeader(http.StatusForbidden) }

func (v *verdict) refuse(f Front, r *http.Request, no *refusal) {
	f.Harden(v, r)
	v.reason(no.reason)
	http.Error(v, no.text, http.StatusForbidden)
}

// allow lets the request go on, with what the app is to get in place of what the
// client has sent: who is asking, and cookies and credentials without ours. Empty ones are
// sent too, so that they replace those of the client (HD-03).
func (v *verdict) allow(asked http.Header) {
	h := v.Header()
	for _, name := range [...]string{HeaderUser, HeaderName, HeaderEmail, HeaderGroups} {
		h.Set(name, asked.Get(name))
	}
	h.Set("Cookie", strings.Join(asked["Cookie"], "; "))
	h.Set(authorization, strings.Join(asked[authorization], ", "))
	h.Set(HeaderKey, "")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", "0")
	v.sent = true
	v.ResponseWriter.WriteHeader(http.StatusOK)
}
