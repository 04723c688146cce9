package web

// forwardingName matches the headers in which proxies tell where a request comes
// from and what was asked for, as any app might read them: what is no letter or
// digit is one, because servers like those of CGI make it '_'. It sees every
// header of every request, and allocates nothing.
func forwardingName(name string) bool {
	if name == "" {
		return false
	}
	switch name[0] {
	case 'x', 'X', 'f', 'F', 'c', 'C', 't', 'T':
	default:
		return false
	}
	for _, family := range forwardingFamilies {
		if spells(name, family) && len(name) > len(family) {
			return true
		}
	}
	for _, one := range forwardingNames {
		if len(name) == len(one) && spells(name, one) {
			return true
		}
	}
	return false
}

// Names that begin so are all of proxies.
var forwardingFamilies = [...]string{"x-forwarded-", "x-original-", "x-rewrite-"} //nolint:gochecknoglobals // a table

// forwardingNames are those of single headers. Via is none of them: it says
// nothing that an app would believe.
var forwardingNames = [...]string{ //nolint:gochecknoglobals // a table
	"forwarded", "forwarded-for", "x-forwarded", "x-real-ip", "x-client-ip", "client-ip", "x-cluster-client-ip", "x-originating-ip",
	"x-remote-ip", "x-remote-addr", "cf-connecting-ip", "cf-connecting-ipv6", "cf-visitor", "true-client-ip", "fastly-client-ip",
	"x-host", "x-scheme", "x-url-scheme", "front-end-https",
}

// spells tells whether a name begins as another, in small letters and with '-',
// does.
func spells(name, other string) bool {
	if len(name) < len(other) {
		return false
	}
	for i := range len(other) {
		c := name[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case !alphanumeric(c):
			c = '-'
		}
		if c != other[i] {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
