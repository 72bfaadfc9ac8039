// Package auth says who sends a request. A password comes in at log-in and is checked against its bcrypt hash; a signed
// token (JWT, HS256) goes out, and comes back with every later request, where it names a student or a member of staff.
package auth
