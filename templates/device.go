package templates

import (
	"html/template"
	"net/url"
	"time"
)

// DeviceWaitPage is what a new browser shows while a known one is to let it in.
type DeviceWaitPage struct {
	*page
	Ways
	State    string        // of the request; empty: it has ended, or given way to another
	Waits    bool          // nobody has answered yet
	Coded    bool          // a code is to be typed
	Approved bool          // it goes on
	Number   string        // two digits, typed on the known one
	Code     string        // in place of it, where nothing was proved yet: it finds the request there
	Others   bool          // another request came in meanwhile
	Asks     string        // what the known one will ask for: one of Asks…
	Link     string        // of our own origin, to be opened there
	QR       template.HTML // the same as an inline <svg>, already safe
}

func (DeviceWaitPage) Page() string     { return "device-wait" }
func (v DeviceWaitPage) on(p *page) any { v.page = p; return v }

// Values of [DeviceWaitPage.Asks].
const (
	AsksFactor   = "factor"
	AsksPassword = "password"
	AsksNothing  = "nothing"
	AsksAny      = "any"   // what has not been lost
	AsksProof    = "proof" // of an account that nobody has proved to have
)

// FlowURL is the page as it is now.
func (v DeviceWaitPage) FlowURL() string { return v.flowURL("", v.Keep) }

// WatchURL is what the script asks whether that has changed.
func (v DeviceWaitPage) WatchURL() string {
	return address("", url.Values{"f": {v.Flow}, "state": {v.State}})
}

// DevicePage is what a known browser shows of a new one that asks to be let in.
type DevicePage struct {
	*page
	Request  *DeviceRequest
	ByCode   bool   // ask for the code that the new one shows
	HandOver bool   // the number and the proof were right: a code, or at once
	Found    bool   // by the code that the new one shows: then at once only
	None     bool   // no device asks
	Why      string // the problem that keeps this one from letting others in; empty: none does
}

func (DevicePage) Page() string     { return "device-approve" }
func (v DevicePage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: this one has an address of its own.
func (v DevicePage) LanguageURL(code string) string {
	if v.Flow != "" {
		return v.page.LanguageURL(code)
	}
	if v.None {
		return v.inLanguage(code, "account/approve", "choice", "let_in")
	}
	return v.inLanguage(code, "account/approve")
}

// DeviceRequest is a new browser that asks.
type DeviceRequest struct {
	ID          string
	State       string // waiting, coded, approved, used, not_me, wrong_number
	Browser     string
	Network     string
	SameNetwork bool
	Host        string // that it asked
	App         string // where it was going; empty: the account page
	For         string // what it asks for: unlock, recover, or the goal of that; empty: to sign in
	At          time.Time
	Others      bool
	Code        string        // to be typed there; empty: none was made here
	Left        time.Duration // how long the code lives
}
