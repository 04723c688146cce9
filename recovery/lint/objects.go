package lint

import (
	"slices"
	"strings"
	"time"
)

// Object is a thing that people own and can lose.
type Object struct {
	Name  string   `json:"name"`
	Gives []string `json:"gives"` // proofs that its holder can show; "device" is being signed in on it
	Loses []string `json:"loses"` // proofs its owner cannot show any more
	Lost  string   `json:"lost"`  // how its loss is called; empty: not forecast
	// Spares are proofs that are on it and copied elsewhere, Takes those that are
	// on it and nowhere else; the account may have others of the same kind.
	Spares []string `json:"spares,omitempty"`
	Takes  []string `json:"takes,omitempty"`
}

// Objects lists the things that people lose or leave unlocked, with the proofs
// of the table that an account of this shape has on them.
func (t Table) Objects(s Shape) []Object {
	list := []Object{
		{Name: ObjectPhone, Lost: "phone"},
		{Name: ObjectLaptop, Lost: "laptop"},
		{Name: ObjectMailbox, Lost: "mailbox"},
		{Name: ObjectPassword, Lost: "password"},
		{Name: ObjectSIM},
		{Name: ObjectPaper, Lost: "paper"},
		{Name: ObjectKey, Lost: "security key"},
		{Name: ObjectCloud, Lost: "cloud account"},
		{Name: ObjectManager, Lost: "password manager"},
		{Name: ObjectFullManager},
		{Name: ObjectMailedCodes},
		{Name: ObjectSignedIn},
	}
	for i := range list {
		o := &list[i]
		for _, p := range t.Proofs {
			o.keep(p, p.places(s))
		}
	}
	return slices.DeleteFunc(list, func(o Object) bool {
		return o.Name == ObjectFullManager && !slices.ContainsFunc(o.Gives, t.factorOf(s))
	})
}

// factorOf tells what is a second factor of an account.
func (t Table) factorOf(s Shape) func(name string) bool {
	return func(name string) bool {
		p, _ := t.proof(name)
		return p.Factor && s.Has(p.Source)
	}
}

// keep notes what the object has of a proof that is kept in these places. It is
// lost when no place is left.
func (o *Object) keep(p Proof, places []Place) {
	var on, sure, in, copied, left bool
	for _, k := range places {
		here, lost := slices.Contains(k.On, o.Name), slices.Contains(k.In, o.Name)
		on, sure, in = on || here, sure || slices.Contains(k.Sure, o.Name), in || lost
		copied, left = copied || here && !lost && k.Trait != "", left || !lost
	}
	if on {
		o.Gives = append(o.Gives, p.Name)
	}
	if sure {
		o.Gives = append(o.Gives, p.Name+verified)
	}
	if !left {
		o.Loses = append(o.Loses, p.Name)
	}
	if copied {
		o.Spares = append(o.Spares, p.Name)
	}
	if in && len(p.Places) > 0 {
		o.Takes = append(o.Takes, p.Name)
	}
}

// Mend is a change that would help, found by computing again with it.
type Mend struct {
	Key  string `json:"key"`
	Text string `json:"text"`
}

// Risk is one object, or two together, with which somebody takes the account over.
type Risk struct {
	Objects   []string `json:"objects"`
	Delay     Delay    `json:"delay"`
	Stoppable bool     `json:"stoppable"`
	Chain     []Step   `json:"chain"`
	// Mends are changes each of which is enough by itself; none when there is no such.
	Mends []Mend `json:"mends"`
}

// Warnings lists the single objects that take an account of this shape over,
// and the pairs that do when neither alone does. Pairs that are an ordinary
// login are left out. So are pairs for which a lesser object is enough: the
// mailbox is named, not the phone with the mailbox on it.
func Warnings(t Table, s Shape) []Risk {
	m, out := compile(t, s), []Risk{}
	var rest []Object
	for _, o := range t.Objects(s) {
		if m.reach(m.shown(o.Gives), nil) != never {
			out = append(out, m.risk(o))
		} else {
			rest = append(rest, o)
		}
	}
	for i, b := range rest {
		for _, a := range rest[:i] {
			if m.together(a, b) != never && !m.lesser(rest, a, b) && !m.lesser(rest, b, a) {
				out = append(out, m.risk(a, b))
			}
		}
	}
	return out
}

// together is when two objects are enough by something else than a login.
func (m *machine) together(a, b Object) time.Duration {
	items := m.shown(slices.Concat(a.Gives, b.Gives))
	if m.reach(items, direct) != never {
		return never
	}
	return m.reach(items, nil)
}

// lesser reports whether an object that gives less than a is enough with b, as
// soon and with as little that the owner could do about it.
func (m *machine) lesser(list []Object, a, b Object) bool {
	end, open := m.together(a, b), m.alert(slices.Concat(a.Gives, b.Gives))
	return slices.ContainsFunc(list, func(o Object) bool {
		less := covers(a, o) && (!covers(o, a) || after(list, a, o))
		return o.Name != b.Name && less && m.together(o, b) <= end &&
			(end == 0 || open || !m.alert(slices.Concat(o.Gives, b.Gives)))
	})
}

// alert reports whether a notice reaches the owner by something else.
func (m *machine) alert(proofs []string) bool {
	items := m.shown(proofs)
	return m.told(func(name string) bool {
		return slices.ContainsFunc(m.sources, func(s source) bool {
			return s.name == name && slices.ContainsFunc(s.items, func(i int) bool { return slices.Contains(items, i) })
		})
	})
}

// after reports whether the second object is listed after the first. Of two that
// give the same here, the later one is named.
func after(list []Object, a, b Object) bool {
	at := func(o Object) int {
		return slices.IndexFunc(list, func(x Object) bool { return x.Name == o.Name })
	}
	return at(a) < at(b)
}

// covers reports whether the second object gives nothing that the first does not.
func covers(a, b Object) bool {
	return !slices.ContainsFunc(b.Gives, func(p string) bool { return !slices.Contains(a.Gives, p) })
}

func (m *machine) risk(objects ...Object) Risk {
	var r Risk
	var proofs []string
	for _, o := range objects {
		r.Objects, proofs = append(r.Objects, o.Name), append(proofs, o.Gives...)
	}
	items := m.shown(proofs)
	end := m.reach(items, nil)
	r.Delay, r.Chain, r.Mends = Delay(end), m.steps(items, nil), append(m.apart(objects), m.added(proofs)...)
	r.Stoppable = end > 0 && m.alert(proofs)
	return r
}

// shown lists the items of the proofs, as far as the account has them. A finder
// of a security key cannot pass its user verification.
func (m *machine) shown(proofs []string) []int {
	var out []int
	for _, src := range m.sources {
		for _, i := range src.items {
			name := m.items[i]
			if name == itemSession {
				name = proofDevice
			}
			if slices.Contains(proofs, name) || name == itemTrusted && slices.Contains(proofs, proofPassword) {
				out = append(out, i)
			}
		}
	}
	return out
}

// apart lists sources that would not be enough if they were not in one and the
// same object.
func (m *machine) apart(objects []Object) []Mend {
	out := []Mend{}
	for _, mend := range partings() {
		var rest []string
		parted := false
		for _, o := range objects {
			less := slices.DeleteFunc(slices.Clone(o.Gives), func(p string) bool {
				x, _ := m.table.proof(strings.TrimSuffix(p, verified))
				return mend.Key == "apart_"+x.Source
			})
			if len(less) == 0 {
				less = o.Gives // it is the thing itself
			}
			rest, parted = append(rest, less...), parted || len(less) < len(o.Gives)
		}
		if parted && m.reach(m.shown(rest), nil) == never {
			out = append(out, mend)
		}
	}
	return out
}

// partings are things that can be kept elsewhere, the easiest first. The keys
// end in the source.
func partings() []Mend {
	return []Mend{
		{"apart_" + SourceTOTP, "keep the authenticator on another device"},
		{"apart_" + SourcePasskey, "use a security key"},
		{"apart_" + SourceCodes, "keep the codes on paper only"},
		{"apart_" + SourceMail, "give the mailbox a lock of its own there"},
		{"apart_" + SourceDevice, "sign out there"},
		{"apart_" + SourceSMS, "use a number that is not in that phone"},
	}
}

// added lists second factors that would help an account without one.
func (m *machine) added(proofs []string) []Mend {
	var out []Mend
	for _, x := range m.table.additions() {
		s, changed := x.to(m.shape)
		if !changed || m.factor {
			continue
		}
		if n := compile(m.table, s); n.factor && n.reach(n.shown(proofs), nil) == never {
			out = append(out, x.Mend)
		}
	}
	return out
}

// addition is something an account could have besides.
type addition struct {
	Mend
	words []string // of a shape; the first is what the account has then
}

// to is the shape with the addition; false: it has that already.
func (x addition) to(s Shape) (Shape, bool) {
	name, n := counted(x.words[0])
	return s.With(x.words...), s.Count(name) < n
}

// additions lists what an account could have besides: what people know best
// first, then the other second factors of the table.
func (t Table) additions() []addition {
	list := []addition{
		{Mend{"add_codes", "add recovery codes"}, []string{SourceCodes}},
		{Mend{"add_authenticator", "add an authenticator"}, []string{SourceTOTP}},
		{Mend{"add_passkey", "add a passkey or security key"}, []string{SourcePasskey, TraitVerified}},
		{Mend{"add_mail", "add a mail address"}, []string{SourceMail}},
		{Mend{"add_phone", "add a phone number"}, []string{SourceSMS}},
		{Mend{"add_device", "stay signed in on a second device"}, []string{SourceDevice}},
		{Mend{"add_contacts", "name two people as contacts"}, []string{SourceContact + "*2"}},
	}
	for _, p := range t.Proofs {
		known := slices.ContainsFunc(list, func(x addition) bool { return x.words[0] == p.Source })
		if p.Factor && !known {
			list = append(list, addition{Mend{"add_" + p.Source, "add " + p.Source}, []string{p.Source}})
		}
	}
	return list
}
