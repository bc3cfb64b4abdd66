# What the one node can hold: pods wait for room, or are refused by the kubelet where no scheduler asks.
load helper

# asking NAME CPU [LINE OF ITS SPEC]: the manifest of a pod that sleeps and requests this.
asking() {
  cat <<EOF
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  terminationGracePeriodSeconds: 0
  ${3:-}
  containers:
  - {name: main, image: podctl/busybox, command: [sleep, "1000"], resources: {requests: {cpu: $2}}}
EOF
}
of_node() { podctl get nodes -o jsonpath="{.items[0]$1}"; }
why_not() { podctl get pod "$1" -o jsonpath='{.status.conditions[?(@.type=="PodScheduled")].message}'; }

@test "a pod waits until others leave it what it requests" {
  local cpus
  cpus=$(of_node .status.allocatable.cpu)
  asking half "$((cpus * 500))m" | podctl apply -f -
  asking rest "$((cpus * 500))m" | podctl apply -f -
  ready half
  ready rest
  asking more 1m | podctl apply -f -
  asking never $((cpus + 1)) | podctl apply -f -
  [[ $(why_not more) == "0/1 nodes are available: 1 Insufficient cpu. preemption: "*"No preemption victims found"* ]]
  [[ $(why_not never) == "0/1 nodes are available: 1 Insufficient cpu. preemption: "*"Preemption is not helpful"* ]]
  podctl why more | grep -qF 'podctl describe node'
  run podctl describe node
  [[ $output =~ Non-terminated\ Pods:\ +\(2\ in\ total\) ]]
  [[ $output =~ default\ +half\ +[0-9]+m?\ \(50%\)\ +0\ \(0%\) ]]
  [[ $output =~ cpu\ +$cpus\ \(100%\)\ +0\ \(0%\) ]]
  says "System Info:"
  says "MemoryPressure"
  podctl delete pod half
  ready more
  run podctl get nodes -o wide
  [[ $output =~ NAME\ +STATUS\ +ROLES\ +AGE\ +VERSION\ +INTERNAL-IP ]]
}

@test "a pod that names its node is refused at once" {
  asking one $(($(of_node .status.allocatable.cpu) + 1)) "nodeName: $(of_node .metadata.name)" | podctl apply -f -
  ended one Failed
  [[ $(field one '{.status.reason}: {.status.message}') == "OutOfcpu: Pod was rejected: Node didn't have enough resource: cpu, requested: "*", used: 0, capacity: "* ]]
  run podctl get pods --no-headers
  says OutOfcpu
  podctl why one | grep -qF "not enough cpu left"
}

@test "a node may be told to take fewer pods" {
  "$PODCTL_BIN/podctld" --root "$PODCTL_ROOT" --max-pods 1 3>&- &
  until_true test -S "$PODCTL_ROOT/run/podctld.sock"
  [ "$(of_node .status.capacity.pods)" = 1 ]
  asking one 1m | podctl apply -f -
  ready one
  asking two 1m | podctl apply -f -
  [[ $(why_not two) == "0/1 nodes are available: 1 Too many pods."* ]]
  podctl delete pod one
  ready two
  fails 2 "$PODCTL_BIN/podctld" --root "$PODCTL_ROOT" --max-pods 2000
  says "no number of at most 1023: 2000"
}

@test "what podctld was told it keeps to when it is killed, and not when it is ended" {
  "$PODCTL_BIN/podctld" --root "$PODCTL_ROOT" --max-pods 7 3>&- &
  until_true test -S "$PODCTL_ROOT/run/podctld.sock"
  local daemon
  [ "$(of_node .status.capacity.pods)" = 7 ]
  daemon=$(daemon_of_root)
  kill -KILL "$daemon"
  until_true eval '! kill -0 '"$daemon"' 2>/dev/null'
  [ "$(of_node .status.capacity.pods)" = 7 ]
  daemon=$(daemon_of_root)
  kill -KILL "$daemon"
  until_true eval '! kill -0 '"$daemon"' 2>/dev/null'
  [ "$(of_node .status.capacity.pods)" = 7 ]
  # One that cannot start with what it is told itself does not forget them.
  daemon=$(daemon_of_root)
  kill -KILL "$daemon"
  until_true eval '! kill -0 '"$daemon"' 2>/dev/null'
  fails 1 "$PODCTL_BIN/podctld" --root "$PODCTL_ROOT" --foreground --reserved-cpus 60000
  says "this machine has no CPU 60000"
  [ "$(of_node .status.capacity.pods)" = 7 ]
  daemon=$(daemon_of_root)
  kill -TERM "$daemon"
  until_true eval '! kill -0 '"$daemon"' 2>/dev/null'
  [ "$(of_node .status.capacity.pods)" = 1023 ]
}
