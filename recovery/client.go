package recovery

import (
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Client is the browser (or program) a request comes from, as far as the
// engine needs to know it.
type Client struct {
	Network string // counted as one: an IPv4 address or an IPv6 /64
	Browser string // "Firefox on Linux" or [UnknownBrowser], for people; empty: no browser took part
	Lang    string // language for pages and messages
	Host    string // the host that was asked for, perhaps with a port; not from configuration, so it is in no link
	Base    string // address of our own pages for links, with the slash at its end, from configuration; empty: codes only
	// Elsewhere tells that Base leads to another host than this browser is at, so
	// that a link which only this browser can open is left out.
	Elsewhere bool
	Flows     []string     // tokens of the flow cookie, newest first
	Device    string       // token of the device cookie
	Session   string       // value of the session cookie
	Passkeys  RelyingParty // where this browser makes and shows them
	// Home is the network, such as 192.168.1.0/24, in which the gate asks for one
	// factor; empty: the client is in none.
	Home string
}

// OneFactor tells that the gate asks for one factor where the client is.
func (c Client) OneFactor() bool { return c.Home != "" }

// UnknownBrowser stands for every browser that is not on our list: what it says
// of itself may be anything, and would be read in our own mails.
const UnknownBrowser = "unknown browser"

// Input is one submitted form. Every field is untrusted.
type Input struct {
	Flow        string
	Start       Kind
	Return      string
	Name        string
	Mail        string
	Phone       string
	Extension   string
	Password    secret.Text
	NewPassword secret.Text
	Code        secret.Text
	PIN         secret.Text
	Answer      secret.Text
	Reason      string
	Label       string // of what is made
	Method      string
	Choice      string
	Remember    bool
	EndOthers   bool
	VoidCodes   bool
}
