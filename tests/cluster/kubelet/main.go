// Kubelet stands in for a node's kubelet towards the API server: exec and logs, nothing else.
//
// It takes the API server's requests (kubectl exec and kubectl logs end here), asks the API server
// about the pod, and runs the command as a process of this machine in a directory of its own per
// container. The pods' phases are kwok's work. It is separate from kwok because kwok's own exec
// loses exit codes and never tells a command that its standard input has ended.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

// kubelet is what every request needs.
type kubelet struct {
	api  *apiServer
	root string // <root>/<pod uid>/<container>/ is a container's working directory
}

func main() {
	log.SetFlags(log.LstdFlags | log.Lmicroseconds)
	server := flag.String("server", "", "URL of the API server")
	ca := flag.String("ca", "", "certificate authority of both sides")
	cert := flag.String("cert", "", "certificate to serve with, and to show to the API server")
	key := flag.String("key", "", "its key")
	root := flag.String("root", "", "directory for the containers' working directories and logs")
	portFile := flag.String("port-file", "", "file to write the port to, once it is listened on")
	flag.Parse()
	log.Fatal(run(*server, *ca, *cert, *key, *root, *portFile))
}

func run(server, ca, cert, key, root, portFile string) error {
	// Commands see it, and have other working directories.
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return err
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return err
	}
	authority := x509.NewCertPool()
	if !authority.AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s: no certificate", ca)
	}

	k := &kubelet{api: newAPIServer(server, pair, authority), root: root}
	routes := http.NewServeMux()
	routes.HandleFunc("/exec/{namespace}/{pod}/{container}", k.exec)
	routes.HandleFunc("/exec/{namespace}/{pod}/{uid}/{container}", k.exec)
	routes.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", k.logs)

	// Whoever reaches this port may run commands: loopback only, and only with a certificate.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := writePort(portFile, listener.Addr().(*net.TCPAddr).Port); err != nil {
		return err
	}
	s := http.Server{
		Handler: routes,
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{pair},
			ClientCAs:    authority,
			ClientAuth:   tls.RequireAndVerifyClientCert,
		},
		// Exec takes its connection over, which HTTP/2 has no way to do.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	return s.ServeTLS(listener, "", "")
}

// writePort makes the file appear whole, since its appearance says that the server listens.
func writePort(path string, port int) error {
	part := path + ".part"
	if err := os.WriteFile(part, fmt.Appendln(nil, port), 0o600); err != nil {
		return err
	}
	return os.Rename(part, path)
}

// container finds the container that a request names. On an error it has answered already.
func (k *kubelet) container(w http.ResponseWriter, r *http.Request) (*container, bool) {
	p, err := k.api.pod(r.Context(), r.PathValue("namespace"), r.PathValue("pod"))
	if errors.Is(err, errNoPod) {
		http.Error(w, err.Error(), http.StatusNotFound)
		return nil, false
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return nil, false
	}
	c := p.container(r.PathValue("container"))
	if c == nil {
		http.Error(w, fmt.Sprintf("container %q not found in pod %q", r.PathValue("container"), p.Metadata.Name), http.StatusNotFound)
		return nil, false
	}
	return c, true
}

func (k *kubelet) exec(w http.ResponseWriter, r *http.Request) {
	c, ok := k.container(w, r)
	if !ok {
		return
	}
	if !c.running() {
		http.Error(w, fmt.Sprintf("container not found (%q)", c.spec.Name), http.StatusInternalServerError)
		return
	}
	streams, err := remotecommand.NewOptions(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	argv := r.URL.Query()["command"]
	if len(argv) == 0 {
		http.Error(w, "no command", http.StatusBadRequest)
		return
	}
	const idle, creation = 4 * time.Hour, 30 * time.Second
	remotecommand.ServeExec(w, r, executor{k, c}, c.pod.Metadata.Name, c.pod.Metadata.UID, c.spec.Name,
		argv, streams, idle, creation, remotecommand.SupportedStreamingProtocols)
}

// directory is where a container's commands start; it is made at the first use.
func (k *kubelet) directory(c *container) (string, error) {
	path := filepath.Join(k.root, c.pod.Metadata.UID, c.spec.Name)
	return path, os.MkdirAll(path, 0o700)
}
