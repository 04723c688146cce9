package lint

import "strings"

// Strength is what a set is worth.
type Strength struct {
	Held  int `json:"held"`  // the held value of the package comment
	Count int `json:"count"` // of sources; a verified passkey is two
}

// weaker is smaller in the held value or in the number of sources.
func (s Strength) weaker(than Strength) bool {
	return s.Held < than.Held || s.Count < than.Count
}

// Step is one thing done on the way to a takeover.
type Step struct {
	Name string `json:"name"` // the way as written, the name of a change, or "sign in"
	Goal Goal   `json:"goal,omitempty"`
	Line string `json:"line,omitempty"`
}

// Takeover is a minimal set of sources with which an attacker can sign in as
// the owner, and again later.
type Takeover struct {
	Sources []string `json:"sources"` // "contact*2" for two of the contacts
	Strength
	// Delay until it is done: waits and bans, summed along the fastest chain.
	Delay Delay `json:"delay"`
	// Stoppable says that a notice reaches the owner outside the set before
	// a delay is over.
	Stoppable bool `json:"stoppable"`
	// Direct sets sign in without a recovery or change: they are the login.
	Direct bool   `json:"direct"`
	Weaker bool   `json:"weaker"` // than the login; never with an authority
	Chain  []Step `json:"chain"`
}

// String is the set with its names joined by plus signs.
func (x Takeover) String() string {
	words := make([]string, 0, len(x.Sources))
	for _, s := range x.Sources {
		words = append(words, label(s))
	}
	return strings.Join(words, " + ")
}

// label is the plain word for a source.
func label(source string) string {
	name, count, _ := strings.Cut(source, "*")
	plain := map[string]string{
		SourceMemory: "password", SourceTOTP: "authenticator", SourceCodes: "codes", SourceMail: "mailbox", SourceSMS: "number",
		SourceInPerson: "admin in person",
	}[name]
	if plain == "" {
		plain = name
	}
	if count != "" {
		return count + " " + plain + "s"
	}
	return plain
}
