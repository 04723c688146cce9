package recovery

import "time"

// Import is when an account was brought along, and a sum of what it was then: as long
// as that holds, nobody has used or changed it since, and it may be brought along anew.
type Import struct {
	At  time.Time `json:"at"`
	Sum string    `json:"sum"`
}
