// Package secret is the one folder with cryptography: root keys and what is
// derived from them, password hashing, random codes, and a type for values
// that must not be printed.
//
// Everything here is a thin layer over the standard library, golang.org/x/crypto
// and gorilla/securecookie. Not promised: protection of keys in memory, or against
// somebody who can read both the store and the root key.
package secret
