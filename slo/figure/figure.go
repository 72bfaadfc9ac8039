package figure

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Count writes a number of events with thousands separated, and up to two decimals where it is not whole.
func Count(n float64) string {
	if math.IsNaN(n) || math.IsInf(n, 0) || math.Abs(n) >= 1e15 {
		return strconv.FormatFloat(n, 'g', 6, 64)
	}
	text := strconv.FormatFloat(math.Abs(n), 'f', 2, 64)
	whole, rest, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest = strings.TrimRight(rest, "0"); rest != "" {
		whole += "." + rest
	}
	if n < 0 && whole != "0" {
		whole = "-" + whole
	}
	return whole
}

// Percent writes a share of one as a percentage, cut off after the second decimal, or after the first that tells it from
// 0 and 100.
func Percent(share float64) string {
	if math.IsNaN(share) || math.IsInf(share, 0) {
		return "–"
	}
	percent := share * 100
	digits := 2
	for digits < 8 && percent > 0 && percent < 100 && (cut(percent, digits) == 0 || 100-percent < math.Pow10(-digits)) {
		digits++
	}
	text := strconv.FormatFloat(cut(percent, digits), 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text + " %"
}

func cut(v float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Floor(v*scale+1e-7) / scale
}

// Rate writes events a second.
func Rate(perSecond float64) string {
	if perSecond >= 100 {
		perSecond = math.Floor(perSecond + 1e-9)
	}
	return Count(perSecond) + "/s"
}

// Budget writes a share of an error budget: whole percents from ten up.
func Budget(share float64) string {
	if share >= 0.1 {
		return Count(math.Ceil(share*100-1e-9)) + " %"
	}
	return Percent(share)
}

// Times writes a factor with three significant digits.
func Times(v float64) string {
	if v >= 100 {
		return Count(math.Round(v))
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// Span writes a long duration in the unit that suits it: days, hours or minutes.
func Span(d time.Duration) string {
	switch {
	case d >= 365*24*time.Hour:
		return "over a year"
	case d >= 48*time.Hour:
		return Times(d.Hours()/24) + " d"
	case d >= 2*time.Hour:
		return Times(d.Hours()) + " h"
	}
	return Times(d.Minutes()) + " min"
}

// Duration writes a duration with three significant digits.
func Duration(d time.Duration) string {
	switch a := d.Abs(); {
	case a >= 100*time.Second:
		return d.Round(time.Second).String()
	case a >= time.Second:
		return short(d.Seconds(), 2) + " s"
	case a >= time.Millisecond:
		return short(float64(d)/float64(time.Millisecond), 0) + " ms"
	case a == 0:
		return "0 s"
	}
	return short(float64(d)/float64(time.Microsecond), 0) + " µs"
}

func short(v float64, digits int) string {
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
