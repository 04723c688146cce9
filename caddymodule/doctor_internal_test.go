package caddymodule

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// TestDoctorTellsOfANetworkOfOneAddress when enough people have signed in from it.
func TestDoctorTellsOfANetworkOfOneAddress(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	people := []*recoverytest.Person{recoverytest.Alice(), {Name: "robin", Mail: "robin@example.org", Password: "staple battery horse"}, {Name: "carol", Mail: "carol@example.org", Password: "carols horse staple"}}
	w.Setup(people[0])
	w.Invite(people[1])
	w.Invite(people[2])
	o := &operations{engine: w.Engine}
	at := recovery.Client{Network: "192.168.1.1", Home: "192.168.1.0/24", Browser: recovery.UnknownBrowser}
	for i := range 10 {
		if got := o.homeChecks(); got != nil {
			t.Errorf("after %d sign-ins: got %+v, want nothing", i, got)
		}
		w.Clock.Move(time.Minute)
		p := people[i%len(people)]
		o, err := w.Engine.Submit(t.Context(), at, recovery.Input{Start: recovery.KindLogin, Name: p.Name, Password: secret.Text(p.Password)})
		if err != nil || o.Session == "" {
			t.Fatalf("%s: got %+v, %v, want a session", p.Name, o.Problem, err)
		}
	}
	got := o.homeChecks()
	if len(got) != 1 || got[0].Level != levelWarning || !strings.Contains(got[0].Text, "192.168.1.0/24 since the start came from one address, 192.168.1.1") || got[0].Remedy == "" {
		t.Errorf("got %+v, want a warning of that network and address", got)
	}
}
