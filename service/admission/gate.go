package admission

import (
	"container/list"
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// samples is how many times the pace of a gate must have been seen before it is a reason to turn somebody away.
	samples = 8
	// shortest and longest bound the wait of those who are turned away, and what chance adds to it, which is least or more.
	shortest = time.Second
	least    = 2 * time.Second
	longest  = 30 * time.Second
)

// Gate bounds how many requests do one kind of work at once, how many may wait for it, and how long. They work in the order
// in which they came. Whoever would wait too long, by the pace of the work so far, is told at once instead of at the end
// of the wait, when nobody may listen any more.
type Gate struct {
	atOnce   int
	most     int
	patience time.Duration

	mu      sync.Mutex
	working int
	waiting list.List // of chan error, of one: nil is the turn to work
	pace    time.Duration
	seen    int // how often the pace was seen
	left    time.Time
	busy    bool      // since left
	away    time.Time // until when those who were turned away of late would be served, if they came one after the other
}

// NewGate returns a gate that lets atOnce requests work and waiting more wait, each at most patience.
func NewGate(atOnce, waiting int, patience time.Duration) *Gate {
	return &Gate{atOnce: atOnce, most: waiting, patience: patience}
}

// Enter returns nil once the request may work; Leave must then be called. It returns a FullError when too many wait already
// or the wait lasted too long, and the context's error when that ended first.
func (g *Gate) Enter(ctx context.Context) error {
	g.mu.Lock()
	switch {
	case g.working < g.atOnce:
		g.working++
		g.mu.Unlock()
		return nil
	case g.waiting.Len() >= g.room():
		defer g.mu.Unlock()
		return g.full(time.Now())
	}
	turn := make(chan error, 1)
	place := g.waiting.PushBack(turn)
	g.mu.Unlock()
	timer := time.NewTimer(g.patience)
	defer timer.Stop()
	select {
	case err := <-turn:
		return err
	case <-timer.C:
	case <-ctx.Done():
	}
	return g.giveUp(ctx, place, turn)
}

// giveUp ends a wait, unless it has just ended.
func (g *Gate) giveUp(ctx context.Context, place *list.Element, turn <-chan error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case err := <-turn:
		if err == nil && ctx.Err() != nil {
			g.leave(time.Now())
			err = ctx.Err()
		}
		return err
	default:
	}
	g.waiting.Remove(place)
	if err := ctx.Err(); err != nil {
		return err
	}
	return g.full(time.Now())
}

// Leave ends the work of a request that Enter let in.
func (g *Gate) Leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leave(time.Now())
}

func (g *Gate) leave(now time.Time) {
	if g.busy {
		g.observe(now.Sub(g.left))
	}
	if first := g.waiting.Front(); first != nil {
		g.waiting.Remove(first).(chan error) <- nil
	} else {
		g.working--
	}
	g.left, g.busy = now, g.working == g.atOnce
	for g.waiting.Len() > g.room() {
		g.waiting.Remove(g.waiting.Back()).(chan error) <- g.full(now)
	}
}

// observe notes how long one request left after the other while as many worked as may. One that took very long, because
// the database stood still, says little about the next: it counts as four times the usual, and as a first one it is soon
// outweighed.
func (g *Gate) observe(took time.Duration) {
	switch g.seen++; {
	case g.seen == 1:
		g.pace = took
	case g.seen <= samples && took < g.pace:
		g.pace = (g.pace + took) / 2
	default:
		g.pace = (4*g.pace + min(took, 4*g.pace+time.Microsecond)) / 5
	}
}

// room is how many may wait: those whose turn comes in time, but as many as work at once in any case, or the pace would
// never be seen again.
func (g *Gate) room() int {
	if g.seen < samples || g.pace <= 0 {
		return g.most
	}
	return min(g.most, max(g.atOnce, int(g.patience/g.pace)))
}

// full turns somebody away until those who may wait are served, and for as long again, by chance, as all who were turned away
// of late would take: so they come back evenly, and there is always one for a free place, also where the pace is guessed badly.
func (g *Gate) full(now time.Time) *FullError {
	backlog := time.Duration(min(g.waiting.Len(), g.room())) * g.pace
	away := max(g.away.Sub(now), 0) + g.pace
	g.away = now.Add(min(away, longest))
	return &FullError{RetryAfter: min(max(backlog, shortest), longest) + rand.N(min(max(away, least), longest))} //nolint:gosec // spreads, guards nothing
}
