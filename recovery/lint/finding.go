package lint

import "strings"

// Severity of a [Finding].
type Severity string

// The severities. Only an error keeps the configuration from loading.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Note    Severity = "note"
)

// Keys of findings.
const (
	KeyWeaker       = "weaker"         // a way back is worth less than the login
	KeyEmpty        = "empty"          // a way without proofs
	KeyGoal         = "goal"           // unknown goal
	KeyUnknownProof = "unknown_proof"  // no method stands for the word
	KeyDuplicate    = "duplicate"      // the same way twice
	KeySameSource   = "same_source"    // two proofs that count once
	KeyNotSetUp     = "not_set_up"     // a channel has no notifier
	KeyCannotBegin  = "cannot_begin"   // nothing in the policy may come first
	KeyShort        = "six_digits"     // a short code alone
	KeyExtra        = "extra"          // pin or question alone or as the only addition
	KeySMSOnly      = "sms_only"       // SMS is the only method offered
	KeySMSAlways    = "sms_always"     // every way of a goal needs a number
	KeyNoNotice     = "no_notice"      // nobody could stop the wait
	KeyWait         = "wait"           // a negative wait
	KeyWithout      = "without_factor" // where it means nothing
	KeyInPerson     = "in_person"      // admin, where nothing can be mailed
	KeyNoWay        = "no_way"         // a block without a way for some accounts
)

// Finding is something to say about a policy.
type Finding struct {
	Key      string   `json:"key"`
	Severity Severity `json:"severity"`
	Goal     Goal     `json:"goal,omitempty"`
	// Ways are the ways to blame, as written.
	Ways []string `json:"ways,omitempty"`
	// Lines are where they were written; a default has none.
	Lines []string `json:"lines,omitempty"`
	// Set is the set of sources weaker than the login, for [KeyWeaker].
	Set []string `json:"set,omitempty"`
	// Shape is the simplest account it was seen on, for [KeyWeaker].
	Shape *Shape `json:"shape,omitempty"`
	// Text is the whole sentence, Remedy what to do.
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
	// Fixes are lines to write. With those of all findings the policy loads.
	Fixes []Fix `json:"fixes,omitempty"`
	// refs are the ways that Lines names.
	refs []wayRef
}

// Fix is a change of a Caddyfile that was tried before it was advised.
type Fix struct {
	// Line where the change belongs; empty when nobody knows where it was written.
	Line string `json:"line,omitempty"`
	// Below keeps that line and puts the others under it.
	Below bool `json:"below,omitempty"`
	// Write has the lines; none takes the old one out.
	Write []string `json:"write"`
}

// head says what to do with the lines.
func (x Fix) head() string {
	switch {
	case len(x.Write) == 0 && x.Line == "":
		return "take it out"
	case len(x.Write) == 0:
		return "take " + x.Line + " out"
	case x.Line == "":
		return "write instead:"
	case x.Below:
		return "write below " + x.Line + ":"
	}
	return "write instead of " + x.Line + ":"
}

// Accepted reports whether it names ways weaker than the login that all say weak_ok.
func (f Finding) Accepted() bool { return f.Key == KeyWeaker && f.Severity == Note }

// String begins with the lines, as messages of Caddy do. What to write ends it,
// each line by itself.
func (f Finding) String() string {
	s := f.sentence()
	for _, x := range f.Fixes {
		s += "; " + strings.Join(append([]string{x.head()}, x.Write...), "\n\t")
	}
	return s
}

// Advice is the remedy in one line.
func (f Finding) Advice() string {
	var out []string
	if f.Remedy != "" {
		out = append(out, f.Remedy)
	}
	for _, x := range f.Fixes {
		out = append(out, strings.TrimSpace(x.head()+" "+strings.Join(x.Write, "; ")))
	}
	return strings.Join(out, "; ")
}

// sentence is the finding without the lines to write.
func (f Finding) sentence() string {
	s := f.Text
	if len(f.Lines) > 0 {
		s = strings.Join(f.Lines, ", ") + ": " + s
	}
	if f.Remedy != "" {
		s += "; " + f.Remedy
	}
	return s
}
