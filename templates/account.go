package templates

import (
	"slices"
	"time"
)

// Own is what the pages of one's own account begin with.
type Own struct {
	Others    bool      // somebody is signed in elsewhere too, and something was changed: offer to end that
	Probation time.Time // until then some changes are refused; zero: none is
	FactorDue bool      // a second factor is required, and there is none
	Held      string    // JSON for the browser, of the passkeys that the account has here; empty: there are none here
}

// AccountPage is the overview of the visitor's own account: what is wrong, and what
// would happen.
type AccountPage struct {
	*page
	Own
	Name        string
	Display     string // what one is shown as; empty: Name
	Groups      []string
	CodesLeft   int
	Unconfirmed []Unconfirmed
	Losses      []Loss // what would happen if something were lost today
	Waits       []Wait // what is waiting and can be stopped here
	Guessed     int    // codes that somebody with another proof has tried; zero: too few to tell
	Admin       bool   // link to people
	Reminder    bool   // nothing was tried for six months
}

func (AccountPage) Page() string     { return "account" }
func (v AccountPage) on(p *page) any { v.page = p; return v }

// HasWayOut replaces that of page: this is where the ways out lead.
func (AccountPage) HasWayOut() bool { return false }

// LanguageURL replaces that of page: this one has an address of its own.
func (v AccountPage) LanguageURL(code string) string { return v.inLanguage(code, "account") }

// AccountSignInPage is what its owner signs in with.
type AccountSignInPage struct {
	*page
	Own
	Factors       []Factor
	Droppable     bool // one may go on without them
	Passwordless  bool // a passkey signs in without the password
	NoPassword    bool // there is none
	PIN, Question bool // the operator asks for them somewhere
	HasPIN        bool
	HasQuestion   bool
}

func (AccountSignInPage) Page() string     { return "account-sign-in" }
func (v AccountSignInPage) on(p *page) any { v.page = p; return v }

// HasWayOut replaces that of page: this is where the ways out lead.
func (AccountSignInPage) HasWayOut() bool { return false }

// LanguageURL replaces that of page: this one has an address of its own.
func (v AccountSignInPage) LanguageURL(code string) string {
	return v.inLanguage(code, "account/sign-in")
}

// AccountDevicesPage is where the account is signed in, and the browsers it knows.
type AccountDevicesPage struct {
	*page
	Own
	Sessions []Session
	Browsers []Browser
}

func (AccountDevicesPage) Page() string     { return "account-devices" }
func (v AccountDevicesPage) on(p *page) any { v.page = p; return v }

// HasWayOut replaces that of page: this is where the ways out lead.
func (AccountDevicesPage) HasWayOut() bool { return false }

// LanguageURL replaces that of page: this one has an address of its own.
func (v AccountDevicesPage) LanguageURL(code string) string {
	return v.inLanguage(code, "account/devices")
}

// AccountRecoveryPage is what helps its owner back in.
type AccountRecoveryPage struct {
	*page
	Own
	CodesLeft int
	Drill     bool     // a recovery code can be tried without using it up
	Reminder  bool     // nothing was tried for six months
	Contacts  []string // names of the people who can vouch for this one
	Losses    []Loss
}

func (AccountRecoveryPage) Page() string     { return "account-recovery" }
func (v AccountRecoveryPage) on(p *page) any { v.page = p; return v }

// HasWayOut replaces that of page: this is where the ways out lead.
func (AccountRecoveryPage) HasWayOut() bool { return false }

// LanguageURL replaces that of page: this one has an address of its own.
func (v AccountRecoveryPage) LanguageURL(code string) string {
	return v.inLanguage(code, "account/recovery")
}

// AccountContactPage is where its owner can be reached.
type AccountContactPage struct {
	*page
	Own
	Mail, Phone       string // masked
	CanMail, CanPhone bool   // can be set or changed
	Unconfirmed       []Unconfirmed
	KeepDays          int // for so long an account that was deleted can be had back
}

func (AccountContactPage) Page() string     { return "account-contact" }
func (v AccountContactPage) on(p *page) any { v.page = p; return v }

// HasWayOut replaces that of page: this is where the ways out lead.
func (AccountContactPage) HasWayOut() bool { return false }

// LanguageURL replaces that of page: this one has an address of its own.
func (v AccountContactPage) LanguageURL(code string) string {
	return v.inLanguage(code, "account/contact")
}

// Confirmed reports whether what is said to be the address is known to be.
func (v AccountContactPage) Confirmed(what string) bool {
	return !slices.ContainsFunc(v.Unconfirmed, func(u Unconfirmed) bool { return u.What == what })
}

// Account is what an administrator sees of an account.
type Account struct {
	Name      string
	Mail      string // masked
	Phone     string // masked
	Factors   []Factor
	CodesLeft int
	Sessions  []Session
	Probation time.Time // zero: none
	Groups    []string
	Lines     []string // main numbers with extensions
	Keys      []Key    // access keys
	// Unconfirmed are those of Mail and Phone from which no code has come back.
	Unconfirmed []Unconfirmed
}

// Unconfirmed is an address from which no code has come back.
type Unconfirmed struct {
	What string // mail, phone
	Used bool   // it counts all the same: no code was asked for when it came in
	Can  bool   // a code can be sent there
}

// Confirmed reports whether what is said to be the address is known to be.
func (a *Account) Confirmed(what string) bool {
	return !slices.ContainsFunc(a.Unconfirmed, func(u Unconfirmed) bool { return u.What == what })
}

// Factor is an enrolled second factor.
type Factor struct {
	ID     string // of the credential
	Method string
	Label  string // what its owner calls it
	Made   string // passkey: "Firefox on Linux", in which it was made
	Since  time.Time

	Used  time.Time // passkey: the day; zero: not yet
	Where string    // passkey: "Firefox on Linux", where that was
	Worth string    // passkey: WorthBoth, WorthSecond
	Place string    // passkey: the domain it was made for, where that is another one
	Doubt string    // passkey: counter, changed: why it is not accepted; empty: it is
	Spare bool      // passkey: another second factor is left without it
}

// Session is one signed-in browser.
type Session struct {
	ID      string // value of the button that ends it
	Browser string // "Firefox on Linux"
	Since   time.Time
	Seen    time.Time
	Current bool
	Methods []string // in order, what was shown: keys of "proof."
}

// Browser is one that the account knows.
type Browser struct {
	ID      string // value of its buttons, behind "distrust:", "rename:" or "forget:"
	Label   string // what its owner calls it
	Name    string // "Firefox on Linux"
	Network string // where it signed in last: an IPv4 address or an IPv6 /64; empty: not known
	First   time.Time
	Seen    time.Time
	Current bool
	Trusted time.Time // until then it is not asked for the second factor; zero: it is
}

// Loss is a line of the lock-out forecast.
type Loss struct {
	What   string // phone, mailbox, laptop, paper, password_manager, security_key, cloud_account
	Locked bool   // no way back would be left
	Thing  string // what becomes of the passkey there: LossSpared, LossGone; empty: none is there
	Mend   string // what would help: new_codes, add_mail, add_phone, add_contact, confirm_mail, confirm_phone
}

// Values of Loss.Thing.
const (
	LossSpared = "spared" // it syncs: the next one has it
	LossGone   = "gone"
)

// Wait is a recovery in its cool-down.
type Wait struct {
	Goal    string
	Began   time.Time
	Browser string
	Until   time.Time // from then on it can be finished
}

// WaitsPage stands in front of the page asked for while a wait runs that nobody
// has called theirs on this browser.
type WaitsPage struct {
	*page
	Waits []Wait
}

func (WaitsPage) Page() string     { return "waits" }
func (v WaitsPage) on(p *page) any { v.page = p; return v }
