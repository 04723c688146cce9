package web

import (
	"net/http"
	"net/url"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/templates"
)

// administrator returns the signed-in administrator. Everybody else gets one
// answer, whatever there is or is not behind the address (AD-02).
func (x *exchange) administrator() (*recovery.Account, *recovery.Session) {
	a, s, err := x.Engine.Account(x.r.Context(), x.client.Session)
	switch {
	case err != nil:
		x.unavailable(err)
	case s == nil && !reads(x.r):
		x.notSaved()
	case s == nil:
		x.comeIn(Prefix+"people", Prefix+"people")
	case !a.Admin():
		x.adminRefused(a, "not an administrator")
		x.refuse(http.StatusNotFound, "not_found")
	default:
		x.by(a)
		return a, s
	}
	return nil, nil
}

// by notes who acts, for the record.
func (x *exchange) by(a *recovery.Account) {
	x.r = x.r.WithContext(engine.By(x.r.Context(), engine.Actor{ID: a.ID, Name: a.Name}))
}

// adminRefused audits that somebody may not do what administrators do.
func (x *exchange) adminRefused(a *recovery.Account, why string) {
	x.Engine.Refused(x.r.Context(), recovery.Event{
		Name: recovery.EventAdminRefused, Account: a.ID, Person: a.Name, ActorID: a.ID, Actor: a.Name, Detail: why,
	})
}

// acting returns the administrator who may act: not while on probation, and
// with a strong proof given lately.
func (x *exchange) acting() (*recovery.Account, *recovery.Session) {
	a, s := x.administrator()
	switch {
	case a == nil:
		return nil, nil
	case !a.OnProbation(s, x.Engine.Now()).IsZero():
		x.adminRefused(a, "on probation")
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemProbation)
		return nil, nil
	case !x.Engine.Methods.HasFactor(a):
		x.adminRefused(a, "without a second factor")
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemAdminFactor)
		return nil, nil
	case !x.fresh(a, s):
		return nil, nil
	}
	return a, s
}

// fresh asks an administrator for a strong proof first, if the last one is too
// old, and then comes back here.
func (x *exchange) fresh(a *recovery.Account, s *recovery.Session) bool {
	switch {
	case x.Engine.Fresh(a, s):
		return true
	case reads(x.r): // any site can lead here: nothing is written before a button
		x.askProof(a.Name, templates.ForbiddenProve, x.Return(x.r.URL.RequestURI()))
	default:
		back := x.r.URL.Path
		if do := x.r.PostForm.Get("choice"); x.person != "" && do != "" {
			back += "?" + url.Values{"do": {do}}.Encode()
		}
		x.stepUp(back)
	}
	return false
}

// stepUp asks for a strong proof, and then leads to a page of ours.
func (x *exchange) stepUp(back string) {
	o, err := x.Engine.Submit(x.r.Context(), x.client, recovery.Input{Start: recovery.KindStepUp, Return: back})
	switch {
	case err != nil:
		x.unavailable(err)
	case o.Problem != nil:
		x.refuse(http.StatusForbidden, o.Problem.Key)
	default:
		x.addFlow(o.FlowToken)
		x.redirect(x.flowURL(o.Flow.ID, ""))
	}
}
