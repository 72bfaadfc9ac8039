// Package measure adds counters up exactly. In come the raw samples of a selection and a window; out comes how many
// events were counted between the scrapes that bound the window, with every reason to call that number a lower
// bound or no number at all. Nothing is extrapolated and nothing is averaged: a stampede is over before a rate settles.
package measure
