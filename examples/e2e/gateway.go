package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

const gatewayToken = "gateway-token-of-the-story"

// Gateway is an SMS gateway with an HTTP interface that keeps what it is asked
// to send.
type Gateway struct {
	Inbox
	URL string

	fault atomic.Pointer[http.HandlerFunc]
}

// Break makes the gateway answer like this from now on; nil mends it.
func (g *Gateway) Break(f http.HandlerFunc) { g.fault.Store(&f) }

func startGateway(tb testing.TB) *Gateway {
	tb.Helper()
	g := new(Gateway)
	server := httptest.NewServer(http.HandlerFunc(g.serve))
	tb.Cleanup(server.Close)
	g.URL = server.URL + "/v1/messages"
	return g
}

func (g *Gateway) serve(w http.ResponseWriter, r *http.Request) {
	if f := g.fault.Load(); f != nil && *f != nil {
		(*f)(w, r)
		return
	}
	var m struct{ To, Text string }
	switch {
	case r.Header.Get("Authorization") != "Bearer "+gatewayToken:
		w.WriteHeader(http.StatusUnauthorized)
	case json.NewDecoder(r.Body).Decode(&m) != nil || m.To == "" || m.Text == "":
		w.WriteHeader(http.StatusBadRequest)
	default:
		g.add(Message{To: m.To, Text: m.Text})
		w.WriteHeader(http.StatusAccepted)
	}
}
