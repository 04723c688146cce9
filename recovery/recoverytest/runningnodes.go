package recoverytest

import (
	"os/exec"
	"path/filepath"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// SecondNodeWith is SecondNode with another policy, as after a change that
// reached one machine only. The copy is as deep as the edit may go: the policy's
// own fields.
func (w *World) SecondNodeWith(edit func(*recovery.Policy)) *World {
	w.TB.Helper()
	other := *w.Policy
	edit(&other)
	mine := w.Policy
	w.Policy = &other
	defer func() { w.Policy = mine }()
	return w.SecondNode()
}

// Log is what the running Caddy has logged.
func (w *World) Log() string { return w.caddy.log.String() }

// Doctor is what "caddy sparekey doctor" says beside the running Caddy.
func (w *World) Doctor() string {
	w.TB.Helper()
	c := w.caddy
	cmd := exec.CommandContext(w.TB.Context(), c.bin, "sparekey", "doctor", "--config", filepath.Join(c.dir, "Caddyfile"), "--adapter", "caddyfile")
	cmd.Dir, cmd.Env = c.dir, c.run.cmd.Env
	out, _ := cmd.CombinedOutput() // it fails where something is wrong, which is what is asked for
	return string(out)
}
