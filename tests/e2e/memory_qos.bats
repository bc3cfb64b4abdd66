# podctld --memory-qos: requests are protected, and who nears its limit is slowed down (KEP-2570).
load helper

on_v2() { [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; }

@test "memory QoS is refused where memory is not cgroup v2's" {
  ! on_v2 || skip "cgroup v2"
  fails 1 "$PODCTL_BIN/podctld" --root "$PODCTL_ROOT" --memory-qos
  says "switch on memory QoS --memory-qos: "
  says "boot with systemd.unified_cgroup_hierarchy=1"
  run podctl doctor
  says "podctld refuses --memory-qos"
}

# group_of POD [CONTAINER]: the cgroup's directory.
group_of() { podctl describe pod "$1" | awk -v want="${2:-pod}:" '/^Cgroups:/ { listed = 1 } listed && $1 == want { here = 1 } here && $1 == "Path:" { print $2; exit }'; }
holds() { [ "$(cat "$1")" = "$2" ] || { echo "$1: $(cat "$1"), not $2"; return 1; }; }

@test "requests are protected on the way down, and memory.high comes before the limit" {
  on_v2 || skip "needs cgroup v2"
  "$PODCTL_BIN/podctld" --root "$PODCTL_ROOT" --memory-qos 3>&- &
  until_true test -S "$PODCTL_ROOT/run/podctld.sock"
  podctl doctor | grep -q "memory QoS *possible"
  resizable burst '{requests: {memory: 10Mi}, limits: {memory: 20Mi}}' | podctl apply -f -
  resizable sure '{limits: {cpu: 100m, memory: 16Mi}}' | podctl apply -f -
  ready burst
  ready sure
  local main pod top mi=1048576
  main=$(group_of burst main) pod=$(group_of burst)
  holds "$main/memory.high" $((19 * mi))
  holds "$main/memory.low" $((10 * mi))
  holds "$main/memory.min" 0
  holds "$pod/memory.low" $((10 * mi))
  holds "$pod/memory.high" max
  holds "$(group_of sure main)/memory.min" $((16 * mi))
  holds "$(group_of sure main)/memory.high" max
  holds "$(group_of sure)/memory.min" $((16 * mi))
  # Nothing is protected that is not protected above.
  top=${pod%/pods/*}
  for group in "$top" "$top/pods"; do
    until_true holds "$group/memory.min" $((16 * mi))
    until_true holds "$group/memory.low" $((10 * mi))
  done
  until_true holds "$top/pods/burstable/memory.low" $((10 * mi))
  podctl resize burst --requests memory=20Mi --limits memory=40Mi
  until_true holds "$main/memory.high" $((38 * mi))
  until_true holds "$main/memory.low" $((20 * mi))
  until_true holds "$pod/memory.low" $((20 * mi))
  until_true holds "$top/pods/burstable/memory.low" $((20 * mi))
  podctl delete pod burst sure
  until_true holds "$top/pods/memory.min" 0
  until_true holds "$top/pods/memory.low" 0
}

@test "a podctld without the option takes the protection back" {
  on_v2 || skip "needs cgroup v2"
  "$PODCTL_BIN/podctld" --root "$PODCTL_ROOT" --memory-qos 3>&- &
  until_true test -S "$PODCTL_ROOT/run/podctld.sock"
  resizable burst '{requests: {memory: 10Mi}, limits: {memory: 20Mi}}' | podctl apply -f -
  ready burst
  local main pod top daemon group
  main=$(group_of burst main) pod=$(group_of burst)
  top=${pod%/pods/*}
  until_true holds "$top/memory.low" $((10 * 1048576))
  [ -e "$PODCTL_ROOT/run/memory_qos" ]
  daemon=$(daemon_of_root)
  kill -TERM "$daemon"
  until_true eval '! kill -0 '"$daemon"' 2>/dev/null'
  podctl get pods
  until_true holds "$main/memory.high" max
  for group in "$main" "$pod" "$top/pods/burstable" "$top/pods" "$top"; do
    until_true holds "$group/memory.low" 0
    holds "$group/memory.min" 0
  done
  until_true eval '[ ! -e "$PODCTL_ROOT/run/memory_qos" ]'
}

@test "without the option no protection is written" {
  on_v2 || skip "needs cgroup v2"
  pod plain 'sleep 1000' | sed 's/image: .*/&\n    resources: {requests: {memory: 10Mi}, limits: {memory: 20Mi}}/' | podctl apply -f -
  ready plain
  holds "$(group_of plain main)/memory.high" max
  holds "$(group_of plain main)/memory.low" 0
}
