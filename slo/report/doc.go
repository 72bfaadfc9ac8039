// Package report writes a verdict down: as a table for a terminal, as JSON for machines, as JUnit for CI, as Markdown for
// a pull request and as one HTML page without a network for everybody else, in English and Korean. It decides nothing:
// what it shows is in the verdict, and what it draws is in the run record.
package report
