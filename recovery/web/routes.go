package web

import (
	"net/http"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/templates"
)

// ServeHTTP answers everything below [Prefix].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Harden(w, r)
	if r.URL.Path == healthPath {
		s.health(w, r)
		return
	}
	x := s.exchange(w, r)
	x.hardenPortal()
	if !x.clear {
		x.contradicted()
		return
	}
	if x.tooOpen() {
		x.refuse(http.StatusForbidden, "insecure_http")
		return
	}
	page := strings.TrimPrefix(r.URL.Path, Prefix)
	route, ok := routes()[page]
	if ownPath(r.URL.Path) {
		route, ok = ownRoute(), true
	}
	if id, found := strings.CutPrefix(r.URL.Path, Prefix+"people/"); found && id != "" && !ok {
		x.person, ok = id, true
		route = personRoute()
	}
	switch {
	case strings.HasPrefix(r.URL.Path, Prefix+"static/"):
		x.static()
	case ok && page == "enter" && x.at != atHost:
		x.refuse(http.StatusNotFound, "not_found")
	case !x.here(page, ok):
	case !ok:
		x.refuse(http.StatusNotFound, "not_found")
	case (r.Method == http.MethodGet || r.Method == http.MethodHead) && route.get != nil:
		x.get(route)
	case r.Method == http.MethodPost && route.post != nil:
		x.post(route)
	default:
		x.refuse(http.StatusMethodNotAllowed, "not_found")
	}
}

// route is one address below the prefix.
type route struct {
	get, post func(*exchange)
	document  bool // answers nothing that is overheard
}

func routes() map[string]route {
	return map[string]route{
		"":        {get: (*exchange).showFlow, post: (*exchange).submit},
		"login":   {get: (*exchange).showLogin},
		"choose":  {get: (*exchange).showChoose},
		"recover": {get: (*exchange).showRecover, document: true},
		"setup":   {get: (*exchange).showSetup},
		"link":    {get: (*exchange).showLink},
		"stop":    {get: (*exchange).showStop, post: (*exchange).stop},
		"logout":  {get: (*exchange).showSignedOut, post: (*exchange).logout},
		"passkey": {post: (*exchange).askPasskey},
		"people":  {get: (*exchange).showPeople, post: (*exchange).peoplePost, document: true},

		"people/activity": {get: (*exchange).showActivity, post: (*exchange).chooseActivity, document: true},
		"people/export":   {get: (*exchange).export, document: true},

		"invites": {get: (*exchange).showInvites, post: (*exchange).changeInvites, document: true},
		"join":    {get: (*exchange).showJoin},

		"account/approve": {get: (*exchange).showApprove, post: (*exchange).turnDown, document: true},
		"activate":        {get: (*exchange).showInvitation},
		"case":            {get: (*exchange).showCase},
		"rescue":          {get: (*exchange).showRescue},
		"reinstate":       {get: (*exchange).showReinstate, post: (*exchange).reinstate},
		"enter":           {get: (*exchange).enter},
		"waits":           {get: (*exchange).showWaitsPage, document: true},
		"prove":           {get: (*exchange).showProve, document: true},
	}
}

// ownRoute is that of each page in [ownPages].
func ownRoute() route {
	return route{get: (*exchange).showAccount, post: (*exchange).changeAccount, document: true}
}

func personRoute() route {
	return route{get: (*exchange).showPerson, post: (*exchange).manage, document: true}
}

// get answers a page, and never as the script of a service worker.
func (x *exchange) get(rt route) {
	switch {
	case len(x.r.Header["Service-Worker"]) > 0:
		x.refuse(http.StatusForbidden, "not_found")
	case rt.document && overheard(x.r):
		x.past(templates.Frame{})
	default:
		rt.get(x)
	}
}

func (x *exchange) post(rt route) {
	if !x.sameOrigin() {
		x.Engine.Refused(x.r.Context(), recovery.Event{Name: recovery.EventCrossSite, Detail: x.from()})
		x.refuse(http.StatusForbidden, "cross_site")
		return
	}
	if status, key := x.parse(); status != 0 {
		x.refuse(status, key)
		return
	}
	if rt.document && overheard(x.r) {
		x.past(templates.Frame{}) // what is done here may be answered by a secret
		return
	}
	rt.post(x)
}

func (x *exchange) static() {
	a, ok := x.Pages.Asset(strings.TrimPrefix(x.r.URL.Path, Prefix+"static/"))
	if !ok || x.r.Method != http.MethodGet && x.r.Method != http.MethodHead {
		x.refuse(http.StatusNotFound, "not_found")
		return
	}
	h := x.w.Header()
	h.Set("Content-Type", a.Type)
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("ETag", a.ETag)
	h.Set("Vary", "Accept-Encoding")
	if x.r.Header.Get("If-None-Match") == a.ETag {
		x.w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.Body
	if a.Gzip != nil && strings.Contains(x.r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = a.Gzip
	}
	_, _ = x.w.Write(body)
}
