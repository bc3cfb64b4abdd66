# top: CPU and memory in use, in kubectl's columns.
load helper

@test "one that works and one that sleeps" {
  cat <<'YAML' | podctl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: work, labels: {app: work}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: busy, image: podctl/busybox, command: [sh, -c, "while :; do :; done"], resources: {limits: {cpu: 200m}}}
  - {name: idle, image: podctl/busybox, command: [sh, -c, "dd if=/dev/zero of=/dev/shm/f bs=1M count=20 2>/dev/null; exec sleep 1000"]}
YAML
  pod calm 'exec sleep 1000' | podctl apply -f -
  ready work
  ready calm
  until_true eval 'podctl top pod work --containers --no-headers | grep -qE "^work +idle +[0-9]+m +(19|2[0-9])Mi *$"'
  run podctl top pod
  [ "$status" -eq 0 ]
  [[ ${lines[0]} =~ ^NAME\ +CPU\(cores\)\ +MEMORY\(bytes\)\ *$ ]]
  [[ ${lines[1]} == calm* ]]
  [[ ${lines[2]} == work* ]]
  # It works as much as its limit lets it, or the machine.
  works_most() {
    run podctl top pods --sort-by=cpu --no-headers
    [[ ${lines[0]} =~ ^work\ +([0-9]+)m ]] && [ "${BASH_REMATCH[1]}" -ge 20 ] && [ "${BASH_REMATCH[1]}" -le 300 ]
  }
  until_true works_most
  run podctl top pod -l app=work --containers --sum
  [[ ${lines[0]} =~ ^POD\ +NAME\ +CPU ]]
  says '________'
  [ "${#lines[@]}" -eq 5 ]
  run podctl top pod -A
  [[ ${lines[0]} =~ ^NAMESPACE\ +NAME ]]
}

@test "what a pod waits for, and what it writes" {
  cat <<'YAML' | podctl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: busy}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: bound, image: podctl/busybox, command: [sh, -c, "while :; do :; done"], resources: {limits: {cpu: 50m}}}
  - {name: writer, image: podctl/busybox, command: [sh, -c, "while :; do dd if=/dev/zero of=/f bs=64k count=4 conv=fsync 2>/dev/null; done"]}
YAML
  ready busy
  local waits='([0-9]+\.[0-9]+%|-)' rate='[0-9.]+ [KMG]?i?B'
  # Throttled in some of the periods of half a second.
  is_throttled() {
    run podctl top pod busy --containers --pressure --no-headers
    [[ ${lines[0]} =~ ^busy\ +bound\ +[0-9]+m\ +[0-9]+Mi\ +$waits\ +[1-9][0-9]*/[0-9]+\ +$waits\ +$waits\ +$rate\ +$rate\ *$ ]]
  }
  until_true is_throttled
  writes() {
    run podctl top pod busy --containers --pressure --no-headers
    [[ ${lines[1]} =~ ^busy\ +writer\ +[0-9]+m\ +[0-9]+Mi\ +$waits\ +-\ +$waits\ +$waits\ +$rate\ +([1-9][0-9.]*\ [KMG]?i?B)\ *$ ]]
  }
  [ "$(stat -f -c %T "$PODCTL_ROOT")" = tmpfs ] || until_true writes
  run podctl top pod --pressure --sum
  [[ ${lines[0]} =~ ^NAME\ +CPU\(cores\)\ +MEMORY\(bytes\)\ +CPU\(waits\)\ +THROTTLED\ +MEMORY\(waits\)\ +IO\(waits\)\ +IO\(read/s\)\ +IO\(written/s\)\ *$ ]]
  says '________'
  # The kernel tells each cgroup2 group's pressure, or describe says why it does not.
  run podctl describe pod busy
  says "throttled in "
  [[ $output =~ I/O:\ +[0-9.]+\ [KMG]?i?B\ read,\ [0-9.]+\ [KMG]?i?B\ written ]]
  if [ -e /proc/pressure/io ] && grep -q ' cgroup2 ' /proc/mounts; then
    [[ $output =~ written,\ pressure\ [0-9.]+\ % ]]
  else
    says "Pressure:"
  fi
}

@test "the node" {
  local node
  node=$(podctl get nodes -o jsonpath='{.items[0].metadata.name}')
  run podctl top node
  [ "$status" -eq 0 ]
  [[ ${lines[0]} =~ ^NAME\ +CPU\(cores\)\ +CPU\(%\)\ +MEMORY\(bytes\)\ +MEMORY\(%\)\ *$ ]]
  [[ ${lines[1]} =~ ^$node\ +[0-9]+m\ +[0-9]+%\ +[1-9][0-9]*Mi\ +[0-9]+%\ *$ ]]
  run podctl top nodes "$node" --no-headers --show-capacity --pressure
  [ "${#lines[@]}" -eq 1 ]
  [[ ${lines[0]} =~ ^$node\ +[0-9]+m\ +[0-9]+%\ +[1-9][0-9]*Mi\ +[0-9]+%\ +([0-9.]+%|-)\ +([0-9.]+%|-)\ +([0-9.]+%|-)\ +[0-9.]+\ [KMG]?i?B\ +[0-9.]+\ [KMG]?i?B\ *$ ]]
  [[ $(podctl top node --sort-by=memory --no-headers) == "$node "* ]]
  fails 1 podctl top node other
  says 'nodemetrics.metrics.k8s.io "other" not found'
  run podctl top node -l no=where
  says "No resources found"
  fails 2 podctl top node "$node" -l a=b
}

@test "nothing to measure" {
  run podctl top pod
  [ "$status" -eq 0 ]
  says 'No resources found in default namespace.'
  pod over 'true' | podctl apply -f -
  ended over Succeeded
  fails 1 podctl top pod over
  says 'podmetrics.metrics.k8s.io "default/over" not found'
  fails 2 podctl top pod over -A
}
