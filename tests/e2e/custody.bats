# kill -9 of anything, at any moment: no container notices, nothing is lost, nothing is leaked.
load helper

daemon_pid() { podctl version -o json | jq -r '.server.pid'; }

# How often a podctld of this root has begun to serve; asks none of them.
serves() { [ "$(grep -c 'podctld serves' "$PODCTL_ROOT/run/podctld.log")" -ge "$1" ]; }

# Gone, or a zombie that its parent has yet to reap.
ended_process() { [[ $(cat "/proc/$1/stat" 2>/dev/null) =~ ^[0-9]*\ \(.*\)\ Z\ |^$ ]]; }

counter() {
  pod counter 'i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; until [ -e /tmp/go ]; do sleep 0.01; done; exit 5'
}

@test "kill -9 podctld: the container runs on, its exit code and log are kept" {
  counter | podctl apply -f -
  ready counter
  kill -9 "$(daemon_pid)"
  run podctl get pods --no-headers
  [[ $output =~ counter\ +1/1\ +Running\ +0 ]]
  let_go counter /tmp/go
  kill -9 "$(daemon_pid)"
  ended counter Failed
  [ "$(field counter '{.status.containerStatuses[0].state.terminated.exitCode}')" = 5 ]
  [ "$(podctl logs counter | wc -l)" -eq 2000 ]
}

# asked JOB: the command has connected, with a podctld that is stopped.
asked() { ls -l "/proc/$1/fd" 2>/dev/null | grep -q socket; }

@test "what a podctld had not read when it died is asked of the next one" {
  local daemon job command
  counter >counter.yaml
  for command in "apply -f counter.yaml" "exec counter -- true" version "delete pod counter --now" \
    "system reset --yes"; do
    daemon=$(daemon_pid)
    kill -STOP "$daemon"
    "$PODCTL_BIN/podctl" $command &
    job=$!
    until_true asked $job
    kill -9 "$daemon"
    wait $job
    [[ $command != apply* ]] || ready counter
  done
}

@test "an exit while no podctld runs is found by the next one" {
  counter | podctl apply -f -
  ready counter
  local daemon shim main
  daemon=$(daemon_pid) shim=$(shim_of counter) main=$(podctl ns counter -o json | jq -r '.namespaces[] | select(.holder == "container/main") | .pid')
  # A stopped shim brings no podctld back, so that the end is surely nobody's to see.
  kill -STOP "$shim"
  kill -9 "$daemon" "$main"
  until_true ended_process "$daemon"
  until_true ended_process "$main"
  kill -CONT "$shim"
  ended counter Failed
  [ "$(field counter '{.status.containerStatuses[0].state.terminated.exitCode}')" = 137 ]
}

@test "last words that are no text keep nobody from reading on, nor podctld from starting" {
  pod loud 'printf "bad \\377 \\033[31mred" >/dev/termination-log; exit 3' | podctl apply -f -
  ended loud Failed
  kill -9 "$(daemon_pid)"
  [ "$(field loud '{.status.containerStatuses[0].state.terminated.message}')" = $'bad \xef\xbf\xbd \e[31mred' ]
  run podctl describe pod loud
  says $'bad \xef\xbf\xbd ^[[31mred'
}

@test "kill -9 of the shim ends the pod in a true state and leaks nothing" {
  pod one 'exec sleep 1000' | podctl apply -f -
  ready one
  kill -9 "$(shim_of one)"
  ended one Failed
  podctl delete pod one --now
}

@test "a shim that hangs keeps nobody from looking, nor from deleting its pod" {
  pod one 'exec sleep 1000' | podctl apply -f -
  ready one
  kill -STOP "$(shim_of one)"
  run timeout "$(patience 20)" podctl describe pod one
  [ "$status" -eq 0 ]
  says "Status:           Running"
  says "it is stopped, or waits for a file system"
  timeout "$(patience 60)" podctl delete pod one --force --grace-period=0
  pod one 'exec sleep 1000' | podctl apply -f -
  ready one
  kill -STOP "$(shim_of one)"
  timeout "$(patience 60)" podctl delete pod one
}

@test "with no space left a pod is not made, and one that is there can be deleted" {
  mount -t tmpfs -o size=32m podctl-e2e "$PODCTL_ROOT"
  pod one 'exec sleep 1000' | podctl apply -f -
  ready one
  # No sandbox made in advance may give its room back meanwhile.
  local shim
  shim=$(shim_of one)
  kill "$(daemon_of_root)"
  until_true eval '[ -z "$(daemon_of_root)" ]'
  until_true eval '[ "$(pgrep -f "^podctl-shim [^ ]* $PODCTL_ROOT$")" = "$shim" ]'
  "$PODCTL_BIN/podctld" --root "$PODCTL_ROOT" --no-ready-sandbox --ready-fd 5 5>"$PODCTL_ROOT/run/up" &
  until_true test -s "$PODCTL_ROOT/run/up"
  dd if=/dev/zero of="$PODCTL_ROOT/full" bs=4k 2>/dev/null || true
  pod two 'exec sleep 1000' >two.yaml
  fails 1 podctl apply -f two.yaml
  says "no space left"
  [ "$(podctl get pods -o name)" = pod/one ]
  run podctl delete pod one --now
  [ "$status" -eq 0 ]
  rm "$PODCTL_ROOT/full" "$PODCTL_ROOT/run/up"
  podctl apply -f two.yaml
  ready two
  kill -9 "$(daemon_of_root)"
  [ "$(podctl get pods -o name)" = pod/two ]
}

@test "a pod goes only once all of it is gone, and what keeps it is told" {
  pod stuck 'touch /data/file; exec sleep 1000' | sed 's/^    command/    volumeMounts: [{name: data, mountPath: \/data}]\n&/; s/^spec:/&\n  volumes: [{name: data, emptyDir: {}}]/' |
    podctl apply -f -
  ready stuck
  local file
  file=$PODCTL_ROOT/lib/pods/$(uid_of stuck)/volumes/data/file
  until_true test -e "$file"
  chattr +i "$file" || skip "this file system keeps no file from being removed"
  podctl delete pod stuck --now --wait=false
  local told=yes
  until_true eval 'podctl events --for pod/stuck | grep -q "FailedKillPod.*error killing pod"' && podctl get pod stuck || told=
  chattr -i "$file"  # whatever came of it: nothing else could remove it
  [ "$told" ]
  podctl wait --for=delete pod/stuck --timeout=60s
  [ ! -e "$PODCTL_ROOT/lib/pods/$(basename "$(dirname "$(dirname "$(dirname "$file")")")")" ]
}

@test "a reset that fails leaves a root that can be used and reset" {
  pod one 'exec sleep 1000' | podctl apply -f -
  ready one
  mkdir "$PODCTL_ROOT/lib/images/held"
  mount -t tmpfs podctl-e2e "$PODCTL_ROOT/lib/images/held"
  run podctl system reset --yes
  umount "$PODCTL_ROOT/lib/images/held"
  [ "$status" = 1 ]
  says "something is mounted there"
  podctl delete pod one --ignore-not-found --now
  pod two 'exec sleep 1000' | podctl apply -f -
  ready two
}

@test "kill -9 of pause makes the sandbox anew" {
  pod one 'exec sleep 1000' Always | podctl apply -f -
  ready one
  pause=$(podctl ns one -o json | jq -r '[.. | objects | select(.holder? == "pause") | .pid][0]')
  before=$(field one '{.status.containerStatuses[0].containerID}')
  kill -9 "$pause"
  for _ in $(seq 600); do
    now=$(field one '{.status.containerStatuses[0].containerID}')
    [ "$now" = "$before" ] || break
    read -rt 0.1 <> <(:) || :
  done
  [ "$now" != "$before" ]
  ready one
}

@test "a podctld that a shim has revived resets everything and leaves nothing, and apply works after it" {
  pod one 'exec sleep 1000' | podctl apply -f -
  ready one
  kill -9 "$(daemon_pid)"
  until_true serves 2
  podctl system reset --yes
  assert_nothing_left
  pod two 'exec sleep 1000' | podctl apply -f -
  ready two
  fails 1 podctl get pod one
}

empty() { [ -z "$(find "$1" -mindepth 1)" ]; }

@test "a reset amid an apply leaves nothing, and the next command starts afresh" {
  for _ in 1 2 3; do
    pod one 'exec sleep 1000' | podctl apply -f -
    podctl system reset --yes
    assert_nothing_left
    until_true empty "$PODCTL_ROOT"
  done
  [ -z "$(podctl get events --no-headers)" ]
}

@test "a pod that is deleted without grace is seen to have been killed" {
  pod one 'exec sleep 1000' | podctl apply -f -
  ready one
  podctl get pods -w -o json >watch.json &
  local watch=$!
  until_true grep -q '"Running"' watch.json
  podctl delete pod one --grace-period=0 --force
  await --for=delete pod/one
  until_true grep -q '"exitCode": 137' watch.json
  kill "$watch"
  wait "$watch" || true
  fails 1 grep ContainerStatusUnknown watch.json
}

@test "logs -f goes on over a podctld that is killed again and again, with every line once" {
  pod talker 'i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); sleep 0.01; done' | podctl apply -f -
  ready talker
  podctl logs -f talker >log &
  local line follower=$!
  for line in 20 80 160 240; do
    until_true grep -qx "line $line" log
    kill -9 "$(daemon_pid)"
  done
  wait "$follower"
  seq -f 'line %.0f' 0 399 | cmp - log
}

@test "objects that cannot be read: every command says why, no pod is touched, and a reset works" {
  pod one 'exec sleep 1000' | podctl apply -f -
  ready one
  main=$(podctl ns one -o json | jq -r '.namespaces[] | select(.holder == "container/main") | .pid')
  daemon=$(daemon_pid)
  kill "$daemon"
  until_true ended_process "$daemon"
  rm -f "$PODCTL_ROOT"/lib/objects.db-*
  echo "this is no store" >"$PODCTL_ROOT/lib/objects.db"
  for command in "get pods" "describe pod one"; do
    fails 1 podctl $command
    says "$PODCTL_ROOT/lib/objects.db"
    says "podctl system reset removes everything"
  done
  kill -0 "$main"
  podctl system reset --yes
  until_true ended_process "$main"  # its last parent may have yet to reap it
  [ ! -e "$PODCTL_ROOT/lib" ]
  assert_nothing_left
}
