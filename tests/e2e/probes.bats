# Liveness, readiness and startup probes: by command, HTTP, TCP and gRPC.
load helper

daemon_pid() { podctl version -o json | jq -r ".server.pid"; }
event() { until_true event_is "$1" "$2"; }
event_is() { podctl get events --field-selector "involvedObject.name=$1" | grep -qF "$2"; }
not_ready() { await --for=condition=Ready=False "pod/$1"; }
restarts() { field "$1" '{.status.containerStatuses[0].restartCount}'; }
restarted() { [ "$(restarts "$1")" -ge "$2" ]; }

# probed NAME PROBES SCRIPT: a pod whose main container has these probes (a YAML flow of fields).
probed() {
  cat <<EOF
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: podctl/busybox
    ports: [{name: web, containerPort: 8080}]
    command: ["sh", "-c"]
    args:
    - |
$(sed 's/^/      /' <<<"$3")
$(sed 's/^/    /' <<<"$2")
EOF
}

@test "a pod is Ready for as long as its readiness probe succeeds" {
  probed r 'readinessProbe: {exec: {command: [cat, /ready]}, periodSeconds: 1, failureThreshold: 2}' 'exec sleep 1000' | podctl apply -f -
  event r "Readiness probe failed: cat: can't open '/ready': No such file or directory"
  [ "$(field r '{.status.phase} {.status.containerStatuses[0].ready} {.status.containerStatuses[0].started}')" = "Running false true" ]
  podctl exec r -- touch /ready
  ready r
  podctl exec r -- rm /ready
  not_ready r
  [ "$(restarts r)" = 0 ]
}

@test "a failed liveness probe restarts the container, and then backs off" {
  probed l 'livenessProbe: {exec: {command: [test, -e, /alive]}, periodSeconds: 1, failureThreshold: 1}' 'exec sleep 1000' | podctl apply -f -
  event l "Liveness probe failed:"
  event l "Container main failed liveness probe, will be restarted"
  await --for=jsonpath='{.status.containerStatuses[0].state.waiting.reason}'=CrashLoopBackOff pod/l
  [ "$(field l '{.status.containerStatuses[0].lastState.terminated.exitCode}')" = 137 ]
}

@test "a startup probe holds the others up" {
  probed s 'startupProbe: {exec: {command: [test, -e, /started]}, periodSeconds: 1, failureThreshold: 1000}
livenessProbe: {exec: {command: ["false"]}, periodSeconds: 1, failureThreshold: 1}' 'exec sleep 1000' | podctl apply -f -
  event s "Startup probe failed:"
  [ "$(field s '{.status.containerStatuses[0].started} {.status.containerStatuses[0].restartCount}')" = "false 0" ]
  fails 1 event_is s "Liveness probe"
  podctl exec s -- touch /started
  event s "Container main failed liveness probe, will be restarted"
}

@test "HTTP and TCP are asked at the pod's address, by a port's name" {
  # Ready it can only be once a connection has been a success.
  probed web 'readinessProbe: {httpGet: {path: /ok, port: web}, periodSeconds: 1}
startupProbe: {tcpSocket: {port: web}, periodSeconds: 1, failureThreshold: 100}' 'mkdir /www; echo fine >/www/ok; exec httpd -f -h /www -p 8080' | podctl apply -f -
  ready web
  podctl exec web -- rm /www/ok
  event web "Readiness probe failed: HTTP probe failed with statuscode: 404"
  not_ready web
  [ "$(restarts web)" = 0 ]
}

@test "nobody listens: the event says so" {
  probed none 'readinessProbe: {httpGet: {path: /, port: 81}, periodSeconds: 1}
livenessProbe: {tcpSocket: {port: 82}, periodSeconds: 1, failureThreshold: 1000}' 'exec sleep 1000' | podctl apply -f -
  event none "Liveness probe failed"
  local ip
  ip=$(field none '{.status.podIP}')
  event none "Readiness probe failed: Get \"http://$ip:81/\": dial tcp $ip:81: connect: connection refused"
  event none "Liveness probe failed: dial tcp $ip:82: connect: connection refused"
}

@test "a redirect to another host is a success with a warning" {
  probed away 'readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}' \
    'while :; do printf "HTTP/1.1 302 Found\r\nLocation: http://elsewhere.invalid/\r\nContent-Length: 0\r\n\r\n" | nc -l -p 8080 >/dev/null; done' | podctl apply -f -
  event away "Readiness probe warning: Probe terminated redirects"
  ready away
}

# grpc_server STATUS: a script whose gRPC server says this health (1 SERVING, 2 NOT_SERVING), in frames of
# HTTP/2: settings, their acknowledgement, head, seven bytes of data, trailers.
grpc_server() {
  cat <<EOF
cat >/serve <<'END'
head -c 24 >/dev/null
printf '\\0\\0\\0\\4\\0\\0\\0\\0\\0\\0\\0\\0\\4\\1\\0\\0\\0\\0'
printf '\\0\\0\\1\\1\\4\\0\\0\\0\\1\\210'
printf '\\0\\0\\7\\0\\0\\0\\0\\0\\1\\0\\0\\0\\0\\2\\10\\'"\$(cat /health)"
printf '\\0\\0\\17\\1\\5\\0\\0\\0\\1\\0\\13grpc-status\\0010'
cat >/dev/null
END
echo $1 >/health
exec nc -ll -p 8080 -e sh /serve
EOF
}

@test "gRPC servers are asked for their health" {
  probed rpc 'readinessProbe: {grpc: {port: 8080}, periodSeconds: 1, failureThreshold: 1}' "$(grpc_server 2)" | podctl apply -f -
  event rpc 'Readiness probe failed: service unhealthy (responded with "NOT_SERVING")'
  podctl exec rpc -- sh -c 'echo 1 >/health'
  ready rpc
  run podctl describe pod rpc
  says 'Readiness:      grpc <pod>:8080'
}

@test "an answer that announces more than it sends does podctld no harm" {
  probed liar 'readinessProbe: {httpGet: {port: 8080}, periodSeconds: 1, timeoutSeconds: 5}' 'printf "HTTP/1.1 200 OK\r\nContent-Length: 5999999999999999999\r\n\r\nhello" >/answer
exec nc -ll -p 8080 -e cat /answer' | podctl apply -f -
  local pid
  pid=$(daemon_pid)
  event liar "Readiness probe failed: Get"
  [ "$(daemon_pid)" = "$pid" ]
}

@test "HTTPS is asked without looking at the certificate" {
  command -v openssl >/dev/null || skip "openssl is not installed"
  openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 1 -subj /CN=nobody 2>/dev/null
  coproc SERVER { exec timeout "$(patience 200)" openssl s_server -accept 127.0.0.1:0 -key key.pem -cert cert.pem -www 2>&1 3>&-; }
  local line port
  while read -r line <&"${SERVER[0]}"; do
    [[ $line == ACCEPT* ]] && { port=${line##*:}; break; }
  done
  probed tls "readinessProbe: {httpGet: {scheme: HTTPS, host: 127.0.0.1, port: $port, path: /}, periodSeconds: 1}
startupProbe: {tcpSocket: {host: 127.0.0.1, port: $port}, periodSeconds: 1}" 'exec sleep 1000' | podctl apply -f -
  ready tls
  kill "$SERVER_PID"
}

@test "a command that takes too long has failed, and nothing of it is left" {
  probed slow 'readinessProbe: {exec: {command: [sh, -c, "sleep 4321; true"]}, periodSeconds: 1, timeoutSeconds: 1}' 'exec sleep 1000' | podctl apply -f -
  event slow 'Readiness probe failed: command timed out: "sh -c sleep 4321; true" timed out after 1s'
  # The next one may have begun, a shell and its sleep; those that timed out go.
  only_one() { [ "$(podctl exec slow -- sh -c 'ps | grep -c "sleep 432[1]"; true')" -le 2 ]; }
  until_true only_one
}

@test "a command that hangs once has failed once" {
  probed once 'livenessProbe: {exec: {command: [sh, -c, "[ -e /hung ] && exec touch /again; touch /hung; exec sleep 4322"]}, periodSeconds: 3, timeoutSeconds: 3, failureThreshold: 2}' 'exec sleep 1000' | podctl apply -f -
  event once 'timed out after 3s'
  until_true podctl exec once -- test -e /again
  [ "$(restarts once)" = 0 ]
  fails 1 event_is once "command of an earlier try hangs"
}

@test "a command that cannot be run says nothing of the container" {
  probed broken 'livenessProbe: {exec: {command: [no-such-program]}, periodSeconds: 1, failureThreshold: 1}' 'exec sleep 1000' | podctl apply -f -
  event broken "Liveness probe errored and resulted in unknown state:"
  ready broken
  [ "$(restarts broken)" = 0 ]
}

@test "a pod stays Ready when podctld is killed and comes back" {
  probed stays 'readinessProbe: {exec: {command: [test, -e, /ready]}, periodSeconds: 1, timeoutSeconds: 30}' 'touch /ready; exec sleep 1000' | podctl apply -f -
  ready stays
  local since
  since=$(field stays '{.status.conditions[?(@.type=="Ready")].lastTransitionTime}')
  kill -9 "$(daemon_pid)"
  until_true podctl get pod stays
  [ "$(field stays '{.status.conditions[?(@.type=="Ready")].status} {.status.conditions[?(@.type=="Ready")].lastTransitionTime}')" = "True $since" ]
  podctl exec stays -- rm /ready
  not_ready stays
}

@test "describe tells the probes in kubectl's words" {
  probed d 'livenessProbe: {tcpSocket: {port: web}, initialDelaySeconds: 3}
readinessProbe: {httpGet: {path: /healthz, port: 8080}}
startupProbe: {exec: {command: [cat, /x]}, failureThreshold: 30}' 'exec sleep 1000' | podctl apply -f -
  run podctl describe pod d
  says 'Liveness:       tcp-socket :web delay=3s timeout=1s period=10s successThreshold=1 failureThreshold=3'
  says 'Readiness:      http-get http://:8080/healthz delay=0s timeout=1s period=10s successThreshold=1 failureThreshold=3'
  says 'Startup:        exec [cat /x] delay=0s timeout=1s period=10s successThreshold=1 failureThreshold=30'
}

@test "the example can be walked through" {
  podctl apply -f "$BATS_TEST_DIRNAME/../../examples/probes.yaml"
  event probes "Startup probe failed"
  podctl exec probes -- touch /tmp/started
  ready probes
  podctl exec probes -- rm /www/ready
  not_ready probes
  podctl exec probes -- touch /tmp/hangs
  until_true restarted probes 1
}
