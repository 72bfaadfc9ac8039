package scenario

import (
	"gopkg.in/guregu/null.v3"

	"github.com/goormu/stampede/k6/stampede"
)

// CartRush is the opening for students who are prepared: before T0 each puts the sections it wants into its cart, and at T0
// all enrol in their whole carts, with one request each. Every section of a cart is an attempt, with an answer of its own.
var CartRush = Scenario{
	Name:       "cart-rush",
	Summary:    "Students fill their carts before T0, and enrol in all of it at one instant.",
	Parameters: common,
	Thresholds: enrolling,
	fix:        func(c *stampede.Config) { c.Act = null.StringFrom(stampede.ActCart) },
}
