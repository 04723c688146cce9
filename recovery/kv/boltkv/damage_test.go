package boltkv_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/caddy-sparekey/sparekey/recovery/kv/boltkv"
)

// sample writes a store with branch pages, an overflow page and free pages,
// and returns the bytes of the file and what it holds.
func sample(t *testing.T, records int) (file []byte, want map[string]string) {
	t.Helper()
	path := tempPath(t)
	d := open(t, path, boltkv.Options{})
	want = make(map[string]string)
	for i := range records {
		key, value := fmt.Sprintf("account/%03d", i), strings.Repeat("v", 400+i)
		put(t, d, key, value, time.Duration(i%2)*time.Hour)
		want[key] = value
	}
	if records > 10 {
		want["big"] = strings.Repeat("b", 10_000)
		put(t, d, "big", want["big"], 0)
		if _, err := d.Swap(t.Context(), "account/005", []byte(want["account/005"]), nil, 0); err != nil {
			t.Fatal(err)
		}
		delete(want, "account/005")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file, want
}

// openBytes opens a store with the given bytes.
func openBytes(t *testing.T, path string, file []byte) (*boltkv.Driver, error) {
	t.Helper()
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return boltkv.Open(path, boltkv.Options{})
}

// wantRefused checks the error of a damaged file, and that the file is left
// as it was.
func wantRefused(t *testing.T, path string, file []byte, err error) {
	t.Helper()
	if !errors.Is(err, boltkv.ErrDamaged) {
		t.Fatalf("Open: got %v, want %v", err, boltkv.ErrDamaged)
	}
	for _, word := range []string{path, "restore the newest backup"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("Open: got %q, want it to name %q", err, word)
		}
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, file) {
		t.Errorf("the damaged file was changed (%v)", err)
	}
}

// wantWhole checks that d holds exactly want, still takes a write, and closes
// it.
func wantWhole(t *testing.T, d *boltkv.Driver, want map[string]string) {
	t.Helper()
	keys, err := d.Keys(t.Context(), "")
	if err != nil || len(keys) != len(want) {
		t.Errorf("Keys: got %d, %v, want %d", len(keys), err, len(want))
	}
	for key, value := range want {
		if got, err := d.Get(t.Context(), key); err != nil || string(got) != value {
			t.Errorf("Get(%q): got %d bytes, %v, want %d", key, len(got), err, len(value))
		}
	}
	put(t, d, "further", "x", 0)
	if err := d.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestTruncated(t *testing.T) {
	file, want := sample(t, 60)
	path := tempPath(t)
	refused := 0
	for i := range 50 {
		size := i * len(file) / 50
		if i%2 == 1 {
			size &^= 4095 // as a file system that lost the end would leave it
		}
		d, err := openBytes(t, path, file[:size])
		if err == nil {
			// bbolt makes files longer than needed; nothing was in that end.
			wantWhole(t, d, want)
			continue
		}
		refused++
		wantRefused(t, path, file[:size], err)
	}
	if refused < 30 {
		t.Errorf("refused %d of 50, want most", refused)
	}
}

// TestFlippedBytes: whatever byte is wrong, the store is refused or complete.
func TestFlippedBytes(t *testing.T) {
	t.Parallel()
	stores := []struct {
		name       string
		records    int
		stride     int
		minRefused int // that many offsets surely hit bytes in use
	}{
		{"one inline page", 4, 67, 20},
		{"a tree", 60, 331, 80},
	}
	for _, s := range stores {
		t.Run(s.name, func(t *testing.T) {
			file, want := sample(t, s.records)
			path := tempPath(t)
			refused := 0
			for offset := 3; offset < len(file); offset += s.stride {
				damaged := bytes.Clone(file)
				damaged[offset] ^= 1 << (offset % 8)
				d, err := openBytes(t, path, damaged)
				if err == nil {
					wantWhole(t, d, want)
				} else {
					refused++
					wantRefused(t, path, damaged, err)
				}
				if t.Failed() {
					t.Fatalf("with byte %d of %d flipped", offset, len(file))
				}
			}
			if refused < s.minRefused {
				t.Errorf("refused %d files, want %d at least", refused, s.minRefused)
			}
		})
	}
}

func TestDamagedMetaPages(t *testing.T) {
	file, _ := sample(t, 4)
	path := tempPath(t)
	page := os.Getpagesize()
	const magic, checksum = 16, 16 + 64 - 1
	for _, offset := range []int{magic, 40, checksum, page + magic, page + 40, page + checksum} {
		t.Run(fmt.Sprintf("byte %d", offset), func(t *testing.T) {
			damaged := bytes.Clone(file)
			damaged[offset]++
			_, err := openBytes(t, path, damaged)
			wantRefused(t, path, damaged, err)
		})
	}
}

// TestMisleadingBranch: with a wrong key on a branch page a record would not
// be found any more.
func TestMisleadingBranch(t *testing.T) {
	file, _ := sample(t, 60)
	order, page := binary.NativeEndian, os.Getpagesize()
	refused := 0
	for start := 2 * page; start < len(file); start += page {
		const branchPage = 1
		if order.Uint16(file[start+8:]) != branchPage || order.Uint16(file[start+10:]) < 2 {
			continue
		}
		second := start + 16 + 16
		end := second + int(order.Uint32(file[second:])) + int(order.Uint32(file[second+4:]))
		damaged, path := bytes.Clone(file), tempPath(t)
		damaged[end-1]++ // of the first key of its child
		d, err := openBytes(t, path, damaged)
		if err == nil { // it is an old copy on a free page
			if err := d.Close(); err != nil {
				t.Error(err)
			}
			continue
		}
		refused++
		wantRefused(t, path, damaged, err)
	}
	if refused != 1 {
		t.Errorf("refused with %d branch pages, want the one in use", refused)
	}
}

// TestDamagedFreelist: bbolt would write over the pages of live records.
func TestDamagedFreelist(t *testing.T) {
	file, _ := sample(t, 60)
	order, page := binary.NativeEndian, os.Getpagesize()
	meta := file[16:]
	if other := file[page+16:]; order.Uint64(other[48:]) > order.Uint64(meta[48:]) {
		meta = other
	}
	list := int(order.Uint64(meta[32:])) * page
	count := order.Uint16(file[list+10:])
	if count < 2 {
		t.Fatalf("free pages: got %d, want some", count)
	}
	last := list + 16 + 8*int(count-1)
	tests := []struct {
		name   string
		damage func(file []byte)
	}{
		{"one too few", func(file []byte) { order.PutUint16(file[list+10:], count-1) }},
		{"one too many", func(file []byte) { order.PutUint16(file[list+10:], count+1) }},
		{"endless", func(file []byte) {
			order.PutUint16(file[list+10:], 0xffff)
			order.PutUint64(file[list+16:], 1<<40)
		}},
		{"a page of records", func(file []byte) { order.PutUint64(file[last:], order.Uint64(meta[16:])) }},
		{"the same page twice", func(file []byte) { copy(file[last:last+8], file[last-8:]) }},
		{"a meta page", func(file []byte) { order.PutUint64(file[last:], 1) }},
		{"no page", func(file []byte) { order.PutUint64(file[last:], 1<<40) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			damaged, path := bytes.Clone(file), tempPath(t)
			tt.damage(damaged)
			_, err := openBytes(t, path, damaged)
			wantRefused(t, path, damaged, err)
		})
	}
}

func TestNoStore(t *testing.T) {
	tests := []struct {
		name string
		file []byte
	}{
		{"empty file", nil},
		{"one byte", []byte("x")},
		{"zeros", make([]byte, 32<<10)},
		{"text", bytes.Repeat([]byte("not a store\n"), 4000)},
		{"another bbolt file", foreign(t)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := tempPath(t)
			_, err := openBytes(t, path, tt.file)
			wantRefused(t, path, tt.file, err)
		})
	}
}

// foreign returns a sound bbolt file that is none of ours.
func foreign(t *testing.T) []byte {
	t.Helper()
	path := tempPath(t)
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("others"))
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestCutWhileOpen: the mapped memory of the file goes away under the driver.
func TestCutWhileOpen(t *testing.T) {
	path := tempPath(t)
	d := open(t, path, boltkv.Options{})
	for i := range 40 {
		put(t, d, fmt.Sprint(i), strings.Repeat("v", 2000), 0)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"1", "39", "none"} {
		if got, err := d.Get(t.Context(), key); got != nil || !errors.Is(err, boltkv.ErrDamaged) {
			t.Errorf("Get: got %q, %v, want %v", got, err, boltkv.ErrDamaged)
		}
	}
	if ok, err := d.Swap(t.Context(), "k", nil, []byte("x"), 0); ok || !errors.Is(err, boltkv.ErrDamaged) {
		t.Errorf("Swap: got %v, %v, want %v", ok, err, boltkv.ErrDamaged)
	}
	if d.Live() {
		t.Error("Live: got true, want false")
	}
	if err := d.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	_, err := boltkv.Open(path, boltkv.Options{})
	wantRefused(t, path, []byte{}, err)
}

// TestRecordDamagedWhileOpen: one record is bad, the others are still served.
func TestRecordDamagedWhileOpen(t *testing.T) {
	path := tempPath(t)
	d := open(t, path, boltkv.Options{})
	put(t, d, "bad", "find me", 0)
	put(t, d, "good", "value", 0)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.ReplaceAll(file, []byte("find me"), []byte("find mE"))
	if slices.Equal(damaged, file) {
		t.Fatal("the value is not in the file")
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(damaged); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Get(t.Context(), "bad"); got != nil || !errors.Is(err, boltkv.ErrDamaged) {
		t.Errorf("Get: got %q, %v, want %v", got, err, boltkv.ErrDamaged)
	}
	for _, old := range []string{"find me", "find mE"} {
		if ok, err := d.Swap(t.Context(), "bad", []byte(old), []byte("x"), 0); ok || !errors.Is(err, boltkv.ErrDamaged) {
			t.Errorf("Swap: got %v, %v, want %v", ok, err, boltkv.ErrDamaged)
		}
	}
	if got, err := d.Get(t.Context(), "good"); err != nil || string(got) != "value" {
		t.Errorf("Get: got %q, %v, want %q", got, err, "value")
	}
}
