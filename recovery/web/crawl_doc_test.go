// The crawl is an attacker with a browser who knows pages and forms and no
// engine. It holds some of the owner's proofs, tries all that a page lets it try,
// and must get nothing. The files crawl_*_test.go are the crawl.
//
// # What is modelled
//
// An installation has the account of the owner, an administrator, and two
// trusted contacts; store, clock and outbox can be put back. openAccount gives
// the account what an accountShape lists. The holdings are what the attacker can
// show: a password, keys, codes, addresses that are read, people who do what
// they are told.
//
// An attackState is a moment of an attack: the records, the time, the messages,
// the cookies, and the page that is shown. moves lists what can be tried in a
// state: each form with each value the attacker has and with wrong ones, each
// link, each mail, each address of the public contract, each kind of flow, the
// passing of time, another browser, and posts that no page asked for. The
// crawler makes each move on a copy and goes on from each state once. The
// fingerprint of a state is its page without ids and digits, the flows that are
// open with what was shown in them, and what has become of the account.
//
// A crawlRow is one attack. TestCrawlWithEveryProofButOne makes the rows from the
// policy: each way of each goal without one of its proofs. In some the owner
// moves after each move of the attacker, and ends every wait. After the search
// the attacker makes random moves in a world that is not put back, with every
// throttle that comes of it. TestCrawlWithEveryProof holds whole ways and must
// succeed, or the other rows could not fail.
//
// TestCrawlAtAPortal has two hosts behind a portal, rules of theirs and access
// keys. There the attacker may hold the cookie of one host, the address of a
// hand-off, a key, or a session of one factor that began at home; with every
// request it says that it is at home, and Alice. The pages of the hosts are
// asked for as well, and so is the app, which shows itself only where opens of
// the row says so.
//
// # What counts as a hole
//
// A hole is an account that is no longer what it was: another password, second
// factor, list of codes, PIN, answer, address, contact, name or group; a session
// or a generation more with somebody signed in. A request that reaches the app
// without a session is a hole, and so is an answer with a status of 500 or more. A
// code that was spent, a wait that began, and an account that was closed or whose
// sign-ins a notice has ended are none: they take nothing. The method taken lists
// what is a hole.
//
// A row fails as well when the crawl was blind: when a page it should have met
// was not met, or when moves with one flow open were left although the row has no
// limit of moves.
//
// # What is not modelled
//
// The crawl runs no script, measures no time and sends one request at a time.
// Guessing is one wrong value for each field. Two flows at most are open in a
// browser, and of the moves with two flows open only so many are made, except for
// the row that holds the mailbox alone. Posts that no page asked for are a random
// sample for each kind of page, the same one in every run. The proof in
// recovery/engine goes through all sets of sources and knows what each costs in
// time; the crawl goes through pages, cookies and HTTP, which the proof leaves
// out.
//
// # How to add a move
//
// New pages, links, forms and buttons are found by themselves. A field with a
// new name has a case in values, or it is filled with "1". A new address is a
// line in crawlEntries, a new kind of flow one in crawlKinds. A new proof has a
// field in holdings, a case in attacker and one in accountShape.has. Any other
// move is made in a function that moves calls. Its rank says when it is tried:
// what a person would do comes first. A move that is the same from many states
// asks firstTime whether it was listed before.
//
// # How to add a mutant
//
// A mutant is an installation with one mistake and the attack that must find it:
// an engine changed before anybody has used it, or options of the world such as
// another policy. A mutant is a line in the list of TestCrawlSeesMutants. The test
// fails when its crawl gets nothing.
//
// # Where the figures are
//
// Each row logs requests, states, pages, forms, kinds of flows begun, and the
// moves not tried. TestCrawlWithEveryProofButOne logs the totals. They are printed
// by
//
//	go test -v ./recovery/web -run 'Crawl'
//
// The tests are left out of "make check" and try fewer rows under the race
// detector.
package web_test
