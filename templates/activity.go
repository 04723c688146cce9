package templates

import "time"

// Activity is a line of what happened.
type Activity struct {
	Event   string // of [recovery.Events], or unknown
	At      time.Time
	Name    string // whom it happened to, where that is not the reader; empty: not said
	Gone    string // in place of it the beginning of the id of somebody who was removed
	By      string // who did it, where that is not the account itself
	ByGone  string // likewise
	ByWay   string // command or link: no person did it
	Network string
	Browser string
	Detail  string // why, for administrators
	Count   int    // how many it stands for, if more than one
}

// Log is what both pages of activity have.
type Log struct {
	Entries []Activity
	Older   string // where to go on; empty: that was all
	Later   bool   // this is not the newest
	Lost    bool   // parts are missing
}

// AccountActivityPage is what happened to the visitor's own account.
type AccountActivityPage struct {
	*page
	Own
	Log
}

func (AccountActivityPage) Page() string     { return "account-activity" }
func (v AccountActivityPage) on(p *page) any { v.page = p; return v }

// HasWayOut replaces that of page: this is where the ways out lead.
func (AccountActivityPage) HasWayOut() bool { return false }

// LanguageURL replaces that of page: this one has an address of its own.
func (v AccountActivityPage) LanguageURL(code string) string {
	return v.inLanguage(code, "account/activity")
}

// OlderURL is the next page.
func (v AccountActivityPage) OlderURL() string {
	return v.entry("account/activity", v.Keep, "from", v.Older)
}

// NewestURL is the first page.
func (v AccountActivityPage) NewestURL() string { return v.entry("account/activity", v.Keep) }

// PeopleActivityPage is what happened to everybody, for administrators.
type PeopleActivityPage struct {
	*page
	Log
	Who                 string // id of the account whose records are wanted; empty: everybody's
	Name                string // of that account, or as typed
	Event, Since, Until string // what was chosen
	Events              []string
}

func (PeopleActivityPage) Page() string     { return "people-activity" }
func (v PeopleActivityPage) on(p *page) any { v.page = p; return v }

// Chosen tells whether less than all is shown.
func (v PeopleActivityPage) Chosen() bool { return len(v.chosen()) > 0 || v.Problem != nil }

// LanguageURL replaces that of page: this one has an address of its own.
func (v PeopleActivityPage) LanguageURL(code string) string {
	return v.inLanguage(code, "people/activity", v.chosen()...)
}

// URL is the address of the page in a language.
func (v PeopleActivityPage) URL(lang string) string {
	return (page{}).entry("people/activity", lang, v.chosen()...)
}

// OlderURL is the next page.
func (v PeopleActivityPage) OlderURL() string {
	return v.entry("people/activity", v.Keep, append(v.chosen(), "from", v.Older)...)
}

// NewestURL is the first page.
func (v PeopleActivityPage) NewestURL() string { return v.URL(v.Keep) }

// ExportURL is all that was chosen, to be kept.
func (v PeopleActivityPage) ExportURL() string {
	return v.entry("people/export", "", v.chosen()...)
}

// chosen are the pairs of a query for what was chosen. They have an id and no name,
// for names are nothing for logs.
func (v PeopleActivityPage) chosen() []string {
	var out []string
	for _, x := range [][2]string{{"who", v.Who}, {"event", v.Event}, {"since", v.Since}, {"until", v.Until}} {
		if x[1] != "" {
			out = append(out, x[0], x[1])
		}
	}
	return out
}

// ActivityURL is the administrator's list of what happened.
func (p page) ActivityURL() string { return p.entry("people/activity", p.Keep) }

// ActivityOf is what happened to somebody.
func (p page) ActivityOf(id string) string { return p.entry("people/activity", p.Keep, "who", id) }
