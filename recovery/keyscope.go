package recovery

import (
	"fmt"
	"net"
	"path"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// CanonicalHost reads the name of a host, with its port unless that is 80 or 443.
func CanonicalHost(typed string) (string, error) {
	name, port, err := net.SplitHostPort(typed)
	if err != nil {
		name, port = strings.Trim(typed, "[]"), ""
	}
	ascii, err := name, error(nil)
	if net.ParseIP(name) == nil {
		ascii, err = idna.Lookup.ToASCII(name)
	}
	n, bad := strconv.ParseUint(port, 10, 16)
	if err != nil || ascii == "" || strings.Trim(ascii, ".") != ascii || port != "" && (bad != nil || n == 0) {
		return "", fmt.Errorf("%q is %w: write it like photos.example.com, without https:// and path", typed, ErrKeyHost)
	}
	if port == "" || port == "80" || port == "443" {
		return ascii, nil
	}
	return net.JoinHostPort(ascii, port), nil
}

// CheckPath looks at a path of a key: one path, or with /* at its end all paths
// below it.
func CheckPath(p string) error {
	plain := strings.TrimSuffix(p, "/*")
	if !strings.HasPrefix(p, "/") || plain != "" && path.Clean(plain) != plain && path.Clean(plain)+"/" != plain || strings.ContainsAny(plain, `*?#%\;`) || !seen(plain) {
		return fmt.Errorf("%q is %w: write it like /api/* or /feed.xml, decoded and without *, ?, # elsewhere", p, ErrKeyPath)
	}
	return nil
}

func seen(p string) bool {
	return !strings.ContainsFunc(p, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar })
}
