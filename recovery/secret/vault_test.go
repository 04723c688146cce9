package secret_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

const phrase = "correct horse battery"

func sealed(t *testing.T, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := secret.SealVault(&b, phrase, secret.HashParams{Time: 1, Memory: 64, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	for part := range bytes.SplitAfterSeq(plain, []byte{0}) { // in pieces of any size
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func opened(file []byte, passphrase string) ([]byte, error) {
	r, err := secret.OpenVault(bytes.NewReader(file), passphrase)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestVault(t *testing.T) {
	t.Parallel()
	const chunk = 64 << 10
	for _, n := range []int{0, 1, chunk - 1, chunk, chunk + 1, 3*chunk + 7} {
		plain := make([]byte, n)
		rand.Read(plain)
		file := sealed(t, plain)
		if got, err := opened(file, phrase); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: got %d, %v", n, len(got), err)
		}
		if _, err := opened(file, phrase+" "); !errors.Is(err, secret.ErrPassphrase) {
			t.Errorf("%d bytes, another passphrase: got %v", n, err)
		}
		for _, at := range []int{0, 20, 30, len(file) / 2, len(file) - 1} {
			flipped := bytes.Clone(file)
			flipped[at] ^= 1
			if got, err := opened(flipped, phrase); err == nil {
				t.Errorf("%d bytes, one bit at %d: got %d bytes and no error", n, at, len(got))
			}
		}
		for _, cut := range []int{1, 16, 17, len(file) / 2, len(file) - 1, chunk + 16} {
			if cut < len(file) {
				if got, err := opened(file[:len(file)-cut], phrase); err == nil {
					t.Errorf("%d bytes, the last %d cut off: got %d bytes and no error", n, cut, len(got))
				}
			}
		}
		if _, err := opened(append(bytes.Clone(file), 0), phrase); err == nil {
			t.Errorf("%d bytes, and one more: no error", n)
		}
	}
	if _, err := opened([]byte("PK\x03\x04"), phrase); !errors.Is(err, secret.ErrNoVault) {
		t.Errorf("another file: got %v", err)
	}
}

// Chunks that change places do not open, nor does one that is left out.
func TestVaultChunksKeepTheirPlaces(t *testing.T) {
	t.Parallel()
	const head, chunk = 43, 64<<10 + 16
	file := sealed(t, make([]byte, 3*(64<<10)))
	a, b := file[head:head+chunk], file[head+chunk:head+2*chunk]
	swapped := bytes.Join([][]byte{file[:head], b, a, file[head+2*chunk:]}, nil)
	missing := bytes.Join([][]byte{file[:head+chunk], file[head+2*chunk:]}, nil)
	for name, f := range map[string][]byte{"swapped": swapped, "left out": missing} {
		if _, err := opened(f, phrase); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzOpenVault(f *testing.F) {
	f.Add([]byte("sparekey backup 1\n\x00\x00\x00\x01\x00\x00\x00\x40\x01saltsaltsaltsaltx"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > 26 { // costs are the file's: not so dear here
			file[18], file[19], file[20], file[22], file[23], file[24] = 0, 0, 0, 0, 0, 0
		}
		if _, err := opened(file, phrase); err == nil {
			t.Error("a file opens that nobody has sealed")
		}
	})
}
