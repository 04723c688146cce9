package web_test

import (
	"slices"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// passkeyCrashFlows make a passkey, sign in with one, and take one off that is lost.
// The account has an app, too, so that somebody is back in whatever is left.
func passkeyCrashFlows() []crashFlow {
	named := []recoverytest.Option{recoverytest.AtLocalhost()}
	return []crashFlow{
		{
			name: "a passkey is made", options: named, prepare: func(*crashRun) {},
			enter: func(x *crashRun) { x.b = signIn(x.node, x.node.Browser(), &x.alice) },
			walk:  func(x *crashRun) { x.makes(&x.phone) },
			check: func(t *testing.T, x *crashRun) {
				t.Helper()
				kept := len(account(t, x.w, "alice").CredentialsOf(recovery.Passkey)) == 1
				if got := x.w.SignedIn(x.shows(&x.phone)); got != kept {
					t.Errorf("got in %v with the passkey, which the account has: %v", got, kept)
				}
				x.byApp()
			},
		},
		{
			name: "a sign-in by passkey", options: named,
			prepare: func(x *crashRun) { x.b = x.byApp(); x.makes(&x.phone) },
			walk: func(x *crashRun) {
				if b := x.shows(&x.phone); !x.node.SignedIn(b) {
					b.Want("the app")
				}
			},
			check: func(t *testing.T, x *crashRun) {
				t.Helper()
				if b := x.shows(&x.phone); !x.w.SignedIn(b) {
					t.Errorf("not signed in a day later: %s", b.Text())
				}
			},
		},
		{
			name: "a lost passkey is removed", options: named,
			prepare: func(x *crashRun) { x.b = x.byApp(); x.makes(&x.phone); x.makes(&x.laptop) },
			enter:   func(x *crashRun) { x.b = x.byApp() },
			walk: func(x *crashRun) {
				lost := account(x.w.TB.(*testing.T), x.w, "alice").CredentialsOf(recovery.Passkey)[1].ID
				x.b.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindDropOne), "choice", lost, "reason", recovery.ReasonLost)).Want("factor")
				strongly(x.node, takesApp(x.b), &x.alice).Want("account-sign-in")
			},
			check: func(t *testing.T, x *crashRun) {
				t.Helper()
				kept := len(account(t, x.w, "alice").CredentialsOf(recovery.Passkey)) == 2
				if got := x.w.SignedIn(x.shows(&x.laptop)); got != kept {
					t.Errorf("got in %v with the lost passkey, which the account has: %v", got, kept)
				}
				if b := x.shows(&x.phone); !x.w.SignedIn(b) {
					t.Errorf("not signed in with the other one: %s", b.Text())
				}
			},
		},
	}
}

// device is an authenticator at the present node. Runs side by side have the same keys.
func (x *crashRun) device(of *recoverytest.Authenticator) *recoverytest.Authenticator {
	a := recoverytest.Authenticator{TB: x.node.TB, Origin: x.node.Server.URL}
	for _, k := range of.Keys {
		own := *k
		a.Keys = append(a.Keys, &own)
	}
	return &a
}

// makes adds a passkey in the session of the browser.
func (x *crashRun) makes(device *recoverytest.Authenticator) {
	x.node.TB.Helper()
	x.b.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindAddFactor))).Want("factor")
	strongly(x.node, takesApp(x.b), &x.alice).Want("choice").Submit("method", recovery.Passkey).Want("enroll")
	a := x.device(device)
	made := a.Create(x.b.Ceremony())
	device.Keys = slices.Clip(a.Keys)
	x.b.Passkey(made, "label", "device").Want("account-sign-in")
}

// shows signs in with a passkey alone, in a new browser.
func (x *crashRun) shows(device *recoverytest.Authenticator) *recoverytest.Browser {
	x.node.TB.Helper()
	b := x.node.Browser()
	b.Post("/.sparekey/passkey", recoverytest.Fields())
	return b.Post("/.sparekey/", recoverytest.Fields("start", "login", "return", "/", "code", x.device(device).Get(b.Body)))
}

// byApp signs in with the password and the app.
func (x *crashRun) byApp() *recoverytest.Browser {
	x.node.TB.Helper()
	x.w.Clock.Move(time.Minute)
	b := x.node.Browser().Get("/.sparekey/login").Submit("name", x.alice.Name, "password", x.alice.Password).Want("factor")
	if strongly(x.node, takesApp(b), &x.alice); !x.node.SignedIn(b) {
		b.Want("the app")
	}
	return b
}
