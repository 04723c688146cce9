package recovery

import "github.com/caddy-sparekey/sparekey/recovery/secret"

// Client is the browser (or program) a request comes from, as far as the
// engine needs to know it.
type Client struct {
	Network string   // counted as one: an IPv4 address or an IPv6 /64
	Browser string   // "Firefox on Linux", for people
	Lang    string   // language for pages and messages
	Base    string   // our own origin for links, from configuration; empty: codes only
	Flows   []string // tokens of the flow cookie, newest first
	Device  string   // token of the device cookie
	Session string   // value of the session cookie
}

// Input is one submitted form. Every field is what somebody typed: hostile
// until shown otherwise.
type Input struct {
	Flow        string
	Start       Kind
	Return      string
	Name        string
	Mail        string
	Phone       string
	Extension   string
	Password    secret.Text
	NewPassword secret.Text
	Code        secret.Text
	PIN         secret.Text
	Answer      secret.Text
	Reason      string
	Method      string
	Choice      string
	Remember    bool
}

// answers tells whether the form holds the field a step asks for, so that
// pages with two fields take one request.
func (in Input) answers(s Step) bool {
	switch {
	case s.Enroll && s.Method == Password:
		return in.NewPassword != ""
	case s.Method == Password:
		return in.Password != ""
	}
	return false
}

// Outcome is what a page is made of.
type Outcome struct {
	Flow    *Flow
	Stored  bool     // Flow can be shown again by its id
	Account *Account // nil before the first proof of somebody who is not signed in: a page must not depend on it
	Step    Step
	Unready bool // Step has to be made by a form first: the policy has changed meanwhile
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
