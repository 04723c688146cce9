package recovery

import "time"

// Import is when an account was brought along, and which write that was: as long as
// there was no other, nobody has used it since, and it may be brought along anew.
type Import struct {
	At       time.Time `json:"at"`
	Revision uint64    `json:"revision"`
}
