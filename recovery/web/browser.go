package web

import (
	"slices"
	"strings"

	"github.com/mileusna/useragent"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// browser names a browser for its owner: "Firefox on Linux". Both words come
// from the lists below, because the owner reads them in mails and everybody may
// send any User-Agent.
func browser(agent string) string {
	ua := useragent.Parse(agent[:min(len(agent), 512)])
	name := strings.TrimPrefix(ua.Name, "Mobile ")
	switch {
	case !slices.Contains(browsers(), name):
		return recovery.UnknownBrowser
	case !slices.Contains(systems(), ua.OS):
		return name
	}
	return name + " on " + ua.OS
}

func browsers() []string {
	return []string{
		useragent.Chrome, useragent.Edge, useragent.Firefox, useragent.Safari, useragent.Opera, useragent.OperaMini, useragent.OperaTouch,
		useragent.SamsungBrowser, useragent.Vivaldi, useragent.InternetExplorer, useragent.HeadlessChrome,
		"Android browser", "Brave", "Chromium", "DuckDuckGo", "Epiphany", "Huawei Browser", "Miui Browser", "Ubuntu Chromium", "YaBrowser",
		useragent.FacebookApp, useragent.InstagramApp, useragent.TiktokApp,
	}
}

func systems() []string {
	return []string{
		useragent.Windows, useragent.MacOS, useragent.Linux, useragent.Android, useragent.IOS, useragent.ChromeOS, useragent.FreeBSD,
		useragent.Harmony, useragent.WindowsPhone, useragent.BlackBerry,
	}
}
