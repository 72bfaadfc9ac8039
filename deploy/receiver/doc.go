// Package receiver is where the alerts of a stack on this machine end: a webhook that Alertmanager calls. A notification comes in
// by HTTP; a line of JSON goes out to a file, so that a person or a test can read what would have been sent to whom is on call.
package receiver
