package templates

import (
	"html/template"
	"time"
)

// View is everything a page may show. A page uses the fields it needs; the zero
// value of each means "leave it out". It never holds an error text, only keys
// of the locale files, so that what a visitor may read is a closed list.
type View struct {
	Page string // data-page: one of the names in Pages
	Lang string // "en", "fr"; set by Page from a supported language
	Site string // what the operator calls the place, else the host name
	Host string // the host name people should see in the address bar
	Help string // the operator's contact help, plain text, may be empty

	Flow   string // id of the running flow: hidden field "flow", empty before the first POST
	Start  string // what the first POST starts: hidden field "start" (login, recover, unlock, setup, activate)
	Return string // where to go afterwards: hidden field "return"
	Keep   string // language picked by hand: hidden field "lang" and part of links, else empty

	Problem *Text // what went wrong, shown as an alert and tied to the field
	Notice  *Text // what just happened, shown as a status

	// Method is what is asked for now. On most pages a proof: password, totp,
	// sms_code, mail_code, mail_link, recovery_code, pin, question, contact. On
	// new-password: password, pin, question. On confirm: change_mail,
	// change_phone, new_contact, approve, vouch, add_contact, open_case,
	// admin_in_person, drill, go_on (a form has to prepare what follows), or
	// empty for a link that was opened.
	Method  string
	Methods []string // other proofs that may be shown instead: buttons named "method", or from two on a link to choose
	Options []Option // choose: the same with what they need and give
	Choices []string // values for "choice": password, second_factor, both
	Choice  string   // what is being replaced, once chosen
	Resend  bool     // the code of Method can be sent again

	Name      string        // the account name, for password managers and greetings
	Mail      string        // setup, confirm, people: as typed before
	Phone     string        // setup, confirm, people: as typed before
	Groups    string        // people: as typed before
	Reason    string        // person: as typed before; with a Choice in the form of a case, else in that of the other buttons
	Hint      string        // masked mail address or number a code went to
	Minutes   int           // how long the shown code or link lives
	Wait      time.Duration // slow-down, wait: how long to wait; invite: how long it lives
	MinLength int           // shortest password accepted here
	AskMail   bool          // offer a field for a mail address
	AskPhone  bool          // offer a field for a number; recover: a number and an extension
	Remember  bool          // offer "keep me signed in"
	Trust     bool          // offer not to ask for the second factor in this browser next time
	Recover   bool          // offer "I can't sign in"

	QR    template.HTML // an inline <svg>, already safe
	Key   string        // the same secret in groups of four
	URI   string        // the same as otpauth:// link
	Codes []string      // recovery codes, shown until the step is left

	Until    time.Time // wait: when the wait is over; zero: it has not begun
	Question string    // key of the security question: to be answered, or chosen so far
	Code     string    // contact: a code to be read to somebody else; confirm: one to be handed over; invite: a link to be passed on, empty when it was mailed
	More     int       // contact: how many more people have to vouch
	Case     string    // person, recover: how an administrator's help comes here; wait: how it came; empty: by mail
	People   []Person  // people; contact: the people who can vouch
	Trial    bool      // contact, vouch: nothing is lost, it is only tried out
	Person   *Person   // person, and whom a contact is asked to vouch for
	Losses   []Loss    // account: what would happen if something were lost today
	Waits    []Wait    // account: what is waiting and can be stopped here
	Setup    *Extras   // account: what can be set there beside the factors

	Token    string // stop, undo, confirm: the secret of the link, put into the field "code"
	SignedIn bool   // the way out of a step leads to the account page, not to sign-in

	Insecure bool   // plain http off loopback: show the banner
	ID       string // shared with the log line of a refusal
	Account  *Account
}

// Option is another way to go on from a step.
type Option struct {
	Method string
	Then   []string      // what is asked after it: the keys of "proof."
	Wait   time.Duration // the wait after that; zero: none
}

// Values of View.Case.
const (
	CaseInPerson = "in_person" // an administrator is shown a code and hands it over
	CaseEither   = "either"    // so for some of what can be lost
)

// Text is a key of the locale files, without its "problem." or "notice.", and
// the values for its placeholders. The value of "minutes" is a whole number and
// that of "wait" what time.Duration.String gives; both are put into words. "min"
// and "name" are taken from the View when absent.
type Text struct {
	Key  string
	Args map[string]string
}

// Account is what people see of their own account.
type Account struct {
	Name      string
	Mail      string // masked
	Phone     string // masked
	Factors   []Factor
	CodesLeft int
	Sessions  []Session
	Probation time.Time // zero: none
	Groups    []string
}

// Factor is an enrolled second factor.
type Factor struct {
	Method string
	Label  string
	Since  time.Time
}

// Session is one signed-in browser.
type Session struct {
	ID      string // value of the button that ends it
	Browser string // "Firefox on Linux"
	Since   time.Time
	Seen    time.Time
	Current bool
}

// Person is a row of the administrator's list.
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

// Loss is a line of the lock-out forecast.
type Loss struct {
	What   string // phone, mailbox, laptop, paper
	Locked bool   // no way back would be left
	Mend   string // what would help: new_codes, add_mail, add_phone, add_contact
}

// Wait is a recovery in its cool-down.
type Wait struct {
	Goal  string
	Until time.Time
}

// Extras is what an account page offers beside the factors.
type Extras struct {
	Mail, Phone   bool // addresses can be set or changed
	PIN, Question bool // the operator asks for them somewhere
	HasPIN        bool
	HasQuestion   bool
	Contacts      []string // names of the people who can vouch for this one
	Admin         bool     // link to people
	Drill         bool     // a recovery code can be tried without using it up
	Reminder      bool     // nothing was tried for six months
}
