package lint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Shape is what an account has besides a password, which every account has but
// with [TraitNoPassword]. The zero value has nothing else. Shapes are compared with ==.
type Shape struct{ words string }

// What a shape names besides sources and the proofs that are [Proof.Extra].
const (
	// TraitVerified: the passkey asks its owner for a finger or a number.
	TraitVerified = "verified"
	// Where its passkeys are; without any of these it is on a security key.
	TraitSynced   = "synced"
	TraitOnPhone  = "on_phone"
	TraitOnLaptop = "on_laptop"
	TraitOnKey    = "on_key"
	// TraitNoPassword is an account that signs in with a passkey alone.
	TraitNoPassword = "no_password"
	// TraitPush: told by push as well; proves nothing.
	TraitPush = "push"
	// TraitManages is an account that is an administrator itself: what was
	// handed over in person waits for it.
	TraitManages = "manages"
)

// Having is the shape of an account that has what the words name: a source, a
// proof that is [Proof.Extra], or a trait; "contact*2" for two contacts. Order
// does not matter.
func Having(words ...string) Shape {
	counts := map[string]int{}
	for _, w := range words {
		name, n := counted(w)
		counts[name] = max(counts[name], n)
	}
	var out []string
	for name, n := range counts {
		switch {
		case n == 1:
			out = append(out, name)
		case n > 1:
			out = append(out, name+"*"+strconv.Itoa(n))
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		if c := position(a) - position(b); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	return Shape{strings.Join(out, " ")}
}

// With is the shape with more.
func (s Shape) With(words ...string) Shape { return Having(append(s.list(), words...)...) }

// Has reports whether the account has at least one of what the word names.
func (s Shape) Has(name string) bool { return s.Count(name) > 0 }

// Count tells how many the account has of what the word names.
func (s Shape) Count(name string) int {
	for w := range strings.FieldsSeq(s.words) {
		if found, n := word(w); found == name {
			return n
		}
	}
	return 0
}

func (s Shape) list() []string { return strings.Fields(s.words) }

// thing is how reports and JSON name what a shape has. What is not listed is
// named by its own word.
type thing struct{ name, key, text string }

// things lists them in the order of the reports. Without a text it is in no
// sentence: who vouches is not what the account has.
var things = [...]thing{ //nolint:gochecknoglobals // a table
	{SourceTOTP, "totp", "authenticator"},
	{SourcePasskey, "passkey", "passkey"},
	{TraitVerified, "verified", ""},
	{TraitSynced, TraitSynced, "passkey that syncs"},
	{TraitOnPhone, TraitOnPhone, "passkey on the phone"},
	{TraitOnLaptop, TraitOnLaptop, "passkey on the laptop"},
	{TraitOnKey, TraitOnKey, "security key"},
	{SourceCodes, "recovery_code", "codes"},
	{SourceMail, "mail", "mail"},
	{SourceSMS, "phone", "phone"},
	{TraitNoPassword, TraitNoPassword, ""},
	{TraitPush, "push", "push"},
	{SourceDevice, "device", "device"},
	{SourceContact, "contacts", "contact"},
	{"pin", "pin", "pin"},
	{"question", "question", "question"},
	{SourceAdmin, "admin", ""},
	{SourceInPerson, "admin_in_person", ""},
	{SourceRescue, "rescue", ""},
	{TraitManages, TraitManages, ""},
}

func position(w string) int {
	name, _ := word(w)
	for i := range things {
		if things[i].name == name {
			return i
		}
	}
	return len(things)
}

// listed reports whether shapes have a word of their own for a source.
func listed(source string) bool { return position(source) < len(things) }

func thingOf(name string) thing {
	if i := position(name); i < len(things) {
		return things[i]
	}
	return thing{name, name, name}
}

// keeps tells whether a word says where a passkey is.
func keeps(word string) bool {
	return slices.Contains([]string{TraitSynced, TraitOnPhone, TraitOnLaptop, TraitOnKey}, word)
}

// placed tells whether the shape says where its passkeys are.
func (s Shape) placed() bool { return slices.ContainsFunc(s.list(), keeps) }

// String lists what the account has, authority aside.
func (s Shape) String() string {
	var out []string
	if !s.Has(TraitNoPassword) {
		out = append(out, proofPassword)
	}
	for _, w := range s.list() {
		name, n := word(w)
		text := thingOf(name).text
		switch {
		case text == "", name == SourcePasskey && s.placed():
			continue
		case (name == SourcePasskey || keeps(name)) && !s.Has(TraitVerified):
			text += " without check"
		case name == SourceContact:
			text = fmt.Sprintf("%d %s", n, text)
		}
		if n > 1 {
			text += "s"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// MarshalJSON writes an object: true for what the account has, and a number for
// its contacts.
func (s Shape) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, w := range s.list() {
		name, n := word(w)
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(thingOf(name).key)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		value := ":true"
		if name == SourceContact {
			value = ":" + strconv.Itoa(n)
		}
		b.WriteString(value)
	}
	return []byte("{" + b.String() + "}"), nil
}

// size counts what the account has, to find the simplest example of a finding.
func (s Shape) size() int { return strings.Count(s.String(), ",") }
