package templates

import "time"

// Ceremony is what the script of a page gives to the browser, for it to make or show
// a passkey.
type Ceremony struct {
	Options   string        // JSON; empty: the script asks for it
	Left      time.Duration // how long the browser may take
	Moved     bool          // nobody signs in at those any more
	Elsewhere []string      // domains that the passkeys were made for, where none is for this one
	Label     string        // what was typed for it
	Suggested string        // what a new one is called otherwise: "Firefox on Linux"; empty: by what it is
}

// Milliseconds is Left for the script.
func (c Ceremony) Milliseconds() int64 { return max(c.Left.Milliseconds(), 0) }

// Says are the keys of what the script may say, when nothing came of it.
func (Ceremony) Says() []string { return []string{"held", "none", "place", "failed"} }

// Kinds of Factor.Worth.
const (
	WorthBoth   = "both"   // it signs in alone
	WorthSecond = "second" // beside the password
)
