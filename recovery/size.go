package recovery

import (
	"encoding/json"
	"slices"
)

// Sizes of the record of an account, in bytes of JSON. It is replaced in one write,
// and read for each request that no cache answers.
const (
	LargeRecord = 24 << 10 // an operator is told of it
	FullRecord  = 32 << 10 // nothing is added to it
)

// Size is that of the record, without what it owes the audit trail: that is little,
// and gone in a second. It is the one measure of it.
func (a *Account) Size() int {
	without := *a
	without.Trail.Owed = nil
	b, err := json.Marshal(&without)
	if err != nil {
		panic(err) // plain data always marshals
	}
	return len(b)
}

// Within makes an edit one that adds nothing to a record that is full: it returns
// ErrFull where that has grown. What ends all sessions makes room, and is let through.
func Within(edit func(*Account) error) func(*Account) error {
	return func(a *Account) error {
		size, generation := a.Size(), a.Generation
		if err := edit(a); err != nil {
			return err
		}
		if now := a.Size(); now > FullRecord && now > size && a.Generation == generation {
			return ErrFull
		}
		return nil
	}
}

// makeRoom ends what was used last the longest ago beside one session, until that
// fits into the record, and names the browsers. A sign-in is never refused for want
// of room.
func (a *Account) makeRoom(own *Session) (gone []Thing) {
	id, device := own.ID, own.Device
	for a.Size() > FullRecord {
		devices := slices.DeleteFunc(slices.Clone(a.Devices), func(d Device) bool { return d.ID == device })
		sessions := slices.DeleteFunc(slices.Clone(a.Sessions), func(s Session) bool { return s.ID == id })
		switch {
		case len(devices) > 0:
			oldest := slices.MinFunc(devices, func(x, y Device) int { return x.Seen.Compare(y.Seen) })
			a.Forget(oldest.ID)
			gone = append(gone, called(oldest.Label, oldest.Browser))
		case len(sessions) > 0:
			oldest := slices.MinFunc(sessions, func(x, y Session) int { return x.Seen.Compare(y.Seen) })
			a.Sessions = slices.DeleteFunc(a.Sessions, func(s Session) bool { return s.ID == oldest.ID })
			gone = append(gone, called("", oldest.Browser))
		default:
			return gone
		}
	}
	return gone
}
