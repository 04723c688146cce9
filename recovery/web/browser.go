package web

import (
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// sign is a part of a User-Agent and what has it.
type sign struct{ part, name string }

// browser names a browser for its owner: "Firefox on Linux". Both words come
// from the lists below, because the owner reads them in mails and everybody may
// send any User-Agent.
func browser(agent string) string {
	agent = agent[:min(len(agent), 512)]
	name, system := named(agent, browsers()), named(agent, systems())
	switch {
	case name == "":
		return recovery.UnknownBrowser
	case system == "":
		return name
	}
	return name + " on " + system
}

// named is the first of a list whose part is there.
func named(agent string, list []sign) string {
	for _, s := range list {
		if strings.Contains(agent, s.part) {
			return s.name
		}
	}
	return ""
}

// browsers come before those whose User-Agent they take over: nearly all say
// Chrome and Safari, too.
func browsers() []sign {
	return []sign{
		{"FBAN/", "Facebook App"},
		{"FBAV/", "Facebook App"},
		{"Instagram ", "Instagram App"},
		{"trill_", "TikTok App"},
		{"musical_ly", "TikTok App"},
		{"Edg/", "Edge"},
		{"EdgA/", "Edge"},
		{"EdgiOS/", "Edge"},
		{"Edge/", "Edge"},
		{"Opera Mini/", "Opera Mini"},
		{"OPT/", "Opera Touch"},
		{"OPR/", "Opera"},
		{"OPiOS/", "Opera"},
		{"Opera/", "Opera"},
		{"SamsungBrowser/", "Samsung Browser"},
		{"Vivaldi/", "Vivaldi"},
		{"YaBrowser/", "YaBrowser"},
		{"DuckDuckGo/", "DuckDuckGo"},
		{"Ddg/", "DuckDuckGo"},
		{"HuaweiBrowser/", "Huawei Browser"},
		{"MiuiBrowser/", "Miui Browser"},
		{"Epiphany/", "Epiphany"},
		{"Brave/", "Brave"},
		{"Ubuntu Chromium/", "Ubuntu Chromium"},
		{"Chromium/", "Chromium"},
		{"HeadlessChrome/", "Headless Chrome"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"FxiOS/", "Firefox"},
		{"Firefox/", "Firefox"},
		{"MSIE ", "Internet Explorer"},
		{"Trident/", "Internet Explorer"},
		{"Mobile Safari/", "Android browser"},
		{"Safari/", "Safari"},
	}
}

// systems come in the same order: Android says Linux, an iPhone says Mac OS X.
func systems() []sign {
	return []sign{
		{"Windows Phone", "Windows Phone"},
		{"Windows", "Windows"},
		{"iPhone", "iOS"},
		{"iPad", "iOS"},
		{"iPod", "iOS"},
		{"Macintosh", "macOS"},
		{"HarmonyOS", "Harmony"},
		{"Android", "Android"},
		{"BlackBerry", "BlackBerry"},
		{"BB10", "BlackBerry"},
		{"CrOS", "ChromeOS"},
		{"FreeBSD", "FreeBSD"},
		{"Linux", "Linux"},
	}
}
