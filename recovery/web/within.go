package web

import (
	"context"
	"net/http"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

// within is where the context of a request has the rules of its gate.
type within struct{}

// Within has a request for our pages know the gate that they belong to, where that
// says something of the sign-in.
func Within(r *http.Request, rules *guard.Rules) *http.Request {
	if !rules.OfClients() {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), within{}, rules))
}
