package lint

import (
	"slices"
	"time"
)

// wayRef names a way of the table; the zero value is none.
type wayRef struct {
	goal Goal
	i    int // counted from 1
}

// need is met by n different items of alts.
type need struct {
	alts []int
	n    int
}

// gift is an item owned once a row was walked, and how much later it counts.
type gift struct {
	item  int
	after time.Duration
}

// row is one thing an attacker can do: sign in, walk a way, make a change.
type row struct {
	name  string
	way   wayRef
	needs []need
	gives []gift
	words []string // of a row of the login
	in    bool     // ends in a full login
	login bool     // is a row of the login
	thaw  bool     // opens a closed account
	wait  time.Duration
	from  phase // what is owned then can be shown
	to    []phase
}

// phase keeps apart what cannot be used together: a recovery ends all
// sessions, so that nothing it gives can be shown beside a signed-in device.
// An account can be closed at any time, by its owner or by a thief who reads a
// notice, and what a thief has made counts later there or never.
type phase int

const (
	before phase = iota // no recovery yet: changes, approvals of a device
	home                // recovered, as the kind of account it is
	other               // recovered after a change gave it a second factor, or took it off
	closed              // closed by a notice: what was made shortly before proves nothing
	phases
)

// source is something an attacker may hold at the start.
type source struct {
	name   string
	class  Class
	weight int   // in the count of a login: 2 for a verified passkey
	items  []int // what it proves
}

// machine is a table compiled for one shape. Items are proofs and a few facts
// that behave like proofs; they are numbered so that a fixed point over all
// subsets of the sources costs microseconds. It is not safe for concurrent use.
type machine struct {
	table   Table
	shape   Shape
	factor  bool     // the account has a second factor
	hears   []string // sources by which its owner is told of things
	items   []string
	sources []source
	rows    []row
	login   Takeover                // its weakest minimal set
	alone   map[wayRef]bool         // what weakAlone found
	owned   [phases][]time.Duration // scratch of reach: since when an item is owned
	// What is asked for again and again, once it is known.
	factorItems []int
	recovered   map[Goal][]gift
}

// Items beside the proofs of the table.
const (
	itemSession = "session"     // whoever sits before a signed-in device
	itemTrusted = "password*"   // a password that counts for the second factor
	itemOther   = "other kind"  // the account has, or lost, its second factor by a change; it has the number 0
	verified    = "*"           // follows the name of a passkey that asks its owner
	itemContact = SourceContact // followed by a number
	never       = time.Duration(1<<63 - 1)
	cooled      = 24 * time.Hour // a wait that makes one issued source count as held
)

// item is the number of a name, which is new if need be.
func (m *machine) item(name string) int {
	if i := slices.Index(m.items, name); i >= 0 {
		return i
	}
	m.items = append(m.items, name)
	return len(m.items) - 1
}
