# postStart and preStop, as Kubernetes runs them.
load helper

daemon_pid() { podctl version -o json | jq -r '.server.pid'; }

# Waits until the pod's events hold this text.
event() { until_true event_is "$1" "$2"; }
event_is() { podctl get events --field-selector "involvedObject.name=$1" | grep -qF "$2"; }

# hooked NAME LIFECYCLE SCRIPT [GRACE]: a pod whose main container has these hooks.
hooked() {
  cat <<EOF
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  terminationGracePeriodSeconds: ${4:-30}
  containers:
  - name: main
    image: podctl/busybox
    command: ["sh", "-c", "$3"]
    lifecycle: $2
EOF
}

waiter='trap \"echo term; exit 0\" TERM; echo up; while :; do sleep 0.1; done'

@test "a container is Running only after its postStart has ended" {
  hooked begin '{postStart: {exec: {command: [sh, -c, "until [ -e /go ]; do sleep 0.05; done; echo hook > /proc/1/fd/1"]}}}' "${waiter/echo up/echo up; touch /up}" | podctl apply -f -
  until_true podctl exec begin -- test -e /up
  [ "$(field begin '{.status.phase} {.status.containerStatuses[0].state.waiting.reason} {.status.containerStatuses[0].started}')" = "Pending ContainerCreating false" ]
  podctl exec begin -- touch /go
  ready begin
  logged begin hook
  [ "$(podctl logs begin)" = $'up\nhook' ]
}

@test "postStart may sleep, and the pod is not ready before" {
  local begin
  begin=$(date +%s%N)
  hooked late '{postStart: {sleep: {seconds: 2}}}' "$waiter" | podctl apply -f -
  ready late
  [ $((($(date +%s%N) - begin) / 1000000)) -ge 2000 ]
}

@test "a postStart that fails kills the container, which then backs off" {
  # It fails only once the shell has set its trap.
  hooked bad '{postStart: {exec: {command: [sh, -c, "until [ -e /trapped ]; do sleep 0.05; done; echo no good; exit 3"]}}}' "${waiter/echo up/touch /trapped}" | podctl apply -f -
  event bad "PostStartHook failed"
  event bad "FailedPostStartHook"
  await --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=CrashLoopBackOff pod/bad
  [ "$(field bad '{.status.containerStatuses[0].lastState.terminated.exitCode}')" = 0 ]
  # What the hook wrote may be a secret: the event does not tell it.
  run podctl get events
  [[ $output != *"no good"* ]]
}

@test "preStop comes before the stop signal" {
  hooked end '{preStop: {exec: {command: [sh, -c, "echo hook > /proc/1/fd/1"]}}}' "$waiter" | podctl apply -f -
  ready end
  podctl logs -f end >log.out &
  local follower=$!
  until_true grep -q up log.out
  podctl delete pod end
  wait $follower || true
  [ "$(cat log.out)" = $'up\nhook\nterm' ]
}

@test "preStop may sleep, and runs on under the next podctld" {
  hooked nap '{preStop: {sleep: {seconds: 2}}}' "$waiter" | podctl apply -f -
  ready nap
  podctl logs -f nap >log.out &
  local follower=$! begin
  until_true grep -q up log.out
  begin=$(date +%s%N)
  podctl delete pod nap --wait=false
  kill -9 "$(daemon_pid)"
  await --for=delete pod/nap
  [ $((($(date +%s%N) - begin) / 1000000)) -ge 2000 ]
  wait $follower || true
}

@test "preStop asks the container over HTTP, by the name of its port" {
  cat >web.yaml <<'EOF'
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: main
    image: podctl/busybox
    ports: [{name: admin, containerPort: 8080}]
    command: [sh, -c]
    args:
    - |
      cat >/serve <<'END'
      while read -r line && [ ${#line} -gt 1 ]; do echo "$line" >/proc/1/fd/1; done
      printf 'HTTP/1.0 503 Closing\r\n\r\n'
      END
      nc -ll -p 8080 -e sh /serve &
      trap 'exit 0' TERM
      echo up
      wait
    lifecycle:
      preStop: {httpGet: {path: "/drain?now", port: admin, httpHeaders: [{name: X-Why, value: deletion}]}}
EOF
  podctl apply -f web.yaml
  until_true podctl exec web -- sh -c 'netstat -ltn | grep -q :8080'
  podctl logs -f web >log.out &
  local follower=$!
  until_true grep -qx up log.out
  podctl delete pod web
  wait $follower || true
  tr -d '\r' <log.out >lines
  grep -q '^GET /drain?now HTTP/1.1$' lines
  grep -q '^User-Agent: kube-lifecycle/' lines
  grep -q '^X-Why: deletion$' lines
}

@test "a preStop that fails or hangs does not keep the pod" {
  hooked fails '{preStop: {exec: {command: [no-such-program]}}}' "$waiter" | podctl apply -f -
  hooked tcp '{preStop: {tcpSocket: {port: 80}}}' "$waiter" | podctl apply -f -
  hooked hangs '{preStop: {exec: {command: [sleep, "1000"]}}}' "trap : TERM; while :; do sleep 0.1; done" 1 | podctl apply -f -
  ready fails
  ready tcp
  ready hangs
  podctl delete pod fails tcp hangs
  event fails "PreStopHook failed"
  event tcp "PreStopHook failed"
  event hangs "PreStopHook failed"
}

@test "without a grace period there is no preStop" {
  hooked now '{preStop: {sleep: {seconds: 29}}}' "$waiter" | podctl apply -f -
  ready now
  podctl delete pod now --grace-period=0 --force
}

@test "the example shows its order" {
  podctl apply -f "$BATS_TEST_DIRNAME/../../examples/hooks.yaml" --wait
  podctl logs -f hooks >log.out &
  local follower=$!
  until_true grep -q "after the start" log.out
  until_true grep -q "the workload" log.out
  podctl delete pod hooks
  wait $follower || true
  [ "$(sort <(head -n 2 log.out))" = $'after the start\nthe workload' ]
  [ "$(tail -n 2 log.out)" = $'before the signal\nthe signal' ]
}
