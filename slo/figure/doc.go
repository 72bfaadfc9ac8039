// Package figure writes numbers for people: counts, shares, rates and durations, in every report alike. Shares are cut
// off and never rounded up, for 99.996 % is not 100 %.
package figure
