package recovery

import (
	"fmt"
	"time"
)

// ErrGone says of an id that its account was removed.
var ErrGone = fmt.Errorf("%w: it was removed", ErrNoAccount)

// Remnant is what hung on an account that was removed and is to go with it.
type Remnant struct {
	At    time.Time `json:"at"`
	Names []string  `json:"names,omitempty"` // index entries that stay, for nobody else
	Looks []string  `json:"looks,omitempty"` // what its name looks like, for nobody who chooses one
	Index []string  `json:"index,omitempty"` // index entries that go
	Lines []string  `json:"lines,omitempty"` // records of main numbers that it is in
}
