package recovery

import "github.com/caddy-sparekey/sparekey/recovery/secret"

// Answers tells whether the form holds the field a step asks for, so that
// pages with two fields take one request.
func (in Input) Answers(s Step) bool {
	switch {
	case s.Enroll && s.Method == Password:
		return in.NewPassword != ""
	case s.Method == Password:
		return in.Password != ""
	}
	return false
}

// Value is what a form holds for a proof.
func (in Input) Value(f Field) secret.Text {
	switch f {
	case FieldPassword:
		return in.Password
	case FieldPIN:
		return in.PIN
	case FieldAnswer:
		return in.Answer
	case FieldCode:
	}
	return in.Code
}

// Outcome is what a page is made of.
type Outcome struct {
	Flow    *Flow
	Stored  bool     // Flow can be shown again by its id
	Account *Account // nil before the first proof of a person who is not signed in, since no page may depend on it then
	Step    Step
	Unready bool // the policy has changed, and a form has to prepare Step first
	Problem *Problem
	Notice  string // key of something that just happened

	FlowToken string // to be added to the browser's flow cookie
	Finished  Kind   // the flow is over
	Goal      Goal   // what a finished recovery replaced
	Return    string
	Session   string // new session cookie
	Keep      bool   // the session cookie outlives the browser
	Device    string // new device cookie
}
