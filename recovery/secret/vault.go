package secret

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/argon2"
)

// Errors of [OpenVault] and of reading what it returns.
var (
	ErrNoVault     = errors.New("the file is no backup of Sparekey, or one of a later version")
	ErrPassphrase  = errors.New("the passphrase is not the one of this file, or the beginning of the file was changed")
	ErrVaultBroken = errors.New("the file was changed or cut off")
)

const (
	vaultMagic = "sparekey backup 1\n"
	vaultChunk = 64 << 10
	vaultHead  = len(vaultMagic) + 4 + 4 + 1 + saltSize
)

// VaultCost is t=4, m=256 MiB: a file that lies about for years is worth more
// patience than a sign-in.
func VaultCost() HashParams { return HashParams{Time: 4, Memory: 256 << 10, Threads: 1} }

// vault is a file that a passphrase seals: chunks of AES-256-GCM, numbered, the last
// one marked, so that none can be changed, moved, left out or cut off.
type vault struct {
	aead cipher.AEAD
	head []byte
	n    uint64
}

func newVault(head []byte, passphrase string) (*vault, error) {
	costs := head[len(vaultMagic):]
	p := HashParams{Time: binary.BigEndian.Uint32(costs), Memory: binary.BigEndian.Uint32(costs[4:]), Threads: costs[8]}
	if p.Time == 0 || p.Time > 20 || p.Memory == 0 || p.Memory > 1<<20 || p.Threads == 0 || p.Threads > 16 {
		return nil, ErrNoVault
	}
	key := argon2.IDKey([]byte(passphrase), costs[9:], p.Time, p.Memory, p.Threads, KeySize)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	return &vault{aead: aead, head: head}, err
}

// nonce is that of the next chunk. The key is the file's own, by its salt.
func (v *vault) nonce(last bool) []byte {
	nonce := make([]byte, v.aead.NonceSize())
	binary.BigEndian.PutUint64(nonce[3:], v.n)
	if last {
		nonce[11] = 1
	}
	v.n++
	return nonce
}

type vaultWriter struct {
	*vault
	to  io.Writer
	buf bytes.Buffer
}

// SealVault seals what is written to it with a passphrase. Close writes the end,
// without which the file does not open.
func SealVault(to io.Writer, passphrase string, cost HashParams) (io.WriteCloser, error) {
	head := []byte(vaultMagic)
	head = binary.BigEndian.AppendUint32(head, cost.Time)
	head = binary.BigEndian.AppendUint32(head, cost.Memory)
	head = append(head, cost.Threads)
	salt := make([]byte, saltSize)
	rand.Read(salt)
	head = append(head, salt...)
	v, err := newVault(head, passphrase)
	if err != nil {
		return nil, err
	}
	_, err = to.Write(head)
	return &vaultWriter{vault: v, to: to}, err
}

func (w *vaultWriter) Write(p []byte) (int, error) {
	w.buf.Write(p)
	for w.buf.Len() > vaultChunk {
		if err := w.chunk(w.buf.Next(vaultChunk), false); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (w *vaultWriter) chunk(plain []byte, last bool) error {
	_, err := w.to.Write(w.aead.Seal(nil, w.nonce(last), plain, w.head))
	return err
}

// Close implements io.Closer.
func (w *vaultWriter) Close() error { return w.chunk(w.buf.Bytes(), true) }

// VaultReader reads a sealed file.
type VaultReader struct {
	*vault
	from *bufio.Reader
	rest []byte
	done bool
}

// OpenVault reads what [SealVault] has sealed. Nothing is returned of a chunk that was
// changed; that a file was cut off shows at its end, so read it to the end before
// anything is done with it.
func OpenVault(from io.Reader, passphrase string) (*VaultReader, error) {
	head := make([]byte, vaultHead)
	if _, err := io.ReadFull(from, head); err != nil || !bytes.HasPrefix(head, []byte(vaultMagic)) {
		return nil, ErrNoVault
	}
	v, err := newVault(head, passphrase)
	if err != nil {
		return nil, err
	}
	r := &VaultReader{vault: v}
	return r, r.begin(from)
}

// begin reads the first chunk.
func (r *VaultReader) begin(from io.Reader) error {
	r.n, r.rest, r.done, r.from = 0, nil, false, bufio.NewReaderSize(from, 2*vaultChunk)
	err := r.next()
	if errors.Is(err, ErrVaultBroken) {
		return ErrPassphrase
	}
	return err
}

// Again reads the same file from its beginning on.
func (r *VaultReader) Again(from io.Reader) error {
	head := make([]byte, vaultHead)
	if _, err := io.ReadFull(from, head); err != nil || !bytes.Equal(head, r.head) {
		return ErrVaultBroken
	}
	return r.begin(from)
}

// Read implements io.Reader.
func (r *VaultReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.done {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// next opens a chunk. It is the last one when nothing follows.
func (r *VaultReader) next() error {
	sealed := make([]byte, vaultChunk+r.aead.Overhead())
	n, err := io.ReadFull(r.from, sealed)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the file: %w", err)
	}
	_, end := r.from.Peek(1)
	r.done = end != nil
	r.rest, err = r.aead.Open(nil, r.nonce(r.done), sealed[:n], r.head)
	if err != nil {
		r.rest, r.done = nil, true
		return ErrVaultBroken
	}
	return nil
}
