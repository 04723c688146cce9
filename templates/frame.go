package templates

// Frame is what every page shows or carries on, whichever it is. What is a
// page's own is in its Content. Neither holds an error text, only keys of the
// locale files: what a visitor may read is a closed list.
type Frame struct {
	Lang     string // "en", "fr"; another counts as "en"
	Site     string // what the operator calls the place, else the host name
	Host     string // the host name people should see in the address bar
	Help     string // the operator's contact help, plain text, may be empty
	Insecure bool   // plain http off loopback: show the banner
	SignedIn bool   // the way out of a step leads to the account page, not to sign-in
	ID       string // shared with the log line of a refusal

	Flow   string // id of the running flow: hidden field "flow", empty before the first POST
	Start  string // what the first POST starts: hidden field "start" (login, recover, unlock, setup, activate)
	Return string // where to go afterwards: hidden field "return"
	Keep   string // language picked by hand: hidden field "lang" and part of links, else empty

	Problem *Text // what went wrong, shown as an alert and tied to the field
	Notice  *Text // what just happened, shown as a status
}

// Text is a key of the locale files, without its "problem." or "notice.", and
// the values for its placeholders. The value of "minutes" is a whole number and
// that of "wait" what time.Duration.String gives; both are put into words. A
// value that is absent is taken from the page where it has one of the name.
type Text struct {
	Key  string
	Args map[string]string // of a problem, "field" is the name of the one it is about
	More []Text            // problems of other fields of the same form, in their order
}
