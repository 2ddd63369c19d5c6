package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/creack/pty"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
)

// executor runs the command of one exec request.
type executor struct {
	kubelet   *kubelet
	container *container
}

// ExecInContainer returns a CodeExitError for a command that ran and failed: the library turns it
// into the status that clients read the exit code from. The request's context is not used: as
// with a real runtime the command lives on when its client leaves, and dies with its container.
func (e executor) ExecInContainer(_ context.Context, _, _, _ string, argv []string, in io.Reader, out, errOut io.WriteCloser,
	tty bool, resize <-chan remotecommand.TerminalSize, _ time.Duration) error {
	ctx, cancel := e.kubelet.api.whileRunning(context.Background(), e.container)
	defer cancel()
	cmd, err := e.command(ctx, argv)
	if err != nil {
		return err
	}
	if tty {
		return exitCode(onTerminal(cmd, in, out, resize))
	}
	return exitCode(onPipes(cmd, in, out, errOut))
}

func (e executor) command(ctx context.Context, argv []string) (*exec.Cmd, error) {
	dir, err := e.kubelet.directory(e.container)
	if err != nil {
		return nil, err
	}
	log, err := e.kubelet.logFile(e.container)
	if err != nil {
		return nil, err
	}
	path := os.Getenv("PATH")
	env := []string{
		"PATH=" + path, "HOME=" + dir, "HOSTNAME=" + e.container.pod.Metadata.Name, "CONTAINER_LOG=" + log,
		// `down` finds by it what a command left running.
		"KUBECTL_CODEX_CLUSTER=" + os.Getenv("KUBECTL_CODEX_CLUSTER"),
	}
	for _, v := range e.container.spec.Env {
		env = append(env, v.Name+"="+v.Value)
		if v.Name == "PATH" {
			path = v.Value
		}
	}
	program, err := lookPath(argv[0], path, dir)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Args, cmd.Dir, cmd.Env = argv, dir, env
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	// A process that the command left behind may keep its output open.
	cmd.WaitDelay = 2 * time.Second
	return cmd, nil
}

// lookPath looks in the container's PATH; os/exec would look in ours. The error is worded as
// containerd's, which has no exit code either.
func lookPath(name, path, dir string) (string, error) {
	candidates := []string{name}
	if !strings.Contains(name, "/") {
		candidates = nil
		for _, d := range filepath.SplitList(path) {
			candidates = append(candidates, filepath.Join(d, name))
		}
	}
	for _, c := range candidates {
		if !filepath.IsAbs(c) {
			c = filepath.Join(dir, c)
		}
		if info, err := os.Stat(c); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
			return c, nil
		}
	}
	return "", fmt.Errorf("failed to exec in container: exec: %q: executable file not found in $PATH", name)
}

func onPipes(cmd *exec.Cmd, in io.Reader, out, errOut io.WriteCloser) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// Streams that the client didn't ask for are nil interfaces, which os/exec takes as /dev/null.
	cmd.Stdout, cmd.Stderr = out, errOut
	if in != nil {
		// Given as cmd.Stdin, the command's end would wait for the client's.
		stdin, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		go func() {
			io.Copy(stdin, in)
			stdin.Close()
		}()
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Wait()
}

func onTerminal(cmd *exec.Cmd, in io.Reader, out io.Writer, resize <-chan remotecommand.TerminalSize) error {
	terminal, err := pty.StartWithAttrs(cmd, nil, &syscall.SysProcAttr{Setsid: true, Setctty: true})
	if err != nil {
		return err
	}
	defer terminal.Close()
	go func() {
		for size := range resize {
			pty.Setsize(terminal, &pty.Winsize{Rows: size.Height, Cols: size.Width})
		}
	}()
	if in != nil {
		go io.Copy(terminal, in)
	}
	// Ends with EIO when the last process has closed the terminal.
	if out != nil {
		io.Copy(out, terminal)
	}
	return cmd.Wait()
}

func exitCode(err error) error {
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	code := exit.ExitCode()
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int(status.Signal())
	}
	return utilexec.CodeExitError{Err: err, Code: code}
}
