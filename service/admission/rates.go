package admission

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// forget is how long a student's bucket is kept at least, once it is not used any more.
const forget = time.Minute

// Rates bounds how often each student may ask, with a token bucket for each. A bucket is forgotten when it has been full
// for a while, so memory is bounded by the students of the last minutes.
type Rates struct {
	limit  rate.Limit
	burst  int
	forget time.Duration

	mu         sync.Mutex
	turned     time.Time // when young became empty
	young, old map[int64]*rate.Limiter
}

// NewRates returns a bound of perSecond requests a second, and twice as many at once after a pause. It must be positive.
func NewRates(perSecond int) *Rates {
	r := &Rates{limit: rate.Limit(perSecond), burst: 2 * perSecond, young: map[int64]*rate.Limiter{}}
	refill := time.Duration(float64(r.burst) / float64(r.limit) * float64(time.Second))
	r.forget = max(forget, refill)
	return r
}

// Take spends one request of a student at now. Where there is none, it returns how long it takes until there is.
func (r *Rates) Take(student int64, now time.Time) (wait time.Duration, ok bool) {
	bucket := r.bucket(student, now)
	if bucket.AllowN(now, 1) {
		return 0, true
	}
	missing := 1 - bucket.TokensAt(now)
	return time.Duration(missing / float64(r.limit) * float64(time.Second)), false
}

// Known is the number of buckets that are kept.
func (r *Rates) Known() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.young) + len(r.old)
}

// bucket finds a student's bucket. What was not asked for since the generation before last is full, and as good as new.
func (r *Rates) bucket(student int64, now time.Time) *rate.Limiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.turned) >= r.forget {
		if now.Sub(r.turned) >= 2*r.forget {
			r.young = map[int64]*rate.Limiter{}
		}
		r.young, r.old, r.turned = map[int64]*rate.Limiter{}, r.young, now
	}
	bucket, known := r.young[student]
	if known {
		return bucket
	}
	if bucket, known = r.old[student]; known {
		delete(r.old, student)
	} else {
		bucket = rate.NewLimiter(r.limit, r.burst)
	}
	r.young[student] = bucket
	return bucket
}
