package templates

import "net/url"

// prefix is where our pages live (public contract).
const prefix = "/.sparekey/"

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
func (p page) UnlockURL() string { return p.unlock(p.Keep) }

// AccountURL is the page of the visitor's own account.
func (p page) AccountURL() string { return p.entry("account", p.Keep) }

// ApproveURL is where somebody vouches for another.
func (p page) ApproveURL() string { return p.entry("account/approve", p.Keep) }

// LinkURL is where a code that somebody was given is typed.
func (p page) LinkURL() string { return p.entry("link", p.Keep) }

// PeopleURL is the administrator's list.
func (p page) PeopleURL() string { return p.entry("people", p.Keep) }

// PersonURL is the page of somebody in that list.
func (p page) PersonURL(id string) string { return p.entry("people/"+url.PathEscape(id), p.Keep) }

// HasWayOut tells whether the page is a step one may want to leave: all but
// those that are themselves the way out, and those where signing in cannot help.
func (p page) HasWayOut() bool {
	switch p.Page {
	case "sign-in", "account", "signed-out", "frame", "unavailable":
		return false
	case "setup":
		return p.Problem != nil // the site may have been set up meanwhile
	case "wait":
		return p.Until.IsZero() // afterwards it is the main button
	default:
		return true
	}
}

// OutURL is the way out of a step.
func (p page) OutURL() string {
	if p.SignedIn {
		return p.AccountURL()
	}
	return p.SignInURL()
}

// LanguageURL is this page in another language. Pages that answer at the
// address of the app lead to the sign-in page: our parameters are not for the app.
func (p page) LanguageURL(code string) string {
	switch {
	case p.Flow != "" && p.Page == "choose":
		return p.flowURL("choose", code)
	case p.Flow != "":
		return p.flowURL("", code)
	}
	switch p.Page {
	case "refused":
		if p.SignedIn {
			return p.entry("account", code)
		}
		return p.entry("login", code)
	case "setup", "account", "people":
		return p.entry(p.Page, code)
	case "recover":
		if p.Start == "unlock" {
			return p.unlock(code)
		}
		return p.entry("recover", code)
	case "activate":
		return p.entry("link", code)
	case "confirm":
		if p.Method == "approve" {
			return p.entry("account/approve", code)
		}
		return p.entry("link", code)
	case "person":
		if p.Person != nil {
			return p.entry("people/"+url.PathEscape(p.Person.ID), code)
		}
		return p.entry("people", code)
	case "invite":
		return p.entry("people", code)
	case "stop", "undo":
		return address("stop", url.Values{"t": {p.Token}, "lang": {code}})
	default:
		return p.entry("login", code)
	}
}

func (p page) unlock(lang string) string {
	query := p.query(lang)
	query.Set("choice", "unlock")
	return address("recover", query)
}

// entry is the address of a page before its first POST.
func (p page) entry(name, lang string) string { return address(name, p.query(lang)) }

// query is what every entry carries: where to go afterwards, and the language.
func (p page) query(lang string) url.Values {
	query := url.Values{}
	if p.Return != "" {
		query.Set("return", p.Return)
	}
	if lang != "" {
		query.Set("lang", lang)
	}
	return query
}

func address(name string, query url.Values) string {
	if len(query) == 0 {
		return prefix + name
	}
	return prefix + name + "?" + query.Encode()
}
