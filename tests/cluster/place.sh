# shellcheck shell=bash disable=SC2154,SC2034
# Where things are. Sourced by up, down and check; `here` is this directory.

# cache holds what was built, each tool under its version.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-codex/cluster

# run holds the running cluster's state and nothing that outlives it. Each work tree has its own.
run=${CODEX_CLUSTER_RUN:-$cache/run-$(printf %s "$here" | sha256sum | cut -c1-8)}
run=$(realpath -m "$run")

say() { printf '%s\n' "$*" >&2; }

# lock FILE: waits until no other up or down is at work on the same thing; released at exit. The
# descriptor must be closed for whatever is started to stay (see process.sh).
lock() {
  mkdir -p "$(dirname "$1")"
  exec {lock_fd}>"$1"
  flock "$lock_fd"
}

# remove_state: under the lock. A directory that no cluster has marked as its own is left alone.
remove_state() {
  [[ ! -e $run || -e $run/.cluster || -z $(ls -A "$run") ]] ||
    { say "error: $run is not a cluster's directory"; exit 1; }
  rm -rf "$run"
}
