// Package baseline holds a verdict against those of earlier runs. In come verdict.json files and the verdict of now; out
// comes what changed, objective by objective, and which change is a regression.
package baseline
