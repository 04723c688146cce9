package recovery

import "time"

// backGeneration is far above what a generation reaches by itself: what was given
// out between a backup and its return carries none that counts.
const backGeneration = 1 << 20

// BringBack makes an account of a backup one that can be used: sessions, links,
// waits, known browsers and what administrators had not finished are void, and access
// keys are suspended, among which there may be revoked ones. Notices that were owed then have gone out long ago.
func (a *Account) BringBack() {
	untouched := a.Untouched()
	a.Generation += backGeneration
	a.EndEverything()
	a.Devices, a.Begun, a.Owed = nil, nil, nil
	a.OldCodes, a.UnfreezeWith = nil, nil
	a.Invited, a.Proposals, a.Demotion = time.Time{}, nil, nil
	a.Revision++
	if untouched {
		a.asImported()
	}
}
