package auth

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Bounds of wrong passwords.
const (
	// freeWrongs is how many wrong passwords for an account from one address cost nothing; each further one doubles the
	// wait before the next, from firstWait to longestWait.
	freeWrongs  = 5
	firstWait   = time.Second
	longestWait = 5 * time.Minute
	// accountWrongs for one account from everywhere, and addressWrongs for all accounts from one address (a whole campus may
	// share one), are allowed at once, and then one more in each accountPause, addressPause.
	accountWrongs = 50
	accountPause  = 10 * time.Second
	addressWrongs = 500
	addressPause  = 200 * time.Millisecond
	// remembered is how many of each are remembered at least, of those that were used last.
	remembered = 1 << 16
)

// Attempts bounds how often passwords can be guessed. It counts by account and address together, so that whoever guesses
// holds up nobody but themselves; and more loosely by each alone, for those who guess from many addresses or at many
// accounts. The loose bounds do not hold up an address from which the account has logged in before, and every wait ends:
// nobody can lock a student out for good. It forgets when the process ends. Its methods may be called at once from many
// goroutines.
type Attempts struct {
	now func() time.Time

	mu        sync.Mutex
	pairs     *cache[*pair]
	accounts  *cache[*rate.Limiter]
	addresses *cache[*rate.Limiter]
}

// pair is what is known of one account and one address.
type pair struct {
	wrongs  int
	pending int       // being checked now
	until   time.Time // nothing is checked before
	known   bool      // the account has logged in from there
}

// NewAttempts returns bounds that have seen nothing yet, by the clock now.
func NewAttempts(now func() time.Time) *Attempts {
	return &Attempts{now: now, pairs: newCache[*pair](remembered), accounts: newCache[*rate.Limiter](remembered), addresses: newCache[*rate.Limiter](remembered)}
}

// Verdict is what a password turned out to be.
type Verdict int

// The verdicts.
const (
	Unchecked Verdict = iota // the check could not be made
	Right
	Wrong
)

// Begin asks to check a password for an account, sent from an address (of IPv6, its network counts). Where the wait is 0,
// end must be called with what the check said; else nothing may be checked before the wait is over.
func (a *Attempts) Begin(account, address string) (end func(Verdict), wait time.Duration) {
	address = network(address)
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	p := find(a.pairs, account+" "+address, func() *pair { return &pair{} })
	switch {
	case now.Before(p.until):
		return nil, p.until.Sub(now)
	case p.wrongs+p.pending >= freeWrongs && p.pending > 0: // one at a time, or all at once would be free
		return nil, firstWait
	}
	if !p.known {
		ofAccount := find(a.accounts, account, func() *rate.Limiter { return rate.NewLimiter(rate.Every(accountPause), accountWrongs) })
		ofAddress := find(a.addresses, address, func() *rate.Limiter { return rate.NewLimiter(rate.Every(addressPause), addressWrongs) })
		if wait := max(missing(ofAccount, now), missing(ofAddress, now)); wait > 0 {
			return nil, wait
		}
	}
	p.pending++
	return func(v Verdict) { a.end(p, account, address, v) }, 0
}

func (a *Attempts) end(p *pair, account, address string, v Verdict) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p.pending--
	switch v {
	case Right:
		p.wrongs, p.until, p.known = 0, time.Time{}, true
	case Wrong:
		now := a.now()
		if p.wrongs++; p.wrongs >= freeWrongs {
			p.until = now.Add(min(firstWait<<min(p.wrongs-freeWrongs, 30), longestWait))
		}
		for _, bound := range []struct {
			of  *cache[*rate.Limiter]
			key string
		}{{a.accounts, account}, {a.addresses, address}} {
			if bucket, ok := bound.of.get(bound.key); ok {
				bucket.AllowN(now, 1)
			}
		}
	case Unchecked:
	}
}

// missing is how long it takes until a bucket has a token again.
func missing(bucket *rate.Limiter, now time.Time) time.Duration {
	tokens := bucket.TokensAt(now)
	if tokens >= 1 {
		return 0
	}
	return time.Duration((1 - tokens) / float64(bucket.Limit()) * float64(time.Second))
}

func find[V any](in *cache[V], key string, fresh func() V) V {
	v, ok := in.get(key)
	if !ok {
		v = fresh()
		in.put(key, v)
	}
	return v
}

// network is an IPv4 address, or the first 64 bits of an IPv6 one: a household has as many of the others as it likes.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}
