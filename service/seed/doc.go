// Package seed makes up a university to register at: a number of students and sections and a seed for chance come in,
// the same majors, professors, courses, sections and students come out each time, and can be written to an empty store.
package seed
