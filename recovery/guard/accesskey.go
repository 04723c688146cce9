package guard

import "github.com/caddy-sparekey/sparekey/recovery"

// WrongKey stands in a question for an access key that is refused whatever it is.
const WrongKey = recovery.KeyPrefix
