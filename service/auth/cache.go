package auth

import (
	"strings"
	"sync"
	"time"
)

// cacheSize is how many verified tokens each of the two generations holds: more students than one instance serves.
const cacheSize = 1 << 16

type verified struct {
	principal Principal
	expiresAt time.Time
}

// cache remembers verified tokens in two generations. A full young one becomes the old one, whose own entries are
// forgotten; what is still used is found in the old one and moves back. So it stays bounded without ordering entries.
type cache struct {
	size int

	mu         sync.RWMutex
	young, old map[string]verified
}

func newCache(size int) *cache { return &cache{size: size, young: map[string]verified{}} }

func (c *cache) get(token string) (verified, bool) {
	c.mu.RLock()
	v, ok := c.young[token]
	if ok {
		c.mu.RUnlock()
		return v, true
	}
	v, ok = c.old[token]
	c.mu.RUnlock()
	if ok {
		c.put(strings.Clone(token), v)
	}
	return v, ok
}

func (c *cache) put(token string, v verified) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= c.size {
		c.young, c.old = make(map[string]verified, c.size), c.young
	}
	c.young[token] = v
}
