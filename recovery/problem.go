package recovery

import "time"

// Names of pages: the values of data-page (public contract).
const (
	PageSetup       = "setup"
	PageSignIn      = "sign-in"
	PageFactor      = "factor"
	PageRecover     = "recover"
	PageSent        = "sent"
	PageChoice      = "choice"
	PageChoose      = "choose"
	PageNewPassword = "new-password"
	PageEnroll      = "enroll"
	PageCodes       = "codes"
	PageActivate    = "activate"
	PageConfirm     = "confirm"
	PageStop        = "stop"
	PageAccount     = "account"
	PageSignedOut   = "signed-out"
	PageRefused     = "refused"
	PageForbidden   = "forbidden"
	PageSlowDown    = "slow-down"
	PageUnavailable = "unavailable"
	PageWait        = "wait"
	PageUndo        = "undo"
	PagePeople      = "people"
	PagePerson      = "person"
	PageInvite      = "invite"
)

// Problem is what a visitor may read when something did not work: a key of
// the locale files. The list is closed; everything else goes to the log.
type Problem struct {
	Key  string
	Args map[string]string
	Wait time.Duration // for Retry-After; zero: none
}

// The keys.
const (
	ProblemNameOrPassword = "wrong_name_or_password"
	ProblemPassword       = "wrong_password"
	ProblemCode           = "wrong_code"
	ProblemClock          = "code_clock_off"
	ProblemCodeUsed       = "code_used"
	ProblemCodeExpired    = "code_expired"
	ProblemCodeUnknown    = "code_unknown"
	ProblemLinkExpired    = "link_expired"
	ProblemOtherBrowser   = "link_other_browser"
	ProblemTooMany        = "too_many"
	ProblemShort          = "password_short"
	ProblemCommon         = "password_common"
	ProblemLikeName       = "password_like_name"
	ProblemSame           = "password_same"
	ProblemNameTaken      = "name_taken"
	ProblemNameBad        = "name_bad"
	ProblemMailBad        = "mail_bad"
	ProblemPhoneBad       = "phone_bad"
	ProblemMissing        = "missing_field"
	ProblemFlowExpired    = "flow_expired"
	ProblemNotAvailable   = "not_available"
	ProblemBusy           = "busy"
	ProblemSetupDone      = "setup_done"
	ProblemSetupWrong     = "setup_wrong"
	ProblemProbation      = "probation"
	ProblemBarred         = "password_recovered"
	ProblemSameAddress    = "same_address"
	ProblemAddressTaken   = "address_taken"
	ProblemContactUnknown = "contact_unknown"
	ProblemContactSelf    = "contact_self"
	ProblemContactWaiting = "contact_waiting"
	ProblemWrongPIN       = "wrong_pin"
	ProblemWrongAnswer    = "wrong_answer"
	ProblemPINBad         = "pin_bad"
	ProblemAnswerBad      = "answer_bad"
	ProblemReason         = "reason_missing"
	ProblemDrillWrong     = "drill_wrong"
	ProblemNotYourself    = "not_yourself"
)

// NewProblem returns a problem without arguments.
func NewProblem(key string) *Problem { return &Problem{Key: key} }
