package recovery

import (
	"cmp"
	"crypto/hmac"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Limits of a segment.
const (
	maxSegment     = 64       // records
	maxSegmentSize = 32 << 10 // bytes of records
)

// TrailPlace is where a segment lies.
type TrailPlace struct {
	Day  string // as 2006-01-02, UTC
	Node string // process that wrote it, and nobody else
	N    int    // of those of that process on that day, from 1 on
}

func (p TrailPlace) text() string { return p.Day + "/" + p.Node + "/" + strconv.Itoa(p.N) }

// Segment is a part of the audit trail: records in the order in which one process
// wrote them.
type Segment struct {
	Key     string     `json:"key"`              // id of the root key of its MACs
	Began   time.Time  `json:"began"`            // by the clock of its process; what is in it may have happened before
	Before  []byte     `json:"before,omitempty"` // end of the segment before, of the same process; empty: it is its first
	First   uint64     `json:"first"`            // number of its first record, of all that process wrote, from 1 on
	Records []Recorded `json:"records"`
	Closed  bool       `json:"closed,omitempty"` // its day is over, and nothing more is written
}

// Recorded is a record in its place.
type Recorded struct {
	Record json.RawMessage `json:"record"`
	Head   *Head           `json:"head,omitempty"` // in the row of its account; nil: it changed none
	MAC    []byte          `json:"mac"`            // of this alone, and its number
	Chain  []byte          `json:"chain"`          // of this and all before it
}

// NewSegment begins a segment after the end of the one before.
func NewSegment(k *secret.Keys, before []byte, first uint64, now time.Time) Segment {
	return Segment{Key: k.ID(), Began: now.UTC().Truncate(time.Millisecond), Before: before, First: first}
}

// Add adds a record, unless there is no room or its key is not here.
func (s *Segment) Add(k *secret.Keys, at TrailPlace, l Link) bool {
	size := len(l.Record)
	for _, r := range s.Records {
		size += len(r.Record)
	}
	return !s.Closed && len(s.Records) < maxSegment && size <= maxSegmentSize && s.add(k, at, l)
}

func (s *Segment) add(k *secret.Keys, at TrailPlace, l Link) bool {
	r := Recorded{Record: l.Record}
	if l.Head.Number > 0 {
		r.Head = &l.Head
	}
	var known bool
	if r.MAC, r.Chain, known = s.sums(k, at, len(s.Records), r); !known {
		return false
	}
	s.Records = append(s.Records, r)
	return true
}

// sums are the MACs that a record has at a place; false: the key is not here.
func (s *Segment) sums(k *secret.Keys, at TrailPlace, i int, r Recorded) (own, chain []byte, known bool) {
	own, known = s.own(k, at, i, r)
	if !known {
		return nil, nil, false
	}
	chain, known = k.MACBy(s.Key, "audit chain", at.text(), s.Began.Format(time.RFC3339Nano), string(s.until(i)), string(own))
	if !known {
		return nil, nil, false
	}
	return own, chain[:macSize], true
}

// own is the MAC of a record alone.
func (s *Segment) own(k *secret.Keys, at TrailPlace, i int, r Recorded) ([]byte, bool) {
	head := cmp.Or(r.Head, &Head{})
	number := strconv.FormatUint(s.First+uint64(i), 10)
	own, known := k.MACBy(s.Key, "audit record", at.Node, number, string(r.Record), strconv.FormatUint(head.Number, 10), head.Key, string(head.MAC))
	if !known {
		return nil, false
	}
	return own[:macSize], true
}

// until is the end of all before a record.
func (s *Segment) until(i int) []byte {
	if i == 0 {
		return s.Before
	}
	return s.Records[i-1].Chain
}

// End is the MAC of all in it and before it.
func (s *Segment) End() []byte { return s.until(len(s.Records)) }

// Next is the number of the record that would follow.
func (s *Segment) Next() uint64 { return s.First + uint64(len(s.Records)) }

// Wrong is what is not as it was written.
type Wrong string

// What can be wrong with the trail.
const (
	WrongRecord  Wrong = "changed"    // a record is not what was written
	WrongOrder   Wrong = "order"      // it does not follow on the one before: one was taken out, put in or moved
	WrongEnd     Wrong = "cut"        // records, segments or days are missing at an end
	WrongMissing Wrong = "missing"    // a segment is not there
	WrongStray   Wrong = "stray"      // a segment is there that nobody wrote down, or written to after the end of its day
	WrongSeal    Wrong = "seal"       // the seal of a day is missing, or not what was written
	WrongAccount Wrong = "account"    // the row of an account has a gap, or ends before the account says
	WrongNoKey   Wrong = "no key"     // nothing can be said: the key it was made with is not here
	WrongLog     Wrong = "log"        // a head that the log has is not in the trail
	WrongOpen    Wrong = "unreadable" // a record of the store does not open
)

// Fault is something wrong at one record.
type Fault struct {
	Index int // in the segment
	What  Wrong
}

// Check compares a segment with its own MACs, and with the end of the one before.
func (s *Segment) Check(k *secret.Keys, at TrailPlace, before []byte, first uint64) []Fault {
	if len(s.Records) == 0 {
		return []Fault{{0, WrongEnd}}
	}
	var out []Fault
	if !hmac.Equal(s.Before, before) || s.First != first {
		out = append(out, Fault{0, WrongOrder})
	}
	for i, r := range s.Records {
		own, chain, known := s.sums(k, at, i, r)
		switch {
		case !known:
			return append(out, Fault{i, WrongNoKey})
		case !hmac.Equal(own, r.MAC) && s.elsewhere(k, at, i):
			out = append(out, Fault{i, WrongOrder})
		case !hmac.Equal(own, r.MAC):
			out = append(out, Fault{i, WrongRecord})
		case !hmac.Equal(chain, r.Chain) && !slices.Contains(out, Fault{i, WrongOrder}):
			out = append(out, Fault{i, WrongOrder})
		}
	}
	return out
}

// elsewhere tells whether a record was written as it is, with another number.
func (s *Segment) elsewhere(k *secret.Keys, at TrailPlace, i int) bool {
	for n := range maxSegment + 1 {
		if own, _ := s.own(k, at, n, s.Records[i]); n != i && hmac.Equal(own, s.Records[i].MAC) {
			return true
		}
	}
	return false
}

// NodeEnd is where a process stopped on a day.
type NodeEnd struct {
	Node     string `json:"node"`
	Segments int    `json:"segments"`
	Next     uint64 `json:"next"` // number of the record that would have followed
	End      []byte `json:"end"`
}

// Seal says of a day that is over what there is of it.
type Seal struct {
	Day    string    `json:"day"`
	Before string    `json:"before,omitempty"` // the sealed day before; empty: it is the first
	Prev   []byte    `json:"prev,omitempty"`   // MAC of that seal
	Nodes  []NodeEnd `json:"nodes"`            // by name
	Key    string    `json:"key"`
	MAC    []byte    `json:"mac"`
}

// Sign makes the MAC of a seal.
func (s *Seal) Sign(k *secret.Keys) {
	var mac []byte
	slices.SortFunc(s.Nodes, func(a, b NodeEnd) int { return cmp.Compare(a.Node, b.Node) })
	s.Key, mac = k.MACNewest("audit seal", s.parts()...)
	s.MAC = mac[:macSize]
}

// Genuine tells whether a seal is as it was signed; known is false when the key
// that would tell is not here.
func (s *Seal) Genuine(k *secret.Keys) (ok, known bool) {
	mac, known := k.MACBy(s.Key, "audit seal", s.parts()...)
	return known && hmac.Equal(mac[:macSize], s.MAC), known
}

func (s *Seal) parts() []string {
	parts := []string{s.Day, s.Before, string(s.Prev)}
	for _, n := range s.Nodes {
		parts = append(parts, n.Node, strconv.Itoa(n.Segments), strconv.FormatUint(n.Next, 10), string(n.End))
	}
	return parts
}
