package boltkv

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// record is what is stored under a key:
//
//	4 bytes  CRC-32C of the key, the expiry and the value
//	8 bytes  expiry in Unix milliseconds, 0 for never
//	rest     value
//
// bbolt has checksums on its two meta pages only. The one here finds turned
// bits in keys, values and expiries, which would otherwise look like a record
// that is not there. It guards against accidents; sealing is done above.
type record struct {
	expires int64
	value   []byte
}

const headerSize = 4 + 8

func encode(key string, r record) []byte {
	stored := make([]byte, headerSize, headerSize+len(r.value))
	binary.BigEndian.PutUint64(stored[4:], uint64(r.expires))
	stored = append(stored, r.value...)
	binary.BigEndian.PutUint32(stored, checksum(key, stored[4:]))
	return stored
}

// decode returns a record whose value aliases stored, or [ErrDamaged] and
// [kv.ErrDamaged].
func decode(key string, stored []byte) (record, error) {
	if len(stored) < headerSize {
		return record{}, fmt.Errorf("%w: %w: a record is only %d bytes long", ErrDamaged, kv.ErrDamaged, len(stored))
	}
	if binary.BigEndian.Uint32(stored) != checksum(key, stored[4:]) {
		return record{}, fmt.Errorf("%w: %w: its checksum is wrong", ErrDamaged, kv.ErrDamaged)
	}
	return record{
		expires: int64(binary.BigEndian.Uint64(stored[4:])),
		value:   stored[headerSize:],
	}, nil
}

func checksum(key string, rest []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli) // made once by the package
	return crc32.Update(crc32.Checksum([]byte(key), table), table, rest)
}
