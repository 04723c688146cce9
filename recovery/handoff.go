package recovery

import "time"

// HandOffLife is how long the ticket lives that carries a session to a further
// host. Browsers follow the redirect at once.
const HandOffLife = 30 * time.Second

// HandOff is where a browser that is signed in goes on.
type HandOff struct {
	Origin string // of the host: https://photos.example.com
	Nonce  string // sum of what that host has given this browser
	Target string // where on it; a path
}

// Entry is what a host learns of a ticket.
type Entry struct {
	OK     bool
	Cookie string    // of the host; with OK
	Ends   time.Time // when the browser forgets it; zero: when it is closed
	Target string    // empty: not known any more
}
