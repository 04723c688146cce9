package recovery

// IDSize is the length of an account id: 16 random bytes as base64url.
const IDSize = 22

// base64URL tells whether a text has letters of that alphabet only.
func base64URL(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
