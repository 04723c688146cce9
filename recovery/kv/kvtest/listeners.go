package kvtest

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// AwaitOldListeners waits, at most 5 seconds, until a process listens once only on
// each address. Caddy has answered a reload before it lets go of the listeners it
// had, and the kernel resets what is connected to such a one and not accepted yet.
// Where there is no /proc it does not wait.
func AwaitOldListeners(pid int) {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		all := listeners(pid)
		slices.Sort(all)
		if len(slices.Compact(slices.Clone(all))) == len(all) {
			return
		}
	}
}

// listeners are the TCP addresses a process listens on, each as often as it does.
func listeners(pid int) []string {
	proc := fmt.Sprintf("/proc/%d/", pid)
	sockets := map[string]bool{}
	files, _ := filepath.Glob(proc + "fd/*") // the pattern is well formed
	for _, f := range files {
		target, _ := os.Readlink(f) // none: it was closed meanwhile
		sockets[strings.TrimSuffix(strings.TrimPrefix(target, "socket:["), "]")] = true
	}
	var out []string
	for _, table := range []string{"net/tcp", "net/tcp6"} {
		for _, f := range listening(proc + table) {
			if sockets[f[9]] {
				out = append(out, f[1])
			}
		}
	}
	return out
}

// listening are the lines of a table that listen, which come first: behind them are
// thousands of connections that tests have closed.
func listening(table string) [][]string {
	file, err := os.Open(table)
	if err != nil {
		return nil // no such system
	}
	defer file.Close()
	var out [][]string
	lines := bufio.NewScanner(file)
	lines.Scan() // what the columns are
	for lines.Scan() {
		// sl, local address, remote address, state, ...: proc_pid_net(5)
		f := strings.Fields(lines.Text())
		if len(f) < 10 || f[3] != "0A" {
			break
		}
		out = append(out, f)
	}
	return out
}
