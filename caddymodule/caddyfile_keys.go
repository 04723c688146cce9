package caddymodule

import "github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

// secondAdmin asks a second administrator.
func (a *App) secondAdmin(d *caddyfile.Dispenser) error {
	if a.SecondAdmin {
		return d.Err("second_admin is there twice: write it once")
	}
	var word string
	if !d.AllArgs(&word) || word != "on" {
		return reads(d, "second_admin on")
	}
	a.SecondAdmin = true
	return nil
}

// adminKeys lets administrators make access keys for others.
func (a *App) adminKeys(d *caddyfile.Dispenser) error {
	if a.AdminKeys {
		return d.Err("admin_keys is there twice: write it once")
	}
	var word string
	if !d.AllArgs(&word) || word != "on" {
		return reads(d, "admin_keys on")
	}
	a.AdminKeys = true
	return nil
}
