package web

import (
	"bytes"
	"cmp"
	"html/template"
	"image/color"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/templates"
)

// view has what every page shows.
func (x *exchange) view(page string) templates.View {
	p := x.Engine.Policy
	return templates.View{
		Page: page, Lang: x.client.Lang, Keep: x.keep, Site: cmp.Or(p.Site, x.r.Host), Host: x.r.Host, Help: p.Help,
		Insecure: x.Insecure && !x.secure && !loopback(x.r.Host), ID: x.id,
	}
}

// page writes a page. A template that fails is ours to mend; the visitor gets
// a plain 500 and no half page.
func (x *exchange) page(status int, v templates.View) {
	var b bytes.Buffer
	if err := x.Pages.Page(&b, v); err != nil {
		x.log().Error("page not rendered", "page", v.Page, "error", err)
		http.Error(x.w, "page not available", http.StatusInternalServerError)
		return
	}
	x.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	x.w.WriteHeader(status)
	_, _ = x.w.Write(b.Bytes())
}

func text(p *recovery.Problem) *templates.Text {
	args := map[string]string{}
	for k, v := range p.Args {
		args[k] = v
	}
	if p.Wait > 0 {
		args["wait"] = p.Wait.String()
	}
	return &templates.Text{Key: p.Key, Args: args}
}

// refuse answers with the page for what we do not do.
func (x *exchange) refuse(status int, key string) {
	v := x.refusedView()
	v.Problem = &templates.Text{Key: key}
	x.page(status, v)
}

// refusedView leads people who are signed in back to the app or their account.
func (x *exchange) refusedView() templates.View {
	v := x.view(recovery.PageRefused)
	if v.SignedIn = x.signedIn(); v.SignedIn {
		v.Return = "/"
	}
	return v
}

// signedIn tells whether somebody is signed in here, for the way out of a page.
// When that cannot be told the page leads to the sign-in, which says so itself.
func (x *exchange) signedIn() bool {
	_, s, err := x.Engine.Account(x.r.Context(), x.client.Session)
	return err == nil && s != nil
}

// away answers "cannot tell": 503, and every cookie stays as it is.
func (x *exchange) away(err error) {
	x.log().Error("store not available", "id", x.id, "error", err)
	x.w.Header().Set("Retry-After", "5")
	x.page(http.StatusServiceUnavailable, x.view(recovery.PageUnavailable))
}

func (x *exchange) redirect(to string) {
	x.w.Header().Set("Location", to)
	x.w.WriteHeader(http.StatusSeeOther)
}

func (x *exchange) address(path string, query url.Values) string {
	for k := range query {
		if query.Get(k) == "" {
			query.Del(k)
		}
	}
	if x.keep != "" {
		query.Set("lang", x.keep)
	}
	if len(query) == 0 {
		return Prefix + path
	}
	return Prefix + path + "?" + query.Encode()
}

func (x *exchange) flowURL(id, notice string) string {
	return x.address("", url.Values{"f": {id}, "done": {notice}})
}

func (x *exchange) loginURL(done, back string) string {
	if back == "/" {
		back = ""
	}
	return x.address("login", url.Values{"done": {done}, "return": {back}})
}

func (x *exchange) accountURL(done string) string {
	return x.address("account", url.Values{"done": {done}})
}

// notice is the text for ?done=, from a closed list: nobody can put words on
// our pages by a link.
func (x *exchange) notice() *templates.Text {
	key := x.r.URL.Query().Get("done")
	said := func(r recovery.Recipe) bool { return slices.Contains(r.After.Says, key) }
	if slices.Contains(notices(), key) || slices.ContainsFunc(x.Engine.Recipes, said) {
		return &templates.Text{Key: key}
	}
	return nil
}

// notices is what is said after anything but a flow.
func notices() []string {
	return []string{
		"resent", "session_ended", "signed_out_everywhere", "wait_started", "wait_stopped", "person_changed",
		"contact_undone", "contact_removed", "vouch_refused",
	}
}

// showFlow renders where a flow stands, and writes nothing.
func (x *exchange) showFlow() {
	id := x.r.URL.Query().Get("f")
	if id == "" {
		x.redirect(x.accountURL(""))
		return
	}
	o, err := x.Engine.Show(x.r.Context(), x.client, id)
	if !x.stands(o, err) {
		return
	}
	v := x.flowView(o)
	v.Notice = x.notice()
	x.page(http.StatusOK, v)
}

// stands tells whether a flow can be shown; if not, that has been answered.
func (x *exchange) stands(o recovery.Outcome, err error) bool {
	switch {
	case err != nil:
		x.away(err)
	case o.Problem != nil:
		v := x.refusedView()
		v.Problem = text(o.Problem)
		x.page(http.StatusUnprocessableEntity, v)
	default:
		return true
	}
	return false
}

// showChoose lists the other ways on from where a flow stands. It writes
// nothing: what is pressed there is posted like on the step itself.
func (x *exchange) showChoose() {
	o, paths, err := x.Engine.Choices(x.r.Context(), x.client, x.r.URL.Query().Get("f"))
	if !x.stands(o, err) {
		return
	}
	v := x.flowView(o)
	v.Page, v.Recover = recovery.PageChoose, x.recoverable() && o.Step.Method != recovery.NewContact
	for _, p := range paths {
		option := templates.Option{Method: recovery.Bare(p.Method), Wait: p.Wait}
		for _, name := range p.Then {
			option.Then = append(option.Then, recovery.Bare(name))
		}
		v.Options = append(v.Options, option)
	}
	x.page(http.StatusOK, v)
}

// flowView is the page of a step.
func (x *exchange) flowView(o recovery.Outcome) templates.View {
	v := x.view(o.Step.Page)
	if o.Step.Page == "" {
		v.Page = recovery.PageRefused
	}
	if o.Stored {
		v.Flow = o.Flow.ID
	} else {
		v.Start, v.Return = string(o.Flow.Kind), o.Flow.Return
	}
	if o.Unready {
		v.Page, v.Method, v.SignedIn = recovery.PageConfirm, goOn, o.Flow.Session != ""
		return v
	}
	v.Method, v.Methods = asked(o.Step), nil
	for _, m := range o.Step.Methods {
		v.Methods = append(v.Methods, recovery.Bare(m))
	}
	v.Name, v.Choice = o.Flow.Name, string(o.Flow.Goal)
	v.SignedIn, v.Trial = o.Flow.Session != "", o.Flow.Trial
	v.Recover = o.Flow.Kind == recovery.KindLogin && x.recoverable()
	v.Remember = o.Flow.Kind == recovery.KindLogin
	m := x.Engine.Methods.Get(o.Step.Method)
	v.Trust = v.Remember && m != nil && m.Traits().Factor && (x.secure || loopback(x.r.Host))
	for _, g := range o.Step.Choices {
		v.Choices = append(v.Choices, string(g))
	}
	if o.Step.Dead != "" {
		v.Problem = &templates.Text{Key: o.Step.Dead}
	}
	if o.Account != nil {
		v.Until = o.Step.Until
	}
	x.vouchers(&v, o)
	if o.Step.Method == recovery.SecurityQuestion && o.Account != nil {
		v.Question = method.QuestionOf(o.Account)
	}
	if o.Flow.Called != "" {
		v.Person = &templates.Person{ID: o.Flow.Person, Name: o.Flow.Called}
	}
	x.challenged(&v, o)
	if o.Step.Enroll {
		shown(&v, o)
	}
	if o.Step.Page == recovery.PageWait && o.Flow.Has(recovery.AdminInPerson) {
		v.Case = templates.CaseInPerson
	}
	if o.Step.Method == recovery.AdminInPerson {
		x.handOver(&v, o)
	}
	if o.Step.Page == recovery.PageSetup && v.Flow != "" {
		v.AskMail, v.AskPhone, v.MinLength = x.has(recovery.ChannelMail), x.has(recovery.ChannelSMS), 8
	}
	return v
}

// asked names what a step asks for: a proof, something to enrol, or a question.
func asked(s recovery.Step) string {
	if s.Method != "" {
		return recovery.Bare(s.Method)
	}
	return string(s.Ask)
}

// goOn is the method of a page that only asks to go on: what follows is not
// made yet, and showing a page makes nothing.
const goOn = "go_on"

// challenged fills in where a code went. Who has not proved anything yet is
// not told anything about the account (EN-07).
func (x *exchange) challenged(v *templates.View, o recovery.Outcome) {
	if _, sends := x.Engine.Methods.Get(o.Step.Method).(recovery.Challenger); !sends || o.Step.Enroll {
		return
	}
	v.Resend = true
	if s, ok := o.Flow.Sent[o.Step.Method]; ok {
		v.Minutes = int(s.Expires.Sub(s.At) / time.Minute)
		if o.Account != nil {
			v.Hint = s.To
		}
	} else {
		v.Minutes = 5
	}
}

// vouchers fills in who is to be called and how many of them are needed.
func (x *exchange) vouchers(v *templates.View, o recovery.Outcome) {
	m, ok := x.Engine.Methods.Get(o.Step.Method).(method.Contact)
	if !ok {
		return
	}
	v.Code, v.Minutes = secret.Group(o.Flow.Ask, 4), 60
	if n, err := x.Engine.Answers(x.r.Context(), o.Flow); err == nil {
		v.More = max(m.Need()-n, 0)
	}
	if o.Account == nil {
		return // who that would be is for those who have proved something
	}
	for _, who := range o.Account.Vouchers {
		v.People = append(v.People, templates.Person{Name: who.Name})
	}
}

func (x *exchange) has(channel string) bool { return x.Notify != nil && x.Notify.Has(channel) }

func (x *exchange) recoverable() bool { return x.Engine.Recoverable() }

// startView is a page before its first POST.
func (x *exchange) startView(page string, kind recovery.Kind) templates.View {
	v := x.view(page)
	v.Start = string(kind)
	v.Return = SafeReturn(x.r.URL.Query().Get("return"))
	return v
}

func (x *exchange) loginView(back string) templates.View {
	v := x.view(recovery.PageSignIn)
	v.Start, v.Return, v.Method = string(recovery.KindLogin), back, recovery.Password
	v.Remember, v.Recover = true, x.recoverable()
	return v
}

func (x *exchange) showLogin() {
	ready, err := x.Engine.HasAccounts(x.r.Context())
	if err != nil {
		x.away(err)
		return
	}
	if !ready {
		x.showSetup()
		return
	}
	v := x.loginView(SafeReturn(x.r.URL.Query().Get("return")))
	v.Notice = x.notice()
	x.page(http.StatusOK, v)
}

func (x *exchange) showRecover() {
	kind := recovery.KindRecover
	if x.r.URL.Query().Get("choice") == string(recovery.KindUnlock) {
		kind = recovery.KindUnlock
	}
	v := x.startView(recovery.PageRecover, kind)
	v.AskPhone = kind == recovery.KindRecover && x.Engine.HasLines()
	if kind == recovery.KindRecover {
		v.Case = x.cases()
	}
	x.page(http.StatusOK, v)
}

func (x *exchange) showSetup() {
	ready, err := x.Engine.HasAccounts(x.r.Context())
	if err != nil {
		x.away(err)
		return
	}
	if ready {
		v := x.view(recovery.PageRefused)
		v.Problem = &templates.Text{Key: recovery.ProblemSetupDone}
		x.page(http.StatusNotFound, v)
		return
	}
	x.page(http.StatusOK, x.startView(recovery.PageSetup, recovery.KindSetup))
}

func (x *exchange) showLink() { x.page(http.StatusOK, x.linkView()) }

func (x *exchange) linkView() templates.View {
	v := x.startView(recovery.PageConfirm, "")
	v.Case = x.cases()
	return v
}

func (x *exchange) showStop() {
	v := x.view(recovery.PageStop)
	v.Token = x.r.URL.Query().Get("t")
	event, ok, err := x.Engine.StopWorks(x.r.Context(), v.Token)
	if event == recovery.EventContactChanged {
		v.Page = recovery.PageUndo
	}
	if err != nil {
		x.away(err)
		return
	}
	if !ok {
		x.refuse(http.StatusNotFound, recovery.ProblemLinkExpired)
		return
	}
	x.page(http.StatusOK, v)
}

// stop freezes; it can only close, so it needs no more than the link.
func (x *exchange) stop() {
	ok, err := x.Engine.Stop(x.r.Context(), x.r.PostForm.Get("code"))
	if err != nil {
		x.away(err)
		return
	}
	if !ok {
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemLinkExpired)
		return
	}
	v := x.view(recovery.PageStop)
	v.Notice = &templates.Text{Key: "frozen"}
	x.page(http.StatusOK, v)
}

// logout ends this session, or with choice=everywhere all of the account.
func (x *exchange) logout() {
	if err := x.Engine.SignOut(x.r.Context(), x.client.Session, x.r.PostForm.Get("choice") == everywhere); err != nil {
		x.away(err)
		return
	}
	x.set(sessionCookie, "", -time.Second)
	x.page(http.StatusOK, x.view(recovery.PageSignedOut))
}

func dark(c color.Color) bool {
	r, _, _, _ := c.RGBA()
	return r < 0x8000
}

func qrOrNothing(uri string) template.HTML {
	svg, err := qrSVG(uri)
	if err != nil {
		return "" // the secret stands beside it as text
	}
	return svg
}
