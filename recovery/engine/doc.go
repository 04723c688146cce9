// Package engine does everything that touches the store: it takes forms, sends
// codes and notices, finds people and finishes flows. Which proof is asked for
// and what a finished flow changes are decided in package recovery.
//
// A wrong answer is a Problem. An error means that the answer is unknown, and
// the caller denies. Not promised: the code or link of a running flow is lost
// when the process is killed before it was sent (notices are not: they are owed),
// and a person starts again after a crash between two steps.
package engine
