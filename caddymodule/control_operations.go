package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/text/language"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// operations is what the command line can do. A running Caddy answers with it
// on the control socket; a command that finds none opens the store and calls
// it itself.
type operations struct {
	engine *engine.Engine
	origin func() string // "https://photos.example.com"; empty when not known
	app    *App
	queue  *notify.Queue // nil: no Caddy runs
	bare   bool          // no configuration was read: the store is all that is known
}

// The operations.
const (
	opSetupLink  = "setup-link"
	opAcceptOld  = "accept-old"
	opRescue     = "rescue"
	opUserList   = "user-list"
	opUserAdd    = "user-add"
	opUserShow   = "user-show"
	opUserAct    = "user-act"
	opUserReset  = "user-reset"
	opUserInvite = "user-invite"
	opDoctor     = "doctor"
	opRekey      = "rekey"  // a part of it
	opTrials     = "trials" // what could be tried
	opTrial      = "trial"  // a test message over one channel
	opKeyAdd     = "key-add"
	opKeyList    = "key-list"
	opKeyRevoke  = "key-revoke"
	opExplain    = "explain"

	opAudit       = "audit" // a part of it
	opAuditVerify = "audit-verify"

	opInvitePerson = "invite-person" // made, or invited anew
	opInviteGroup  = "invite-group"
	opInviteList   = "invite-list"
	opInviteRevoke = "invite-revoke"
	opImport       = "import" // a part of it
	opCarry        = "carry"  // a part of what a backup takes
)

// arguments of any operation.
type arguments struct {
	User   string   `json:"user,omitempty"`
	Mail   string   `json:"mail,omitempty"`
	Phone  string   `json:"phone,omitempty"`
	Groups []string `json:"groups,omitempty"`
	Lang   string   `json:"lang,omitempty"`
	Again  string   `json:"again,omitempty"` // as recovery.NewAccount.Again

	Key     *keyArguments     `json:"key,omitempty"`
	Rekey   *rekeyArguments   `json:"rekey,omitempty"`
	Explain *explainArguments `json:"explain,omitempty"`
	List    *listArguments    `json:"list,omitempty"`
	Act     *actArguments     `json:"act,omitempty"`
	Audit   *auditArguments   `json:"audit,omitempty"`
	Invite  *inviteArguments  `json:"invite,omitempty"`
	Import  *importArguments  `json:"import,omitempty"`
	Carry   *engine.CarryPage `json:"carry,omitempty"` // as the part before has said

	Channel string `json:"channel,omitempty"`
	To      string `json:"to,omitempty"` // mail address or number for a test message
}

// importArguments are some of the people of a file.
type importArguments struct {
	People []recovery.Newcomer `json:"people"`
	Try    bool                `json:"try,omitempty"`
}

// explainArguments are a request that somebody could make.
type explainArguments struct {
	URL    string `json:"url"`
	Method string `json:"method"`
	From   string `json:"from,omitempty"` // address of the client; empty: not known
}

// link is something to be opened once in a browser.
type link struct {
	User    string    `json:"user,omitempty"`
	Link    string    `json:"link"` // from the path on; the command puts the origin in front
	Origin  string    `json:"origin,omitempty"`
	Expires time.Time `json:"expires"`
}

func (o *operations) setupLink(ctx context.Context) (link, error) {
	code, err := o.engine.OpenSetup(ctx)
	if errors.Is(err, recovery.ErrSetUp) {
		return link{}, fmt.Errorf("%w: let somebody back in with: caddy sparekey rescue USER", err)
	}
	return o.link("", "setup#"+code, o.engine.Policy.Lifetimes.Setup), err
}

func (o *operations) rescue(ctx context.Context, user string) (link, error) {
	a, err := o.find(ctx, user)
	if err != nil {
		return link{}, err
	}
	life := o.engine.Policy.Lifetimes.Rescue
	if a.State == recovery.StateInvited {
		life = o.engine.Policy.Lifetimes.Invite
	}
	token, err := o.engine.RescueLink(ctx, user)
	return o.link(a.Name, engine.LinkOfRescue(a.State, token), life), err
}

func (o *operations) link(user, path string, life time.Duration) link {
	return link{User: user, Link: web.Prefix + path, Origin: o.origin(), Expires: o.engine.Now().Add(life).Truncate(time.Second)}
}

// actArguments are what is done to somebody's account, and why. An action reads its
// own of them.
type actArguments struct {
	Do        string   `json:"do"` // a recovery.Action
	Reason    string   `json:"reason"`
	Groups    []string `json:"groups,omitempty"`
	Name      string   `json:"name,omitempty"`
	Mail      string   `json:"mail,omitempty"`
	Phone     string   `json:"phone,omitempty"`
	Extension string   `json:"extension,omitempty"`
	Again     string   `json:"again,omitempty"`
	Temporary bool     `json:"temporary,omitempty"` // a temporary password in place of a link
}

// listArguments are which people are listed, and after whom.
type listArguments struct {
	Show  string `json:"show,omitempty"`
	Text  string `json:"text,omitempty"`
	After string `json:"after,omitempty"`
}

// listed is a part of a list.
type listed struct {
	People []engine.Person `json:"people"`
	More   bool            `json:"more,omitempty"`
}

// listPage is how many people one answer has: some 3 MB.
const listPage = 10_000

func (o *operations) userList(ctx context.Context, list *listArguments) (*listed, error) {
	if list == nil {
		list = &listArguments{}
	}
	found, err := o.engine.List(ctx, engine.Search{Show: list.Show, Text: list.Text, After: list.After, Most: listPage})
	if err != nil {
		return nil, err
	}
	return &listed{found.People, found.Later}, nil
}

func (o *operations) userAdd(ctx context.Context, args arguments) (link, error) {
	n := recovery.NewAccount{Again: args.Again, Name: args.User, Mail: args.Mail, Phone: args.Phone}
	for _, g := range args.Groups {
		if !slices.Contains(n.Groups, g) {
			n.Groups = append(n.Groups, g)
		}
	}
	if args.Lang != "" {
		tag, err := language.Parse(args.Lang)
		if err != nil {
			return link{}, fmt.Errorf("%q is no language: write it like en or fr", args.Lang)
		}
		n.Lang = tag.String()
	}
	a, token, err := o.engine.AddUser(ctx, n)
	if err != nil {
		return link{}, err
	}
	return o.link(a.Name, o.engine.InviteLink(ctx, token), o.engine.Policy.Lifetimes.Invite), nil
}

func (o *operations) find(ctx context.Context, user string) (*recovery.Account, error) {
	a, err := o.engine.Find(ctx, user)
	if errors.Is(err, recovery.ErrNoAccount) {
		return nil, fmt.Errorf("%w: %q: see who there is with: caddy sparekey user list", err, user)
	}
	return a, err
}

// keyArguments describe an access key to be made, or name one that there is.
type keyArguments struct {
	Name    string   `json:"name"` // with key-revoke its id will do
	Hosts   []string `json:"hosts,omitempty"`
	Paths   []string `json:"paths,omitempty"`
	Expires string   `json:"expires,omitempty"` // as keyEnd reads it
}

// auditArguments say which records are wanted, or what the log has of the trail.
type auditArguments struct {
	Events []string           `json:"events,omitempty"`
	Since  time.Time          `json:"since,omitzero"`
	Until  time.Time          `json:"until,omitzero"`
	From   engine.TrailCursor `json:"from,omitzero"`
	Heads  []engine.TrailHead `json:"heads,omitempty"`
}

// inviteArguments describe a group's link to be made, or name one that there is.
type inviteArguments struct {
	ID      string        `json:"id,omitempty"`
	Groups  []string      `json:"groups,omitempty"`
	Uses    int           `json:"uses,omitempty"`
	Life    time.Duration `json:"life,omitempty"`
	Reason  string        `json:"reason"`
	Disable bool          `json:"disable,omitempty"`
}

// rekeyArguments is one part of a rekey.
type rekeyArguments struct {
	Key  string         `json:"key"` // id of the key that the command has in front
	Left engine.Rekeyed `json:"left"`
}

// rekey does one part.
func (o *operations) rekey(ctx context.Context, args *rekeyArguments) (engine.Rekeyed, error) {
	if args == nil {
		return engine.Rekeyed{}, errors.New("rekey without a key")
	}
	if args.Key != o.engine.Keys.ID() {
		return engine.Rekeyed{}, errors.New("the Caddy that is running has another key in front than this configuration: reload it, and run this again after some seconds")
	}
	return o.engine.Rekey(ctx, args.Left)
}
