package kvtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// Ports are taken from below those that systems give to clients (from 32768 on,
// RFC 6056 and Linux): a connection of another test would take one of these
// between the question and the answer.
const lowestPort, highestPort = 12_000, 32_000

var handedOut sync.Map

// FreePort finds a port of the loopback that nobody listens on, and that this
// process was not told before.
func FreePort() (int, error) {
	for range 1000 {
		port := lowestPort + rand.IntN(highestPort-lowestPort) //nolint:gosec // a port is no secret
		if _, told := handedOut.LoadOrStore(port, true); told {
			continue
		}
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no free port")
}
