package lint_test
import ("os";"testing";"github.com/caddy-sparekey/sparekey/recovery/lint")
func TestY(t *testing.T) {
	tb := defaults()
	tb.Ways["second_factor"] = append(tb.Ways["second_factor"], way("mail_link password @C:9"))
	r := lint.Explain(tb)
	f, _ := os.Create("/tmp/l.svg"); lint.SVG(f, r); f.Close()
	lint.Dot(os.Stdout, r)
	lint.Text(os.Stdout, r)
}
