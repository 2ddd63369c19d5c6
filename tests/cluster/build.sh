# shellcheck shell=bash disable=SC2154 # here, cache and run come from who sources this and place.sh
# Builds the cluster's programs from Go modules, each once. Sourced by up and build.
#
# `built TOOL` names the directory of a tool's programs: its version, and a hash of its sources, so
# that another version is another directory and several work trees share what is equal.

version_of() { # TOOL: the version of its main module, as its go.mod says
  local module
  case $1 in
    etcd) module=go.etcd.io/etcd/server/v3 ;;
    kube) module=k8s.io/kubernetes ;;
    kwok) module=sigs.k8s.io/kwok ;;
    registry) module=github.com/distribution/distribution/v3 ;;
    kubelet) echo own; return ;;
  esac
  awk -v module="$module" '{ for (i = 1; i < NF; i++) if ($i == module && $(i+1) ~ /^v/) print $(i+1) }' "$here/tools/$1/go.mod"
}

sources_of() {
  case $1 in
    kubelet) echo "$here/kubelet" ;;
    *) echo "$here/tools/$1" ;;
  esac
}

built() {
  local hash
  hash=$(cd "$(sources_of "$1")" && find . -type f -print0 | sort -z | xargs -0 cat | sha256sum | cut -c1-8)
  echo "$cache/$1-$(version_of "$1")-$hash"
}

# What a running cluster consists of.
cluster_tools=(etcd kwok kubelet kube)

build_missing() { # TOOLS
  local tool missing=()
  for tool in "$@"; do
    [[ -d $(built "$tool") ]] || missing+=("$tool")
  done
  (( ${#missing[@]} )) || return 0
  has_go || {
    say "error: the test cluster is built with Go 1.21 or later, which is not installed"
    say "hint: install it from https://go.dev/dl, or test on another cluster (CODEX_TEST_KUBECONFIG)"
    return 1
  }
  (
    lock "$cache/build.lock"
    say "building ${missing[*]} in $cache, this once"
    [[ " ${missing[*]} " != *' kube '* ]] || say "this takes about ten minutes on two cores"
    for tool in "${missing[@]}"; do
      [[ -d $(built "$tool") ]] || build "$tool" || { say "error: could not build $tool"; exit 1; }
    done
  )
}

has_go() {
  local minor
  minor=$(go env GOVERSION 2>/dev/null) && minor=${minor#go1.} && (( ${minor%%[!0-9]*} >= 21 ))
}

# build TOOL: its directory appears whole or not at all.
build() {
  local tool=$1 target part flags='-s -w' start=$SECONDS
  target=$(built "$tool") part=$target.part
  rm -rf "$part" && mkdir -p "$part" || return
  [[ $tool == kube ]] && flags+=$(kube_stamp)
  (
    cd "$(sources_of "$tool")" || exit
    export CGO_ENABLED=0
    case $tool in
      kubelet) go build -trimpath -ldflags "$flags" -o "$part/" . ;;
      *) go build -trimpath -ldflags "$flags" -o "$part/" tool ;;
    esac || exit
    # kwok's own stages are the base of ours (kwok/kustomization.yaml).
    [[ $tool != kwok ]] || cp -r "$(go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize/stage" "$part/stage"
  ) >&2 || return
  chmod -R u+w "$part" && mv "$part" "$target" && say "built $tool in $((SECONDS - start)) s"
}

# kube_stamp: what a release build writes into the programs. Without it they say v0.0.0-master, and
# clients compare versions.
kube_stamp() {
  local version package minor
  version=$(version_of kube) minor=${version#v1.} minor=${minor%%.*}
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    printf ' -X %s=%s' "$package.gitVersion" "$version" "$package.gitMajor" 1 \
      "$package.gitMinor" "$minor" "$package.gitTreeState" clean
  done
}
