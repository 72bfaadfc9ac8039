package stack

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/goormu/stampede/dashboards/alerts"
	"github.com/goormu/stampede/deploy/receiver"
	"github.com/goormu/stampede/slo/objectives"
	"github.com/goormu/stampede/thanos"
)

// objectivesRules is the name of the burn-rate rules that are evaluated unless Config.Rules names others.
const objectivesRules = "registration.rules.yaml"

// NotificationsFile is where the notifications of Alertmanager are recorded, a line of JSON each.
func (s *Stack) NotificationsFile() string { return filepath.Join(s.Dir, "notifications.jsonl") }

// Notifications are those that were recorded in the stack's folder, oldest first.
func (s *Stack) Notifications() ([]receiver.Notification, error) {
	return receiver.Read(s.NotificationsFile())
}

// startAlertmanager starts the receiver, in this process, and the Alertmanager that notifies it.
func (s *Stack) startAlertmanager(ctx context.Context) error {
	var err error
	if s.receiver, err = receiver.Start(s.NotificationsFile(), s.Notified); err != nil {
		return err
	}
	command, err := thanos.Alertmanager{
		Binary: s.program("alertmanager"), Dir: s.data("alertmanager"), Address: s.addresses["alertmanager"].HTTP, Webhook: s.receiver.URL(),
	}.Command()
	return s.startCommand(ctx, command, err)
}

// rules are the rule files of the ruler, by name: our alerts, and those of the objectives.
func (s *Stack) rules() (map[string][]byte, error) {
	files, err := fs.Glob(alerts.Rules, "*")
	if err != nil {
		return nil, fmt.Errorf("reading our alerts: %w", err)
	}
	rules := map[string][]byte{}
	for _, name := range files {
		if rules[name], err = alerts.Rules.ReadFile(name); err != nil {
			return nil, fmt.Errorf("reading our alerts: %w", err)
		}
	}
	if len(s.Rules) == 0 {
		rules[objectivesRules] = objectives.RegistrationRules
	}
	for _, file := range s.Rules {
		if rules[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			return nil, fmt.Errorf("reading the rules: %w", err)
		}
	}
	return rules, nil
}
