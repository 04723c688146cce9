package engine

import (
	"encoding/binary"
	"encoding/hex"
)

// Anybody can type names that nobody has, and what is counted of them must look
// as it does for others. So their counters are bounded (TH-05): rows of failures
// are a table of fixed size, and all else is counted as it is made. When there
// are too many, every sign-in from an unknown browser, whatever its name, is
// counted by its network alone.

// crowded tells that there are too many counters of strangers, and that this is
// a try that they could be made by.
func (r *run) crowded() bool {
	return r.share() == "" && len(r.flow.Proofs) == 0 && r.strangers.many(r.Now())
}

// crowdSlots is how many counters of networks there are at most; those beyond
// share one.
const crowdSlots = 1 << 13

// ofCrowd is the counter of a network for all names. A success takes back the
// tries of its own flow only: it says nothing of other names.
func (r *run) ofCrowd() meter {
	slot := binary.BigEndian.Uint32(r.counters.sum("crowd", r.client.Network)) % crowdSlots
	return meter{
		key: r.meterKey("crowd", hex.EncodeToString(binary.BigEndian.AppendUint32(nil, slot))), rule: backoff(r.Policy.Limits),
		life: backoffLife(r.Policy.Limits), flow: r.flowID(),
	}
}

// counted is the account's id; of names that nobody has, when there are too
// many, one of a few. It names counters whose state nobody can see.
func (r *run) counted() string {
	if !r.flow.IsDecoy() || !r.strangers.many(r.Now()) {
		return r.account.ID
	}
	return "nobody-" + hex.EncodeToString(r.counters.sum("few", r.account.ID)[:1])
}

// strangersRow is the row of a name that nobody has.
func (r *run) strangersRow() meter {
	sum := r.counters.sum("strangers", r.account.ID)
	record := binary.BigEndian.Uint16(sum) % tableRecords
	return meter{
		key:   "strangers/" + hex.EncodeToString(binary.BigEndian.AppendUint16(nil, record)),
		rule:  inARow(r.Policy.Limits.Consecutive),
		life:  suspended,
		place: 1 + int(binary.BigEndian.Uint16(sum[2:])%tablePlaces),
	}
}
