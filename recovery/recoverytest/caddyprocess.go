package recoverytest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// caddyProcess runs the Caddys of one world after the other: starting one is most
// of what a short test costs. Between two worlds it has no configuration, so that
// nothing of one world is there in the next.
type caddyProcess struct {
	dir string
	cmd *exec.Cmd
	log *logSwitch
	in  io.Closer // the process ends with the one that started it
}

// idle are the processes that wait for the next world, by their program.
var idle struct { //nolint:gochecknoglobals // they outlive the worlds
	sync.Mutex
	of map[string][]*caddyProcess
}

const (
	empty       = `{"admin": {"listen": "unix/%s", "config": {"persist": false}}}`
	keptProcess = 4 // tests that run at once, at most
)

// takeCaddy returns an idle process of a program, or starts one.
func takeCaddy(tb testing.TB, program string) *caddyProcess {
	tb.Helper()
	idle.Lock()
	list := idle.of[program]
	if n := len(list); n > 0 {
		p := list[n-1]
		idle.of[program] = list[:n-1]
		idle.Unlock()
		return p
	}
	idle.Unlock()
	p, err := startProcess(program)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func startProcess(program string) (*caddyProcess, error) {
	dir, err := os.MkdirTemp("", "lab") // not TempDir: too long for a socket
	if err != nil {
		return nil, err
	}
	p := &caddyProcess{dir: dir, log: new(logSwitch)}
	config := filepath.Join(dir, "empty.json")
	if err := os.WriteFile(config, []byte(strings.Replace(empty, "%s", p.admin(), 1)), 0o600); err != nil {
		return nil, err
	}
	p.cmd = exec.CommandContext(context.Background(), program, "run", "--config", config)
	p.cmd.Dir = dir
	p.cmd.Env = []string{"HOME=" + dir, "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir, LabVariable + "=" + p.lab()}
	if memory, ok := os.LookupEnv("GOGC"); ok { // collecting memory is a third of its work
		p.cmd.Env = append(p.cmd.Env, "GOGC="+memory)
	}
	p.cmd.Stderr = p.log
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if conn, err := net.Dial("unix", p.admin()); err == nil { //nolint:noctx // answers at once
			return p, conn.Close()
		}
		if time.Since(begin) > startTime {
			p.kill()
			return nil, fmt.Errorf("%s does not start", program)
		}
	}
}

func (p *caddyProcess) admin() string { return filepath.Join(p.dir, "admin.sock") }

// lab is where the process finds its [Lab].
func (p *caddyProcess) lab() string { return filepath.Join(p.dir, "lab.json") }

// load has the process go over to a configuration.
func (p *caddyProcess) load(ctx context.Context, kind, text string) error {
	return LoadCaddy(ctx, p.admin(), kind, text)
}

// LoadCaddy has a running Caddy go over to a configuration, as "caddy reload
// --force" does. socket is that of its admin endpoint, kind the media type.
//
// The endpoint of the configuration before may take the connection and be closed
// with it, unanswered. The same text is sent again then: to load it twice changes
// nothing.
func LoadCaddy(ctx context.Context, socket, kind, text string) error {
	err := loadOnce(ctx, socket, kind, text)
	for range 3 {
		if !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
			break
		}
		time.Sleep(20 * time.Millisecond)
		err = loadOnce(ctx, socket, kind, text)
	}
	return err
}

func loadOnce(ctx context.Context, socket, kind, text string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://localhost/load", strings.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Cache-Control", "must-revalidate")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(res.Body)
		return fmt.Errorf("load: status %d: %s", res.StatusCode, said)
	}
	return nil
}

// giveBack keeps the process for the next world, without what it was doing.
func (p *caddyProcess) giveBack(ctx context.Context, program string) {
	err := p.load(ctx, "application/json", strings.Replace(empty, "%s", p.admin(), 1))
	p.log.to(nil)
	idle.Lock()
	defer idle.Unlock()
	if err != nil || len(idle.of[program]) >= keptProcess {
		p.kill()
		return
	}
	if idle.of == nil {
		idle.of = make(map[string][]*caddyProcess)
	}
	idle.of[program] = append(idle.of[program], p)
}

// EndCaddys ends the processes that wait for another world. A TestMain calls it
// last.
func EndCaddys() {
	idle.Lock()
	defer idle.Unlock()
	for _, list := range idle.of {
		for _, p := range list {
			p.kill()
		}
	}
	idle.of = nil
}

// kill ends the process as a power cut does.
func (p *caddyProcess) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	_ = p.in.Close()
	_ = os.RemoveAll(p.dir)
}

// logSwitch passes on what a process logs to the world that has it.
type logSwitch struct {
	mu  sync.Mutex
	now io.Writer
}

func (s *logSwitch) to(w io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = w
}

// Write implements io.Writer.
func (s *logSwitch) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil {
		return len(p), nil
	}
	return s.now.Write(p)
}
