package caddymodule

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// keyFile lies beside the store: a copy of the folder is a copy of the key.
const keyFile = "sparekey.key"

// rootKeys reads the configured keys, or the generated one, and those of backups.
func (a *App) rootKeys() (*secret.Keys, error) {
	roots, err := a.roots()
	if err != nil {
		return nil, err
	}
	return secret.NewKeys(roots...)
}

// configuredRoots reads "secret". The first seals, and has to be a key; one behind
// it only opens what is sealed already.
func (a *App) configuredRoots() (roots, error) {
	var out roots
	for i, s := range a.Secrets {
		text, ends, err := cutUntil(i, s)
		if err != nil {
			return nil, a.at(err)
		}
		if text, err = replaced("secret", text); err != nil {
			return nil, a.at(err)
		}
		root, err := readSecret(i, text)
		if err != nil {
			return nil, a.at(err)
		}
		out = append(out, rootKey{root, ends})
	}
	return out, nil
}

func readSecret(i int, text string) ([]byte, error) {
	read := readKey
	if i > 0 {
		read = readOldKey
	}
	root, err := read(text)
	if err != nil {
		return nil, &notify.OptionError{Option: "secret", Err: fmt.Errorf("secret %d %w", i+1, err)}
	}
	return root, nil
}

// secret reads the root keys. One that is written down as it is can be looked at
// already.
func (a *App) secret(d *caddyfile.Dispenser) error {
	if a.Secrets = withUntil(d.RemainingArgs()); len(a.Secrets) == 0 {
		return reads(d, "secret VALUE [until DATE]..., the newest in front, such as secret {env.SPAREKEY_SECRET}")
	}
	for i, text := range a.Secrets {
		text, _, err := cutUntil(i, text)
		if err == nil && literal(text) {
			_, err = readSecret(i, text)
		}
		if err != nil {
			return d.WrapErr(err)
		}
	}
	return nothingMore(d, "secret VALUE [until DATE]...")
}

// Errors of a secret, which is never shown.
var (
	errNoKey = errors.New("is not a key: it must be 32 random bytes as hex or base64; make one with: openssl rand -hex 32")
	errText  = errors.New("is a text, and texts can be guessed: make a key with \"openssl rand -hex 32\", put it in front of this text, " +
		"run: caddy sparekey rekey, and take the text away")
)

// readKey takes 32 bytes as hex or base64.
func readKey(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != secret.KeySize {
		b, err = base64.StdEncoding.DecodeString(text)
	}
	switch {
	case err == nil && len(b) == secret.KeySize:
		return b, nil
	case len(text) >= longText:
		return nil, errText
	}
	return nil, errNoKey
}

// longText is from how many characters on versions before took a text as a key.
const longText = 32

// readOldKey also takes what versions before did: a longer text, hashed.
func readOldKey(text string) ([]byte, error) {
	b, err := readKey(text)
	if !errors.Is(err, errText) {
		return b, err
	}
	sum := sha256.Sum256([]byte("sparekey root key " + strings.TrimSpace(text)))
	return sum[:], nil
}

// generatedKey reads the key beside the store or makes one. The file is
// written under another name first, so that a crash leaves a whole key or
// none.
func generatedKey(path string) ([]byte, error) {
	root, err := keyOf(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path)
	}
	return root, err
}

// keyOf reads the key beside the store. Without one it is [fs.ErrNotExist].
func keyOf(path string) ([]byte, error) {
	if err := ownerOnly(path); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path) //nolint:gosec // the path comes from the configuration
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	root, err := readKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("key file %s %w", path, err)
	}
	return root, nil
}

// judgeKeys refuses keys that a start would refuse. It makes none, and what
// another user may not read is for that user to find.
func (a *App) judgeKeys() error {
	if len(a.Secrets) > 0 {
		_, err := a.configuredRoots()
		return err
	}
	_, err := keyOf(filepath.Join(a.store.Folder(), keyFile))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}

func makeKey(path string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	root := secret.NewRoot()
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // 0600 by itself
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone already when all went well
	_, err1 := f.WriteString(hex.EncodeToString(root) + "\n")
	err2 := f.Sync()
	err3 := f.Close()
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	// A link, not a rename: of two Caddys that start at once one wins, and the
	// other reads what the first wrote.
	if err := os.Link(f.Name(), path); errors.Is(err, fs.ErrExist) {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("key file %s is a link to nothing: put the key where it leads, or remove it", path)
		}
		return generatedKey(path)
	} else if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	return root, nil
}

// ownerOnly looks at a file before it is opened: a pipe in its place would wait
// for a writer, and the start with it.
func ownerOnly(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("key file %s is not a file: move it away, and put the key there", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("key file %s may be read by others (mode %o): chmod 600 it", path, info.Mode().Perm())
	}
	return nil
}
