package run

const maxMicros = 3_600_000_000 // One hour. Longer times count as one hour.
