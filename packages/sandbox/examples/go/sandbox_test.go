// Starts the sandbox for the tests of a Go package, and gives each of them a workspace.
//
// KCP_SANDBOX is the command: `npx kcp-sandbox` where it is not set.
package sandbox_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

var sandbox struct {
	url    string
	client *http.Client
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "sandbox-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	command := strings.Fields(os.Getenv("KCP_SANDBOX"))
	if len(command) == 0 {
		command = []string{"npx", "kcp-sandbox"}
	}
	process := exec.Command(command[0], append(command[1:], "--dir", dir, "--port", "0")...)
	process.Stderr = os.Stderr
	output, err := process.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := process.Start(); err != nil {
		return 0, err
	}
	defer process.Wait()
	defer process.Process.Signal(syscall.SIGTERM)
	if sandbox.url, err = ready(output); err != nil {
		return 0, err
	}
	// With client-go: clientcmd.BuildConfigFromFlags("", filepath.Join(dir, "admin.kubeconfig"))
	if sandbox.client, err = client(filepath.Join(dir, "admin.kubeconfig")); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// ready reads the URL from the line that the sandbox says once it serves.
func ready(output io.Reader) (string, error) {
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if _, url, found := strings.Cut(lines.Text(), " s at "); found {
			go io.Copy(io.Discard, output)
			return url, nil
		}
	}
	return "", fmt.Errorf("the sandbox ended before it was ready")
}

func client(kubeconfig string) (*http.Client, error) {
	text, err := os.ReadFile(kubeconfig)
	if err != nil {
		return nil, err
	}
	found := regexp.MustCompile(`certificate-authority-data: (\S+)`).FindSubmatch(text)
	if found == nil {
		return nil, fmt.Errorf("%s names no CA", kubeconfig)
	}
	pem, err := base64.StdEncoding.DecodeString(string(found[1]))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}, nil
}

// call sends a request as system:masters and decodes the answer into `into`.
func call(t *testing.T, method, path, body string, into any) int {
	t.Helper()
	request, err := http.NewRequest(method, sandbox.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer admin-token")
	request.Header.Set("Content-Type", "application/json")
	response, err := sandbox.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

// workspace makes a workspace for one test and answers the path of its API.
func workspace(t *testing.T) string {
	t.Helper()
	const workspaces = "/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces"
	name := strings.ToLower(regexp.MustCompile(`[^A-Za-z0-9]+`).ReplaceAllString(t.Name(), "-"))
	var made struct {
		Status struct{ Phase string }
	}
	body := fmt.Sprintf(`{"apiVersion":"tenancy.kcp.io/v1alpha1","kind":"Workspace","metadata":{"name":%q},"spec":{"type":{"name":"universal","path":"root"}}}`, name)
	if status := call(t, "POST", workspaces, body, &made); status != http.StatusCreated {
		t.Fatalf("workspace %s: %d", name, status)
	}
	for made.Status.Phase != "Ready" {
		time.Sleep(10 * time.Millisecond)
		call(t, "GET", workspaces+"/"+name, "", &made)
	}
	return "/clusters/root:" + name
}

func TestGreeting(t *testing.T)        { create(t) }
func TestAnotherGreeting(t *testing.T) { create(t) }

// create makes the same object in each test: each has a workspace of its own.
func create(t *testing.T) {
	var answer map[string]any
	body := `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"greeting"}}`
	path := workspace(t) + "/api/v1/namespaces/default/configmaps"
	if status := call(t, "POST", path, body, &answer); status != http.StatusCreated {
		t.Fatalf("%d: %v", status, answer)
	}
}
