// Package recovery is the domain: people, what they can show, and the ways
// back in. It knows neither HTTP nor Caddy nor any database.
//
// A [Flow] is work in progress: signing in, recovering, setting up. It stores
// facts, that is what has been proved, and no state. [Next] is a pure function
// that looks at the facts and says what is missing, by the table of recipes in
// next.go: a row of needs for each [Kind]. Nothing can be skipped, because
// nobody sets a state.
//
// A [Method] is one way to prove something (package method, one file each).
// The engine decides when it is asked, charges its meters before it runs, and
// remembers the [Proof].
//
// [Engine.Submit] takes one form: load the flow, charge, verify, append the
// proof, compute the next step. When nothing is missing it consumes the flow
// and edits the [Account] in one write. That edit is pure and looks again: it
// fails closed unless the account's generation, the credentials used and the
// single-use things reserved are as they were when they were proved.
//
// An [Account] is one record: credentials, devices, sessions, codes, lock.
// Replacing a second factor and ending every session is therefore the same
// single write; raising the generation ends everything that was begun.
//
// People who do not exist get a stand-in that runs the same code, pays the
// same hash and queues the same message to nobody.
//
// [Guard] answers, for each request to an app, who is signed in, from a cache
// that the store's own reports keep honest.
//
// The rule above all: what a recovery gives back is never worth more than the
// independent proofs it consumed; every step checks its own proof when it is
// left; the switch happens in one write at the end.
package recovery
