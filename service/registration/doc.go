// Package registration is the domain of the service: students, sections, the registration period, and the rules that
// decide whether a seat is granted. Data that was read elsewhere comes in, decisions come out as values or as an Error
// with a stable code; nothing here touches a clock, a network or a database.
package registration
