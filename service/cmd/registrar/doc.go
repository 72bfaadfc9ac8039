// Command registrar is the course-registration service. It serves the HTTP API that a run storms (serve), and prepares
// what a run needs: the tables (migrate), who administers it (admin), a university to register at (seed) and the students'
// tokens (tokens).
// Flags and environment come in; a listening service, a filled database or a file of tokens goes out.
package main
