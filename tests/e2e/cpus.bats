# Whole CPUs: podctld's CPU manager policy "static", as a kubelet has it.
load helper

# On a machine of one CPU nothing is left to give out.
two_cpus() { [ "$(nproc --all)" -ge 2 ] && [[ $(cat /sys/devices/system/cpu/online) == 0-* ]] || skip "needs CPUs 0 and 1"; }

serve() {
  "$PODCTL_BIN/podctld" --root "$PODCTL_ROOT" --cpu-manager-policy static --reserved-cpus 0 3>&- &
  until_true test -S "$PODCTL_ROOT/run/podctld.sock"
}

# The CPUs that a container's process may run on, as its kernel says.
cpus_of() { podctl exec "$1" -c "$2" -- grep Cpus_allowed_list /proc/1/status | cut -f2; }
runs_on() { [ "$(cpus_of "$1" "$2")" = "$3" ]; }
online() { cat /sys/devices/system/cpu/online; }

# whole NAME [CPUS]: a Guaranteed pod of one container.
whole() {
  cat <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  restartPolicy: Always
  terminationGracePeriodSeconds: 0
  containers:
  - name: main
    image: podctl/busybox
    command: [sh, -c, "trap exit TERM; sleep 1000 & wait"]
    resources: {limits: {cpu: ${2:-1}, memory: 32Mi}}
YAML
}

@test "a container that asks for whole CPUs has them alone, and the others are moved" {
  two_cpus
  serve
  sleepers others a b | podctl apply -f -
  ready others
  runs_on others a "$(online)"
  whole one | podctl apply -f -
  ready one
  local own
  own=$(cpus_of one main)
  [[ $own =~ ^[1-9][0-9]*$ ]]  # one, and not the reserved one
  # So does what is executed in it.
  [ "$(podctl exec one -- grep Cpus_allowed_list /proc/self/status | cut -f2)" = "$own" ]
  until_true eval '! cpus_of others a | tr , "\n" | grep -qx "'"$own"'"'
  [ "$(cpus_of others a)" = "$(cpus_of others b)" ]
  [ "$(cpus_of others a)" != "$(online)" ]
  # No quota, which could only throttle.
  run podctl describe pod one
  says "CPUs:       $own (its own)"
  [[ ! $output =~ cfs_quota_us=[0-9]|cpu.max=[0-9] ]]
  run podctl describe pod others
  says " (shared)"
  # What starts later shares what is left.
  pod later 'sleep 1000' | podctl apply -f -
  ready later
  [ "$(cpus_of later main)" = "$(cpus_of others a)" ]
  # A restart keeps them, deletion gives them back.
  podctl exec one -- kill -TERM 1 || :
  until_true eval '[ "$(field one "{.status.containerStatuses[0].restartCount}")" = 1 ]'
  ready one
  runs_on one main "$own"
  podctl delete pod one
  until_true runs_on others a "$(online)"
  until_true runs_on later main "$(online)"
}

@test "CPUs that are given out outlive podctld, also one that is killed" {
  two_cpus
  serve
  pod other 'sleep 1000' | podctl apply -f -
  whole one | podctl apply -f -
  ready one
  ready other
  local own rest
  own=$(cpus_of one main)
  until_true eval '[ "$(cpus_of other main)" != "$(online)" ]'
  rest=$(cpus_of other main)
  kill -KILL "$(daemon_of_root)"
  # The next one goes on with the same policy, whoever starts it.
  until_true podctl get pods
  runs_on one main "$own"
  pod later 'sleep 1000' | podctl apply -f -
  ready later
  [ "$(cpus_of later main)" = "$rest" ]
  podctl describe pod one | grep -q "CPUs: *$own (its own)"
  # Over is over: nothing runs on them any more.
  podctl delete pod one
  until_true runs_on other main "$(online)"
}

@test "a podctld of the policy none gives all CPUs back" {
  two_cpus
  serve
  whole one | podctl apply -f -
  ready one
  [ "$(cpus_of one main)" != "$(online)" ]
  local daemon
  daemon=$(daemon_of_root)
  kill -TERM "$daemon"
  until_true eval '! kill -0 '"$daemon"' 2>/dev/null'
  "$PODCTL_BIN/podctld" --root "$PODCTL_ROOT" --cpu-manager-policy none 3>&- &
  until_true eval '[ -n "$(daemon_of_root)" ]'
  until_true runs_on one main "$(online)"
  [ ! -e "$PODCTL_ROOT/lib/cpu_manager_state" ]
  # And its limit of one CPU, which nothing else keeps it to: the container's and the pod's.
  until_true eval '[ "$(podctl describe pod one | grep -cE "cfs_quota_us=[1-9]|cpu\.max=[1-9]")" = 2 ]'
}

stop_daemon() {
  local daemon
  daemon=$(daemon_of_root)
  kill -TERM "$daemon"
  until_true eval '! kill -0 '"$daemon"' 2>/dev/null'
}

@test "the policy static is refused while containers run that were started under another one" {
  two_cpus
  whole one | podctl apply -f -
  ready one
  stop_daemon
  fails 1 "$PODCTL_BIN/podctld" --root "$PODCTL_ROOT" --cpu-manager-policy static --reserved-cpus 0 --foreground
  says "set CPU manager policy static: containers run that were started under the policy none"
  says "delete their pods first, under a podctld without this policy (default/one)"
  # The pod lives on, and the next podctld has the policy that it was started with.
  [ ! -e "$PODCTL_ROOT/lib/cpu_manager_state" ]
  ready one
  runs_on one main "$(online)"
  podctl delete pod one --now
  stop_daemon
  serve
  whole one | podctl apply -f -
  ready one
  [ "$(cpus_of one main)" != "$(online)" ]
}

@test "a file of CPUs that is empty stops podctld, which says what to do" {
  two_cpus
  serve
  whole one | podctl apply -f -
  ready one
  local own
  own=$(cpus_of one main)
  stop_daemon
  : >"$PODCTL_ROOT/lib/cpu_manager_state"
  fails 1 podctl get pods
  says "cpu_manager_state: it is empty: remove it, and start podctld with the --cpu-manager-policy"
  until_true eval '[ -z "$(daemon_of_root)" ]'
  rm "$PODCTL_ROOT/lib/cpu_manager_state"
}

@test "what is reserved nobody may ask for" {
  two_cpus
  serve
  local all left
  all=$(podctl get nodes -o jsonpath='{.items[0].status.capacity.cpu}')
  left=$(podctl get nodes -o jsonpath='{.items[0].status.allocatable.cpu}')
  [ "$left" -eq $((all - 1)) ]
  whole most "$left" | podctl apply -f -
  ready most
  [ "$(cpus_of most main | tr , '\n' | grep -cx 0)" = 0 ]
  whole more 1 | podctl apply -f -
  until_true eval '[[ $(field more "{.status.conditions[?(@.type==\"PodScheduled\")].message}") == *"Insufficient cpu"* ]]'
  podctl delete pod most
  ready more
  # As long as its CPUs are its own, a resize of them is infeasible.
  podctl resize more --limits cpu=2 --requests cpu=2 || :
  until_true eval 'field more "{.status.conditions[?(@.type==\"PodResizePending\")].message}" | grep -q "CPU Manager static policy"'
}

@test "CPUs that cannot be reserved" {
  fails 1 "$PODCTL_BIN/podctld" --root "$PODCTL_ROOT" --cpu-manager-policy static
  says "the static policy requires that CPUs are reserved: --reserved-cpus"
  fails 1 "$PODCTL_BIN/podctld" --root "$PODCTL_ROOT" --reserved-cpus 60000
  says "this machine has no CPU 60000"
  fails 1 "$PODCTL_BIN/podctld" --root "$PODCTL_ROOT" --reserved-cpus 1-0
  says "wanted are numbers and ranges"
  fails 2 "$PODCTL_BIN/podctld" --root "$PODCTL_ROOT" --cpu-manager-policy some
  says "neither none nor static: some"
}

@test "the CPUs of a pod that is over are free at once" {
  two_cpus
  serve
  local i left
  left=$(podctl get nodes -o jsonpath='{.items[0].status.allocatable.cpu}')
  for i in 1 2 3; do
    whole "job$i" "$left" | sed 's/restartPolicy: Always/restartPolicy: Never/; s/trap exit.*"/exit 0"/' | podctl apply -f -
    ended "job$i" Succeeded
  done
}
