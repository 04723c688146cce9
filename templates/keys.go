package templates

import "time"

// AccountKeysPage is one's own access keys, with the form of another one.
type AccountKeysPage struct {
	*page
	Own
	Keys []Key
	Full bool // there are as many as there can be
	// As typed before.
	Label, Hosts, Paths, Expires string
}

func (AccountKeysPage) Page() string     { return "account-keys" }
func (v AccountKeysPage) on(p *page) any { v.page = p; return v }

// HasWayOut replaces that of page: this is where the ways out lead.
func (AccountKeysPage) HasWayOut() bool { return false }

// LanguageURL replaces that of page: this one has an address of its own.
func (v AccountKeysPage) LanguageURL(code string) string { return v.inLanguage(code, "account/keys") }

// KeysPage shows an access key, this once.
type KeysPage struct {
	*page
	Code   string
	Key    Key
	Person *Person // whose it is; nil: the visitor's own
}

func (KeysPage) Page() string     { return "keys" }
func (v KeysPage) on(p *page) any { v.page = p; return v }

// LanguageURL replaces that of page: the key is not shown again.
func (v KeysPage) LanguageURL(code string) string { return v.inLanguage(code, "account/keys") }

// Key is an access key, without its secret.
type Key struct {
	ID        string // value of its buttons, behind "revoke:" or "resume:"
	Name      string
	Hosts     []string // none: all
	Paths     []string // none: all that take keys
	Maker     string   // who has made it for its owner; empty: the owner
	Made      time.Time
	End       time.Time // zero: never
	Used      time.Time // day; zero: never
	Suspended bool      // since a recovery
	Over      bool      // its time is over
}
