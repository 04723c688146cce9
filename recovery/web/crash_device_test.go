package web_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// deviceCrashFlows are those of a known browser that lets a new one in.
func deviceCrashFlows() []crashFlow {
	return []crashFlow{{
		name: "let in by a known device", prepare: func(*crashRun) {}, enter: knownDevice, walk: (*crashRun).letsIn,
		check: func(t *testing.T, x *crashRun) {
			t.Helper()
			knownDevice(x)
			x.letsIn()
		},
	}}
}

// knownDevice is a browser that a new account has known for long enough.
func knownDevice(x *crashRun) {
	x.b = signIn(x.node, x.node.Browser(), &x.alice)
	x.w.Clock.Move(25 * time.Hour)
	signIn(x.node, x.b, &x.alice)
	x.w.Clock.Move(time.Minute)
}

// letsIn is the whole way, up to the app.
func (x *crashRun) letsIn() {
	x.w.TB.Helper()
	b := x.node.Browser()
	b.Get("/").Submit("name", x.alice.Name, "password", x.alice.Password).Want("factor").Submit("method", recovery.OtherDevice).Want("device-wait")
	x.b.Get(approve).Want("device-approve").Submit("code", b.Find("number")).Want("factor")
	x.b.Submit("code", recoverytest.TOTP(x.node, x.alice.Key)).Want("device-approve").Submit("choice", recovery.ChoiceTap).Want("device-approve")
	fields := b.Get(b.URL.RequestURI()).Want("device-wait").Hidden("")
	fields.Set("code", "check")
	if b.Post("/.sparekey/", fields); !x.node.SignedIn(b) {
		b.Want("the app")
	}
}
