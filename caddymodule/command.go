package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// command holds the options that all commands have.
type command struct {
	config  string
	adapter string
	data    string
	origin  string
	json    bool
}

// leaf finishes a command that does something with the arguments named.
func (c *command) leaf(cmd *cobra.Command, names []string, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return wrong(cmd, fmt.Errorf("it takes %s, not %d arguments", counted(names), len(args)))
		}
		if err := c.check(); err != nil {
			return wrong(cmd, err)
		}
		if err := run(cmd, args); err != nil {
			return refused(cmd, err)
		}
		return nil
	}
	return cmd
}

// either finishes a command that takes the arguments named, or none of them.
func (c *command) either(cmd *cobra.Command, names []string, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	with := c.leaf(cmd, names, run).RunE
	without := c.leaf(cmd, nil, run).RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return without(cmd, args)
		}
		return with(cmd, args)
	}
	return cmd
}

func counted(names []string) string {
	if len(names) == 0 {
		return "no argument"
	}
	return strings.Join(names, " ")
}

// check looks at options that are wrong whatever the store says.
func (c *command) check() error {
	if c.config != "" && c.data != "" {
		return errors.New("use --config or --data, not both")
	}
	if c.adapter != "" && c.config == "" {
		return errors.New("--adapter needs --config")
	}
	if c.origin == "" {
		return nil
	}
	u, err := url.Parse(c.origin)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment != "" {
		return fmt.Errorf("--origin %q: write it like https://photos.example.com", c.origin)
	}
	c.origin = u.Scheme + "://" + u.Host
	return nil
}

// wrong reports wrong usage: exit code 2.
func wrong(cmd *cobra.Command, err error) error {
	say(cmd, "%s; see: %s --help", oneLine(err.Error()), cmd.CommandPath())
	cmd.SilenceErrors = true
	return caddycmd.WrapCommandFuncForCobra(func(caddycmd.Flags) (int, error) { return 2, nil })(cmd, nil)
}

// refused reports what did not work: exit code 1.
func refused(cmd *cobra.Command, err error) error {
	say(cmd, "%s", oneLine(err.Error()))
	cmd.SilenceErrors = true
	return err
}

// place finds the store. It opens nothing.
func (c *command) place() (*place, error) {
	switch {
	case c.config != "":
		return readConfig(c.config, c.adapter)
	case c.data != "":
		paths := []string{c.data}
		if info, err := os.Stat(c.data); err == nil && info.IsDir() {
			paths = []string{filepath.Join(c.data, storeFile), filepath.Join(c.data, "sparekey", storeFile)}
		}
		return fileStore(new(App), "give it the folder that Caddy uses (caddy environ shows it as caddy.AppDataDir)", paths...)
	}
	return ownStore(new(App))
}

// ask does an operation, in the running Caddy or here, and decodes its result.
func (c *command) ask(cmd *cobra.Command, op string, args arguments, result any) error {
	p, err := c.place()
	if err != nil {
		return err
	}
	answer, err := p.call(cmd, op, args)
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, result)
}
