//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
)

// process is a server that we started.
type process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has been waited for
	log  string
	port int
}

func (p *process) base() string { return "http://127.0.0.1:" + strconv.Itoa(p.port) }

// site is what a Caddy serves.
type site struct {
	global string // lines of the block of global options
	host   string // that it answers to
	also   string // another address at the same port, without it
	port   int    // 0: a free one
	text   string
	more   string // further sites
}

// startCaddy runs a Caddy with a folder and a home of its own, and waits until
// its port is open.
func startCaddy(ctx context.Context, binary, dir, name string, s site) (*process, error) {
	home := filepath.Join(dir, name)
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, err
	}
	if s.port == 0 {
		port, err := kvtest.FreePort()
		if err != nil {
			return nil, err
		}
		s.port = port
	}
	p := &process{name: name, done: make(chan struct{}), port: s.port, log: filepath.Join(home, "caddy.log")}
	file := filepath.Join(home, "Caddyfile")
	if err := os.WriteFile(file, []byte(s.caddyfile()), 0o600); err != nil {
		return nil, err
	}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p.cmd = exec.CommandContext(ctx, binary, "run", "--adapter", "caddyfile", "--config", file)
	p.cmd.Env = append(os.Environ(), "HOME="+home, "XDG_DATA_HOME="+home, "XDG_CONFIG_HOME="+home)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 5 * time.Second
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // the way it ended is in its log
	}()
	return p, p.ready(ctx)
}

// caddyfile is the site on a loopback port.
func (s site) caddyfile() string {
	if s.also != "" {
		s.also = fmt.Sprintf("%s:%d, ", s.also, s.port)
	}
	return fmt.Sprintf(`{
	admin off
	auto_https off
	persist_config off
	grace_period 1s
	%s
}

%shttp://%s:%d {
	bind 127.0.0.1
	%s
}
%s`, s.global, s.also, s.host, s.port, s.text, s.more)
}

func (p *process) ready(ctx context.Context) error {
	for begin := time.Now(); time.Since(begin) < 20*time.Second; {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)), time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended at once:\n%s", p.name, p.tail())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s is not ready after 20 s:\n%s", p.name, p.tail())
}

func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// stop ends the process, by force when asking does not help.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // fails only when it has ended
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// tick is the unit of the times in /proc: USER_HZ is 100 on every Linux.
const tick = 10 * time.Millisecond

// cpu is the processor time a process has used, in user and kernel mode.
func cpu(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The second field is the name in brackets and may hold blanks.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	const user, system = 11, 12 // counted after the name
	if len(fields) <= system {
		return 0, fmt.Errorf("/proc/%d/stat has only %d fields", pid, len(fields))
	}
	u, err1 := strconv.Atoi(fields[user])
	s, err2 := strconv.Atoi(fields[system])
	return time.Duration(u+s) * tick, errors.Join(err1, err2)
}
