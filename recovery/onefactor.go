package recovery

import (
	"slices"
	"time"
)

// Kinds about one of several second factors.
const (
	KindDropOne Kind = "drop_one"  // takes it off
	KindTakeOne Kind = "trust_one" // its owner has looked at what was doubted
)

// ReasonLost is said of a second factor that is not to come back by the link of a
// notice.
const ReasonLost = "lost"

func dropOneRecipe() Recipe {
	return Recipe{
		Kind: KindDropOne, SignedIn: true, Needs: []Need{Settled, spareable, Strong}, Finish: End.dropOne,
		After: After{Page: "sign-in", Says: []string{"one_dropped"}},
	}
}

func takeOneRecipe() Recipe {
	return Recipe{
		Kind: KindTakeOne, SignedIn: true, Needs: []Need{Settled, doubted, Strong}, Finish: End.takeOne,
		After: After{Page: "sign-in", Says: []string{"one_trusted"}},
	}
}

// one finds the second factor that the flow is about, among those of which there may
// be several.
func (f Facts) one() int {
	return slices.IndexFunc(f.Account.Credentials, func(c Credential) bool { return c.ID == f.Flow.Credential && f.Methods.several(c) })
}

func (m *Methods) several(c Credential) bool {
	x := m.Get(c.Method)
	return x != nil && x.Traits().Factor && x.Traits().Several
}

// spareable refuses where nothing would be left: another second factor, and something
// to sign in with. Going without any is another kind of flow, which asks for more.
func spareable(f Facts) (Step, bool) {
	if f.one() < 0 {
		return Step{Page: PageRefused, Dead: ProblemNotAvailable}, true
	}
	return Step{Page: PageRefused, Dead: ProblemLastFactor}, !f.Methods.Spares(f.Account, f.Flow.Credential, f.Now)
}

// Spares tells whether an account has enough without one of its second factors.
func (m *Methods) Spares(a *Account, credential string, now time.Time) bool {
	rest := *a
	rest.Credentials = slices.DeleteFunc(slices.Clone(a.Credentials), func(c Credential) bool { return c.ID == credential })
	alone, _ := m.Alone(&rest)
	factor := slices.ContainsFunc(m.expand(Factor), func(name string) bool { return m.ready(name, &rest, now) })
	return factor && (alone || rest.Credential(Password) != nil)
}

// dropOne takes one second factor off. Its owner can have it back for a while by the
// link of a notice, unless it was lost: who has found it may be signed in with it, so
// that all other sign-ins end then.
func (end End) dropOne(a *Account, eff *Effects) {
	i := Facts{Flow: end.Flow, Account: a, Methods: end.Methods}.one()
	if i < 0 {
		return
	}
	c := a.Credentials[i]
	a.Credentials = slices.Delete(slices.Clone(a.Credentials), i, i+1)
	if !end.Flow.Lost {
		a.keepBack(c, end.Now)
	}
	a.UntrustDevices()
	end.Flow.EndOthers = end.Flow.Lost
	end.endOthers(a, eff)
	eff.Thing = c.called()
	eff.Done(EventOneRemoved)
}

// called is what a notice says of a credential.
func (c Credential) called() Thing {
	t := called(c.Label, c.Browser)
	t.Method = c.Method
	return t
}

// keepBack keeps a second factor that was taken off beside those that can come back
// still.
func (a *Account) keepBack(c Credential, now time.Time) {
	kept := &Removed{Until: now.Add(factorBack), Credentials: []Credential{c}}
	if r := a.Removed; r != nil && now.Before(r.Until) {
		kept.Credentials = append(slices.Clone(r.Credentials), c)
	}
	kept.Credentials = kept.Credentials[max(len(kept.Credentials)-maxKeptBack, 0):]
	a.Removed = kept
}

// maxKeptBack bounds what can come back at once.
const maxKeptBack = 5

// doubted needs a second factor that is in doubt.
func doubted(f Facts) (Step, bool) {
	if i := f.one(); i >= 0 {
		x, ok := f.Methods.Get(f.Account.Credentials[i].Method).(Settler)
		if ok && x.Doubted(f.Account.Credentials[i]) {
			return Step{}, false
		}
	}
	return Step{Page: PageRefused, Dead: ProblemNotAvailable}, true
}

// takeOne ends the doubt. It was the owner who did, with another proof.
func (end End) takeOne(a *Account, eff *Effects) {
	i := Facts{Flow: end.Flow, Account: a, Methods: end.Methods}.one()
	if i < 0 {
		return
	}
	if x, ok := end.Methods.Get(a.Credentials[i].Method).(Settler); ok {
		x.Vindicate(a, end.Flow.Credential)
	}
	eff.Thing = a.Credentials[i].called()
	eff.Done(EventOneTrusted)
}

// NameOne gives one of several second factors a name; false: it is not there.
func (m *Methods) NameOne(a *Account, credential, typed string) bool {
	i := slices.IndexFunc(a.Credentials, func(c Credential) bool { return c.ID == credential && m.several(c) })
	if i >= 0 {
		a.Credentials[i].Label = Label(typed)
	}
	return i >= 0
}
