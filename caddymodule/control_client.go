package caddymodule

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// errNobody says that no Caddy listens on a socket.
var errNobody = errors.New("no Caddy listens there")

// errOtherKey says that the far end of the socket has not shown our root key.
var errOtherKey = errors.New("who listens there has another key than this store's; is it a Caddy with another configuration?")

// remote reaches a running Caddy.
type remote struct {
	socket string
	keys   *secret.Keys
	now    func() time.Time
}

// controlAnswer is the longest answer that is read: a list of 100,000 people.
const controlAnswer = 16 << 20

// call does an operation there. [errNobody] when nobody listens.
func (c remote) call(ctx context.Context, name string, args arguments) ([]byte, error) {
	body, err := json.Marshal(args)
	if err != nil {
		return nil, err
	}
	if len(body) > controlBody {
		return nil, errors.New("that is too long")
	}
	ctx, cancel := context.WithTimeout(ctx, deadline(name)+controlDeadline)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://sparekey"+controlPrefix+name, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	s := newStamp(c.keys, request, body, c.now())
	s.put(request.Header)
	status, answer, mac, err := c.send(request)
	switch {
	case isNobody(err):
		return nil, errNobody
	case err != nil:
		return nil, fmt.Errorf("%s: %w", c.socket, err)
	case !c.keys.CheckMAC(mac, purposeAnswer, s.nonce, strconv.Itoa(status), string(answer)):
		return nil, fmt.Errorf("%s: %w", c.socket, errOtherKey)
	case status == http.StatusOK:
		return answer, nil
	}
	var f failure
	if err := json.Unmarshal(answer, &f); err != nil {
		return nil, fmt.Errorf("%s: %w", c.socket, err)
	}
	return nil, errors.New(f.Error)
}

func (c remote) send(request *http.Request) (status int, body, mac []byte, err error) {
	if err := checkPrivate(filepath.Dir(c.socket), isRoot()); err != nil {
		return 0, nil, nil, err
	}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", c.socket)
	}}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	body, err = io.ReadAll(io.LimitReader(response.Body, controlAnswer))
	if err != nil {
		return 0, nil, nil, err
	}
	mac, _ = hex.DecodeString(response.Header.Get(headerMAC)) // what cannot be read is not right either
	return response.StatusCode, body, mac, nil
}

// isNobody tells a stopped Caddy from one that cannot be reached: no socket,
// or one left behind by a crash.
func isNobody(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
}
