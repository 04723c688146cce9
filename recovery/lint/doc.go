// Package lint judges a policy before it is used: it computes what an attacker
// needs to take an account over, and compares that with the login.
//
// A [Table] is the policy as data: proofs and what they rest on, ways, rules of
// the login, changes a session can make. A [Shape] says what an account has.
// [Analyze] enumerates the sources an attacker might hold at the start and, for
// each set, follows chains to a fixed point: what a way replaces is owned from
// then on and may be a proof in the next one. Bans and waits delay a chain and
// never cut it. What remains are the minimal sets that end in a full login.
//
// The held value of a set is its held sources plus half its issued ones
// (rounded down, and only beside a memory or held source). One issued source
// alone counts as a held one if every way that consumes it waits 24 h and the
// owner could stop it from outside the set. The login is its weakest minimal
// set. A set is weaker when its held value is smaller or it has fewer sources;
// the ways to blame are named with their line. Sets that need an authority are
// listed and not compared.
//
// An error has the lines to write ([Fix]). Each was tried: ways that are refused
// are put back one after the other, each with the smallest addition with which
// all accounts are judged to be safe. weak_ok is the last one tried.
//
// [Warnings] computes the same over objects (a phone, a laptop, a leaked
// password), [Forecast] what their owner can still do without them.
//
// The package imports nothing of the engine. It was written without a look at
// the engine, so that a test can compare the two.
//
// Anybody may have closed the account, its owner as well as a thief who reads a
// notice, and what opens it then is among the rows: the ways for both with their
// waits, a case, the rescue. What was made within the ban before counts after
// it, and a sheet of codes that a thief made never.
//
// Not promised: nothing is said about guessing, about mistakes in code, or about
// a person at a remembered browser, which skips the second factor of a login.
package lint
