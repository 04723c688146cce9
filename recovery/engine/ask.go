package engine

import (
	"context"
	"encoding/json"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Ask makes what the sign-in page asks every browser alike, and writes nothing. Nil:
// there is nothing to ask at this address. The token is the newest one of the
// browser's flow cookie, or a new one if it has none: it has to hold it when it
// answers.
func (e *Engine) Ask(c recovery.Client) (question json.RawMessage, token string, p *recovery.Problem, err error) {
	e.visitors.came(c.Network)
	if wait := e.posts.allow(c.Network, e.Now()); wait > 0 {
		return nil, "", tooMany(wait), nil
	}
	if token = secret.Token(32); len(c.Flows) > 0 {
		token = c.Flows[0]
	}
	for _, name := range e.Methods.Names() {
		if m, ok := e.Methods.Get(name).(recovery.Asker); ok && e.Methods.Offered(name) {
			question, err = m.Ask(c, token, e.Now())
			return question, token, nil, err
		}
	}
	return nil, "", nil, nil
}

// useOnce marks something as used that no account holds: of many who show it at once
// one gets it. It is kept until it would not be taken any more anyway.
func (e *Engine) useOnce(ctx context.Context, once *recovery.Spent) (bool, error) {
	if once == nil {
		return true, nil
	}
	return kv.Create(ctx, e.Store, "once/"+secret.Sum(once.ID), struct{}{}, once.Until.Add(onceSkew))
}

// onceSkew is between the clocks of several Caddys.
const onceSkew = 5 * time.Minute
