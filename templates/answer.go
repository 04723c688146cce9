package templates

import (
	"net/url"
	"strings"
	"time"
)

// RefusedPage says that there is nothing here, or why.
type RefusedPage struct {
	*page
	Lock  bool // the account of Frame.Flow can be locked from here
	Done  bool // it went through: a Frame.Notice says so
	Again bool // Frame.Return leads there anew
}

func (RefusedPage) Page() string     { return "refused" }
func (v RefusedPage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: people who are signed in have an account page.
func (v RefusedPage) LanguageURL(code string) string {
	if v.SignedIn {
		return v.inLanguage(code, "account")
	}
	return v.inLanguage(code, "login")
}

// ForbiddenPage says that this account may not see what was asked for.
type ForbiddenPage struct {
	*page
	Name  string    // who is signed in
	Why   Forbidden // and what would help
	Until time.Time // with ForbiddenRecovered: when it opens
	Admin bool      // may be who runs the place
}

// Forbidden is why somebody who is signed in may not see a page.
type Forbidden string

// The reasons.
const (
	ForbiddenShared    Forbidden = ""             // it is not shared with them
	ForbiddenRecovered Forbidden = "recovered"    // their account was recovered lately
	ForbiddenFactor    Forbidden = "factor"       // their account has no second factor
	ForbiddenProve     Forbidden = "prove"        // their last proof is too old: Frame.Start is what asks for one
	ForbiddenSecond    Forbidden = "prove_factor" // they have not shown their second factor, likewise
)

func (ForbiddenPage) Page() string     { return "forbidden" }
func (v ForbiddenPage) on(p *page) any { v.page = p; return v }

// SlowDownPage asks to come back later.
type SlowDownPage struct {
	*page
	Ways
	Wait time.Duration // how long
	Busy bool          // the wait is our fault, not that of the visitor

	Unknown bool // nobody has signed in in this browser: say what still works
}

func (SlowDownPage) Page() string     { return "slow-down" }
func (v SlowDownPage) on(p *page) any { v.page = p; return v }

// UnavailablePage says that nothing can be told at the moment.
type UnavailablePage struct{ *page }

func (UnavailablePage) Page() string     { return "unavailable" }
func (v UnavailablePage) on(p *page) any { v.page = p; return v }

// HasWayOut replaces that of page: signing in cannot help.
func (UnavailablePage) HasWayOut() bool { return false }

// FramePage leads out of a frame of another page: no password belongs there.
type FramePage struct{ *page }

func (FramePage) Page() string     { return "frame" }
func (v FramePage) on(p *page) any { v.page = p; return v }

// HasWayOut replaces that of page: its main button is one.
func (FramePage) HasWayOut() bool { return false }

// NotSavedPage answers a form that was not passed on, and says how to keep it.
type NotSavedPage struct {
	*page
	Away  bool // it cannot be told whether somebody is signed in; else nobody is
	Prove bool // somebody is, whose proof is too old: Frame.Return asks for one
}

func (NotSavedPage) Page() string     { return "not-saved" }
func (v NotSavedPage) on(p *page) any { v.page = p; return v }

// HasWayOut replaces that of page: leaving would lose the form.
func (NotSavedPage) HasWayOut() bool { return false }

// WorkerPage leads past a program of the app that would read our pages.
type WorkerPage struct {
	*page
	Next string // the page that was asked for
}

func (WorkerPage) Page() string     { return "worker" }
func (v WorkerPage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: the one that was asked for has an address.
func (v WorkerPage) LanguageURL(code string) string {
	u, err := url.Parse(v.Next)
	if err != nil || !strings.HasPrefix(v.Next, Prefix) {
		return v.inLanguage(code, "login")
	}
	query := u.Query()
	query.Set("lang", code)
	u.RawQuery = query.Encode()
	return u.String()
}

// SignedOutPage says that nobody is signed in here any more.
type SignedOutPage struct{ *page }

func (SignedOutPage) Page() string     { return "signed-out" }
func (v SignedOutPage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: this one has an address of its own.
func (v SignedOutPage) LanguageURL(code string) string { return v.inLanguage(code, "logout") }

// HasWayOut replaces that of page: its main button is one.
func (SignedOutPage) HasWayOut() bool { return false }

// Reopening is what would open an account again that is about to be closed.
type Reopening struct {
	Ways []Option // Option.Then is what one needs; none: only the operator could open it
}

// StopPage is the page of a link "this wasn't me", or with a Frame.Flow that of a
// recovery which somebody ended who signed in; with a Frame.Notice, when that is
// done.
type StopPage struct {
	*page
	Reopening
	Ask   bool   // the secret of the link is not known yet: the field "code" asks for it
	Token string // the secret of the link, put into the field "code"
	Again bool   // the account is closed already: only what was begun since can be stopped
	// OnlyFirst offers to stop what runs before it offers to lock the account: a
	// wait has begun, and nothing has changed yet.
	OnlyFirst bool
}

func (StopPage) Page() string     { return "stop" }
func (v StopPage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: this one has an address of its own.
func (v StopPage) LanguageURL(code string) string {
	if v.Flow != "" {
		return v.flowURL("stop", code)
	}
	return v.inLanguage(code, "stop") + fragment(v.Token)
}

// fragment keeps a secret of a link in an address where neither a server nor a
// log sees it; empty for none.
func fragment(secret string) string {
	if secret == "" {
		return ""
	}
	return "#" + secret
}

// ReinstatePage is where an administrator undoes what another one did.
type ReinstatePage struct{ *page }

func (ReinstatePage) Page() string     { return "reinstate" }
func (v ReinstatePage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: this one has an address of its own.
func (v ReinstatePage) LanguageURL(code string) string { return v.inLanguage(code, "reinstate") }

// UndoPage is StopPage for an address that was changed.
type UndoPage struct {
	*page
	Reopening
	Token string // the secret of the link, put into the field "code"
}

func (UndoPage) Page() string     { return "undo" }
func (v UndoPage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: this one has an address of its own.
func (v UndoPage) LanguageURL(code string) string {
	return v.inLanguage(code, "stop") + fragment(v.Token)
}
