# port-forward: ports of this machine lead to localhost of a pod.
load helper

# Serves files on 127.0.0.1 and [::1] of the pod alone.
server() {
  cat <<EOF2 | podctl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: v4
    image: podctl/busybox
    command: [sh, -c, "mkdir /www; echo four >/www/f; head -c 3000000 /dev/zero >/www/big; exec httpd -f -p 127.0.0.1:8080 -h /www"]
    ports: [{name: web, containerPort: 8080}]
  - name: v6
    image: podctl/busybox
    command: [sh, -c, "mkdir /www; echo six >/www/f; exec httpd -f -p '[::1]:9090' -h /www"]
EOF2
  ready "$1"
}

# forward ARGS…: in the background, its output in the file out; $local is the first port here.
forward() {
  rm -f out err  # what an earlier one has said
  podctl port-forward "$@" >out 2>err 3>&- &
  forwarding=$!
  until_true grep -q '^Forwarding' out
  local=$(sed -n 's/^Forwarding from .*:\([0-9]*\) -> .*/\1/p' out | head -n 1)
}
finish() {
  kill -INT "$forwarding"
  wait "$forwarding"
}
answers() { [ "$(curl -sf "http://$1/f")" = "$2" ]; }

@test "a port, by number and by name, on both loopback addresses" {
  server web
  forward web :8080
  grep -qx "Forwarding from 127.0.0.1:$local -> 8080" out
  until_true answers "127.0.0.1:$local" four
  grep -qx "Handling connection for $local" out
  if grep -qxF "Forwarding from [::1]:$local -> 8080" out; then answers "[::1]:$local" four; fi
  # Large answers come whole, many at once too.
  for i in 1 2 3 4; do curl -sf "http://127.0.0.1:$local/big" | wc -c >"size$i" & sizes+=($!); done
  wait "${sizes[@]}"
  [ "$(cat size?)" = $'3000000\n3000000\n3000000\n3000000' ]
  finish
  forward pod/web :web
  until_true answers "127.0.0.1:$local" four
  finish
}

@test "several ports, and what listens on [::1] alone" {
  server web
  forward web :8080 :9090
  until_true eval '[ "$(grep -c "127.0.0.1" out)" = 2 ]'
  local second
  second=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\) -> 9090/\1/p' out)
  until_true answers "127.0.0.1:$local" four
  until_true answers "127.0.0.1:$second" six
  finish
}

@test "nobody listens there: told, and the next connection is served" {
  server web
  forward web :8081
  run curl -sf "http://127.0.0.1:$local/f"
  [ "$status" -ne 0 ]
  until_true grep -q "an error occurred forwarding $local -> 8081: failed to connect to localhost:8081" err
  grep -q 'onnection refused' err
  finish
}

@test "the end of one direction is not that of the other" {
  cat <<'YAML' | podctl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: half}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: podctl/busybox, command: [sh, -c, "printf '#!/bin/sh\\necho read $(wc -c)\\n' >/count; chmod +x /count; exec nc -ll -p 7000 -e /count"]}]
YAML
  ready half
  forward half :7000
  # Debian's static busybox, which podctl/busybox is made of, ends its side when its stdin has ended.
  said() { [ "$(printf 12345 | timeout 10 busybox nc 127.0.0.1 "$local")" = "read 5" ]; }
  until_true said
  finish
}

@test "what is asked wrongly, and a pod that does not run" {
  pod ended 'true' | podctl apply -f -
  ended ended Succeeded
  fails 1 podctl port-forward ended 8080
  says 'unable to forward port because pod is not running. Current status=Succeeded'
  fails 1 podctl port-forward nobody 8080
  says 'pods "nobody" not found'
  fails 2 podctl port-forward ended
  says 'at least 1 PORT is required for port-forward'
  fails 2 podctl port-forward ended nothing
  says "pod does not have a named port 'nothing'"
  fails 2 podctl port-forward ended 80 --address nowhere
  says 'nowhere is not a valid IP'
}

@test "a port that is taken is told, and the others are served" {
  server web
  forward web :8080
  local taken=$local first=$forwarding
  fails 1 podctl port-forward web "$taken:8080" --address 127.0.0.1
  says "Unable to listen on port $taken: Listeners failed to create with the following errors: [unable to create listener: Error listen 127.0.0.1:$taken: Address already in use]"
  says "error: unable to listen on any of the requested ports: [{$taken 8080}]"
  fails 1 podctl port-forward web "$taken:8080"
  says "Unable to listen on port $taken:"
  forward web "$taken:8080" :9090 --address 127.0.0.1
  until_true answers "127.0.0.1:$local" six
  grep -q "^Unable to listen on port $taken:" err
  finish
  forwarding=$first
  finish
}

@test "one address of localhost is enough" {
  server web
  forward web :8080 --address 127.0.0.1
  local first=$forwarding taken=$local
  # With 127.0.0.1 taken, [::1] serves where this machine has it.
  if ip -6 -o addr show dev lo | grep -q '::1/'; then
    forward web "$taken:8080"
    grep -qxF "Forwarding from [::1]:$taken -> 8080" out
    [ ! -s err ]
    finish
  fi
  # Without it 127.0.0.1 does.
  forward web :8080
  [ ! -s err ]
  finish
  forwarding=$first
  finish
}

@test "the end of its pod ends it" {
  server web
  forward web :8080
  until_true answers "127.0.0.1:$local" four
  podctl delete pod web --now
  local code=0
  wait "$forwarding" || code=$?
  [ "$code" = 1 ]
  grep -qx 'error: lost connection to pod' err
  # A pod that ends by itself is still there, and has no network any more.
  pod brief 'until [ -e /end ]; do sleep 0.1; done' | podctl apply -f -
  ready brief
  forward brief :8080
  let_go brief /end
  code=0
  wait "$forwarding" || code=$?
  [ "$code" = 1 ]
  grep -qx 'error: lost connection to pod' err
}

@test "it outlives podctld, and takes no other pod of the name for its own" {
  server web
  forward web :8080
  until_true answers "127.0.0.1:$local" four
  kill -KILL "$(daemon_of_root)"
  until_true answers "127.0.0.1:$local" four
  kill -STOP "$forwarding"
  podctl delete pod web --now
  server web
  kill -CONT "$forwarding"
  local code=0
  wait "$forwarding" || code=$?
  [ "$code" = 1 ]
  grep -qx 'error: lost connection to pod' err
  # Nor does podctld, whoever asks.
  local uid=00000000-0000-0000-0000-000000000000 socket
  socket=$(find "$PODCTL_ROOT" -name podctld.sock)
  run curl -s --unix-socket "$socket" -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
    -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==' \
    "http://podctl/api/v1/namespaces/default/pods/web/portforward?ports=8080&uid=$uid"
  says "Precondition failed: UID in precondition: $uid"
}

@test "a pod that is still Pending is waited for" {
  late 'mkdir /www; echo late >/www/f; exec httpd -f -p 8080 -h /www' | podctl apply -f -
  fails 1 podctl port-forward late :8080 --pod-running-timeout=1ms
  says 'it is still Pending'
  fails 2 podctl port-forward late :8080 --pod-running-timeout=0
  says '--pod-running-timeout must be higher than zero'
  podctl port-forward late :8080 >out 2>err 3>&- &
  forwarding=$!
  until_true let_go late /v/go -c first
  until_true grep -q '^Forwarding' out
  local=$(sed -n 's/^Forwarding from .*:\([0-9]*\) -> .*/\1/p' out | head -n 1)
  until_true answers "127.0.0.1:$local" late
  finish
}
