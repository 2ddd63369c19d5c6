package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// pod is the part of a v1.Pod that exec and logs depend on.
type pod struct {
	Metadata struct {
		Namespace, Name, UID string
		Annotations          map[string]string
	}
	Spec   struct{ Containers, InitContainers []containerSpec }
	Status struct{ ContainerStatuses, InitContainerStatuses []containerStatus }
}

type containerSpec struct {
	Name string
	Env  []struct{ Name, Value string }
}

type containerStatus struct {
	Name      string
	State     containerState
	LastState containerState
}

type containerState struct {
	Running    *struct{}
	Waiting    *struct{ Reason string }
	Terminated *struct{}
}

// container is one container of a pod as the API server knew it at one moment.
type container struct {
	pod    *pod
	spec   containerSpec
	status containerStatus
}

func (c *container) running() bool { return c.status.State.Running != nil }

// container gives nil when the pod has none of that name.
func (p *pod) container(name string) *container {
	for _, spec := range append(p.Spec.Containers, p.Spec.InitContainers...) {
		if spec.Name != name {
			continue
		}
		for _, status := range append(p.Status.ContainerStatuses, p.Status.InitContainerStatuses...) {
			if status.Name == name {
				return &container{p, spec, status}
			}
		}
		return &container{pod: p, spec: spec}
	}
	return nil
}

var errNoPod = errors.New("pod not found")

type apiServer struct {
	url    string
	client *http.Client
}

func newAPIServer(url string, cert tls.Certificate, authority *x509.CertPool) *apiServer {
	transport := &http.Transport{TLSClientConfig: &tls.Config{
		Certificates: []tls.Certificate{cert},
		RootCAs:      authority,
	}}
	return &apiServer{url, &http.Client{Transport: transport, Timeout: 10 * time.Second}}
}

func (a *apiServer) pod(ctx context.Context, namespace, name string) (*pod, error) {
	path, err := url.JoinPath(a.url, "api/v1/namespaces", namespace, "pods", name)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	response, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, errNoPod
	default:
		return nil, fmt.Errorf("API server: %s for %s", response.Status, path)
	}
	p := new(pod)
	return p, json.NewDecoder(response.Body).Decode(p)
}

// whileRunning gives a context that ends when the container does: with its pod, with another pod
// of the same name in its place, or when its status says so. An API server that doesn't answer
// says nothing about the container.
func (a *apiServer) whileRunning(parent context.Context, c *container) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	go func() {
		defer cancel()
		const interval = 500 * time.Millisecond
		for ticker := time.NewTicker(interval); ; {
			select {
			case <-ctx.Done():
				ticker.Stop()
				return
			case <-ticker.C:
			}
			now, err := a.pod(ctx, c.pod.Metadata.Namespace, c.pod.Metadata.Name)
			if errors.Is(err, errNoPod) {
				return
			}
			if err != nil {
				continue
			}
			current := now.container(c.spec.Name)
			if now.Metadata.UID != c.pod.Metadata.UID || current == nil || !current.running() {
				return
			}
		}
	}()
	return ctx, cancel
}
