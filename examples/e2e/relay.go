package e2e

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
)

// Relay stands before a server, and can keep silent or be away in its place.
type Relay struct {
	Addr string

	tb     testing.TB
	target string
	done   sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener
	silent   bool
	open     map[net.Conn]bool
}

// Relay starts one before an address. It ends with the test.
func (w *World) Relay(target string) *Relay {
	w.TB.Helper()
	r := &Relay{Addr: "127.0.0.1:0", tb: w.TB, target: target, open: map[net.Conn]bool{}}
	r.Mend()
	w.TB.Cleanup(func() {
		r.Away()
		r.done.Wait()
	})
	return r
}

// Silent takes connections from now on and says nothing.
func (r *Relay) Silent() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.silent = true
}

// Away refuses connections from now on, and cuts those that are open.
func (r *Relay) Away() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.listener != nil {
		_ = r.listener.Close()
		r.listener = nil
	}
	r.cut()
}

// Mend makes it pass everything on again, at the same address.
func (r *Relay) Mend() {
	r.tb.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.silent = false
	r.cut()
	if r.listener != nil {
		return
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", r.Addr)
	if err != nil {
		r.tb.Fatal(err)
	}
	r.listener, r.Addr = l, l.Addr().String()
	r.done.Go(func() { r.accept(l) })
}

func (r *Relay) cut() {
	for conn := range r.open {
		_ = conn.Close()
	}
	clear(r.open)
}

func (r *Relay) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		if r.keep(conn) {
			continue // until it is cut
		}
		server, err := net.Dial("tcp", r.target)
		if err != nil {
			_ = conn.Close()
			continue
		}
		r.keep(server)
		r.done.Go(func() { pass(conn, server) })
		r.done.Go(func() { pass(server, conn) })
	}
}

// keep remembers a connection, and tells whether to be silent on it.
func (r *Relay) keep(conn net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[conn] = true
	return r.silent
}

func pass(from, to net.Conn) {
	_, _ = io.Copy(to, from) // whoever hangs up ends both
	_ = from.Close()
	_ = to.Close()
}
