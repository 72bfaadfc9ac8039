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

// cache remembers things in two generations. A full young one becomes the old one, whose own entries are forgotten; what is
// still used is found in the old one and moves back. So it stays bounded without ordering entries.
type cache[V any] struct {
	size int

	mu         sync.RWMutex
	young, old map[string]V
}

func newCache[V any](size int) *cache[V] { return &cache[V]{size: size, young: map[string]V{}} }

func (c *cache[V]) get(key string) (V, bool) {
	c.mu.RLock()
	v, ok := c.young[key]
	if ok {
		c.mu.RUnlock()
		return v, true
	}
	v, ok = c.old[key]
	c.mu.RUnlock()
	if ok {
		c.put(strings.Clone(key), v)
	}
	return v, ok
}

func (c *cache[V]) put(key string, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= c.size {
		c.young, c.old = make(map[string]V, c.size), c.young
	}
	c.young[key] = v
}
