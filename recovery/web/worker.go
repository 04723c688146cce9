package web

import (
	"net/http"
	"net/url"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/templates"
)

// overheard tells a request whose answer a program of the app may read, since it
// shares our origin: what a script fetches, what a service worker passes on, or
// loads ahead of a page (Service Workers, navigation preload). Only a window that
// asks by itself gets a document and nothing else. Of a browser that says nothing
// of the kind it cannot be told.
func overheard(r *http.Request) bool {
	dest, sent := r.Header["Sec-Fetch-Dest"]
	return sent && (len(dest) != 1 || dest[0] != "document") || len(r.Header["Service-Worker-Navigation-Preload"]) > 0
}

// harmless lists the pages that may be overheard: they hold no secret, and no form
// but the sign-in and what closes an account.
func harmless(c templates.Content) bool {
	switch c.(type) {
	case templates.SignInPage, templates.RefusedPage, templates.ForbiddenPage, templates.UnavailablePage, templates.StopPage, templates.UndoPage,
		templates.FramePage, templates.NotSavedPage, templates.SlowDownPage, templates.SignedOutPage, templates.WorkerPage:
		return true
	}
	return false
}

// past answers in place of a page that would be overheard. A window gets the page
// that leads past the service worker: with status 200, because many workers show a
// page of their own in place of an error.
func (x *exchange) past(of templates.Frame) {
	if x.r.Header.Get("Sec-Fetch-Mode") != "navigate" || framed(x.r) {
		x.refuse(http.StatusForbidden, "not_found")
		return
	}
	f := x.frame()
	f.Problem = of.Problem
	x.page(http.StatusOK, f, templates.WorkerPage{Next: x.next(of)})
}

// entrances lists the kinds of flow that begin on a page of their own beside the
// sign-in, by its address.
func entrances() map[recovery.Kind]string {
	return map[recovery.Kind]string{recovery.KindSetup: "setup", recovery.KindRecover: "recover"}
}

// next is where the page is that was asked for.
func (x *exchange) next(f templates.Frame) string {
	entrance := entrances()[recovery.Kind(f.Start)]
	switch {
	case reads(x.r):
		return x.r.URL.RequestURI()
	case f.Flow != "":
		return x.flowURL(f.Flow, "")
	case entrance != "":
		return x.address(entrance, url.Values{})
	}
	return x.loginURL("", f.Return)
}

func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// framed tells a page load inside a frame: no password belongs there.
func framed(r *http.Request) bool {
	dest := r.Header.Get("Sec-Fetch-Dest")
	return r.Header.Get("Sec-Fetch-Mode") == "navigate" && (dest == "iframe" || dest == "frame")
}
