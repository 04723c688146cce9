package web

import (
	"fmt"
	"html/template"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"
)

const (
	quiet = 4 // the margin of a QR code, in modules (ISO/IEC 18004)

	// The width of a code in CSS pixels. A long name makes a dense code, which is
	// drawn larger: cameras of old phones need five pixels a module.
	narrow, wide, perModule = 220, 320, 5
)

// qrSVG draws a QR code as one path, black on white in both themes: scanners
// want dark on light.
func qrSVG(content string) (template.HTML, error) {
	code, err := qr.Encode(content, qr.M, qr.Auto)
	if err != nil {
		return "", fmt.Errorf("draw qr code: %w", err)
	}
	size := code.Bounds().Dx()
	var path strings.Builder
	for y := range size {
		for x := 0; x < size; x++ {
			run := 0
			for x+run < size && dark(code.At(x+run, y)) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run, run)
				x += run
			}
		}
	}
	full := size + 2*quiet
	width := min(max(narrow, full*perModule), wide)
	return template.HTML(fmt.Sprintf(`<svg class="qr" viewBox="0 0 %d %d" width="%d" height="%d" shape-rendering="crispEdges" role="img" aria-hidden="true">`+ //nolint:gosec // numbers and our own markup only
		`<path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="%s"/></svg>`, full, full, width, width, full, full, path.String())), nil
}

func dark(c color.Color) bool {
	r, _, _, _ := c.RGBA()
	return r < 0x8000
}
