package recovery_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

func segmentOf(t *testing.T, k *secret.Keys, at recovery.TrailPlace, records int) recovery.Segment {
	t.Helper()
	s := recovery.NewSegment(k, nil, 1, noon)
	for n := range records {
		raw, err := recovery.Loose(recovery.Event{Name: recovery.EventLoginFailed, At: noon, Network: fmt.Sprint("net", n)}, at.Node, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !s.Add(k, at, recovery.Link{Record: raw}) {
			t.Fatalf("no room for record %d", n)
		}
	}
	return s
}

// AU-02: whatever is done to a segment is found, at the record it was done to.
func TestAU02_WhatIsDoneToASegmentIsFound(t *testing.T) {
	k, at := recordKeys(t, "k"), recovery.TrailPlace{Day: "2026-01-01", Node: "node", N: 1}
	const last = 9
	whole := segmentOf(t, k, at, last+1)
	if got := whole.Check(k, at, nil, 1); len(got) > 0 {
		t.Fatalf("untouched: got %v", got)
	}
	other := segmentOf(t, k, at, 1).Records[0]
	for _, i := range []int{0, last / 2, last} {
		for _, tc := range []struct {
			name string
			do   func(r []recovery.Recorded) []recovery.Recorded
			want []recovery.Fault
		}{
			{"edited", func(r []recovery.Recorded) []recovery.Recorded { r[i].Record = other.Record; return r }, []recovery.Fault{{i, recovery.WrongRecord}}},
			{"edited with its MAC", func(r []recovery.Recorded) []recovery.Recorded {
				r[i].Record, r[i].MAC = other.Record, other.MAC
				return r
			}, nil},
			{"with another place in the row of an account", func(r []recovery.Recorded) []recovery.Recorded {
				r[i].Head = &recovery.Head{Number: 7}
				return r
			}, []recovery.Fault{{i, recovery.WrongRecord}}},
			{"dropped", func(r []recovery.Recorded) []recovery.Recorded { return slices.Delete(r, i, i+1) }, []recovery.Fault{{i, recovery.WrongOrder}}},
			{"twice", func(r []recovery.Recorded) []recovery.Recorded { return slices.Insert(r, i, r[i]) }, []recovery.Fault{{i + 1, recovery.WrongOrder}}},
			{"put first", func(r []recovery.Recorded) []recovery.Recorded {
				return slices.Insert(slices.Delete(r, i, i+1), 0, whole.Records[i])
			}, nil},
		} {
			t.Run(fmt.Sprintf("%s at %d", tc.name, i), func(t *testing.T) {
				s := whole
				s.Records = tc.do(slices.Clone(whole.Records))
				got := s.Check(k, at, nil, 1)
				touched := len(s.Records) != len(whole.Records) || !slices.EqualFunc(s.Records, whole.Records, func(a, b recovery.Recorded) bool {
					return string(a.Record) == string(b.Record) && string(a.MAC) == string(b.MAC) && a.Head == b.Head
				})
				cut := len(s.Records) == last && i == last // the end is for the seal
				if touched && !cut && len(got) == 0 || len(tc.want) > 0 && !cut && got[0] != tc.want[0] {
					t.Errorf("got %v, want %v", got, tc.want)
				}
				if cut && string(s.End()) == string(whole.End()) {
					t.Error("a cut segment has the end of the whole one")
				}
			})
		}
	}
}

// A segment is that of its place alone, and without its key nothing is said.
func TestAU02_ASegmentBelongsToItsPlace(t *testing.T) {
	k, at := recordKeys(t, "k"), recovery.TrailPlace{Day: "2026-01-01", Node: "node", N: 1}
	whole := segmentOf(t, k, at, 10)
	for name, elsewhere := range map[string]recovery.TrailPlace{"another day": {"2026-01-02", "node", 1}, "another process": {"2026-01-01", "other", 1}, "another number": {"2026-01-01", "node", 2}} {
		if got := whole.Check(k, elsewhere, nil, 1); len(got) == 0 {
			t.Errorf("as that of %s: got no fault", name)
		}
	}
	if got := whole.Check(k, at, []byte("another end"), 1); len(got) == 0 {
		t.Error("after another segment: got no fault")
	}
	if got := whole.Check(recordKeys(t, "x"), at, nil, 1); len(got) != 1 || got[0].What != recovery.WrongNoKey {
		t.Errorf("without the key: got %v, want that it is not here, and nothing of a change", got)
	}
	if got := whole.Check(recordKeys(t, "x", "k"), at, nil, 1); len(got) > 0 {
		t.Errorf("with a newer key in front: got %v", got)
	}
}

func TestSegmentsHaveAnEnd(t *testing.T) {
	k, at := recordKeys(t, "k"), recovery.TrailPlace{Day: "2026-01-01", Node: "node", N: 1}
	s := segmentOf(t, k, at, 64)
	if s.Add(k, at, recovery.Link{Record: s.Records[0].Record}) {
		t.Error("got a 65th record")
	}
	s = segmentOf(t, k, at, 1)
	if s.Closed = true; s.Add(k, at, recovery.Link{Record: s.Records[0].Record}) {
		t.Error("got a record in a closed segment")
	}
	seal := recovery.Seal{Day: at.Day, Nodes: []recovery.NodeEnd{{Node: "b"}, {Node: "a", Segments: 2}}}
	seal.Sign(k)
	if ok, known := seal.Genuine(k); !ok || !known {
		t.Errorf("got %v, %v, want a genuine seal", ok, known)
	}
	if seal.Nodes[0].Segments = 1; true {
		if ok, _ := seal.Genuine(k); ok {
			t.Error("a changed seal is genuine")
		}
	}
	if _, known := seal.Genuine(recordKeys(t, "x")); known {
		t.Error("a seal is judged without its key")
	}
}
