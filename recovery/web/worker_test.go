package web_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// ways that a program of the app can ask for a page of ours: the headers of each,
// which no script can choose.
func overhearers() map[string]http.Header {
	return map[string]http.Header{
		"a worker passes it on":  {"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"empty"}},
		"a worker loads ahead":   {"Service-Worker-Navigation-Preload": {"true"}},
		"a script fetches":       {"Sec-Fetch-Mode": {"cors"}, "Sec-Fetch-Dest": {"empty"}},
		"a worker passes on img": {"Sec-Fetch-Mode": {"no-cors"}, "Sec-Fetch-Dest": {"image"}},
	}
}

// through has a browser ask like this from now on.
func through(b *recoverytest.Browser, header http.Header) {
	b.Header = http.Header{}
	maps.Copy(b.Header, header)
}

// TestWB08_WhatIsSecretIsShownToAWindowOnly looks at every page that holds a
// secret or a form, through each program that would read it.
func TestWB08_WhatIsSecretIsShownToAWindowOnly(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	w.Invite(bob())
	b := w.Browser()
	w.SignIn(b, alice, "/")
	enroll := begin(w, b, alice, recovery.KindAddFactor).TakeApp().URL.RequestURI()
	secret := strings.Join(b.All("secret"), "")
	codes := begin(w, b, alice, recovery.KindNewCodes).Want("codes").URL.RequestURI()
	sheet := strings.Join(strings.Fields(strings.Join(b.All("codes"), " ")), " ")
	lost := w.Browser()
	lost.Client.Jar = b.Client.Jar
	w.Ask(lost, alice)
	choice := lost.Want("choice").URL.RequestURI()
	for name, header := range overhearers() {
		for _, path := range []string{enroll, codes, choice, "/.sparekey/account", "/.sparekey/people", "/.sparekey/recover", "/.sparekey/link", "/.sparekey/account/approve"} {
			through(b, header)
			b.Get(path)
			if strings.Contains(b.Body, "<form") || strings.Contains(b.Body, "<svg xmlns") || strings.Contains(b.Text(), secret) || strings.Contains(b.Text(), sheet) {
				t.Errorf("%s, %s: got page %q, want nothing of it", name, path, b.Page())
			}
			if name == "a worker passes it on" || name == "a worker loads ahead" {
				if b.Want("worker"); b.Status != 200 || !strings.Contains(b.Body, `data-past-workers="`+strings.ReplaceAll(path, "&", "&amp;")+`"`) {
					t.Errorf("%s, %s: got status %d and %s, want 200 and a button that leads there", name, path, b.Status, b.Body)
				}
			} else if b.Want("refused"); b.Status != 403 {
				t.Errorf("%s, %s: got status %d, want 403", name, path, b.Status)
			}
			through(b, nil)
		}
	}
	b.Get(enroll).TakeApp()
	b.Get(codes).Want("codes")
	b.Get("/.sparekey/account").Want("account")
}

// What a form is answered with is no different; one whose answer would be a secret
// is not taken at all.
func TestWB08_AnswersToFormsAreNotOverheard(t *testing.T) {
	t.Parallel()
	alice := recoverytest.Alice()
	w, admin, robin, old := invited(t, alice, recoverytest.WithChannels())
	worker := overhearers()["a worker passes it on"]
	through(admin, worker)
	admin.Post("/.sparekey/people/"+robin.ID, recoverytest.Fields("choice", "invite_again")).Want("worker")
	if !opens(w, old) {
		t.Error("a new invitation was made, and its link shown to nobody")
	}
	through(admin, nil)
	begin(w, admin, alice, recovery.KindAddFactor).TakeApp()
	hidden := admin.Hidden("code")
	hidden.Set("code", "000000")
	through(admin, worker)
	admin.Post("/.sparekey/", hidden).Want("worker")
	if !strings.Contains(admin.Find("problem"), "isn’t right") || !strings.Contains(admin.Body, `data-past-workers="/.sparekey/?f=`) {
		t.Errorf("got %q, want to read that the code was wrong and a way back to the step", admin.Text())
	}
}

// TestPagesInPlaceOfTheApp: through a worker a window gets the pages in place of
// the app, and not what is for the background.
func TestPagesInPlaceOfTheApp(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	b := w.Browser()
	through(b, overhearers()["a worker passes it on"])
	if b.Get("/album").Want("sign-in"); b.Status != 401 || b.Answer.Get("WWW-Authenticate") != "Sparekey" {
		t.Errorf("sign-in: got status %d, WWW-Authenticate %q", b.Status, b.Answer.Get("WWW-Authenticate"))
	}
	b.Get("/.sparekey/nothing").Want("refused")
	b.Get("/.sparekey/stop?t=gone").Want("refused")
	through(b, nil)
	w.SignIn(b, alice, "/")
	w.Rules.Allow = []string{"family"}
	through(b, overhearers()["a worker passes it on"])
	if b.Get("/album").Want("forbidden"); b.Status != 403 {
		t.Errorf("forbidden: got status %d, want 403", b.Status)
	}
	b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
}

// TestA401NamesAWayToSignIn that opens no box of the browser, to pages and to the
// background alike.
func TestA401NamesAWayToSignIn(t *testing.T) {
	t.Parallel()
	w, _ := withFactor(t)
	for name, accept := range map[string]string{"page": "text/html", "background": "*/*"} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, w.Server.URL+"/", nil)
		req.RequestURI = ""
		req.Header.Set("Accept", accept)
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if got := res.Header.Values("WWW-Authenticate"); res.StatusCode != 401 || len(got) != 1 || got[0] != "Sparekey" {
			t.Errorf("%s: got status %d and %q, want 401 and Sparekey", name, res.StatusCode, got)
		}
	}
}

// TestWB08_AFormBehindAWorkerLeadsBackToItsPage: whoever is led past the worker
// stands where the flow begins, and not at the sign-in.
func TestWB08_AFormBehindAWorkerLeadsBackToItsPage(t *testing.T) {
	t.Parallel()
	w, _ := withFactor(t)
	empty := recoverytest.New(t) // nobody has an account yet
	for _, tc := range []struct {
		world  *recoverytest.World
		start  recovery.Kind
		behind string
	}{
		{w, recovery.KindRecover, "/.sparekey/recover"},
		{empty, recovery.KindSetup, "/.sparekey/setup"},
	} {
		b := tc.world.Browser()
		through(b, overhearers()["a worker passes it on"])
		b.Post("/.sparekey/", recoverytest.Fields("start", string(tc.start))).Want("worker")
		if !strings.Contains(b.Body, `data-past-workers="`+tc.behind+`"`) {
			t.Errorf("%s: got %s, want a button that leads to %s", tc.start, b.Body, tc.behind)
		}
	}
}
