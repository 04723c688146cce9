package engine

import "errors"

// ErrHalfBack says that a store holds a part of a backup.
var ErrHalfBack = errors.New("a backup was brought back into this store and did not come to its end: run \"caddy sparekey restore FILE\" once more, with the same file")

const restoringKey = "restoring"

func halfBack(half bool) error {
	if half {
		return ErrHalfBack
	}
	return nil
}
