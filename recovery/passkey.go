package recovery

// RelyingParty is where a browser makes passkeys and shows them. The zero value is
// nowhere: at an address by plain http, or without a domain, there are none.
type RelyingParty struct {
	ID     string // the domain that passkeys are bound to
	Origin string // scheme and host of the page, exactly as browsers write them
	Site   string // name of the place, for the browser's own window
}

// Here tells whether there are passkeys.
func (p RelyingParty) Here() bool { return p.ID != "" && p.Origin != "" }
