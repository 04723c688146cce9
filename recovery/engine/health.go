package engine

import (
	"context"
	"errors"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// errEmptied says that the store is not the one of the start any more.
var errEmptied = errors.New("the store holds nothing of Sparekey any more: see that it is the right one, and restart Caddy")

// Healthy tells whether the store answers now, is the one of the start, and opens
// with our keys. It remembers nothing: what was so a moment ago is not the question.
func (e *Engine) Healthy(ctx context.Context) error {
	_, ok, err := kv.Load[string](ctx, e.Store, checkKey)
	if err == nil && !ok {
		return errEmptied
	}
	return err
}
