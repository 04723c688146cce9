package recovery

import (
	"crypto/subtle"
	"encoding/json"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Kind of a flow: a row of the recipe table.
type Kind string

// The kinds. DESIGN section 3 has the table in words, recipe.go in code.
const (
	KindLogin          Kind = "login"
	KindRecover        Kind = "recover"
	KindSetup          Kind = "setup"
	KindActivate       Kind = "activate"
	KindChangePassword Kind = "change_password"
	KindAddFactor      Kind = "add_factor"
	KindNewCodes       Kind = "new_codes"
	KindUnlock         Kind = "unlock"
	KindChangeMail     Kind = "change_mail"  // change_contact of the design, one for each channel
	KindChangePhone    Kind = "change_phone" //
	KindSetPIN         Kind = "set_pin"
	KindSetQuestion    Kind = "set_question"
	KindAddContact     Kind = "add_contact"
	KindVouch          Kind = "approve_contact"
	KindOpenCase       Kind = "open_case"
	KindStepUp         Kind = "step_up"
	KindDrill          Kind = "drill"
	KindDrillContact   Kind = "drill_contact"
)

// Goal is what a recovery replaces: the values of the field "choice".
type Goal string

// The goals.
const (
	GoalPassword     Goal = "password"
	GoalSecondFactor Goal = "second_factor"
	GoalBoth         Goal = "both"
)

// Names of methods the engine itself has to know. Everything else it learns
// from [Traits].
const (
	Password         = "password"
	TOTP             = "totp"
	Passkey          = "passkey"
	OtherDevice      = "device" // another browser that is signed in
	RecoveryCode     = "recovery_code"
	MailLink         = "mail_link"
	MailCode         = "mail_code"
	SMSCode          = "sms_code"
	Rescue           = "rescue"
	Invite           = "invite"
	SetupTicket      = "setup"
	Admin            = "admin"
	AdminInPerson    = "admin_in_person"
	PIN              = "pin"
	SecurityQuestion = "question"
	VouchedBy        = "contact" // contact*2 asks two people
	NewContact       = "new_contact"
	// waiting is what is "asked for" when only time is missing.
	waiting = "wait"
	// Factor stands for any second factor in the policy's lists.
	Factor = "factor"
)

// Proof is something shown. Two proofs from one source count once.
type Proof struct {
	Method     string    `json:"method"`
	Source     string    `json:"source"`
	Credential string    `json:"credential,omitempty"`
	Version    uint64    `json:"version,omitempty"`
	At         time.Time `json:"at"`
}

// Flow is work in progress: what has been proved, and what is to become of it.
// It holds facts, no state; [Next] computes the step. The account knows
// nothing of it until it finishes.
type Flow struct {
	ID         string    `json:"id"`
	Kind       Kind      `json:"kind"`
	Binding    string    `json:"binding"` // sum of the browser's flow cookie
	Account    string    `json:"account,omitempty"`
	Nobody     string    `json:"nobody,omitempty"` // who was named when no such account can be used: runs the same, proves nothing
	Generation uint64    `json:"generation,omitempty"`
	Session    string    `json:"session,omitempty"` // for kinds that begin signed in
	Since      time.Time `json:"since"`             // begun, or last got further
	Expires    time.Time `json:"expires"`
	Return     string    `json:"return,omitempty"`
	Lang       string    `json:"lang,omitempty"`

	Name     string `json:"name,omitempty"` // as typed
	Mail     string `json:"mail,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Goal     Goal   `json:"goal,omitempty"`
	Person   string `json:"person,omitempty"` // id of somebody else this is about
	Reason   string `json:"reason,omitempty"`
	Called   string `json:"called,omitempty"`   // that person's name
	Vouch    string `json:"vouch,omitempty"`    // key of the request to vouch for
	Ask      string `json:"ask,omitempty"`      // code this flow's own request is found by
	Trial    bool   `json:"trial,omitempty"`    // what Vouch asks for is only tried out
	Remember bool   `json:"remember,omitempty"` // keep me signed in
	Trust    bool   `json:"trust,omitempty"`    // no second factor on this browser for a while

	AskEnds time.Time `json:"ask_ends,omitzero"`  // when the request behind Ask does
	AskTold bool      `json:"ask_told,omitempty"` // those who may vouch expect a call

	Picked   string             `json:"picked,omitempty"` // method asked for by hand
	Proofs   []Proof            `json:"proofs,omitempty"`
	Reserved []Spent            `json:"reserved,omitempty"` // spent when the flow finishes
	Sent     map[string]Sent    `json:"sent,omitempty"`     // by method
	Pending  map[string]Pending `json:"pending,omitempty"`  // what is being enrolled, by method
	Version  uint64             `json:"version"`            // raised by every change
}

// Sent is a code or link that left the flow. Only MACs are kept.
type Sent struct {
	Code    []byte    `json:"code,omitempty"`
	Link    []byte    `json:"link,omitempty"`
	To      string    `json:"to,omitempty"` // masked
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`
}

// Pending is a credential in the making.
type Pending struct {
	Data      json.RawMessage `json:"data,omitempty"`
	Confirmed bool            `json:"confirmed,omitempty"`
}

// Has tells whether a method has been proved.
func (f *Flow) Has(method string) bool {
	return slices.ContainsFunc(f.Proofs, func(p Proof) bool { return p.Method == method })
}

// decoy tells that the flow runs for nobody.
func (f *Flow) decoy() bool { return f.Nobody != "" }

// bound tells whether one of the browser's flow tokens belongs to the flow.
func (f *Flow) bound(tokens []string) bool {
	for _, t := range tokens {
		if subtle.ConstantTimeCompare([]byte(secret.Sum(t)), []byte(f.Binding)) == 1 {
			return true
		}
	}
	return false
}

// ready tells whether what a step shows has been made. It has not when the
// policy has changed since the flow's last form: no form of that page was meant
// for this step, and a page without writing cannot show it.
func (f *Flow) ready(s Step) bool {
	switch {
	case s.Enroll:
		_, made := f.Pending[s.Method]
		return made
	case kindOf(s.Method) == VouchedBy:
		return f.Ask != ""
	}
	return !s.Done
}

func (f *Flow) prove(p Proof) {
	if !f.Has(p.Method) {
		f.Proofs = append(f.Proofs, p)
	}
	f.Picked = ""
}

// moved tells that another request changed the flow meanwhile.
func (f *Flow) moved(since uint64) bool { return f.Version != since }

// needsSession tells that a kind begins with somebody signed in.
func (k Kind) needsSession() bool {
	switch k {
	case KindChangePassword, KindAddFactor, KindNewCodes, KindChangeMail, KindChangePhone, KindSetPIN, KindSetQuestion,
		KindAddContact, KindVouch, KindOpenCase, KindStepUp, KindDrill, KindDrillContact:
		return true
	case KindLogin, KindRecover, KindSetup, KindActivate, KindUnlock:
	}
	return false
}

func flowKey(id string) string { return "flow/" + secret.Sum(id) }
