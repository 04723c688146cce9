package web

import (
	"maps"
	"net/http"
	"slices"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

// ProofPages lists the pages that a step which asks for something can have.
func ProofPages() []string { return slices.Sorted(maps.Keys(proofPages())) }

// Addresses lists all there are below [Prefix], but for those of one person.
func Addresses() []string {
	return slices.Concat(slices.Sorted(maps.Keys(routes())), slices.Sorted(maps.Keys(ownPages())))
}

// EnrolledMethods lists the methods whose enrolment has a page.
func EnrolledMethods() []string { return slices.Sorted(maps.Keys(enrolments())) }

// FlowTokens lists the tokens that the flow cookie of a request opens to.
func FlowTokens(e *engine.Engine, r *http.Request) []string {
	x := &exchange{Server: &Server{Engine: e}, r: r}
	x.readFlows()
	return x.client.Flows
}

// AddFlow answers a request with its flow cookie and a token more.
func AddFlow(s *Server, w http.ResponseWriter, r *http.Request, token string) {
	s.exchange(w, r).addFlow(token)
}
