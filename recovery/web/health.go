package web

import "net/http"

// healthPath is where whoever spreads requests over several servers asks whether
// this one can answer. Everybody may: the answer is the same for all, says one word,
// and nothing that the sign-in page would not show. It comes by plain http too, and
// for hosts that are not ours, since such programs ask by address.
const healthPath = Prefix + "healthz"

// health answers with 200 when this process can read the store, and with 503 when
// it cannot tell who anybody is.
func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "ask with GET", http.StatusMethodNotAllowed)
		return
	}
	if err := s.Engine.Healthy(r.Context()); err != nil {
		unhealthy(w)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

func unhealthy(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5")
	http.Error(w, "unavailable", http.StatusServiceUnavailable)
}
