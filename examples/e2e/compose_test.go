package e2e_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/caddy-sparekey/sparekey/examples/e2e"
)

// There are no containers here: what can be seen of the folder without them is.
const composeFolder = "../compose/"

// TestComposeExample has Caddy validate the Caddyfile.
func TestComposeExample(t *testing.T) {
	t.Parallel()
	e2e.Slow(t)
	cmd := exec.CommandContext(t.Context(), caddy, "validate", "--config", composeFolder+"Caddyfile", "--adapter", "caddyfile")
	home := t.TempDir()
	cmd.Env = []string{"DOMAIN=example.com", "SMTP_PASSWORD=secret", "HOME=" + home, "XDG_DATA_HOME=" + home, "XDG_CONFIG_HOME=" + home}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestComposeWalk is what its README says: the first administrator is let in by the
// command, and others as they are invited.
func TestComposeWalk(t *testing.T) {
	t.Parallel()
	w := e2e.New(t, caddy)
	c, alice := w.Compose(), e2e.Alice()
	if b := c.Browser().Get("/"); b.Status != 401 || w.App.Hits() > 0 {
		t.Fatalf("got status %d and %d requests at the app, want a closed gate", b.Status, w.App.Hits())
	}
	b := c.Browser()
	w.SetUpIn(b, c, alice)
	if b.Get("/").Want("forbidden"); w.App.Hits() > 0 || !strings.Contains(b.Text(), "caddy sparekey user groups") {
		t.Errorf("got %d requests at the app, want the command that lets her in instead:\n%s", w.App.Hits(), b.Text())
	}
	cmd := c.Command(t.Context(), "sparekey", "user", "groups", alice.Name, "--group", "admins", "--group", "family", "--reason", "the first")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for end := time.Now().Add(5 * time.Second); b.Get("/").Page() == "forbidden" && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
	}
	if b.Page() != "" || w.App.Hits() != 1 {
		t.Errorf("got status %d on page %q, want the app\n%s", b.Status, b.Page(), b.Text())
	}
}

type service struct {
	Build, Image             string
	Ports, Volumes, Networks []string
	Environment              map[string]string
}

type composed struct {
	Services map[string]service
	Networks map[string]struct{ Internal bool }
	Volumes  map[string]any
}

func composeFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(composeFolder + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestComposeFileHoldsTogether: people come to an app by the gate alone, accounts
// outlive the container, and what one file names is there in the other.
func TestComposeFileHoldsTogether(t *testing.T) {
	t.Parallel()
	var c composed
	if err := yaml.Unmarshal([]byte(composeFile(t, "compose.yaml")), &c); err != nil {
		t.Fatal(err)
	}
	gate, config := c.Services["gate"], composeFile(t, "Caddyfile")
	if gate.Build != "." || !slices.Contains(gate.Volumes, "./Caddyfile:/etc/caddy/Caddyfile:ro") {
		t.Errorf("got %+v, want it built here, with the Caddyfile where its image reads it", gate)
	}
	if _, named := c.Volumes["data"]; !named || !slices.Contains(gate.Volumes, "data:/data") {
		t.Errorf("got volumes %v of %v, want a named one at /data", gate.Volumes, c.Volumes)
	}
	for name, s := range c.Services {
		inside := !slices.ContainsFunc(s.Networks, func(n string) bool { return !c.Networks[n].Internal })
		if name != "gate" && (len(s.Ports) > 0 || len(s.Networks) == 0 || !inside) {
			t.Errorf("%s: got ports %v and networks %v, want no way past the gate", name, s.Ports, s.Networks)
		}
		for _, n := range s.Networks {
			if _, there := c.Networks[n]; !there {
				t.Errorf("%s: there is no network %s", name, n)
			}
		}
	}
	for _, m := range regexp.MustCompile(`reverse_proxy (\w+):`).FindAllStringSubmatch(config, -1) {
		app, there := c.Services[m[1]]
		if !there || !slices.ContainsFunc(app.Networks, func(n string) bool { return slices.Contains(gate.Networks, n) }) {
			t.Errorf("reverse_proxy %s: the gate does not reach it", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`\{(?:\$|env\.)(\w+)\}`).FindAllStringSubmatch(config, -1) {
		if !strings.HasPrefix(gate.Environment[m[1]], "${"+m[1]+":?") {
			t.Errorf("%s: got %q, want it asked for in .env", m[1], gate.Environment[m[1]])
		}
	}
}

// TestComposeBuildsThisCaddy: the Dockerfile has the versions of go.mod, on whose
// program everything here was tried.
func TestComposeBuildsThisCaddy(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Path}} {{.Version}}", "github.com/caddyserver/caddy/v2").Output()
	if err != nil {
		t.Fatal(err)
	}
	_, version, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	minor := strings.TrimPrefix(version[:strings.LastIndexByte(version, '.')], "v")
	var steps []string
	for line := range strings.Lines(composeFile(t, "Dockerfile")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			steps = append(steps, line)
		}
	}
	want := []string{
		"FROM caddy:" + minor + "-builder AS build",
		"RUN xcaddy build " + version + " --with github.com/caddy-sparekey/sparekey",
		"FROM caddy:" + minor,
		"COPY --from=build /usr/bin/caddy /usr/bin/caddy",
	}
	if !slices.Equal(steps, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(steps, "\n"), strings.Join(want, "\n"))
	}
}
