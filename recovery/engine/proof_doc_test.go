// The proof holds lint and engine against each other: an attacker who holds some
// of the owner's sources does all that can be done, and signs in exactly when
// the lint says so. The files proof_*_test.go are the proof.
//
// # What is modelled
//
// An installation is an engine with a store, a clock and an outbox that can all
// be put back. openAccount makes the owner's account in it, with what a
// lint.Shape lists. The holdings are what somebody can show: a password, keys,
// codes, addresses that are read, people who do what they are told.
//
// An attackState is a moment of an attack: the records, the time, the messages,
// the holdings, and the flow that is open. moves lists what can be done in a
// state. search makes each move on a copy, earliest time first, and goes on from
// each state once. The fingerprint of a state is all that decides what can be
// done in it; two states with the same fingerprint are the same.
//
// compare takes the sets of sources from the lint. A minimal set must sign in,
// not before its delay and not long after it. A maximal set holds all sources it
// can without holding a minimal one, and must never sign in. Smaller sets can do
// no more than the maximal ones, so that nothing is left between the two.
//
// compareWithOwner lets the owner move as well: sign in when a wait begins, and
// press "this wasn't me" after a takeover. TestAttackerFreezes lets the attacker
// press it. TestClosedAccounts is about what opens an account then: closing gets
// nobody in any sooner, and nothing that was made after the change a notice
// tells of opens it. TestIllegalSteps lets two browsers post forms in any order over a
// store that fails.
//
// TestLintIsExactWithPasskeys has a model of a passkey in the place of the method,
// for accounts with and without a password.
//
// TestLintIsExactForRandomPolicies draws policies that the grammar can write
// (any words, waits, what is off, asked or not configured) and an account for
// each, and lets somebody close the account whenever that helps: the attacker, or
// the owner for him. It is closed as the newest notice there could be would close
// it, which takes the least away. A fixed dozen is in "make test", 200 are in
// "make soak", and what has failed once is in keptCases. A search there ends after
// 1,500 states; the figures say how many sets were not searched to the end, of
// which nothing is known.
//
// # What counts as a hole
//
// A hole is a difference between lint and engine. The engine may let in a set
// that the lint leaves out: that is a takeover nobody was told of. It may be
// quicker than the delay the lint gives. It may also let nobody in where the
// lint says so: then the lint warns of the wrong thing. With the owner awake, a
// hole is also a wait that outlives the owner's sign-in, a session that outlives
// a recovery, or a closed account that opens again for whoever took it over.
//
// # What is not modelled
//
// Nobody guesses: a move shows what is held or nothing. Throttles are lifted,
// because they delay an attack and never decide it. Pages, cookies and HTTP are
// left out; the crawl in recovery/web goes through those. There is one attacker,
// and one request at a time. Time passes in steps of five minutes, a day and
// three days, up to the horizon, which is longer than all waits and bans of these
// policies together. The attacker knows one new password, PIN and answer, since
// which one was made up decides nothing. Of the lists of recovery codes made on
// the way the first and the last two are kept. Changes that no recipe of the
// engine makes are left out of the lint's table as well.
//
// # How to add a move
//
// A move inside a flow is a line in moves, one outside any flow a line in
// entryMoves. A move has a name, which appears in the story of a hole, and
// returns false when it was refused. What a move changes, and what decides later
// moves, must be in fingerprint or flowFingerprint: the search takes states for
// the same otherwise and misses what follows. A new proof has a case in
// proofForm, and one in enrolForm if it can be enrolled. A new source of the lint
// has a field in holdings, a case in attacker and a line in maximalSets, and a
// shape that has it in proofShapes or in a row of TestLintIsExact.
//
// # How to add a mutant
//
// A mutant is an engine with one mistake, seeded from outside: other ways than
// the lint has read, an account that reads other than it was written, or a method
// in the place of another one. A mutant is a line in mutants, in ownerMutants when
// it shows only if the owner moves, in closedMutants when it is about closed
// accounts, or in TestProofSeesMutantsInPerson when it is about cases in person. Its shape is the account it shows on. The test fails
// when the proof finds no hole in it.
//
// # Where the figures are
//
// Each test logs a tally: shapes, minimal and maximal sets, states, steps. They
// are printed by
//
//	go test -v ./recovery/engine -run 'LintIsExact|KeptPolicies|OwnerMoves|AttackerFreezes|ClosedAccounts|IllegalSteps|ProofSees'
//
// The tests are left out of "make check" and go through fewer shapes under the
// race detector.
package engine_test
