package recoverytest

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
	"testing"
)

// Authenticator makes passkeys and signs with them, as a browser at an origin does
// with a device: ES256, attestation "none". Its answers are the JSON that toJSON of
// a browser's credential has.
type Authenticator struct {
	TB     testing.TB
	Origin string
	// Synced passkeys are copied to other devices of their owner (BE and BS);
	// Unverified ones ask nobody for a finger or a number.
	Synced, Unverified bool
	// Hidden ones do not say that they are found without their id.
	Hidden bool
	// Count makes it number its signatures; else every number is zero.
	Count bool
	// Framed is the page around the one that asks; empty: there is none.
	Framed string
	IDSize int // bytes; zero: 16
	Keys   []*Key
}

// Key is one passkey.
type Key struct {
	RP, ID, User string // base64url but for RP
	private      *ecdsa.PrivateKey
	used         uint32
	next         *uint32
}

// Next says what number its signatures have from now on.
func (k *Key) Next(n uint32) { k.next = &n }

// options are those of both ceremonies, as far as an authenticator looks at them.
type options struct {
	Challenge string
	RP        struct{ ID string }
	RPID      string `json:"rpId"`
	User      struct{ ID string }
	Exclude   []struct{ ID string } `json:"excludeCredentials"`
	Allow     []struct{ ID string } `json:"allowCredentials"`
	// A browser says nothing of an extension that was not asked for.
	Extensions struct{ CredProps bool }
}

func (a *Authenticator) read(text string) options {
	a.TB.Helper()
	var o struct {
		options
		PublicKey *options
	}
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		a.TB.Fatalf("options of a passkey: %v in %q", err, text)
	}
	if o.PublicKey != nil {
		return *o.PublicKey
	}
	return o.options
}

// has tells whether it has one of the passkeys beside which none shall be made.
func (a *Authenticator) has(text string) bool {
	a.TB.Helper()
	return slices.ContainsFunc(a.read(text).Exclude, func(x struct{ ID string }) bool {
		return slices.ContainsFunc(a.Keys, func(k *Key) bool { return k.ID == x.ID })
	})
}

// Create answers navigator.credentials.create.
func (a *Authenticator) Create(text string) string {
	a.TB.Helper()
	o := a.read(text)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.TB.Fatal(err)
	}
	id := make([]byte, cmp.Or(a.IDSize, 16))
	rand.Read(id)
	k := &Key{RP: o.RP.ID, ID: encoded(id), User: o.User.ID, private: private}
	a.Keys = append(a.Keys, k)
	const attested = 0x40
	data := slices.Concat(a.data(k, attested), make([]byte, 16), binary.BigEndian.AppendUint16(nil, uint16(len(id))), id, k.public(a.TB))
	object := slices.Concat([]byte{0xa3, 0x63}, []byte("fmt"), []byte{0x64}, []byte("none"), []byte{0x67}, []byte("attStmt"), []byte{0xa0, 0x68}, []byte("authData"), []byte{0x59}, binary.BigEndian.AppendUint16(nil, uint16(len(data))), data)
	extensions := map[string]any{}
	if o.Extensions.CredProps {
		extensions["credProps"] = map[string]bool{"rk": !a.Hidden}
	}
	return a.answer(k, extensions, map[string]any{
		"clientDataJSON": a.client("webauthn.create", o.Challenge), "attestationObject": encoded(object), "transports": []string{"internal"},
	})
}

// Get answers navigator.credentials.get with the newest passkey that fits; empty:
// there is none.
func (a *Authenticator) Get(text string) string {
	a.TB.Helper()
	o := a.read(text)
	for _, k := range slices.Backward(a.Keys) {
		allowed := len(o.Allow) == 0 || slices.ContainsFunc(o.Allow, func(x struct{ ID string }) bool { return x.ID == k.ID })
		if k.RP == o.RPID && allowed {
			return a.sign(k, o.Challenge)
		}
	}
	return ""
}

func (a *Authenticator) sign(k *Key, challenge string) string {
	data, client := a.data(k, 0), a.client("webauthn.get", challenge)
	plain, err := base64.RawURLEncoding.DecodeString(client)
	if err != nil {
		a.TB.Fatal(err)
	}
	sum := sha256.Sum256(plain)
	hash := sha256.Sum256(slices.Concat(data, sum[:]))
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, hash[:])
	if err != nil {
		a.TB.Fatal(err)
	}
	return a.answer(k, map[string]any{}, map[string]any{
		"clientDataJSON": client, "authenticatorData": encoded(data), "signature": encoded(signature), "userHandle": k.User,
	})
}

// data is the authenticator data up to the counter.
func (a *Authenticator) data(k *Key, flags byte) []byte {
	const present, verified, eligible, copied = 0x01, 0x04, 0x08, 0x10
	if flags |= present; !a.Unverified {
		flags |= verified
	}
	if a.Synced {
		flags |= eligible | copied
	}
	if a.Count {
		k.used++
	}
	number := k.used
	if k.next != nil {
		number = *k.next
	}
	sum := sha256.Sum256([]byte(k.RP))
	return binary.BigEndian.AppendUint32(append(sum[:], flags), number)
}

func (a *Authenticator) client(kind, challenge string) string {
	said := map[string]any{"type": kind, "challenge": challenge, "origin": a.Origin, "crossOrigin": a.Framed != ""}
	if a.Framed != "" {
		said["topOrigin"] = a.Framed
	}
	body, err := json.Marshal(said)
	if err != nil {
		a.TB.Fatal(err)
	}
	return encoded(body)
}

func (a *Authenticator) answer(k *Key, extensions, response map[string]any) string {
	body, err := json.Marshal(map[string]any{
		"id": k.ID, "rawId": k.ID, "type": "public-key", "response": response,
		"clientExtensionResults": extensions, "authenticatorAttachment": "platform",
	})
	if err != nil {
		a.TB.Fatal(err)
	}
	return string(body)
}

// public is the COSE key: EC2, ES256, P-256.
func (k *Key) public(tb testing.TB) []byte {
	point, err := k.private.PublicKey.Bytes()
	if err != nil {
		tb.Fatal(err)
	}
	return slices.Concat([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}, point[1:33], []byte{0x22, 0x58, 0x20}, point[33:65])
}

func encoded(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
