package templates

import (
	"net/url"
	"time"
)

// PeoplePage is one page of the administrator's list, with the form of an invitation.
type PeoplePage struct {
	*page
	People                    []Person
	Show                      string     // the filter in use
	Filters                   []string   // all there are
	Search                    string     // as typed; empty: nothing was looked for
	Found                     int        // people who fit, on all pages
	Earlier, Later            bool       // there are more before, and after
	AskMail                   bool       // an invitation can be mailed
	Waiting                   []Proposal // what another administrator has to agree to
	Held                      bool       // the name is kept from others, and may be given away
	Name, Mail, Phone, Groups string     // as typed before
}

func (PeoplePage) Page() string     { return "people" }
func (v PeoplePage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: this one has an address of its own.
func (v PeoplePage) LanguageURL(code string) string {
	return v.inLanguage(code, "people", v.filter()...)
}

// filter is that in use, as pairs of the query.
func (v PeoplePage) filter() []string {
	if v.Show == "" || len(v.Filters) > 0 && v.Show == v.Filters[0] {
		return nil
	}
	return []string{"show", v.Show}
}

// FilterURL lists those whom a filter shows.
func (v PeoplePage) FilterURL(name string) string {
	v.Show = name
	return v.entry("people", v.Keep, v.filter()...)
}

// SearchURL takes what is looked for.
func (v PeoplePage) SearchURL() string { return v.FilterURL(v.Show) }

// EarlierURL is the page before. It names somebody by their id, for names are
// nothing for logs.
func (v PeoplePage) EarlierURL() string { return v.beside("before", 0) }

// LaterURL is the page after.
func (v PeoplePage) LaterURL() string { return v.beside("after", len(v.People)-1) }

func (v PeoplePage) beside(which string, i int) string {
	if i < 0 || i >= len(v.People) {
		return v.SearchURL()
	}
	return v.entry("people", v.Keep, append(v.filter(), which, v.People[i].ID)...)
}

// PersonPage is what an administrator sees of somebody and can do for them.
type PersonPage struct {
	*page
	Person    *Person
	Acts      []string   // what can be done to the account
	Do        string     // one of them, whose form this is; empty: none
	Case      string     // how an administrator's help comes here; empty: by mail
	AskMail   bool       // an invitation can be mailed
	Waiting   []Proposal // what another administrator has to agree to
	Held      bool       // the name typed is kept from others, and may be given away
	Endless   bool       // the person is locked, and no time ends that
	Seen      string     // what the form shows of what it sets, to compare
	Choice    string     // the goal of the case whose form came back, else empty
	Temporary bool       // a temporary password can be mailed
	// What stands in the fields of the form: as it is, or as typed before.
	Name, Label, Mail, Phone, Extension, Groups, Reason string
	Hosts, Paths, Expires                               string // of an access key
}

func (PersonPage) Page() string     { return "person" }
func (v PersonPage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: this one has an address of its own.
func (v PersonPage) LanguageURL(code string) string {
	if v.Person == nil {
		return v.inLanguage(code, "people")
	}
	if v.Do != "" {
		return v.inLanguage(code, "people/"+url.PathEscape(v.Person.ID), "do", v.Do)
	}
	return v.inLanguage(code, "people/"+url.PathEscape(v.Person.ID))
}

// ActURL is the form of an action.
func (v PersonPage) ActURL(do string) string {
	return v.entry("people/"+url.PathEscape(v.Person.ID), v.Keep, "do", do)
}

// Proposal is what one administrator asks for somebody, and another one agrees to.
type Proposal struct {
	ID     string
	Person Person // whose account it is about
	What   string // case, groups
	By     string
	Reason string
	Until  time.Time
	Own    bool // the one looking has asked
	Self   bool // it is about the one looking
}

// InvitePage says that an invitation was sent, or shows its link.
type InvitePage struct {
	*page
	Code string // a link to be passed on; empty when it was mailed
	Hint string // masked mail address it went to
	Uses int    // how many it is for; zero: for one person
	// ByHand tells that the link could have been mailed.
	ByHand bool
	Wait   time.Duration // how long it lives
}

func (InvitePage) Page() string     { return "invite" }
func (v InvitePage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: this one has an address of its own.
func (v InvitePage) LanguageURL(code string) string { return v.inLanguage(code, "people") }

// InvitesPage lists the links for groups, with the form of another one, or shows one of
// them.
type InvitesPage struct {
	*page
	Links   []GroupInvite
	Link    *GroupInvite // nil: all of them
	AskMail bool         // mail can be sent, and without it there is no such link
	// What was typed before.
	Uses, Groups, Expires, Reason string
}

// GroupInvite is a link for a group.
type GroupInvite struct {
	ID               string
	Groups           []string
	Note             string // for whom it is
	By               string // who has made it; "": the command line
	Uses, Used, Held int
	Until            time.Time
	Revoked          bool
	People           []Person // who came by it
}

func (InvitesPage) Page() string     { return "invites" }
func (v InvitesPage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: this one has an address of its own.
func (v InvitesPage) LanguageURL(code string) string {
	if v.Link != nil {
		return v.inLanguage(code, "invites", "do", v.Link.ID)
	}
	return v.inLanguage(code, "invites")
}

// About is a link with what its facts are said by.
func (v InvitesPage) About(l GroupInvite) linkFacts { return linkFacts{l, v.page} }

// linkFacts is a link for a block of its own.
type linkFacts struct {
	GroupInvite
	Page *page
}

// OneURL is the page of one link.
func (v InvitesPage) OneURL(id string) string { return v.entry("invites", v.Keep, "do", id) }

// InviteOverPage says why the link of an invitation leads nowhere.
type InviteOverPage struct {
	*page
	State   string // used, revoked, expired
	Recover bool   // there is a way back in
}

func (InviteOverPage) Page() string     { return "invite-over" }
func (v InviteOverPage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: this one has an address of its own.
func (v InviteOverPage) LanguageURL(code string) string { return v.inLanguage(code, "activate") }

// Person is a row of the administrator's list; a person who vouches, or is
// vouched for, has a name only.
type Person struct {
	ID         string
	Name       string
	State      string // invited, active, frozen, disabled
	Admin      bool
	TwoFactors bool
	Self       bool      // the administrator looking
	Display    string    // what people are shown as; empty: the name
	Locked     time.Time // until then; zero: it is not
	LockedOut  bool      // needs help when one thing is lost
	SignedIn   time.Time // day of the last sign-in; zero: not known
	Leaving    time.Time // when it is removed; zero: it stays
	Until      time.Time // invited: when the invitation ends
	Expired    bool      // invited: it has ended, or was withdrawn
	Account    *Account
}
