package lint_test

import (
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/lint"
)

const day = 24 * time.Hour

// way reads a way as a Caddyfile has it: proofs, then "wait 24h", "weak_ok",
// "without_factor", and "@" with the line.
func way(s string) lint.Way {
	var w lint.Way
	words := strings.Fields(s)
	for i := 0; i < len(words); i++ {
		switch x := words[i]; {
		case x == "wait":
			i++
			w.Wait, _ = time.ParseDuration(words[i])
		case x == "weak_ok":
			w.WeakOK = true
		case x == "without_factor":
			w.WithoutFactor = true
		case strings.HasPrefix(x, "@"):
			w.Line = x[1:]
		default:
			w.Proofs = append(w.Proofs, x)
		}
	}
	return w
}

// policy reads one way a line, each after its goal.
func policy(text string) lint.Table {
	t := lint.Base()
	for line := range strings.Lines(text) {
		goal, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		if goal != "" {
			t.Ways[lint.Goal(goal)] = append(t.Ways[lint.Goal(goal)], way(rest))
		}
	}
	return t
}

// earlier takes methods off a table that came later than the tables which are written
// by hand here. A new one shows in the golden files, and is to be read there.
func earlier(t lint.Table) lint.Table {
	names := strings.Fields("totp passkey recovery_code contact mail_link mail_code sms_code device password pin question admin admin_in_person rescue")
	t.Proofs = slices.DeleteFunc(t.Proofs, func(p lint.Proof) bool { return !slices.Contains(names, p.Name) })
	return t
}

// defaults has the default ways of an installation in which every proof is
// built, devices included.
func defaults() lint.Table {
	return policy(`
		password: mail_link factor
		password: recovery_code mail_link
		password: device factor
		password: admin factor
		password: mail_link without_factor
		password: recovery_code without_factor
		password: device mail_link without_factor
		password: admin without_factor
		second_factor: mail_link password sms_code
		second_factor: password recovery_code
		second_factor: password device wait 24h
		second_factor: password admin
		second_factor: mail_link password wait 24h
		both: recovery_code mail_link
		both: contact*2 mail_link
		both: admin mail_link wait 24h
		both: rescue
	`)
}
