// Package evaluation runs one evaluation from end to end. In come a spec, a window, a source of samples and, where there
// was a load run, its record and audit; out comes a verdict. It waits for the scrape that closes the window, compares
// the source with the run record, adds every query's counters up and has each objective judged.
package evaluation
