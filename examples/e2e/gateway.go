package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
)

const gatewayToken = "gateway-token-of-the-story"

// Gateway is an SMS gateway with an HTTP interface that keeps what it is asked
// to send.
type Gateway struct {
	Inbox
	URL string
}

func startGateway(tb testing.TB) *Gateway {
	tb.Helper()
	g := new(Gateway)
	server := httptest.NewServer(http.HandlerFunc(g.serve))
	tb.Cleanup(server.Close)
	g.URL = server.URL + "/v1/messages"
	return g
}

func (g *Gateway) serve(w http.ResponseWriter, r *http.Request) {
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
