package web

import (
	"net/http"
	"strings"
)

// Away answers every request while there is no store: 503, and every cookie stays
// as it is. Style sheets and scripts of our pages are as ever.
func (s *Server) Away(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, Prefix+"static/") {
		s.Harden(w, r)
		s.exchange(w, r).static()
		return
	}
	s.Unavailable(w, r)
}
