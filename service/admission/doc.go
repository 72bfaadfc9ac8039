// Package admission decides, before any work is done, whether a request may begin. A Limit bounds how many are inside at
// once; a Gate bounds one expensive kind of work and lets a bounded number wait a bounded time for it. Requests come in
// from web; what goes out is yes, or a refusal that tells the student to come back.
package admission
