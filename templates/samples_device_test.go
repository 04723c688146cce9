package templates_test

import (
	"time"

	"github.com/caddy-sparekey/sparekey/templates"
)

// deviceSamples are the pages of a browser that asks to be let in, and of the one
// that is asked.
func deviceSamples() []sample {
	wait := templates.DeviceWaitPage{
		Ways:  templates.Ways{Method: "device", Methods: []string{"totp", "recovery_code"}},
		State: "waiting", Waits: true, Number: "42", Asks: templates.AsksFactor, Link: "https://photos.example.com/.sparekey/account/approve",
	}
	others, coded, approved, ended := wait, wait, wait, wait
	others.Others, others.Asks = true, templates.AsksPassword
	found := wait
	found.Number, found.Code, found.Asks = "", "K7QM-4XRT", templates.AsksAny
	coded.State, coded.Waits, coded.Coded = "coded", false, true
	approved.State, approved.Waits, approved.Approved = "approved", false, true
	ended.State, ended.Waits = "not_me", false
	asks := templates.DeviceRequest{
		ID: "r", State: "waiting", Browser: "Firefox on Linux", Network: "192.0.2.7", Host: "photos.example.com", App: "photos.example.com/album",
		At: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC),
	}
	near, made, used := asks, asks, asks
	near.SameNetwork, near.Others = true, true
	lost := asks
	lost.For, lost.App = "second_factor", ""
	made.State, made.Code, made.Left = "coded", "K7QM-4XRT", 3*time.Minute
	used.State = "used"
	refused := used
	refused.State = "not_me"
	known := func() templates.Frame { return site(templates.Frame{Start: "let_in", SignedIn: true}) }
	return []sample{
		{"device-wait", running(), wait},
		{"device-wait-others", running(), others},
		{"device-wait-find", running(), found},
		{"device-approve-none", known(), templates.DevicePage{None: true}},
		{"device-approve-young", known(), templates.DevicePage{None: true, Why: "device_young"}},
		{"device-approve-find", known(), templates.DevicePage{ByCode: true}},
		{"device-wait-code", running(), coded},
		{"device-wait-approved", running(), approved},
		{"device-wait-refused", running(), ended},
		{"device-approve", known(), templates.DevicePage{Request: &asks}},
		{"device-approve-near", known(), templates.DevicePage{Request: &near}},
		{"device-approve-recover", owned(), templates.DevicePage{Request: &lost, HandOver: true, Found: true}},
		{"device-approve-last", owned(), templates.DevicePage{Request: &asks, HandOver: true}},
		{"device-approve-code", known(), templates.DevicePage{Request: &made}},
		{"device-approve-refused", known(), templates.DevicePage{Request: &refused}},
		{"device-approve-used", known(), templates.DevicePage{Request: &used}},
	}
}
