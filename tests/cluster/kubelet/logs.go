package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// logAnnotation holds what the pod's containers are to have written before anyone looked.
const logAnnotation = "kubectl-codex.test/log"

// logFile is the file that holds the container's log; commands run by exec may append to it. It is
// made, with the annotation's text, at the first use.
func (k *kubelet) logFile(c *container) (string, error) {
	dir, err := k.directory(c)
	if err != nil {
		return "", err
	}
	path := filepath.Clean(dir) + ".log"
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if os.IsExist(err) {
		return path, nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	if text := c.pod.Metadata.Annotations[logAnnotation]; text != "" {
		_, err = fmt.Fprintln(f, text)
	}
	return path, err
}

// unavailable says why a container has no log to show, in the real kubelet's words.
func (c *container) unavailable(previous bool) string {
	waiting := c.status.State.Waiting
	switch {
	case previous && c.status.LastState.Terminated == nil:
		return fmt.Sprintf("previous terminated container %q in pod %q not found", c.spec.Name, c.pod.Metadata.Name)
	case previous, c.running(), c.status.State.Terminated != nil, c.status.LastState.Terminated != nil:
		return ""
	case waiting == nil:
		return fmt.Sprintf("container %q in pod %q is not available", c.spec.Name, c.pod.Metadata.Name)
	}
	reason := waiting.Reason
	switch reason {
	case "ErrImagePull":
		reason = "image can't be pulled"
	case "ImagePullBackOff":
		reason = "trying and failing to pull image"
	}
	return fmt.Sprintf("container %q in pod %q is waiting to start: %s", c.spec.Name, c.pod.Metadata.Name, reason)
}

func (k *kubelet) logs(w http.ResponseWriter, r *http.Request) {
	c, ok := k.container(w, r)
	if !ok {
		return
	}
	query := r.URL.Query()
	for _, option := range []string{"timestamps", "sinceSeconds", "sinceTime"} {
		// The files have no times. Saying so is better than an answer that looks right.
		if v := query.Get(option); v != "" && v != "false" {
			http.Error(w, "this kubelet stand-in has no "+option, http.StatusNotImplemented)
			return
		}
	}
	if why := c.unavailable(query.Get("previous") == "true"); why != "" {
		http.Error(w, why, http.StatusBadRequest)
		return
	}
	path, err := k.logFile(c)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	f, err := os.Open(path)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer f.Close()

	out := &limitedWriter{w: w, left: -1}
	if n, err := strconv.ParseInt(query.Get("limitBytes"), 10, 64); err == nil {
		out.left = n
	}
	if n, err := strconv.Atoi(query.Get("tailLines")); err == nil {
		if err := seekTail(f, n); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Type", "text/plain")
	if query.Get("follow") != "true" || !c.running() {
		io.Copy(out, f)
		return
	}
	ctx, cancel := k.api.whileRunning(r.Context(), c)
	defer cancel()
	follow(ctx, out, f, http.NewResponseController(w))
}

// follow copies what the file gets until the context ends or the client has gone.
func follow(ctx context.Context, out io.Writer, f *os.File, flusher *http.ResponseController) {
	const interval = 100 * time.Millisecond
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for ended := false; ; {
		if _, err := io.Copy(out, f); err != nil {
			return
		}
		if ended || flusher.Flush() != nil {
			return
		}
		select {
		case <-ctx.Done():
			ended = true // once more, for what came in meanwhile
		case <-ticker.C:
		}
	}
}

// seekTail moves to the start of the last n lines. Test logs are small enough to read whole.
func seekTail(f *os.File, n int) error {
	text, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	start := len(bytes.TrimSuffix(text, []byte("\n")))
	if n <= 0 {
		start = len(text)
	}
	for ; n > 0 && start >= 0; n-- {
		start = bytes.LastIndexByte(text[:start], '\n')
	}
	if start < 0 {
		start = 0
	} else if start < len(text) && text[start] == '\n' {
		start++
	}
	_, err = f.Seek(int64(start), io.SeekStart)
	return err
}

// limitedWriter ends with an error after `left` bytes; less than 0 means no limit.
type limitedWriter struct {
	w    io.Writer
	left int64
}

func (l *limitedWriter) Write(p []byte) (int, error) {
	if l.left < 0 {
		return l.w.Write(p)
	}
	part := p[:min(int64(len(p)), l.left)]
	l.left -= int64(len(part))
	n, err := l.w.Write(part)
	if err == nil && len(part) < len(p) {
		err = io.ErrShortWrite
	}
	return n, err
}
