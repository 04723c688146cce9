package secret

import "github.com/gorilla/securecookie"

// newCookies makes the codec of one key. The clock of the codec cannot be
// moved, so it ages nothing: a caller puts the time into the value. The bytes
// are taken as they are, of any length, so that signing cannot fail.
func newCookies(key []byte) securecookie.Codec {
	return securecookie.New(key, nil).SetSerializer(securecookie.NopEncoder{}).MaxAge(0).MaxLength(0)
}

// SignCookie makes the value of a cookie, with the newest key: letters of
// base64url and its padding. name says what the cookie is for and is bound to
// the value, so that it does not open in another cookie. The value is not
// encrypted: whoever holds the cookie can read it.
func (k *Keys) SignCookie(name string, value []byte) string {
	signed, err := securecookie.EncodeMulti(name, value, k.now.Load().cookies...)
	if err != nil {
		panic(err) // bytes always encode, and there is a key
	}
	return signed
}

// OpenCookie is the reverse of [Keys.SignCookie], with every key. False means
// damaged, from another cookie, or signed with a key that is not here. Unlike
// [ErrOpen] it is no alarm: anybody can send a cookie.
func (k *Keys) OpenCookie(name, signed string) ([]byte, bool) {
	var value []byte
	err := securecookie.DecodeMulti(name, signed, &value, k.now.Load().cookies...)
	return value, err == nil
}
