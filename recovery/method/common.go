package method

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"strings"
	"sync"

	"golang.org/x/text/cases"
)

// commonPasswords has the 34,193 most used passwords of eight characters and more,
// case folded and sorted, one a line. common.md names where they come from.
//
//go:embed common.txt.gz
var commonPasswords []byte

// listed is the list, unpacked when it is first needed: 311 KiB.
var listed = sync.OnceValue(func() string { //nolint:gochecknoglobals // a constant that is packed
	r, err := gzip.NewReader(bytes.NewReader(commonPasswords))
	if err != nil {
		panic(err) // it was embedded whole
	}
	text, err := io.ReadAll(r)
	if err != nil {
		panic(err)
	}
	return string(text)
})

// common tells whether many people have a password, whatever the case of its
// letters (ASVS 5.0, 6.2.4; NIST SP 800-63B-4 section 3.1.1.2).
func common(typed string) bool {
	folded, list := cases.Fold().String(typed), listed()
	from, to := 0, len(list) // at the beginnings of lines
	for from < to {
		begin := strings.LastIndexByte(list[:(from+to)/2], '\n') + 1
		line, _, _ := strings.Cut(list[begin:], "\n")
		switch strings.Compare(folded, line) {
		case 0:
			return true
		case -1:
			to = begin
		default:
			from = begin + len(line) + 1
		}
	}
	return false
}
