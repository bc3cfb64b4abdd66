# top pod: CPU and memory in use, in kubectl's columns.
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
