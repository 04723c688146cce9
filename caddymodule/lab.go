//go:build lab

package caddymodule

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/rpc"
	"os"
	"sync"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

// adjust makes a Caddy one whose clock, policy, messages and store a test can
// reach: the attack cases then run against a real server on a real store, and
// need not wait three days for a ban to end. Only the build tag "lab" compiles
// it in; "make build" and xcaddy do not set it.
func adjust(e *engine.Engine) error {
	text, err := os.ReadFile(os.Getenv(recoverytest.LabVariable))
	if err != nil {
		return err
	}
	var lab recoverytest.Lab
	if err := json.Unmarshal(text, &lab); err != nil {
		return err
	}
	clock, err := os.Open(lab.Clock)
	if err != nil {
		return err
	}
	now := func() time.Time {
		var b [8]byte
		if _, err := clock.ReadAt(b[:], 0); err != nil {
			panic(err)
		}
		return time.Unix(0, int64(binary.BigEndian.Uint64(b[:])))
	}
	e.Now, e.Store.Now = now, now
	*e.Policy = *lab.Policy
	if e.Store.Driver == nil {
		return nil // only checked
	}
	e.Notify = reportingNotifier{e.Notify, lab.Outbox}
	endWithTest.Do(func() { go supervise.Run(e.Log, "the lab's end", exitAtEOF) })
	if _, served := storesServed.LoadOrStore(lab.Socket, true); served {
		return nil
	}
	return serveStore(e, lab.Socket)
}

// exitAtEOF ends the process with the test that started it, and may have been
// killed.
func exitAtEOF() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// reportingNotifier shows the test every message before it is queued for good.
type reportingNotifier struct {
	recovery.Notifier
	outbox string
}

// Queue implements recovery.Notifier.
func (w reportingNotifier) Queue(m recovery.Message) {
	body, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	res, err := http.Post(w.outbox, "application/json", bytes.NewReader(body)) //nolint:noctx // a test's own server
	if err != nil {
		panic(err)
	}
	_ = res.Body.Close()
	w.Notifier.Queue(m)
}

//nolint:gochecknoglobals // they outlive reloads
var (
	endWithTest  sync.Once
	storesServed sync.Map // by their sockets
)

// serveStore serves the open store, so that the test can be a second node of it.
func serveStore(e *engine.Engine, socket string) error {
	server := rpc.NewServer()
	if err := server.RegisterName("Store", &recoverytest.StoreServer{Driver: e.Store.Driver}); err != nil {
		return err
	}
	l, err := net.Listen("unix", socket) //nolint:noctx // for the life of the process
	if err != nil {
		return err
	}
	go supervise.Run(e.Log, "the lab's store", func() { server.Accept(l) })
	return nil
}
