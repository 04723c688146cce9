package templates

import (
	"html/template"
	"slices"
	"strings"
	"time"
)

// Ways are the buttons and links below a step that lead another way.
type Ways struct {
	Method  string   // what is asked for now
	Methods []string // other proofs that may be shown instead, with their counts (contact*2): buttons named "method", or from two on a link to choose
	Resend  string   // the method whose code can be sent again; empty: none
	Recover bool     // offer "I can't sign in"
	Device  bool     // another device of the account may let this one in: a button of its own, beside Methods
}

// Later tells that going without a second factor is one of them.
func (w Ways) Later() bool { return slices.Contains(w.Methods, "later") }

// SignInPage asks for name and password.
type SignInPage struct {
	*page
	Name     string // as typed before
	Remember bool   // offer "keep me signed in"
	Kept     bool   // that was ticked before
	Recover  bool   // offer "I can't sign in"
	Passkeys bool   // offer to show a passkey in place of both
	Gone     string // JSON for the browser, of a passkey that is not accepted any more; empty: there is none
	Closed   bool   // the password was right, and the account is closed: lead on to opening it
}

func (SignInPage) Page() string     { return "sign-in" }
func (v SignInPage) on(p *page) any { v.page = p; return v }

// HasWayOut replaces that of page: this is where the ways out lead, but for a
// closed account it has no form.
func (v SignInPage) HasWayOut() bool { return v.Closed }

// RecoverPage asks who has lost something; with Frame.Start "unlock", whose
// sign-in is paused.
type RecoverPage struct {
	*page
	Name      string // as typed before
	Phone     string // as typed before
	Extension string // as typed before
	AskPhone  bool   // offer to give a number and an extension instead
	Case      string // how an administrator's help comes here; empty: by mail
}

func (RecoverPage) Page() string     { return "recover" }
func (v RecoverPage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: this one has an address of its own.
func (v RecoverPage) LanguageURL(code string) string {
	if v.Start == "unlock" {
		return v.inLanguage(code, "recover", "choice", "unlock")
	}
	return v.inLanguage(code, "recover")
}

// SentPage asks for the code of a mail to an address that may not exist.
type SentPage struct {
	*page
	Ways
	Minutes int // how long the code lives
}

func (SentPage) Page() string     { return "sent" }
func (v SentPage) on(p *page) any { v.page = p; return v }

// FactorPage asks for one proof: Ways.Method is password, passkey, totp, sms_code,
// mail_code, recovery_code, pin, question or contact.
type FactorPage struct {
	*page
	Ways
	Ceremony      // passkey
	Trust    bool // offer not to ask for the second factor in this browser next time
	Kept     bool // that was ticked before

	Name     string // password: the account name, for password managers
	Question string // question: the key of the one to be answered

	Hint    string // a code that was sent: masked mail address or number it went to
	Minutes int    // a code that was sent, or is to be read out: how long it lives

	Code   string   // contact: to be read to somebody else
	More   int      // contact: how many more people have to vouch
	People []Person // contact: the people who can vouch
	Trial  bool     // contact: nothing is lost, it is only tried out
}

func (FactorPage) Page() string     { return "factor" }
func (v FactorPage) on(p *page) any { v.page = p; return v }

// ChoicePage asks what has been lost, or with Factors which second factor is to
// be made.
type ChoicePage struct {
	*page
	Choices []string // password, second_factor, both
	Factors []Option // Option.Method and Option.Script
	Later   bool     // Factors: offer to go without one
	Again   bool     // one of Factors has been chosen, and its step is there to go back to
}

// Scripted tells that a script shows some of Factors.
func (v ChoicePage) Scripted() bool {
	return slices.ContainsFunc(v.Factors, func(o Option) bool { return o.Script })
}

func (ChoicePage) Page() string     { return "choice" }
func (v ChoicePage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: choosing again has an address of its own.
func (v ChoicePage) LanguageURL(code string) string {
	if !v.Again || v.Flow == "" {
		return v.page.LanguageURL(code)
	}
	return v.flowURL("choose", code)
}

// ChoosePage lists the ways on from a step.
type ChoosePage struct {
	*page
	Options []Option
	Choice  string // what is being replaced, once chosen
	Recover bool   // offer "I can't sign in"
}

func (ChoosePage) Page() string     { return "choose" }
func (v ChoosePage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: this one has an address of its own.
func (v ChoosePage) LanguageURL(code string) string {
	if v.Flow == "" {
		return v.page.LanguageURL(code)
	}
	return v.flowURL("choose", code)
}

// Option is another way to go on from a step.
type Option struct {
	Method string        // with its count: contact*2
	Then   []string      // what is asked after it: the keys of "proof."
	Wait   time.Duration // the wait after that; zero: none
	Script bool          // only a page with scripts can ask for it
}

// NewPasswordPage asks for what will be asked for later.
type NewPasswordPage struct {
	*page
	Method    string   // password, pin, question
	Name      string   // password: the account name, for password managers
	MinLength int      // password: shortest accepted here
	First     bool     // password: there was none before
	Alone     bool     // password: no second factor is to stand beside it
	Longer    bool     // password: the one there is may be too short without a second factor
	Questions []string // question: keys of those to choose from
	Question  string   // question: key of the one chosen so far
	Keys      []string // names of access keys that are suspended with it
}

func (NewPasswordPage) Page() string     { return "new-password" }
func (v NewPasswordPage) on(p *page) any { v.page = p; return v }

// EnrollPage shows the secret of an authenticator app and asks for a code of it, or
// with Ways.Method passkey has the browser make one.
type EnrollPage struct {
	*page
	Ways
	Ceremony               // passkey
	Choice   string        // what is being replaced; empty: there was none before
	QR       template.HTML // an inline <svg>, already safe
	Key      string        // the same secret in groups of four
	URI      string        // the same as otpauth:// link
}

func (EnrollPage) Page() string     { return "enroll" }
func (v EnrollPage) on(p *page) any { v.page = p; return v }

// AppURL is the otpauth link, which opens an authenticator app; html/template
// does not know the scheme. Anything else is left out.
func (v EnrollPage) AppURL() template.URL {
	if !strings.HasPrefix(v.URI, "otpauth://") {
		return ""
	}
	return template.URL(v.URI) //nolint:gosec // the scheme was just checked
}

// CodesPage shows new recovery codes until the step is left.
type CodesPage struct {
	*page
	Codes  []string
	Old    bool     // they replace others: ask whether those may be in other hands
	Others bool     // somebody is signed in elsewhere too: offer to end that
	Gone   []Factor // passkeys that stop working with it
	Keys   []string // names of access keys that are suspended with it
}

func (CodesPage) Page() string     { return "codes" }
func (v CodesPage) on(p *page) any { v.page = p; return v }

// ConfirmPage has the small forms. Ways.Method says which: change_mail,
// change_phone, new_contact, confirm_mail, confirm_phone, approve, vouch, add_contact, open_case,
// admin_in_person, drill, go_on (a form has to prepare what follows), or empty
// for a link that was opened.
type ConfirmPage struct {
	*page
	Ways
	Name   string // add_contact, open_case: as typed before
	Mail   string // change_mail: as typed before
	Phone  string // change_phone: as typed before
	Reason string // open_case: as typed before
	Choice string // open_case: as chosen before

	Hint    string // new_contact, confirm_mail, confirm_phone: masked mail address or number the code went to
	Minutes int    // the same: how long the code lives
	Skip    bool   // the code need not be typed now

	Person *Person       // vouch, admin_in_person: who it is for
	Trial  bool          // vouch: nothing is lost, it is only tried out
	Code   string        // admin_in_person: to be handed over
	Wait   time.Duration // admin_in_person: how long the code lives

	Case  string // a link: how an administrator's help comes here; empty: by mail
	Token string // a link: its secret, put into the field "code"
	Why   string // approve: the problem that keeps this browser from letting others in; empty: none asks

	By     string // case: who has opened it; empty: not known
	Signed string // the same as the address has it
}

func (ConfirmPage) Page() string     { return "confirm" }
func (v ConfirmPage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: this one has an address of its own.
func (v ConfirmPage) LanguageURL(code string) string {
	switch v.Method {
	case "approve":
		return v.inLanguage(code, "account/approve")
	case "case", "rescue":
		return v.inLanguage(code, v.Method, linkedBy(v.Signed)...)
	default:
		return v.inLanguage(code, "link")
	}
}

// WaitPage offers a wait, or says until when one lasts.
type WaitPage struct {
	*page
	Ways
	Choice string        // what is being replaced
	Wait   time.Duration // how long
	Until  time.Time     // when the wait is over; zero: it has not begun
	Case   string        // how an administrator's help came; empty: by mail
}

func (WaitPage) Page() string     { return "wait" }
func (v WaitPage) on(p *page) any { v.page = p; return v }

// HasWayOut replaces that of page: once the wait has begun it is the main button.
func (v WaitPage) HasWayOut() bool { return v.Until.IsZero() }

// SetupPage asks for the set-up code and then, within a flow, who the first
// administrator is.
type SetupPage struct {
	*page
	Name, Mail, Phone string // as typed before
	AskMail, AskPhone bool   // offer the field
	MinLength         int    // shortest password accepted here
}

func (SetupPage) Page() string     { return "setup" }
func (v SetupPage) on(p *page) any { v.page = p; return v }

// HasWayOut replaces that of page: the site may have been set up meanwhile.
func (v SetupPage) HasWayOut() bool { return v.Problem != nil }

// LanguageURL replaces that of page: this one has an address of its own.
func (v SetupPage) LanguageURL(code string) string { return v.inLanguage(code, "setup") }

// ActivatePage asks for the code of an invitation.
type ActivatePage struct {
	*page
	By     string // who has invited; empty: not known
	Signed string // the same as the address has it
	Group  bool   // the link is for several people
}

func (ActivatePage) Page() string     { return "activate" }
func (v ActivatePage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: this one has an address of its own.
func (v ActivatePage) LanguageURL(code string) string {
	if v.Group {
		return v.inLanguage(code, "join", linkedBy(v.Signed)...)
	}
	return v.inLanguage(code, "activate", linkedBy(v.Signed)...)
}

// linkedBy is the parameter of an address that names who has made a link.
func linkedBy(signed string) []string {
	if signed == "" {
		return nil
	}
	return []string{"by", signed}
}

// Values of Case.
const (
	CaseInPerson = "in_person" // an administrator is shown a code and hands it over
	CaseEither   = "either"    // so for some of what can be lost
)
