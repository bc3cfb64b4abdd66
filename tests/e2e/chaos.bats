# kill -9 at random moments. After each the pod is in a true state, nothing is leaked, and no exit code
# and no line is lost. CHAOS_SEED repeats a run.
load helper
load chaos

twins() { sleepers twins one two; }

both_run() { podctl exec "$1" -c one -- true && podctl exec "$1" -c two -- true; }

# What runs of the root is one pod of two containers, and what it says is so.
assert_one_true_pod() {
  until_true both_run "$1"
  until_only_pods "$(uid_of "$1")"
}

back() {
  podctl get pod twins -o json | jq -e --arg was "$1" '
    (.status.conditions[] | select(.type == "Ready") | .status) == "True" and
    ([.status.containerStatuses[].containerID] | join(" ")) != $was' >/dev/null
}
containers_of() { podctl get pod "$1" -o json | jq -r '[.status.containerStatuses[].containerID] | join(" ")'; }

@test "chaos: podctld, the shim and pause are killed in any order, and the pod is true after each" {
  seed
  local victim was order
  # A subshell's RANDOM would not be the seed's.
  order="$RANDOM podctld\n$RANDOM shim\n$RANDOM pause\n$RANDOM podctld"
  for victim in $(printf '%b\n' "$order" | sort -n | cut -d' ' -f2); do
    echo "kills $victim"
    # A new pod each time: a second restart would wait for its back-off.
    twins | podctl apply -f -
    ready twins
    was=$(containers_of twins)
    case $victim in
      podctld) kill_9 "$(daemon_of_root)" ;;
      shim) kill_9 "$(shim_of twins)" ;;
      pause) kill_9 "$(pause_of twins)" ;;
    esac
    [ "$victim" = podctld ] || until_true back "$was"
    ready twins
    [ "$victim" != podctld ] || [ "$(containers_of twins)" = "$was" ]
    assert_one_true_pod twins
    podctl delete pod twins
    until_only_pods
  done
}

@test "chaos: pause dies under a podctld that its own shim has brought back" {
  local was old
  twins | podctl apply -f -
  ready twins
  was=$(containers_of twins)
  old=$(daemon_of_root)
  kill_9 "$old"
  revived() { [ -n "$(daemon_of_root)" ] && [ "$(daemon_of_root)" != "$old" ]; }
  until_true revived
  kill_9 "$(pause_of twins)"
  until_true back "$was"
  assert_one_true_pod twins
  podctl delete pod twins
  until_only_pods
}

@test "chaos: podctld is killed amid an apply, and applying again completes it" {
  seed
  podctl version >/dev/null
  local job
  for _ in 1 2 3; do
    twins | podctl apply -f - >apply.out 2>&1 &
    job=$!  # a process substitution changes it
    moment 60
    kill_9 "$(daemon_of_root)"
    wait "$job" || true
    # What was said to be created is there.
    ! grep -q created apply.out || podctl get pod twins
    twins | podctl apply -f -
    ready twins
    assert_one_true_pod twins
    podctl delete pod twins
  done
}

@test "chaos: the shim or pause is killed amid the start, and the pod starts all the same" {
  seed
  podctl version >/dev/null
  local round shim job
  for round in 1 2 3 4; do
    twins | podctl apply -f - &
    job=$!  # a process substitution changes it
    moment 90
    shim=$(shims)
    if [ $((round % 2)) = 0 ]; then
      kill_9 "$shim"
    elif [ -n "$shim" ]; then
      kill_9 "$(pgrep -P "${shim//$'\n'/,}" -f ^podctl-pause || true)"
    fi
    wait "$job"
    until_true both_run twins  # ready alone may still be what it was before the kill was seen
    ready twins
    assert_one_true_pod twins
    podctl delete pod twins
  done
}

two_wait() { [ "$(waiting_inits | wc -l)" = 2 ]; }

# Until the next pod's sandbox is there with its inits. It is given up half a minute after the last start, and a
# start that was killed is tried again after ten seconds: on a busy machine that may be too late to see it.
next_one_waits() {
  until_true two_wait && return
  twins | podctl apply -f -
  ready twins
  podctl delete pod twins --grace-period=0 --force
  until_true two_wait
}

@test "chaos: inits that wait for the next pod are killed, before it and amid its start, and it starts all the same" {
  seed
  twins | podctl apply -f -
  ready twins
  local round job
  for round in 1 2 3 4; do
    podctl delete pod twins --grace-period=0 --force
    next_one_waits
    if [ $((round % 2)) = 0 ]; then
      kill_9 "$(waiting_inits)"
      until_true eval '[ -z "$(waiting_inits)" ]'
      twins | podctl apply -f -
    else
      twins | podctl apply -f - &
      job=$!  # a process substitution changes it
      moment 15
      kill_9 "$(waiting_inits | head -n 1)"
      wait "$job"
    fi
    until_true both_run twins
    ready twins
    [ -z "$(waiting_inits)" ] || until_only_pods "$(uid_of twins)"
  done
  podctl delete pod twins
  until_only_pods
}

@test "chaos: podctld is killed amid a delete, and the pod is gone all the same" {
  seed
  local job
  for _ in 1 2 3; do
    twins | podctl apply -f -
    ready twins
    podctl delete pod twins >delete.out 2>&1 &
    job=$!  # a process substitution changes it
    moment 40
    kill_9 "$(daemon_of_root)"
    wait "$job" || true
    podctl delete pod twins --ignore-not-found
    [ -z "$(podctl get pods --no-headers 2>/dev/null)" ]
    until_only_pods
  done
}

@test "chaos: podctl is interrupted amid an apply, and the pod is made whole or not at all" {
  seed
  podctl version >/dev/null
  local signal job
  for signal in INT KILL TERM; do
    twins >twins.yaml
    # bash lets a background job ignore SIGINT: env gives it back.
    env --default-signal=INT podctl apply -f twins.yaml >/dev/null 2>&1 &
    job=$!  # a process substitution changes it
    moment 30
    kill -"$signal" "$job" 2>/dev/null || true
    wait "$job" || true
    podctl apply -f twins.yaml
    ready twins
    assert_one_true_pod twins
    podctl delete pod twins
  done
}

@test "chaos: a container that writes all the time loses no line while podctld dies again and again" {
  seed
  pod writer 'i=0; while [ ! -e /tmp/stop ]; do echo line $i; i=$((i+1)); [ $((i % 500)) != 0 ] || sleep 0.01; done; echo end $i; exit 7' |
    podctl apply -f -
  ready writer
  for _ in 1 2 3 4; do
    moment 100
    kill_9 "$(daemon_of_root)"
    podctl get pod writer >/dev/null
  done
  written() { [ "$(podctl logs writer | wc -l)" -gt 500 ]; }
  until_true written
  let_go writer /tmp/stop
  kill_9 "$(daemon_of_root)"
  ended writer Failed
  [ "$(field writer '{.status.containerStatuses[0].state.terminated.exitCode}')" = 7 ]
  podctl logs writer >log
  local last
  last=$(tail -n 1 log)
  [[ $last =~ ^end\ ([0-9]+)$ ]]
  [ "${BASH_REMATCH[1]}" -gt 500 ]
  { seq -f 'line %.0f' 0 $((BASH_REMATCH[1] - 1)); echo "$last"; } | cmp - log
}
