package recovery

import (
	"strings"
	"time"
)

// Names of methods that the engine has to know. It learns everything else from
// [Traits].
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
	GroupInvite      = "group_invite" // a place of a group's link
	SetupTicket      = "setup"
	Admin            = "admin"
	AdminInPerson    = "admin_in_person"
	PIN              = "pin"
	SecurityQuestion = "question"
	VouchedBy        = "contact" // contact*2 asks two people
	NewContact       = "new_contact"
	ConfirmMail      = "confirm_mail"
	ConfirmPhone     = "confirm_phone"
	// TrustedBrowser is what stood in for the second factor in a sign-in. It is
	// written in session and log, and proves nothing else ([Methods.Fresh]).
	TrustedBrowser = "trusted_browser"
	// Waiting is what is "asked for" when only time is missing.
	Waiting = "wait"
	// Factor stands for any second factor in the policy's lists.
	Factor = "factor"
)

// Proof is something shown. Two proofs from one source count once.
type Proof struct {
	Method     string `json:"method"`
	Source     string `json:"source"`
	Credential string `json:"credential,omitempty"`
	Version    uint64 `json:"version,omitempty"`
	// Alone says that this proof is first and second factor at once: a passkey
	// that verified its user.
	Alone bool `json:"alone,omitempty"`
	// Factor says that a second factor or recovery code was shown where the proof
	// was given: in the browser that let this one in.
	Factor bool `json:"factor,omitempty"`
	// Short says that the password of another program was right and is shorter than
	// the rule here: it signs in once more, with a new one.
	Short bool `json:"short,omitempty"`
	// There are the methods that were shown in that browser, and By is its id.
	There []string  `json:"there,omitempty"`
	By    string    `json:"by,omitempty"`
	At    time.Time `json:"at"`
	Entry string    `json:"entry,omitempty"` // as [Address.Entry]: where a code has come back from
}

// MethodLine names the methods of proofs as the log does: "password totp".
func MethodLine(proofs []Proof) string {
	names := make([]string, len(proofs))
	for i, p := range proofs {
		names[i] = p.Method
	}
	return strings.Join(names, " ")
}

// Bare is a method's name without the count: contact*2 is contact to people.
func Bare(method string) string {
	name, _, _ := strings.Cut(method, "*")
	return name
}
