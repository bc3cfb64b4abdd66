# Shared by every .bats file here: a root of its own for each test, the built programs on PATH, and a check
# after each test that nothing of that root is left on the machine.

# The eight hex digits that name a root's kernel objects (FNV-1a, as base/text.cpp computes it).
root_id() {
  local hash=$((0xcbf29ce484222325)) i c
  for ((i = 0; i < ${#1}; i++)); do
    printf -v c '%d' "'${1:i:1}"
    hash=$(((hash ^ c) * 0x100000001b3))
  done
  local hex
  printf -v hex '%016x' "$hash"
  echo "${hex: -8}"
}

setup() {
  [ "$(id -u)" = 0 ] || skip "needs root"
  # TMPDIR, if set, must not lie on an overlay: containers have their upper directories there.
  PODCTL_ROOT=$(mktemp -d -t podctl-e2e.XXXXXX)
  export PODCTL_ROOT
  ROOT_ID=$(root_id "$PODCTL_ROOT")
  PATH="${PODCTL_BIN:?}:$PATH"
  cd "$BATS_TEST_TMPDIR"
}

# What a test that has failed left in the background: it would hold bats up, and start podctld anew.
end_jobs() {
  local job
  for job in $(jobs -p); do
    [ "$(cat "/proc/$job/comm" 2>/dev/null)" = podctld ] || kill "$job" 2>/dev/null || :
  done
}

# bats looks at the status of the whole alone: nothing here ends it early.
teardown() {
  [ -n "${PODCTL_ROOT:-}" ] || return 0
  local failed=0
  [ -n "${BATS_TEST_COMPLETED:-}" ] || {
    tail -n 40 "$PODCTL_ROOT"/run/{podctld.log,pods/*/shim.log} 2>/dev/null
    end_jobs
  }
  podctl system reset --yes >"$BATS_TEST_TMPDIR/reset.out" 2>&1 || {
    echo "reset failed: $(cat "$BATS_TEST_TMPDIR/reset.out")"
    tail -n 40 "$PODCTL_ROOT/run/podctld.log" 2>/dev/null
    failed=1
  }
  ! mountpoint -q "$PODCTL_ROOT" || umount "$PODCTL_ROOT"  # one that the test has mounted there
  assert_nothing_left || failed=1
  rm -rf --one-file-system "$PODCTL_ROOT"
  return $failed
}

# Every kind of object that a root can leave behind, looked up by the root's own names.
assert_nothing_left() {
  local left=""
  left+=$(find /sys/fs/cgroup -maxdepth 5 -type d -name "podctl-$ROOT_ID" 2>/dev/null || true)
  left+=$(ip -o link 2>/dev/null | grep -o "podctl$ROOT_ID" || true)
  left+=$(grep -o " $PODCTL_ROOT[^ ]*" /proc/self/mountinfo || true)
  left+=$(nft list tables 2>/dev/null | grep "podctl_$ROOT_ID" || true)
  left+=$(grep -lxF "$PODCTL_ROOT" /run/podctl-ids/[1-9]* 2>/dev/null || true)
  left+=$(ls -A "$PODCTL_ROOT/lib" "$PODCTL_ROOT/run" 2>/dev/null || true)
  local p comm words
  for p in /proc/[0-9]*; do
    { read -r comm <"$p/comm"; } 2>/dev/null || continue
    [[ $comm == podctl* ]] || continue
    { mapfile -d '' -t words <"$p/cmdline"; } 2>/dev/null || continue
    [[ ${words[*]} != *"$PODCTL_ROOT"* ]] || left+=" process ${p#/proc/}"
  done
  if [ -n "$left" ]; then
    echo "left behind by the test: $left"
    return 1
  fi
}

# fails CODE COMMAND…: runs the command and expects this exit status; output in $output.
fails() {
  local want=$1
  shift
  run "$@"
  [ "$status" -eq "$want" ] || { echo "expected exit $want, got $status: $output"; return 1; }
}

# says TEXT: the last run's output contains it.
says() {
  [[ $output == *"$1"* ]] || { printf 'expected: %s\n     got: %s\n' "$1" "$output"; return 1; }
}

# Writes a pod of one busybox container that runs this shell script: pod NAME SCRIPT [restartPolicy]
pod() {
  cat <<EOF
apiVersion: v1
kind: Pod
metadata:
  name: $1
spec:
  restartPolicy: ${3:-Never}
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: podctl/busybox
    command: ["sh", "-c"]
    args:
    - |
$(sed 's/^/      /' <<<"$2")
EOF
}

# SECONDS a test waits for what must happen; longer where PODCTL_TEST_PATIENCE asks for it (a slow machine).
patience() { echo $(($1 * ${PODCTL_TEST_PATIENCE:-1})); }
await() { podctl wait --timeout="$(patience 60)s" "$@"; }
ready() { await --for=condition=Ready "pod/$1"; }
ended() { await --for=jsonpath='{.status.phase}'="$2" "pod/$1"; }
field() { podctl get pod "$1" -o jsonpath="$2"; }

# until_true COMMAND…: waits for it, as long as the test's patience lasts.
until_true() {
  local end=$((SECONDS + $(patience 30)))
  until "$@"; do
    [ $SECONDS -lt $end ] || { echo "never true: $*"; return 1; }
    read -rt 0.05 <> <(:) || :
  done
}

# let_go POD FILE [ARG…]: makes the file that a container waits for to end, which may end the command too.
let_go() { podctl exec "$1" "${@:3}" -- touch "$2" || [ $? = 137 ]; }

# logged POD LINE [ARG…]: waits until this is a whole line of the pod's log.
has_line() { podctl logs "$1" "${@:3}" 2>/dev/null | grep -qxF -- "$2"; }
logged() { until_true has_line "$@"; }

uid_of() { field "$1" '{.metadata.uid}'; }
# The podctld of this root, without starting one; nothing when there is none. A child that it has just
# made has its words until it executes something: the oldest is meant.
daemon_of_root() { pgrep -o -f "^[^ ]*podctld --root $PODCTL_ROOT( |$)" || true; }
shim_of() { cat "$PODCTL_ROOT/run/pods/$(uid_of "$1")/shim.pid"; }

# late SCRIPT: the pod "late", whose container runs this once its init container "first" has been let go by
# /v/go; that says "went" then.
late() {
  cat <<EOF
apiVersion: v1
kind: Pod
metadata: {name: late}
spec:
  terminationGracePeriodSeconds: 0
  volumes: [{name: v, emptyDir: {}}]
  initContainers:
  - name: first
    image: podctl/busybox
    command: [sh, -c, "until [ -e /v/go ]; do sleep 0.1; done; echo went"]
    volumeMounts: [{name: v, mountPath: /v}]
  containers:
  - {name: main, image: podctl/busybox, command: [sh, -c, "$1"]}
EOF
}

# with_volume NAME SCRIPT SOURCE [MORE OF THE MOUNT] [LINES OF ITS SPEC]: a pod that has a volume of that source
# at /v and runs that script.
with_volume() {
  cat <<EOF
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  ${5:-}
  containers:
  - {name: main, image: podctl/busybox, command: [sh, -c, "$2"], volumeMounts: [{name: v, mountPath: /v${4:-}}]}
  volumes: [{name: v, $3}]
EOF
}

# resizable NAME RESOURCES [LINES OF THE CONTAINER]: a pod of one that sleeps.
resizable() {
  cat <<EOF
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: main
    image: podctl/busybox
    command: [sleep, "1000"]
    resources: $2
    ${3:-}
EOF
}

# sleepers NAME CONTAINER CONTAINER: the manifest of a pod of two that sleep.
sleepers() {
  cat <<EOF
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: $2, image: podctl/busybox, command: [sleep, "1000"]}
  - {name: $3, image: podctl/busybox, command: [sleep, "1000"]}
EOF
}
