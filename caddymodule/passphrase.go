package caddymodule

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// passphraseVariable is where a passphrase may stand, for programs.
const passphraseVariable = "SPAREKEY_PASSPHRASE"

// shortestPassphrase is in characters: it holds against who has the file and time.
const shortestPassphrase = 12

var errNoPassphrase = errors.New("no passphrase: type it at a terminal, or give it with --passphrase-file FILE or in " + passphraseVariable)

// passphrase is how a command comes by one. It is no argument: those are seen by
// everybody on the machine.
type passphrase struct{ file string }

func (p *passphrase) flag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.file, "passphrase-file", "", "file whose first line is the passphrase (default: "+passphraseVariable+", or a prompt)")
}

// read reads it; twice when it is a new one and somebody types it.
func (p *passphrase) read(cmd *cobra.Command, anew bool) (string, error) {
	text, err := p.given(cmd, anew)
	if err == nil && anew && utf8.RuneCountInString(text) < shortestPassphrase {
		err = fmt.Errorf("the passphrase has fewer than %d characters: whoever has it and the file has every account's factors", shortestPassphrase)
	}
	return text, err
}

func (p *passphrase) given(cmd *cobra.Command, anew bool) (string, error) {
	if p.file != "" {
		return passphraseIn(p.file)
	}
	if text := os.Getenv(passphraseVariable); text != "" {
		return text, nil
	}
	in, ok := cmd.InOrStdin().(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return "", errNoPassphrase
	}
	text, err := asked(cmd, in, "Passphrase: ")
	if err != nil || !anew {
		return text, err
	}
	again, err := asked(cmd, in, "The same again: ")
	if err == nil && again != text {
		err = errors.New("that was another passphrase: nothing was done")
	}
	return text, err
}

func asked(cmd *cobra.Command, in *os.File, prompt string) (string, error) {
	fmt.Fprint(cmd.ErrOrStderr(), prompt)
	text, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(cmd.ErrOrStderr())
	return string(text), err
}

func passphraseIn(path string) (string, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(io.LimitReader(f, 4096))
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSuffix(line, "\r"); err == nil && line == "" {
		err = errNoPassphrase
	}
	return line, err
}
