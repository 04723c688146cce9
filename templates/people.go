package templates

import (
	"net/url"
	"time"
)

// PeoplePage is the administrator's list, with the form of an invitation.
type PeoplePage struct {
	*page
	People                    []Person
	Name, Mail, Phone, Groups string // as typed before
}

func (PeoplePage) Page() string     { return "people" }
func (v PeoplePage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: this one has an address of its own.
func (v PeoplePage) LanguageURL(code string) string { return v.inLanguage(code, "people") }

// PersonPage is what an administrator sees of somebody and can do for them.
type PersonPage struct {
	*page
	Person  *Person
	Case    string // how an administrator's help comes here; empty: by mail
	AskMail bool   // offer another mail address
	Method  string // the form that came back: correct_mail, else empty
	Choice  string // the goal of the case whose form came back, else empty
	Mail    string // as typed before
	Reason  string // as typed before, in the form that came back
}

func (PersonPage) Page() string     { return "person" }
func (v PersonPage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: this one has an address of its own.
func (v PersonPage) LanguageURL(code string) string {
	if v.Person == nil {
		return v.inLanguage(code, "people")
	}
	return v.inLanguage(code, "people/"+url.PathEscape(v.Person.ID))
}

// InvitePage says that an invitation was sent, or shows its link.
type InvitePage struct {
	*page
	Code string        // a link to be passed on; empty when it was mailed
	Hint string        // masked mail address it went to
	Wait time.Duration // how long it lives
}

func (InvitePage) Page() string     { return "invite" }
func (v InvitePage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: this one has an address of its own.
func (v InvitePage) LanguageURL(code string) string { return v.inLanguage(code, "people") }

// Person is a row of the administrator's list; a person who vouches, or is
// vouched for, has a name only.
type Person struct {
	ID         string
	Name       string
	State      string // invited, active, frozen, disabled
	Admin      bool
	TwoFactors bool
	Self       bool      // the administrator looking
	Until      time.Time // invited: when the invitation ends
	Expired    bool      // invited: it has ended, or was withdrawn
	Account    *Account
}
