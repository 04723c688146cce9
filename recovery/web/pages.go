package web

import (
	"bytes"
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/templates"
)

// place is what people know the place by: its name, else its host.
func (x *exchange) place() string { return cmp.Or(x.Engine.Policy.Site, x.r.Host) }

// frame is what every page shows.
func (x *exchange) frame() templates.Frame {
	return templates.Frame{
		Lang: x.client.Lang, Keep: x.keep, Site: x.place(), Host: x.r.Host, Help: x.Engine.Policy.Help,
		Insecure: x.Insecure && !x.secure && !Loopback(x.r.Host), ID: x.id,
	}
}

// mine is the frame of a page for somebody signed in.
func (x *exchange) mine() templates.Frame {
	f := x.frame()
	f.SignedIn = true
	return f
}

// page writes a page, or the one that leads past a program of the app which would
// read it. A template that fails is ours to mend; the visitor gets a plain 500 and
// no half page.
func (x *exchange) page(status int, f templates.Frame, c templates.Content) {
	if overheard(x.r) && !harmless(c) {
		x.past(f)
		return
	}
	if _, away := c.(templates.UnavailablePage); away {
		status = http.StatusServiceUnavailable
		x.w.Header().Set("Retry-After", "5")
	}
	var b bytes.Buffer
	if err := x.Pages.Page(&b, f, c); err != nil {
		x.log().Error("page not rendered", "error", err)
		http.Error(x.w, "page not available", http.StatusInternalServerError)
		return
	}
	x.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	x.begin(status)
	_, _ = x.w.Write(b.Bytes())
}

// begin sends the header. A 401 names a way to sign in (RFC 9110, section 15.5.2):
// one that no browser knows, so that none opens a box of its own for a password.
func (x *exchange) begin(status int) {
	if status == http.StatusUnauthorized {
		x.w.Header().Add("WWW-Authenticate", "Sparekey")
	}
	x.w.WriteHeader(status)
}

func text(p *recovery.Problem) *templates.Text {
	args := map[string]string{}
	for k, v := range p.Args {
		args[k] = v
	}
	if p.Wait > 0 {
		args["wait"] = p.Wait.String()
	}
	out := &templates.Text{Key: p.Key, Args: args}
	for _, more := range p.More {
		out.More = append(out.More, *text(more))
	}
	return out
}

// refuse answers with the page for what we do not do.
func (x *exchange) refuse(status int, key string) {
	f := x.refusedFrame()
	f.Problem = &templates.Text{Key: key}
	x.page(status, f, templates.RefusedPage{})
}

// refusedFrame leads people who are signed in back to the app or their account.
func (x *exchange) refusedFrame() templates.Frame {
	f := x.frame()
	if f.SignedIn = x.signedIn(); f.SignedIn {
		f.Return = "/"
	}
	return f
}

// signedIn tells whether somebody is signed in here, for the way out of a page.
// When that cannot be told the page leads to the sign-in, which says so itself.
func (x *exchange) signedIn() bool {
	s, err := x.session()
	return err == nil && s != nil
}

// session is that of this browser, as far as the host asked for has a cookie of
// it; nil: there is none.
func (x *exchange) session() (*recovery.Session, error) {
	if x.at == atHost {
		_, s, err := x.Engine.AtHost(x.r.Context(), x.client.Session, x.host)
		return s, err
	}
	_, s, err := x.Engine.Account(x.r.Context(), x.client.Session)
	return s, err
}

// unavailable answers "cannot tell": 503, and every cookie stays as it is.
func (x *exchange) unavailable(err error) {
	x.log().Error("store not available", "id", x.id, "error", err)
	x.page(http.StatusServiceUnavailable, x.frame(), templates.UnavailablePage{})
}

func (x *exchange) redirect(to string) {
	x.w.Header().Set("Location", to)
	x.w.WriteHeader(http.StatusSeeOther)
}

// notice is the text for ?done=, from a closed list: nobody can put words on
// our pages by a link.
func (x *exchange) notice() *templates.Text {
	key := x.r.URL.Query().Get("done")
	said := func(r recovery.Recipe) bool { return slices.Contains(r.After.Says, key) }
	if slices.Contains(notices(), key) || slices.ContainsFunc(x.Engine.Recipes, said) {
		return &templates.Text{Key: key}
	}
	return nil
}

// notices is what is said after anything but a flow.
func notices() []string {
	return []string{
		"resent", "name_shown", "key_revoked", "key_resumed", "session_ended", "browser_renamed", "browser_forgotten", "trust_ended", "signed_out_everywhere", "signed_out_elsewhere", "wait_started", "wait_stopped",
		"person_changed", "person_leaving", "person_unlocked", "person_unlocked_passwords",
		"link_revoked", "link_revoked_disabled", "second_asked", "second_agreed", "second_declined",
		"contact_undone", "contact_removed", "vouch_refused", "stopped_only", "device_refused",
	}
}

func (x *exchange) has(channel string) bool { return x.Notify != nil && x.Notify.Has(channel) }

func (x *exchange) recoverable() bool { return x.Engine.Recoverable() }

func seconds(d time.Duration) string { return strconv.Itoa(int((d + time.Second - 1) / time.Second)) }
