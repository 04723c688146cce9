package web_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// temporaryCrashFlows are from the administrator's form to the sign-in with the new
// password.
func temporaryCrashFlows() []crashFlow {
	return []crashFlow{{
		name: "a temporary password", options: []recoverytest.Option{recoverytest.WithPolicy(temporaryOn)},
		prepare: func(x *crashRun) {
			x.w.Invite(&x.robin)
			x.old = x.robin
		},
		enter: func(x *crashRun) { x.b = signIn(x.node, x.node.Browser(), &x.alice) },
		walk:  (*crashRun).temporarily,
		check: func(t *testing.T, x *crashRun) {
			t.Helper()
			next := x.old
			next.Password = robinsNext
			old, renewed := works(x.w, &x.old), works(x.w, &next)
			if old == renewed {
				t.Fatalf("old password works: %v, new one: %v, want exactly one", old, renewed)
			}
			if !old {
				return
			}
			x.b = signIn(x.w, x.w.Browser(), &x.alice)
			x.temporarily()
			if works(x.w, &x.old) || !works(x.w, &next) {
				t.Fatal("walked again: the new password does not work alone")
			}
		},
	}}
}

// temporarily has a temporary password mailed to robin, who signs in with it.
func (x *crashRun) temporarily() {
	who, err := x.node.Engine.Find(x.node.TB.Context(), x.robin.Name)
	if err != nil {
		x.node.TB.Fatal(err)
	}
	x.node.Clock.Move(time.Minute)
	x.b.Get("/.sparekey/people/"+who.ID+"?do=case").Want("person").Submit("reason", "called me", "choice", "temporary")
	if x.b.Page() == "factor" {
		x.b.Submit("code", recoverytest.TOTP(x.node, x.alice.Key))
	}
	x.b.Want("person")
	typed := x.node.Outbox.Last(x.node.TB, x.robin.Mail, "temporary-password").Vars["code"]
	x.node.Clock.Move(time.Minute)
	r := x.node.Browser()
	r.Get("/").Want("sign-in").Submit("name", x.robin.Name, "password", typed).Want("factor")
	r.Submit("code", recoverytest.TOTP(x.node, x.robin.Key)).Want("new-password").Submit("new_password", robinsNext)
	if !x.node.SignedIn(r) {
		x.node.TB.Fatalf("got page %q, want to be signed in", r.Page())
	}
}
