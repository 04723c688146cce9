package engine

import "sync/atomic"

// Outside keeps the mark of a store where a restore of the store does not reach.
type Outside interface {
	// Seen returns the highest number noted for a store, 0 for none.
	Seen(store string) (uint64, error)
	// Note writes it.
	Note(store string, n uint64) error
}

// marked is what this process knows of the mark.
type marked struct {
	id string
	n  uint64

	changed atomic.Bool // something has, since the mark was raised
}
