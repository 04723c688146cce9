package engine_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// The methods and kinds of the throwaway_*_test.go files are in no release.
// Each is one file, and the one line in its test that registers it: what a
// method or kind to come needs is there already, or these tests fail.

// visitor is a browser that fills in forms, as the engine sees it.
type visitor struct {
	*recoverytest.World
	client recovery.Client
	at     recovery.Outcome
}

func visit(w *recoverytest.World) *visitor {
	return &visitor{World: w, client: recovery.Client{Network: "192.0.2.1", Browser: "Firefox on Linux", Lang: "en", Base: "https://gate.example.org/.sparekey/"}}
}

// begin starts a flow.
func (v *visitor) begin(in recovery.Input) *visitor {
	v.at = recovery.Outcome{}
	return v.post(in)
}

// post fills in the form of the step the visitor stands at.
func (v *visitor) post(in recovery.Input) *visitor {
	v.TB.Helper()
	if v.at.Stored {
		in.Flow = v.at.Flow.ID
	}
	o, err := v.Engine.Submit(v.TB.Context(), v.client, in)
	if err != nil {
		v.TB.Fatal(err)
	}
	if o.FlowToken != "" {
		v.client.Flows = append([]string{o.FlowToken}, v.client.Flows...)
	}
	if o.Session != "" {
		v.client.Session = o.Session
	}
	if o.Device != "" {
		v.client.Device = o.Device
	}
	v.at = o
	return v
}

// code posts a code.
func (v *visitor) code(code string) *visitor {
	v.TB.Helper()
	return v.post(recovery.Input{Code: secret.Text(code)})
}

// pick asks for another method.
func (v *visitor) pick(method string) *visitor {
	v.TB.Helper()
	return v.post(recovery.Input{Method: method})
}

// wants fails unless the step asks for a method.
func (v *visitor) wants(method string) *visitor {
	v.TB.Helper()
	if v.at.Problem != nil || v.at.Step.Method != method {
		v.TB.Fatalf("got step %+v, problem %+v, want %s", v.at.Step, v.at.Problem, method)
	}
	return v
}

// refused fails unless the last form was answered with a problem.
func (v *visitor) refused(key string) *visitor {
	v.TB.Helper()
	if v.at.Problem == nil || v.at.Problem.Key != key {
		v.TB.Fatalf("got %+v, want the problem %s", v.at.Problem, key)
	}
	return v
}

// done fails unless the flow has finished.
func (v *visitor) done(kind recovery.Kind) *visitor {
	v.TB.Helper()
	if v.at.Finished != kind {
		v.TB.Fatalf("got step %+v, problem %+v, want %s to be done", v.at.Step, v.at.Problem, kind)
	}
	return v
}

// offer is what an enrolment shows, as text.
func (v *visitor) offer(method string) string {
	return strings.Trim(string(v.at.Flow.Pending[method].Data), `"`)
}

const robinsPassword = "a long sentence that robin knows"

// robin is a person who has opened an invitation, and has not enrolled yet.
func robin(w *recoverytest.World) *visitor {
	w.TB.Helper()
	_, token, err := w.Engine.AddUser(w.TB.Context(), recovery.NewAccount{Name: "robin", Mail: "robin@example.org", Phone: "+41791234568"})
	if err != nil {
		w.TB.Fatal(err)
	}
	v := visit(w).begin(recovery.Input{Code: secret.Text(token)}).wants(recovery.Password)
	v.post(recovery.Input{NewPassword: robinsPassword})
	v.wants(recovery.ConfirmMail).code(w.Outbox.Take(w.TB, "robin@example.org", "contact-code").Vars["code"])
	v.wants(recovery.ConfirmPhone).code(w.Outbox.Take(w.TB, "+41791234568", "contact-code").Vars["code"])
	return v
}

// makes leads to the enrolment of a second factor, through the choice where there
// is one.
func (v *visitor) makes(method string) *visitor {
	v.TB.Helper()
	if v.at.Step.Ask == recovery.AskFactor {
		v.pick(method)
	}
	return v.wants(method)
}

// account is what is stored of robin.
func (v *visitor) account() *recovery.Account {
	v.TB.Helper()
	a, err := v.Engine.Find(v.TB.Context(), "robin")
	if err != nil {
		v.TB.Fatal(err)
	}
	return a
}

// signsIn types name and password, up to the second factor.
func (v *visitor) signsIn() *visitor {
	v.TB.Helper()
	return v.begin(recovery.Input{Start: recovery.KindLogin, Name: "robin", Password: robinsPassword})
}

// enrolsApp takes the authenticator app and the codes at the end of a flow.
func (v *visitor) enrolsApp(kind recovery.Kind) (key string) {
	v.TB.Helper()
	key = totpKey(v.makes(recovery.TOTP).at.Flow.Pending[recovery.TOTP].Data)
	v.code(recoverytest.TOTP(v.World, key)).keepsCodes(kind)
	v.Clock.Move(totpStep)
	return key
}

// keepsCodes takes the recovery codes at the end of a flow. Beside another second factor
// one comes without new ones.
func (v *visitor) keepsCodes(kind recovery.Kind) *visitor {
	v.TB.Helper()
	if v.at.Finished != "" {
		return v.done(kind)
	}
	return v.wants(recovery.RecoveryCode).post(recovery.Input{Choice: "saved"}).done(kind)
}

// mailed is the newest code in robin's mailbox.
func (v *visitor) mailed() string {
	v.TB.Helper()
	return v.Outbox.Last(v.TB.(*testing.T), "robin@example.org", "recover-code").Vars["code"]
}

// totpStep is as long as a code of the authenticator lives.
const totpStep = 30 * time.Second

// totpKey is the key that an enrolment of the authenticator shows.
func totpKey(offered json.RawMessage) string {
	key, _ := method.AuthenticatorKey(offered, "", "robin")
	return key
}
