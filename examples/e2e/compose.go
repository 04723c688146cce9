package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Compose starts a Caddy with the Caddyfile for containers, its names replaced by those
// of this machine, without TLS and with [World.App] in place of the other container.
func (w *World) Compose() *Caddy {
	w.TB.Helper()
	text, err := os.ReadFile(filepath.Join("..", "compose", "Caddyfile"))
	if err != nil {
		w.TB.Fatal(err)
	}
	port := freePort(w.TB)
	here := strings.NewReplacer(
		"photos.{$DOMAIN}", "http://photos.localhost:"+strconv.Itoa(port), "photos:80", strings.TrimPrefix(w.App.URL, "http://"),
		"mail.{env.DOMAIN}:587", w.Mail.Addr, "{env.DOMAIN}", "example.com", "user gate", "user "+mailUser, "{env.SMTP_PASSWORD}", mailPassword,
	)
	global := "{\n\tadmin off\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\tsparekey {\n\t\t" + cheap + "\n"
	changed := strings.Replace(here.Replace(string(text)), "{\n\tsparekey {\n", global, 1)
	return w.Run(Config{Port: port, Portal: "photos.localhost", Text: changed})
}
