package recovery

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// macSize is the length of a MAC in the trail: 128 bits.
const macSize = 16

// Trail is what an account has of the audit trail. A change and its record are
// written in one, so that neither is there without the other.
type Trail struct {
	Key  []byte `json:"key,omitempty"`  // seals what is private in records about it; nothing opens them without
	Head Head   `json:"head,omitzero"`  // its last record: if the trail has none of that number, it was cut
	Owed []Link `json:"owed,omitempty"` // records that are not in the trail yet
}

// Head is a record in the row of those of an account.
type Head struct {
	Number uint64 `json:"n"`
	Key    string `json:"key"` // id of the root key of the MAC
	MAC    []byte `json:"mac"` // of the record and all before it
}

// Link is a record of an account with its place in the row.
type Link struct {
	Record json.RawMessage `json:"record"`
	Head   Head            `json:"head"`
}

// next is the head with a record more, under the newest root key.
func (h Head) next(k *secret.Keys, account string, raw []byte) Head {
	id, mac := k.MACNewest("audit account", h.parts(account, h.Number+1, raw)...)
	return Head{Number: h.Number + 1, Key: id, MAC: mac[:macSize]}
}

// Follows tells whether a head is this one with a record more; known is false when
// the key that would tell is not here.
func (h Head) Follows(k *secret.Keys, account string, before Head, raw []byte) (ok, known bool) {
	mac, known := k.MACBy(h.Key, "audit account", before.parts(account, h.Number, raw)...)
	return known && hmac.Equal(mac[:macSize], h.MAC), known
}

func (h Head) parts(account string, number uint64, raw []byte) []string {
	return []string{account, strconv.FormatUint(number, 10), string(h.MAC), string(raw)}
}

// same tells whether two heads are of the same record.
func (h Head) same(x Head) bool { return h.Number == x.Number && hmac.Equal(h.MAC, x.MAC) }

// Unmoved are the records that are owed after one; all, if that is not among them.
func (t *Trail) Unmoved(until Head) []Link {
	i := slices.IndexFunc(t.Owed, func(l Link) bool { return l.Head.same(until) })
	return t.Owed[i+1:]
}

// Settle takes records off that are in the trail, up to one, and tells whether there
// were any.
func (t *Trail) Settle(until Head) bool {
	left := t.Unmoved(until)
	moved := len(left) < len(t.Owed)
	t.Owed = slices.Clone(left)
	return moved
}

// ShownMAC writes a MAC for people and logs.
func ShownMAC(mac []byte) string { return base64.RawURLEncoding.EncodeToString(mac) }

// BringBack has the row of an account of a backup go on after the last record that the
// trail of the backup has of it; older: the trail begins somewhere in the middle. It
// tells whether that changed something.
func (t *Trail) BringBack(top Head, older bool) bool {
	t.Owed = slices.Clone(t.Unmoved(top))
	follows := len(t.Owed) > 0 && t.Owed[0].Head.Number == top.Number+1
	switch {
	case t.Head.same(top) || follows || older && top.Number == 0:
		return false
	}
	t.Head, t.Owed = top, nil
	return true
}
