package recovery

import "time"

// Names of the pages that a step can be shown on (public contract). The pages
// there are, these and all others, are the values in package templates.
const (
	PageSetup       = "setup"
	PageSignIn      = "sign-in"
	PageFactor      = "factor"
	PageRecover     = "recover"
	PageSent        = "sent"
	PageChoice      = "choice"
	PageNewPassword = "new-password"
	PageEnroll      = "enroll"
	PageCodes       = "codes"
	PageActivate    = "activate"
	PageConfirm     = "confirm"
	PageRefused     = "refused"
	PageWait        = "wait"
	PageDeviceWait  = "device-wait"
	PageDevice      = "device-approve"
)

// Problem is what a visitor may read when something did not work: a key of
// the locale files. The list is closed; everything else goes to the log.
type Problem struct {
	Key  string
	Args map[string]string
	Wait time.Duration // for Retry-After; zero: none
	More []*Problem    // what else is wrong with the form, in the order of its fields
}

// The keys.
const (
	ProblemNameOrPassword    = "wrong_name_or_password"
	ProblemPassword          = "wrong_password"
	ProblemCode              = "wrong_code"
	ProblemAuthenticator     = "wrong_authenticator"
	ProblemClock             = "code_clock_off" // only of a secret that is being enrolled
	ProblemCodeUsed          = "code_used"
	ProblemPasskey           = "wrong_passkey"
	ProblemPasskeyLate       = "passkey_late"
	ProblemPasskeyUnverified = "passkey_unverified" // it asked nobody for a finger or number, and did when it was made
	ProblemPasskeyCopied     = "passkey_copied"
	ProblemPasskeyChanged    = "passkey_changed"
	ProblemPasskeyGone       = "passkey_gone"   // it was removed, or ended by a recovery
	ProblemPasskeySecond     = "passkey_second" // it asks nobody, or cannot be found without a name: it stands beside the password
	ProblemPasskeyDoubt      = "passkey_doubt"  // one of the two was noted before
	ProblemPasskeyMade       = "passkey_made"   // the browser's answer to an enrolment is not to be believed
	ProblemPasskeyLarge      = "passkey_large"
	ProblemPasskeyMany       = "passkey_many"
	ProblemPasskeyHeld       = "passkey_held"
	ProblemPasskeyScript     = "passkey_script"
	ProblemCodeExpired       = "code_expired"
	ProblemCodeUnknown       = "code_unknown"
	ProblemLinkExpired       = "link_expired"
	ProblemInviteUsed        = "invite_used"
	ProblemInviteRevoked     = "invite_revoked"
	ProblemInviteExpired     = "invite_expired"
	ProblemInviteFull        = "invite_full" // every place of a group's link is used
	ProblemInviteHeld        = "invite_held" // no place is free now
	ProblemOtherBrowser      = "link_other_browser"
	ProblemTooMany           = "too_many"
	ProblemShort             = "password_short"
	ProblemLong              = "password_long"
	ProblemUnreadable        = "password_unreadable"
	ProblemCommon            = "password_common"
	ProblemBreached          = "password_breached"
	ProblemLikeName          = "password_like_name"
	ProblemSame              = "password_same"
	ProblemSent              = "password_sent" // it is what the flow began with, and in a mailbox or on paper
	ProblemNameTaken         = "name_taken"
	ProblemNameBad           = "name_bad"
	ProblemNameHeld          = "name_held"     // nobody has it, and it is kept from others
	ProblemNoSecond          = "no_second"     // no other administrator could agree
	ProblemSecondInvite      = "second_invite" // somebody is to be invited as an administrator
	ProblemNameElse          = "name_else"     // taken, held, or like another: which is not said
	ProblemNameGroup         = "name_group"    // a person is to be called as a group is
	ProblemGroupPerson       = "group_person"  // and the other way round
	ProblemGroupBad          = "group_bad"
	ProblemGroupsMany        = "groups_many"
	ProblemLinkAdmins        = "link_admins"
	ProblemLinkUses          = "link_uses"
	ProblemLinkLife          = "link_life"
	ProblemLinksMany         = "links_many"
	ProblemDisplayName       = "display_name_bad"
	ProblemLastAdmin         = "last_admin"
	ProblemKeyName           = "key_name"
	ProblemKeyNamed          = "key_named"
	ProblemKeysFull          = "keys_full"
	ProblemKeyHost           = "key_host"
	ProblemKeyPath           = "key_path"
	ProblemKeyLong           = "key_long"
	ProblemMailBad           = "mail_bad"
	ProblemPhoneBad          = "phone_bad"
	ProblemNoKnownDevice     = "no_known_device"
	ProblemFactorRequired    = "factor_required"
	ProblemNothingBeside     = "nothing_beside" // no second factor without one thing more than the password
	ProblemMissing           = "missing_field"
	ProblemFlowExpired       = "flow_expired"
	ProblemFlowFinished      = "flow_finished" // by itself, so this is no fault
	ProblemNotAvailable      = "not_available"
	ProblemBusy              = "busy"
	ProblemSetupDone         = "setup_done"
	ProblemEnterAgain        = "enter_again" // a ticket for a further host
	ProblemSetupWrong        = "setup_wrong"
	ProblemProbation         = "probation"
	ProblemAdminFactor       = "admin_factor"
	ProblemBarred            = "password_recovered"
	ProblemSameAddress       = "same_address"
	ProblemAddressTaken      = "address_taken"
	ProblemContactUnknown    = "contact_unknown"
	ProblemContactSelf       = "contact_self"
	ProblemContactWaiting    = "contact_waiting"
	ProblemWrongPIN          = "wrong_pin"
	ProblemWrongAnswer       = "wrong_answer"
	ProblemPINBad            = "pin_bad"
	ProblemAnswerBad         = "answer_bad"
	ProblemReason            = "reason_missing"
	ProblemDrillWrong        = "drill_wrong"
	ProblemLastFactor        = "last_factor"       // nothing would be left to sign in with
	ProblemNeedsPassword     = "needs_password"    // nothing of the account signs in alone
	ProblemMeanwhile         = "changed_meanwhile" // another administrator was faster
	ProblemNotYourself       = "not_yourself"
	ProblemClosed            = "closed"          // by a notice; said to whom has given the right password
	ProblemOwnerSignedIn     = "owner_signed_in" // an act of the owner ended the flow
	ProblemOwnerChanged      = "owner_changed"
	ProblemAdmitted          = "admitted"       // another browser has let this one in within a day
	ProblemDeviceYoung       = "device_young"   // the browser is not known for long enough to let others in
	ProblemSessionYoung      = "session_young"  // the session is too new to let another browser in by itself
	ProblemFull              = "full"           // the account has no room for more
	ProblemFullTheirs        = "full_theirs"    // the same, said to an administrator
	ProblemDeviceSame        = "device_same"    // it would let itself in
	ProblemDeviceNumber      = "device_number"  // the wrong number ended the request
	ProblemDeviceGone        = "device_gone"    // the request has ended, or there is none
	ProblemDeviceWaiting     = "device_waiting" // nobody has answered yet
)

// NewProblem returns a problem without arguments.
func NewProblem(key string) *Problem { return &Problem{Key: key} }

// InField returns a problem of the field of a form.
func InField(key, field string) *Problem {
	return &Problem{Key: key, Args: map[string]string{"field": field}}
}

// AllOf is one problem that tells of several, which are in the order of the fields;
// nil: there is none.
func AllOf(problems []*Problem) *Problem {
	if len(problems) == 0 {
		return nil
	}
	first := *problems[0]
	first.More = append(first.More, problems[1:]...)
	return &first
}
