package secret

import "github.com/gorilla/securecookie"

// maxSealedCookie is the longest value of a sealed cookie, in bytes.
const maxSealedCookie = 512

// newSealedCookies makes the codec of one key: values are encrypted (AES-256-CTR)
// and then signed (HMAC-SHA256). It ages nothing: what a value names has an end of
// its own.
func newSealedCookies(sign, encrypt []byte) securecookie.Codec {
	return securecookie.New(sign, encrypt).SetSerializer(securecookie.JSONEncoder{}).MaxAge(0).MaxLength(maxSealedCookie)
}

// SealCookie makes the value of a cookie that its holder cannot read, with the
// newest key. name says what it is for and is bound to the value. It fails for a
// value that is no JSON, or is longer than 512 bytes when it is sealed.
func (k *Keys) SealCookie(name string, value any) (string, error) {
	return securecookie.EncodeMulti(name, value, k.now.Load().sealed...)
}

// UnsealCookie is the reverse of [Keys.SealCookie], with every key. False means
// damaged, of another purpose, or sealed with a key that is not here.
func (k *Keys) UnsealCookie(name, sealed string, value any) bool {
	return securecookie.DecodeMulti(name, sealed, value, k.now.Load().sealed...) == nil
}
