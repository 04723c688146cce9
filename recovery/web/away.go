package web

import (
	"net/http"
	"strings"
)

// Away answers every request while there is no store: 503, and every cookie stays
// as it is. Style sheets and scripts of our pages are as ever.
func (s *Server) Away(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == healthPath:
		s.Harden(w, r)
		unhealthy(w)
	case strings.HasPrefix(r.URL.Path, Prefix+"static/"):
		s.Harden(w, r)
		s.exchange(w, r).static()
	default:
		s.Unavailable(w, r)
	}
}
