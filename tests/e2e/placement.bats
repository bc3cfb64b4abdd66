# Which pods the one node takes: gates, selectors, affinity, as the scheduler says it.
load helper

# placed NAME SPEC: the manifest of a pod that sleeps, with these fields of its spec (one line, YAML).
placed() {
  cat <<EOF
apiVersion: v1
kind: Pod
metadata: {name: $1, labels: {app: $1}}
spec:
  terminationGracePeriodSeconds: 0
  $2
  containers:
  - {name: main, image: podctl/busybox, command: [sleep, "1000"]}
EOF
}
reason() { podctl get pod "$1" -o jsonpath='{.status.conditions[?(@.type=="PodScheduled")].reason}'; }
has_reason() { [ "$(reason "$1")" = "$2" ]; }

@test "a gated pod waits until its gates are taken away, podctld's end or not" {
  placed one 'schedulingGates: [{name: example.com/wait}]' | podctl apply -f -
  has_reason one SchedulingGated
  run podctl get pods -o wide --no-headers
  [[ $output =~ one\ +0/1\ +SchedulingGated\ +0\ +.*\<none\> ]]
  kill -9 "$(podctl version -o json | jq -r .server.pid)"
  has_reason one SchedulingGated
  run podctl why one
  says "given to no node"
  fails 1 podctl apply -f - < <(placed one 'schedulingGates: [{name: example.com/wait}, {name: example.com/more}]')
  placed one '' | podctl apply -f -
  ready one
  [ -n "$(field one '{.spec.nodeName}')" ]
}

@test "a node selector that does not match leaves the pod Pending, and says so" {
  placed one 'nodeSelector: {disk: ssd}' | podctl apply -f -
  has_reason one Unschedulable
  run podctl events --for pod/one
  says "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
  placed one 'nodeSelector: {disk: ssd}' >one.yaml
  podctl apply --wait -f one.yaml >out 2>&1 &
  local waiting=$!
  until_true grep -q "^pod/one: Unschedulable: 0/1 nodes are available" out
  kill "$waiting"
  wait "$waiting" || true
  podctl delete pod one
  # Who names the node itself meets the kubelet alone.
  placed one "{nodeName: $(podctl get nodes -o jsonpath='{.items[0].metadata.name}'), nodeSelector: {disk: ssd}}" |
    sed 's/^  {\(.*\)}$/  \1/; s/, nodeSelector/\n  nodeSelector/' | podctl apply -f -
  ended one Failed
  [ "$(field one '{.status.reason}')" = NodeAffinity ]
  placed two "nodeSelector: {kubernetes.io/os: linux}" | podctl apply -f -
  ready two
}

@test "a pod that keeps away from another one comes when that goes" {
  local away='affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: one}}}]}}'
  placed one '' | podctl apply -f -
  ready one
  placed shy "$away" | podctl apply -f -
  until_true has_reason shy Unschedulable
  podctl delete pod one
  ready shy
}

@test "a pod that belongs beside another one comes when that has come" {
  placed shy 'affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: one}}}]}}' | podctl apply -f -
  has_reason shy Unschedulable
  placed one '' | podctl apply -f -
  ready shy
}

@test "what one machine cannot give is refused" {
  fails 1 podctl apply -f - < <(placed one 'priorityClassName: mine')
  says "no PriorityClass with name mine was found"
  fails 1 podctl apply -f - < <(placed one 'runtimeClassName: kata')
  says "there is no other runtime here that a RuntimeClass could name"
  placed one 'priorityClassName: system-node-critical' | podctl apply -f -
  [ "$(field one '{.spec.priority}')" = 2000001000 ]
}

@test "overhead counts as the containers' requests do" {
  placed heavy 'overhead: {memory: 1Pi}' | podctl apply -f -
  until_true has_reason heavy Unschedulable
  [[ $(field heavy '{.status.conditions[?(@.type=="PodScheduled")].message}') == *"Insufficient memory"* ]]
  placed light 'overhead: {cpu: 1m, memory: 1Mi}' | podctl apply -f -
  ready light
}

@test "a label put on the node is found by selectors, outlives podctld, and can be taken away" {
  local node
  node=$(podctl get nodes -o jsonpath='{.items[0].metadata.name}')
  pod picky 'sleep 1000' | sed 's/^spec:/spec:\n  nodeSelector: {disk: ssd}/' | podctl apply -f -
  until_true eval '[[ $(field picky "{.status.conditions[?(@.type==\"PodScheduled\")].message}") == *"didn'"'"'t match"* ]]'
  run podctl label node "$node" disk=ssd
  [ "$output" = "node/$node labeled" ]
  ready picky
  [ "$(podctl get nodes -l disk=ssd --no-headers | wc -l)" = 1 ]
  run podctl get nodes -l disk!=ssd
  says "No resources found"
  run podctl annotate node "$node" example.com/note="two words"
  [ "$output" = "node/$node annotated" ]
  fails 1 podctl label node "$node" disk=hdd
  says "already has a value (ssd), and --overwrite is false"
  fails 1 podctl label node "$node" disk=a/b --overwrite
  says 'metadata.labels: Invalid value: "a/b"'
  # As many bytes as any object's: what is remembered podctld must be able to read again.
  local much
  much=$(printf '%100000s' '' | tr ' ' x)
  podctl annotate node "$node" example.com/One="$much" two="$much"
  fails 1 podctl annotate node "$node" three="$much"
  says 'metadata.annotations: Too long: '
  podctl annotate node "$node" example.com/One- two-
  # What the machine is stays.
  fails 1 podctl label node "$node" kubernetes.io/os=bsd --overwrite
  says "it says what the machine is, and cannot be changed"
  [ "$(podctl get node "$node" -o jsonpath='{.metadata.labels.kubernetes\.io/os}')" = linux ]
  fails 1 podctl patch node "$node" -p '{"spec": {"unschedulable": true}}'
  says "only labels and annotations may be changed"
  local daemon
  daemon=$(daemon_of_root)
  kill -TERM "$daemon"
  until_true eval '! kill -0 '"$daemon"' 2>/dev/null'
  run podctl describe node "$node"
  says "disk=ssd"
  says "example.com/note: two words"
  podctl label node "$node" disk-
  [ -z "$(podctl get node "$node" -o jsonpath='{.metadata.labels.disk}')" ]
}
