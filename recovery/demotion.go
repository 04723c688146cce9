package recovery

import "time"

// Demotion is what an administrator was before another one took it. Its owner has it
// back by the link of the notice, until then.
type Demotion struct {
	ID     string    `json:"id"` // the link is for this one
	Until  time.Time `json:"until"`
	Was    string    `json:"state"` // a [State], as Before
	Before string    `json:"was,omitempty"`
}
