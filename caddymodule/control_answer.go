package caddymodule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP implements http.Handler.
func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, controlBody))
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		http.Error(w, "too much", http.StatusRequestEntityTooLarge)
		return
	}
	s, ok := readStamp(r.Header)
	if err != nil || !ok || !c.genuine(s, r, body) {
		http.Error(w, "refused", http.StatusForbidden)
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(c.now().Add(deadline(operation(r)) + controlDeadline)) // else that of the server holds
	status, answer := c.answer(r, body)
	w.Header().Set(headerMAC, hexMAC(c.keys.MAC(purposeAnswer, s.nonce, strconv.Itoa(status), string(answer))))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(answer) // a command that went away needs no answer
}

// genuine tells whether the request was made with our key, now, and not seen
// before.
func (c *control) genuine(s stamp, r *http.Request, body []byte) bool {
	now := c.now()
	if !c.keys.CheckMAC(s.mac, purposeRequest, s.parts(r, body)...) {
		return false
	}
	// Nonces do not outlive the process, so nothing older than it counts.
	if s.at.Before(c.started.Truncate(time.Millisecond)) || s.at.Before(now.Add(-replayWindow)) || s.at.After(now.Add(replayWindow)) {
		return false
	}
	return c.used.first(s.nonce, s.at.Add(replayWindow), now)
}

func (c *control) answer(r *http.Request, body []byte) (int, []byte) {
	name := operation(r)
	ctx, cancel := context.WithTimeout(r.Context(), deadline(name))
	defer cancel()
	out, err := c.do(ctx, name, body)
	if err != nil {
		out, err = json.Marshal(failure{err.Error()})
		if err != nil {
			panic(err) // a string always marshals
		}
		return http.StatusUnprocessableEntity, out
	}
	return http.StatusOK, out
}

func operation(r *http.Request) string { return strings.TrimPrefix(r.URL.Path, controlPrefix) }

func (c *control) do(ctx context.Context, name string, body []byte) ([]byte, error) {
	var args arguments
	in := json.NewDecoder(bytes.NewReader(body))
	in.DisallowUnknownFields() // a newer command's option must not be dropped in silence
	if err := in.Decode(&args); err != nil {
		return nil, err
	}
	o := c.current.Load()
	if o == nil {
		return c.unopened(name)
	}
	return o.call(ctx, name, args)
}
