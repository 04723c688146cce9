package templates

import (
	"net/url"
	"strings"
)

// Prefix is where our own pages live on every protected host (public contract).
const Prefix = "/.sparekey/"

// tongue is an entry of the language switch.
type tongue struct {
	Code string // "fr"
	Name string // "Français"
}

// Languages lists the entries of the language switch.
func (p page) Languages() []tongue {
	var list []tongue
	for _, code := range p.set.languages {
		list = append(list, tongue{Code: code, Name: p.set.locales[code].texts["language"]})
	}
	return list
}

// SignInURL is where signing in starts.
func (p page) SignInURL() string { return p.entry("login", p.Keep) }

// RecoverURL is where the way back in starts.
func (p page) RecoverURL() string { return p.entry("recover", p.Keep) }

// StepURL is the step a flow stands at.
func (p page) StepURL() string { return p.flowURL("", p.Keep) }

// StopURL is where the account of a flow is locked that somebody has ended.
func (p page) StopURL() string { return p.flowURL("stop", p.Keep) }

// ChooseURL is where the other ways on from a step are listed.
func (p page) ChooseURL() string { return p.flowURL("choose", p.Keep) }

func (p page) flowURL(name, lang string) string {
	query := url.Values{"f": {p.Flow}}
	if lang != "" {
		query.Set("lang", lang)
	}
	return address(name, query)
}

// UnlockURL is where the pause after too many tries is lifted.
func (p page) UnlockURL() string { return p.entry("recover", p.Keep, "choice", "unlock") }

// AccountURL is the page of the visitor's own account.
func (p page) AccountURL() string { return p.entry("account", p.Keep) }

// AccountRecoveryURL is the page of what helps the visitor back in.
func (p page) AccountRecoveryURL() string { return p.entry("account/recovery", p.Keep) }

// AccountKeysURL is the page of the visitor's own access keys.
func (p page) AccountKeysURL() string { return p.entry("account/keys", p.Keep) }

// own is an entry of the menu of the account.
type own struct{ Page, URL string }

// Menu lists the pages of the visitor's own account.
func (p page) Menu() []own {
	var list []own
	for _, name := range []string{"account", "account/sign-in", "account/devices", "account/keys", "account/recovery", "account/contact", "account/activity"} {
		list = append(list, own{strings.ReplaceAll(name, "/", "-"), p.entry(name, p.Keep)})
	}
	return list
}

// FindURL is where the code of one's own new device is typed.
func (p page) FindURL() string { return p.entry("account/approve", p.Keep, "choice", "device") }

// VouchURL is the same, when a browser asks to be let in there.
func (p page) VouchURL() string { return p.entry("account/approve", p.Keep, "choice", "vouch") }

// LetInURL is where another device of one's own is let in, also while none asks.
func (p page) LetInURL() string { return p.entry("account/approve", p.Keep, "choice", "let_in") }

// LinkURL is where a code that somebody was given is typed.
func (p page) LinkURL() string { return p.entry("link", p.Keep) }

// PeopleURL is the administrator's list.
func (p page) PeopleURL() string { return p.entry("people", p.Keep) }

// InvitesURL is the list of links for groups.
func (p page) InvitesURL() string { return p.entry("invites", p.Keep) }

// PersonURL is the page of somebody in that list.
func (p page) PersonURL(id string) string { return p.entry("people/"+url.PathEscape(id), p.Keep) }

// HasWayOut tells whether the page is a step one may want to leave. Pages that
// are themselves the way out, or where signing in cannot help, say no.
func (p page) HasWayOut() bool { return true }

// OutURL is the way out of a step.
func (p page) OutURL() string {
	if p.SignedIn {
		return p.AccountURL()
	}
	return p.SignInURL()
}

// LanguageURL is this page in another language. Pages with an address of their
// own have their own method; pages that answer at the address of the app lead to
// the sign-in page, since our parameters are not for the app.
func (p page) LanguageURL(code string) string { return p.inLanguage(code, "login") }

// inLanguage is an address of ours in another language. A flow that has begun is
// shown again instead.
func (p page) inLanguage(code, name string, with ...string) string {
	if p.Flow != "" {
		return p.flowURL("", code)
	}
	return p.entry(name, code, with...)
}

// entry is the address of a page before its first POST: with where to go
// afterwards, the language, and more pairs of name and value.
func (p page) entry(name, lang string, with ...string) string {
	query := url.Values{}
	if p.Return != "" {
		query.Set("return", p.Return)
	}
	if lang != "" {
		query.Set("lang", lang)
	}
	for i := 0; i+1 < len(with); i += 2 {
		query.Set(with[i], with[i+1])
	}
	return address(name, query)
}

func address(name string, query url.Values) string {
	if len(query) == 0 {
		return Prefix + name
	}
	return Prefix + name + "?" + query.Encode()
}
