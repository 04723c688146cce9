//go:build unix

package kvtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	redisBinary  = "redis-server"
	redisReady   = 10 * time.Second // start on a busy machine, with a file to load
	redisStop    = 3 * time.Second  // then it is killed
	redisCommand = 5 * time.Second
)

// ErrNoRedis says that no redis-server program was found.
var ErrNoRedis = errors.New("redis-server is not installed: run 'apt-get install --no-install-recommends redis-server'")

// Redis is a real redis-server on a loopback port. It is for one goroutine.
type Redis struct {
	dir  string
	args []string
	port int
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has been waited for
}

// StartRedis starts a server in a folder of the test and stops it at the end.
// Without args nothing is persisted; args are added to the command line. The
// quick run has no Redis: there the test is left out.
func StartRedis(t testing.TB, args ...string) *Redis {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a Redis: make test runs it")
	}
	r, err := StartRedisProcess(t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	return r
}

// StartRedisProcess is [StartRedis] for programs that are no tests: the caller
// owns the folder and calls Stop. The error is [ErrNoRedis] without a program.
func StartRedisProcess(dir string, args ...string) (*Redis, error) {
	if _, err := exec.LookPath(redisBinary); err != nil {
		return nil, ErrNoRedis
	}
	const attempts = 5 // between finding a free port and using it somebody may take it
	var failed error
	for range attempts {
		port, err := FreePort()
		if err != nil {
			return nil, err
		}
		r := &Redis{dir: dir, args: args, port: port}
		if failed = r.Start(); failed == nil {
			return r, nil
		}
	}
	return nil, failed
}

// Addr returns host and port.
func (r *Redis) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(r.port)) }

// URL returns the address as go-redis and rediskv take it, database 0.
func (r *Redis) URL() string { return "redis://" + r.Addr() + "/0" }

// Start runs the server, on the same port each time, and waits until it
// answers. On a running server it does nothing.
func (r *Redis) Start() error {
	if r.cmd != nil {
		return nil
	}
	args := append([]string{
		"--port", strconv.Itoa(r.port), "--bind", "127.0.0.1", "--dir", r.dir,
		"--logfile", filepath.Join(r.dir, "redis.log"),
		"--save", "", "--appendonly", "no",
	}, r.args...)
	cmd := exec.Command(redisBinary, args...)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", redisBinary, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // the way it ended is in its log
	}()
	r.cmd, r.done = cmd, done
	if err := r.waitReady(); err != nil {
		r.Stop()
		return err
	}
	return nil
}

func (r *Redis) waitReady() error {
	for start := time.Now(); time.Since(start) < redisReady; {
		select {
		case <-r.done:
			return fmt.Errorf("%s on port %d ended at once: %s", redisBinary, r.port, r.log())
		case <-time.After(10 * time.Millisecond):
		}
		// Somebody else's server may hold the port: ours names our folder.
		answer, err := r.Do("CONFIG", "GET", "dir")
		if err == nil && strings.Contains(answer, r.realDir()) {
			return nil
		}
		if err != nil && strings.HasPrefix(err.Error(), "NO") { // NOAUTH, NOPERM: it is up
			return nil
		}
	}
	return fmt.Errorf("%s on port %d not ready within %v: %s", redisBinary, r.port, redisReady, r.log())
}

func (r *Redis) realDir() string {
	if dir, err := filepath.EvalSymlinks(r.dir); err == nil {
		return dir
	}
	return r.dir
}

// log returns the end of the server's log.
func (r *Redis) log() string {
	text, err := os.ReadFile(filepath.Join(r.dir, "redis.log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-1000):])
}

// Stop ends the server and waits for that, also when it is paused. On a
// stopped server it does nothing.
func (r *Redis) Stop() {
	if r.cmd == nil {
		return
	}
	r.signal(syscall.SIGTERM)
	r.signal(syscall.SIGCONT)
	select {
	case <-r.done:
	case <-time.After(redisStop):
		r.signal(syscall.SIGKILL)
		<-r.done
	}
	r.cmd = nil
}

// Pause freezes the server: connections stay open, nothing is answered.
func (r *Redis) Pause() { r.signal(syscall.SIGSTOP) }

// Resume ends Pause.
func (r *Redis) Resume() { r.signal(syscall.SIGCONT) }

func (r *Redis) signal(s syscall.Signal) {
	if r.cmd != nil {
		_ = r.cmd.Process.Signal(s) // fails only when it has ended, which is seen elsewhere
	}
}

// CommandStats returns how often each command was called since the start, by
// its name in small letters, as in "get", "evalsha", "config|get".
func (r *Redis) CommandStats(t testing.TB) map[string]int64 {
	t.Helper()
	text, err := r.Do("INFO", "commandstats")
	if err != nil {
		t.Fatalf("INFO commandstats: %v", err)
	}
	stats := make(map[string]int64)
	for line := range strings.Lines(text) {
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if !ok {
			continue
		}
		calls, _, _ := strings.Cut(rest, ",")
		if stats[name], err = strconv.ParseInt(calls, 10, 64); err != nil {
			t.Fatalf("INFO commandstats: %q: %v", line, err)
		}
	}
	return stats
}

// Do sends one command on a connection of its own and returns the answer as
// text: lists one element a line, nil as "". An error answer is an error whose
// text begins with Redis's own code. It shares no code with the driver under
// test.
func (r *Redis) Do(args ...string) (string, error) {
	conn, err := net.DialTimeout("tcp", r.Addr(), redisCommand)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(redisCommand)); err != nil {
		return "", err
	}
	fmt.Fprintf(conn, "*%d\r\n", len(args)) // a failed write shows in the read
	for _, arg := range args {
		fmt.Fprintf(conn, "$%d\r\n%s\r\n", len(arg), arg)
	}
	return readReply(bufio.NewReader(conn))
}

func readReply(in *bufio.Reader) (string, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return "", err
	}
	kind, rest := line[0], strings.TrimRight(line[1:], "\r\n")
	switch kind {
	case '+', ':':
		return rest, nil
	case '-':
		return "", errors.New(rest)
	case '$':
		return readBulk(in, rest)
	case '*':
		return readList(in, rest)
	default:
		return "", fmt.Errorf("unknown answer %q", line)
	}
}

func readBulk(in *bufio.Reader, length string) (string, error) {
	n, err := strconv.Atoi(length)
	if err != nil || n < 0 {
		return "", err
	}
	text := make([]byte, n+len("\r\n"))
	if _, err := io.ReadFull(in, text); err != nil {
		return "", err
	}
	return string(text[:n]), nil
}

func readList(in *bufio.Reader, length string) (string, error) {
	n, err := strconv.Atoi(length)
	if err != nil {
		return "", err
	}
	var lines []string
	for range n {
		line, err := readReply(in)
		if err != nil {
			return "", err
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"), nil
}
