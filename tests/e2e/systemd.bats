# podctld as a service of systemd. It takes the machine's own places (/usr/local, /run/podctl), so it runs
# only on a machine that is thrown away: scripts/test --vm.
load helper

pods=/sys/fs/cgroup/system.slice/podctl-pods.service

setup_file() {
  [ "${PODCTL_THROWAWAY:-}" ] && [ -d /run/systemd/system ] || return 0
  cmake --install "${PODCTL_BUILD:?}" >/dev/null
  systemctl daemon-reload
  systemctl start podctld.socket
}

setup() {
  [ "${PODCTL_THROWAWAY:-}" ] || skip "only on a machine that is thrown away (scripts/test --vm)"
  [ -d /run/systemd/system ] || skip "systemd is not PID 1"
  unset PODCTL_ROOT
  PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
  cd "$BATS_TEST_TMPDIR"
}

teardown() { [ -z "${BATS_ERROR_STATUS:-}" ] || systemctl status --no-pager 'podctl*' || :; }

main_pid() { systemctl show -p MainPID --value podctld.service; }
container() { field one '{.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}'; }

# of_its_own POD CGROUP: a pod in a root of its own lies below that cgroup, and goes without a trace.
of_its_own() {
  PODCTL_ROOT=$(mktemp -d -t podctl-e2e.XXXXXX)
  export PODCTL_ROOT
  ROOT_ID=$(root_id "$PODCTL_ROOT")
  pod "$1" 'exec sleep 1000' | podctl apply -f -
  ready "$1"
  [ -d "$2/podctl-$ROOT_ID/pods" ]
  podctl system reset --yes
  assert_nothing_left
  rm -rf --one-file-system "$PODCTL_ROOT"
}

@test "the first command starts the service through its socket" {
  run systemctl is-active podctld.service
  [ "$output" = inactive ]
  podctl get pods
  systemctl is-active podctld.service podctl-pods.service
}

@test "pods live in the cgroup of podctl-pods.service, podctld in its own" {
  pod one 'exec sleep 1000' | sed 's/^    image:/    resources: {limits: {memory: 64Mi, cpu: 500m}}\n    image:/' | podctl apply -f -
  ready one
  [ "$(cat "/proc/$(main_pid)/cgroup")" = "0::/system.slice/podctld.service" ]
  run find $pods -path '*/pods/*' -name memory.max -exec cat '{}' +
  says 67108864
  run podctl exec one -- cat /proc/self/cgroup
  [ "$output" = "0::/" ]
}

@test "systemctl daemon-reload leaves the limits" {
  systemctl daemon-reload
  run find $pods -path '*/pods/*' -name memory.max -exec cat '{}' +
  says 67108864
}

@test "systemctl restart leaves the pods running" {
  before=$(container)
  [ "${before#* }" = 0 ]
  old=$(main_pid)
  systemctl restart podctld.service
  [ "$(container)" = "$before" ]
  [ "$(main_pid)" != "$old" ]
  podctl exec one -- true
}

@test "kill -9 of podctld: systemd brings it back beside its pods" {
  before=$(container)
  old=$(main_pid)
  kill -9 "$old"
  is_back() { local now; now=$(main_pid); [ "$now" != 0 ] && [ "$now" != "$old" ]; }
  until_true is_back
  [ "$(container)" = "$before" ]
}

@test "a stopped service leaves the pods, and the next command starts it" {
  before=$(container)
  systemctl stop podctld.service
  run systemctl is-active podctld.service
  [ "$output" = inactive ]
  grep -q 'populated 1' $pods/cgroup.events
  [ "$(container)" = "$before" ]
  systemctl is-active podctld.service
}

@test "another root lives beside the service, not in it" {
  of_its_own two /sys/fs/cgroup
}

@test "systemctl stop podctl-pods.service ends the pods of the service and no other's" {
  other=$(mktemp -d -t podctl-e2e.XXXXXX)
  pod two 'exec sleep 1000' | podctl --root "$other" apply -f -
  podctl --root "$other" wait --for=condition=Ready --timeout=60s pod/two
  systemctl stop podctld.service podctl-pods.service
  run find /sys/fs/cgroup/system.slice -maxdepth 1 -name podctl-pods.service
  [ -z "$output" ]
  systemctl daemon-reload
  podctl --root "$other" exec two -- true
  run podctl --root "$other" get pod two -o jsonpath='{.status.containerStatuses[0].restartCount}'
  [ "$output" = 0 ]
  podctl --root "$other" system reset --yes
  rm -rf --one-file-system "$other"
  again() { [ "$(field one '{.status.phase}')" != Running ]; }
  until_true again
  podctl delete pod one --now
}

@test "reset leaves nothing in the unit's cgroup, and the socket serves on" {
  podctl system reset --yes
  gone() { [ "$(find $pods -mindepth 1 -type d)" = $pods/keep ]; }
  until_true gone
  stopped() { ! systemctl is-active podctld.service; }
  until_true stopped
  run podctl get pods -A
  [ "$status" -eq 0 ]
  says "No resources found"
  podctl system reset --yes
  until_true stopped
}

@test "without the units a root lies at the top of the hierarchy" {
  systemctl stop podctld.socket podctld.service podctl-pods.service
  of_its_own three /sys/fs/cgroup
}
