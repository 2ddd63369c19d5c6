# shellcheck shell=bash disable=SC2154 # here, cache and run come from who sources this and place.sh
# Starts and stops the cluster's processes. Sourced by up, down and check.
#
# Each component has $run/NAME.pid with its process id and the moment it started, since an id alone
# may by now be another process's, and $run/NAME.log.

components=(etcd kube-apiserver kubelet kube-controller-manager kube-scheduler kwok)

# identity PID: the id, the process's start in clock ticks since boot, and the boot; nothing when
# there is no such process (or only its exit code, waiting for a parent that never asks).
identity() {
  local stat fields
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  read -ra fields <<<"${stat##*) }" # what follows the name, which may hold spaces and brackets
  [[ ${fields[0]} != Z ]] && echo "$1 ${fields[19]} $(</proc/sys/kernel/random/boot_id)"
}

alive() { # NAME
  local recorded
  { recorded=$(<"$run/$1.pid"); } 2>/dev/null && [[ $recorded == "$(identity "${recorded%% *}")" ]]
}

# start NAME COMMAND…: as a session of its own, so that no terminal's Ctrl-C reaches it. The process
# writes its own pid file before it becomes the component, so none is ever without.
start() {
  local name=$1
  shift
  (
    exec {lock_fd}>&-
    cd "$run" && export KUBECTL_CODEX_CLUSTER=$run || exit
    exec setsid bash -c '. "$0"; run=$1; echo "$(identity $$)" >"$run/$2.pid"; shift 2; exec "$@"' \
      "$here/process.sh" "$run" "$name" "$@"
  ) </dev/null >"$run/$name.log" 2>&1 &
  while [[ ! -s $run/$name.pid ]] && kill -0 $! 2>/dev/null; do sleep 0.01; done
  disown $! # or the shell would remark on its end
}

# stop_all: kills what the pid files name, last first, then whatever else this cluster started
# (commands that kubectl exec ran). All its state is thrown away, so nobody is asked to be graceful.
stop_all() {
  local i name pids=()
  for (( i = ${#components[@]} - 1; i >= 0; i-- )); do
    name=${components[i]}
    if alive "$name"; then pids+=("$(cut -d' ' -f1 "$run/$name.pid")"); fi
  done
  kill_and_wait "${pids[@]}"
  while mapfile -t pids < <(strays) && (( ${#pids[@]} )); do
    kill_and_wait "${pids[@]}"
  done
}

# strays: the processes that this cluster's name stands in the environment of.
strays() {
  local pid
  grep -lzxF "KUBECTL_CODEX_CLUSTER=$run" /proc/[0-9]*/environ 2>/dev/null |
    while IFS=/ read -r _ _ pid _; do
      if identity "$pid" >/dev/null; then echo "$pid"; fi
    done
}

kill_and_wait() { # PID…
  local pid was
  for pid; do
    was=$(identity "$pid") || continue
    kill -KILL "$pid" 2>/dev/null
    while [[ $(identity "$pid") == "$was" ]]; do sleep 0.02; done
  done
}
