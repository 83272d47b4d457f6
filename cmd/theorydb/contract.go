package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/theorydb/theorydb/contracttest"
	"github.com/theorydb/theorydb/contracttest/protocol"
)

// suite is what the flags of contract ask for.
type suite struct {
	runner    *contracttest.Runner
	scenarios []*contracttest.Scenario
	report    contracttest.Report
	verbose   bool
}

func contract(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("theorydb contract", flag.ContinueOnError)
	endpoint := flags.String("endpoint", "", "`URL` of a DynamoDB endpoint that checks no signatures; default: the embedded engine")
	scenarios := flags.String("scenarios", "", "`folder` of scenario files; default: the embedded suite")
	models := flags.String("models", "", "`folder` of model files, or one file; default: the models of the embedded suite")
	driver := flags.String("driver", "", "`command` that speaks the driver protocol, its words parted by spaces; default: this library itself")
	only := flags.String("run", "", "run only scenarios whose id and name match the `expression`")
	jsonFile := flags.String("json", "", "write what came of every scenario to this `file`, - for standard output")
	verbose := flags.Bool("v", false, "tell file and reason of every scenario")
	if status, ok := parse(flags, args, stderr); !ok {
		return status
	}
	s := &suite{runner: &contracttest.Runner{Engine: contracttest.LocalAWS, Now: time.Now}, verbose: *verbose}
	err := errors.Join(s.useEndpoint(*endpoint), s.loadModels(*models), s.loadScenarios(*scenarios, *only), canHold(*jsonFile))
	if err != nil {
		return usage(stderr, err)
	}
	stderr = &shared{to: stderr}
	people := stdout
	if *jsonFile == "-" {
		people = stderr
	}
	status := s.judge(ctx, *driver, people, stderr)
	if *jsonFile == "" || status == exitUsage {
		return status
	}
	if err := s.writeJSON(*jsonFile, stdout); err != nil {
		tell(stderr, "theorydb: -json: %v\n", err)
		return exitFailed
	}
	return status
}

// judge runs the scenarios and tells what came of them.
func (s *suite) judge(ctx context.Context, driver string, stdout, stderr io.Writer) (status int) {
	if driver != "" {
		client, err := protocol.Start(ctx, strings.Fields(driver), stderr)
		if err != nil {
			return usage(stderr, fmt.Errorf("-driver: %w", err))
		}
		defer func() {
			if err := client.Close(); err != nil {
				tell(stderr, "theorydb: -driver: %v\n", err)
				status = exitFailed
			}
		}()
		s.runner.Driver = client
	}
	s.run(ctx, stdout)
	counts := s.report.Counts()
	tell(stdout, "\n%s\n", s.report.Table())
	if left := len(s.report.NotRun); left > 0 {
		tell(stdout, "interrupted, %d not run\n", left)
	}
	tell(stdout, "%s\n", counts)
	if counts.Failed > 0 {
		return exitFailed
	}
	return exitOK
}

// shared is written to by this program and by a driver.
type shared struct {
	mu sync.Mutex
	to io.Writer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.to.Write(p)
}

// canHold looks for the folder of a report before the run rather than after it.
func canHold(file string) error {
	if file == "" || file == "-" {
		return nil
	}
	if about, err := os.Stat(filepath.Dir(file)); err != nil || !about.IsDir() {
		return errors.New("-json: there is no folder for this file")
	}
	return nil
}

func (s *suite) writeJSON(name string, stdout io.Writer) error {
	if name == "-" {
		return s.report.WriteJSON(stdout)
	}
	var report bytes.Buffer
	if err := s.report.WriteJSON(&report); err != nil {
		return err
	}
	return os.WriteFile(name, report.Bytes(), 0o600)
}

func (s *suite) useEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	parsed, err := url.Parse(endpoint)
	if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Host == "" {
		return errors.New("-endpoint is no URL such as http://127.0.0.1:8000")
	}
	s.runner.Engine = func() *contracttest.Engine { return contracttest.Endpoint(endpoint) }
	return nil
}

func (s *suite) loadModels(name string) (err error) {
	if name == "" {
		s.runner.Models, err = contracttest.EmbeddedModels()
		return err
	}
	about, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("-models: %w", err)
	}
	if about.IsDir() {
		s.runner.Models, err = contracttest.LoadModels(os.DirFS(name))
	} else {
		var content []byte
		if content, err = fs.ReadFile(os.DirFS(filepath.Dir(name)), filepath.Base(name)); err == nil {
			s.runner.Models, err = contracttest.ParseModels(filepath.Base(name), content)
		}
	}
	if err != nil {
		return fmt.Errorf("-models: %w", err)
	}
	return nil
}

func (s *suite) loadScenarios(folder, only string) (err error) {
	if folder == "" {
		s.scenarios, err = contracttest.EmbeddedScenarios()
	} else {
		s.scenarios, s.report.Unreadable, err = contracttest.LoadScenarios(os.DirFS(folder))
	}
	if err != nil {
		return fmt.Errorf("-scenarios: %w", err)
	}
	if only == "" {
		return nil
	}
	match, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	var chosen []*contracttest.Scenario
	for _, scenario := range s.scenarios {
		if match.MatchString(scenario.Title()) {
			chosen = append(chosen, scenario)
		}
	}
	if len(chosen) == 0 {
		return errors.New("-run matches no scenario")
	}
	s.scenarios = chosen
	return nil
}

// run runs the scenarios one after the other and tells of each as it ends.
func (s *suite) run(ctx context.Context, stdout io.Writer) {
	for _, file := range s.report.Unreadable {
		tell(stdout, "FAIL  %s\n      %v\n", file.File, file.Err)
	}
	for i, scenario := range s.scenarios {
		if ctx.Err() != nil {
			s.report.NotRun = s.scenarios[i:]
			return
		}
		result := s.runner.Run(ctx, scenario)
		s.report.Results = append(s.report.Results, result)
		verdict := map[contracttest.Verdict]string{
			contracttest.Passed: "ok  ", contracttest.Failed: "FAIL", contracttest.NotApplicable: "n/a ",
		}[result.Verdict()]
		tell(stdout, "%s  %s  %s\n", verdict, scenario.Title(), result.Duration.Round(100*time.Microsecond))
		if s.verbose || result.Failure != nil {
			describe(stdout, scenario, result)
		}
	}
}

func describe(stdout io.Writer, scenario *contracttest.Scenario, result *contracttest.Result) {
	switch {
	case result.Failure != nil:
		tell(stdout, "      %s\n", result.Failure)
	case result.NotApplicable != "":
		tell(stdout, "      %s: %s\n", scenario.File, result.NotApplicable)
	default:
		tell(stdout, "      %s, %d steps on %s\n", scenario.File, len(scenario.Steps), result.Engine)
	}
	if scenario.Why != "" {
		tell(stdout, "      why: %s\n", scenario.Why)
	}
}
