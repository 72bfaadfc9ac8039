package receiver

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// mostBytes bounds a notification; one of a hundred alerts has about 100 KB.
const mostBytes = 4 << 20

// Notification is what Alertmanager tells about one group of alerts, in the fields of version 4 of its webhook, and when that came.
type Notification struct {
	ReceivedAt time.Time `json:"received_at"`
	// Status is "firing" while one of the alerts fires, else "resolved".
	Status   string `json:"status"`
	GroupKey string `json:"groupKey"`
	// GroupLabels are those that the group's alerts were grouped by.
	GroupLabels map[string]string `json:"groupLabels"`
	// TruncatedAlerts is how many alerts the notification leaves out.
	TruncatedAlerts int     `json:"truncatedAlerts,omitempty"`
	Alerts          []Alert `json:"alerts"`
}

// Alert is one alert of a group.
type Alert struct {
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"` // year 1 while it fires
	// GeneratorURL shows what the alert saw.
	GeneratorURL string `json:"generatorURL"`
	Fingerprint  string `json:"fingerprint"`
}

// Receiver listens on a free port of loopback and appends each notification to a file.
type Receiver struct {
	file   *os.File
	told   func(Notification)
	server *http.Server
	url    string
	mutex  sync.Mutex
}

// Start opens the file, at its end where it exists, and listens. Told is called with each notification once it is written; it may be
// nil.
func Start(file string, told func(Notification)) (*Receiver, error) {
	out, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the record of notifications: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		_ = out.Close()
		return nil, fmt.Errorf("listening for notifications: %w", err)
	}
	r := &Receiver{file: out, told: told, url: "http://" + listener.Addr().String() + "/alerts"}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /alerts", r.receive)
	r.server = &http.Server{Handler: mux, ReadTimeout: 10 * time.Second}
	go func() { _ = r.server.Serve(listener) }()
	return r, nil
}

// URL is where Alertmanager is to post to.
func (r *Receiver) URL() string { return r.url }

// Stop stops listening and closes the file.
func (r *Receiver) Stop() {
	_ = r.server.Close()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	_ = r.file.Close()
}

// receive answers 400 to what is no notification, which Alertmanager then does not send again, and 500 when it could not be written,
// which it does.
func (r *Receiver) receive(w http.ResponseWriter, request *http.Request) {
	notification, err := parse(http.MaxBytesReader(w, request.Body, mostBytes))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	notification.ReceivedAt = time.Now().UTC().Truncate(time.Millisecond)
	if err := r.write(notification); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if r.told != nil {
		r.told(notification)
	}
}

func parse(body io.Reader) (Notification, error) {
	var payload struct {
		Version string `json:"version"`
		Notification
	}
	if err := json.NewDecoder(body).Decode(&payload); err != nil {
		return Notification{}, fmt.Errorf("reading a notification: %w", err)
	}
	n := payload.Notification
	if payload.Version != "4" || (n.Status != "firing" && n.Status != "resolved") || len(n.Alerts) == 0 {
		return Notification{}, fmt.Errorf("reading a notification: version %q, status %q with %d alerts is none of Alertmanager's webhook, version 4",
			payload.Version, n.Status, len(n.Alerts))
	}
	return n, nil
}

// write appends a line in one piece, so that a crash leaves no half of one between two whole ones.
func (r *Receiver) write(notification Notification) error {
	line, err := json.Marshal(notification)
	if err != nil {
		return fmt.Errorf("writing a notification: %w", err)
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if _, err := r.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("writing a notification: %w", err)
	}
	return nil
}

// Read returns what a file of notifications holds, in the order in which they came; a file that is not there holds none.
func Read(file string) ([]Notification, error) {
	in, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the record of notifications: %w", err)
	}
	defer func() { _ = in.Close() }()
	var all []Notification
	decoder := json.NewDecoder(bufio.NewReader(in))
	for {
		var n Notification
		if err := decoder.Decode(&n); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return all, fmt.Errorf("reading notification %d of %s: %w", len(all)+1, file, err)
		}
		all = append(all, n)
	}
}
