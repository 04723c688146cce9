package lint_test

import (
	"os"
	"testing"
	"time"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
)

func TestX(t *testing.T) {
	tb := defaults()
	start := time.Now()
	r := lint.Explain(tb)
	t.Log(time.Since(start))
	lint.Text(os.Stdout, r)
	tb = policy(`
		password: mail_link factor
		second_factor: mail_link @Caddyfile:12
		both: rescue
	`)
	start = time.Now()
	r = lint.Explain(tb, lint.Shape{TOTP:true, Mail:true})
	t.Log(time.Since(start))
	lint.Text(os.Stdout, r)
	t.Log(lint.Refused(r.Findings))
	lint.JSON(os.Stdout, r)
}
