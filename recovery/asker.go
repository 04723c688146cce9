package recovery

import (
	"encoding/json"
	"time"
)

// Asker is a [Namer] that asks whoever comes, before anybody is named: the page
// shows what it asks to every browser alike. Nothing is stored until somebody has
// answered, so that a page which many load costs nothing; what tells a question of
// ours from another one is in the question itself.
type Asker interface {
	Namer
	// Ask makes a question for a browser, bound to where it is and to a token of its
	// flow cookie. Nil: nothing can be asked there.
	Ask(c Client, token string, now time.Time) (json.RawMessage, error)
}
