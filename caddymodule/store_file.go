package caddymodule

import (
	"log/slog"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/boltkv"
)

// storeFile is the default name of the file.
const storeFile = "sparekey.db"

// FileStore keeps everything in one file: the default, for one Caddy.
type FileStore struct {
	// Path of the file; placeholders are replaced. Default: sparekey/sparekey.db
	// in Caddy's data folder.
	Path string `json:"path,omitempty"`

	written
	place written // what written was, which must not tell one store from another
}

// CaddyModule returns the Caddy module information.
func (*FileStore) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "sparekey.stores.file", New: func() caddy.Module { return new(FileStore) }}
}

// Provision replaces placeholders, or fills in the default path.
func (s *FileStore) Provision(caddy.Context) error {
	s.place, s.written = s.written, written{}
	if s.Path == "" {
		s.Path = filepath.Join(dataFolder(), storeFile)
	}
	return s.place.at(fill(option{"store file", &s.Path}))
}

// Judge looks at what lies there, and opens and makes nothing. It is not Validate,
// which would keep doctor from saying what is wrong with it.
func (s *FileStore) Judge() error { return s.place.at(boltkv.CheckPath(s.Path)) }

// Open implements Store.
func (s *FileStore) Open(log *slog.Logger) (kv.Driver, error) {
	return boltkv.Open(s.Path, boltkv.Options{Logger: log})
}

// Place implements Store.
func (s *FileStore) Place() string { return s.Path }

// Exclusive says that no other process can have the store open.
func (*FileStore) Exclusive() {}

// Address is for people who look for the store.
func (s *FileStore) Address() string { return "file " + s.Path }

// Folder implements Store.
func (s *FileStore) Folder() string { return filepath.Dir(s.Path) }

// UnmarshalCaddyfile sets up the store from Caddyfile tokens:
//
//	store file [PATH]
func (s *FileStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	const form = "store file [PATH]"
	d.Next()
	s.begin(d)
	if d.NextArg() {
		s.Path = d.Val()
	}
	if d.NextArg() {
		return reads(d, form)
	}
	return nothingMore(d, form)
}

// Interface guards
var (
	_ Store                 = (*FileStore)(nil)
	_ caddy.Provisioner     = (*FileStore)(nil)
	_ caddyfile.Unmarshaler = (*FileStore)(nil)
)
