// Package recovery has the rules: people, what they can prove, and the ways
// back in. It has no store and no clock, and knows neither HTTP nor Caddy.
// Package engine does the work on the store, and package guard decides on each
// request to an app. RULES.md explains ids such as those in comments and test
// names, FLOWS.md draws every flow.
//
// A [Flow] is work in progress: signing in, recovering, setting up. It stores
// facts, that is what has been proved, and no state. [Next] is a pure function
// that looks at the facts and says what is missing, by the table in recipes.go:
// a row of needs for each [Kind]. Nothing can be skipped, because there is no
// state to set.
//
// A [Method] is one way to prove something (package method, one file each). The
// engine decides when it is asked, charges its meters before it runs, and keeps
// the [Proof].
//
// The engine takes one form at a time: load the flow, charge, verify, append
// the proof, compute the next step. When nothing is missing it consumes the
// flow and edits the [Account] in one write. That edit is pure ([End.Apply]). It
// is refused unless the account's generation, the credentials used and the
// single-use things reserved are as they were when they were proved.
//
// An [Account] is one record: credentials, devices, sessions, codes, lock.
// Replacing a second factor and ending every session is therefore the same
// single write. Raising the generation ends every flow and ticket.
//
// A name without an account gets a decoy that runs the same code, pays the
// same hash and queues the same message to nobody.
//
// The rule above all: what a recovery gives back is never worth more than the
// independent proofs it consumed. Every step checks its own proof when it is
// left, and one write at the end makes the change.
package recovery
