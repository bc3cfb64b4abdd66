# kubectl against podctld, where it is installed: what it asks for is answered, also over SPDY and
# over a WebSocket that SPDY is tunnelled through.
load helper

# What helper.bash does, without the relay that this file's tests start.
eval "$(declare -f teardown | sed '1s/teardown/leave_nothing/')"
teardown() {
  [ -z "${relay:-}" ] || kill "$relay"
  leave_nothing
}

# kubectl's way to podctld, in $server.
relayed() {
  type -P kubectl >/dev/null || skip "no kubectl here"
  podctl get pods >/dev/null 2>&1  # podctld runs
  "$PODCTL_PROBE" relay "$PODCTL_ROOT/run/podctld.sock" >relay.port 3>&- &
  relay=$!
  until_true test -s relay.port
  server=http://127.0.0.1:$(<relay.port)
}
kubectl() { HOME=$BATS_TEST_TMPDIR KUBECONFIG=/dev/null timeout "$(patience 60)" kubectl --server="$server" "$@"; }
# As kubectl before 1.31 speaks, and as later ones do that are told to.
over_spdy() { KUBECTL_PORT_FORWARD_WEBSOCKETS=false KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false "$@"; }

server_pod() {
  cat <<'YAML' | podctl apply -f -
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: web
    image: podctl/busybox
    command: [sh, -c, "mkdir /www; echo four >/www/f; head -c 3000000 /dev/zero >/www/big; exec httpd -f -p 127.0.0.1:8080 -h /www"]
  - name: greeter # greets and ends the connection itself
    image: podctl/busybox
    command: [nc, -ll, -p, "9090", -e, echo, hello]
YAML
  ready web
  # Running is not yet listening, and kubectl gives up at the first connection that is refused.
  until_true podctl exec web -c web -- wget -q -O /dev/null http://127.0.0.1:8080/f
  until_true eval 'podctl exec web -c greeter -- nc 127.0.0.1 9090 </dev/null | grep -q hello'
}

# forward WAY PORT: in the background; $local is the port here.
forward() {
  rm -f out err  # what an earlier one has said
  HOME=$BATS_TEST_TMPDIR KUBECONFIG=/dev/null "$1" command kubectl --server="$server" port-forward pod/web ":$2" >out 2>err 3>&- &
  forwarding=$!
  until_true grep -q '^Forwarding' out
  local=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\) -> .*/\1/p' out)
}
plainly() { "$@"; }

# forwards WAY: all that is asked of port-forward.
forwards() {
  forward "$1" 8080
  [ "$(curl -sf "http://127.0.0.1:$local/f")" = four ]
  local sizes=() i
  for i in 1 2 3 4; do curl -sf "http://127.0.0.1:$local/big" | wc -c >"size$i" & sizes+=($!); done
  wait "${sizes[@]}"
  [ "$(cat size?)" = $'3000000\n3000000\n3000000\n3000000' ]
  [ ! -s err ] || { cat err; return 1; }
  kill "$forwarding"
  wait "$forwarding" || :
  forward "$1" 9090
  # The end of the pod's connection ends the client's.
  [ "$(timeout "$(patience 20)" bash -c "exec 5<>/dev/tcp/127.0.0.1/$local; cat <&5")" = hello ]
  kill "$forwarding"
  wait "$forwarding" || :
  forward "$1" 8081
  run curl -s "http://127.0.0.1:$local/f"
  [ "$status" -ne 0 ]
  until_true grep -q 'failed to connect to localhost:8081 in the pod' err
  kill "$forwarding" 2>/dev/null || :
  wait "$forwarding" || :
}

@test "port-forward, tunnelled through a WebSocket" {
  relayed
  server_pod
  forwards plainly
}

@test "port-forward over SPDY" {
  relayed
  server_pod
  forwards over_spdy
}

# executes WAY: streams, exit codes and copies.
executes() {
  [ "$("$1" kubectl exec web -c web -- sh -c 'echo out; echo err >&2' 2>err)" = out ]
  [ "$(cat err)" = err ]
  [ "$(echo typed | "$1" kubectl exec -i web -c web -- cat)" = typed ]
  head -c 2000000 /dev/urandom >random
  "$1" kubectl exec -i web -c web -- sh -c 'cat >/random; sha256sum </random' <random >there
  [ "$(cat there)" = "$(sha256sum <random)" ]
  "$1" kubectl exec web -c web -- cat /random | cmp - random
  fails 7 "$1" kubectl exec web -c web -- sh -c 'exit 7'
  says 'command terminated with exit code 7'
  fails 1 "$1" kubectl exec web -c web -- /no/such/program
  "$1" kubectl cp random web:/copied -c web
  "$1" kubectl cp web:/copied back -c web
  cmp back random
  # A terminal, of kubectl's and of the command. (timeout would keep it from the terminal.)
  cat >in_terminal <<END
$(declare -f over_spdy plainly)
export HOME=$BATS_TEST_TMPDIR KUBECONFIG=/dev/null
stty rows 31 cols 81
$1 command kubectl --server=$server exec -it web -c web -- sh -c 'until [ "\$(stty size)" = "31 81" ]; do sleep 0.1; done; tty'
END
  run script -qec "timeout --foreground $(patience 60) bash in_terminal" /dev/null </dev/null
  says /dev/pts/
}

@test "exec and cp" {
  relayed
  server_pod
  executes plainly
}

@test "exec and cp over SPDY" {
  relayed
  server_pod
  executes over_spdy
}

@test "ConfigMaps and Secrets are created, by whatever form kubectl sends" {
  relayed
  printf 'a\377b' >binary
  kubectl create configmap cm --from-literal=k=v --from-file=binary
  [ "$(podctl get configmap cm -o jsonpath='{.data.k} {.binaryData.binary}')" = "v $(base64 <binary)" ]
  kubectl create secret generic s --from-literal=password=hidden --type=example.com/t
  [ "$(podctl get secret s -o jsonpath='{.data.password} {.type}')" = "$(printf hidden | base64) example.com/t" ]
  fails 1 kubectl create configmap cm
  says 'configmaps "cm" already exists'
}

# attaches WAY POD
attaches() {
  pod "$2" 'while read -r line; do echo "got $line"; [ "$line" != end ] || exit 0; done' |
    sed 's|image: podctl/busybox|image: podctl/busybox\n    stdin: true|' | podctl apply -f -
  ready "$2"
  printf 'one\nend\n' | "$1" kubectl attach -i "$2" -q >out
  [ "$(cat out)" = $'got one\ngot end' ]
}

@test "attach, both ways" {
  relayed
  attaches plainly one
  attaches over_spdy two
}

@test "debug and patch, the status too" {
  relayed
  server_pod
  run kubectl debug web --image=podctl/busybox --profile=general -c dbg -- sleep 100
  [ "$status" -eq 0 ]
  [[ $output != *"does not act"* ]]
  await --for=jsonpath='{.status.ephemeralContainerStatuses[0].started}'=true pod/web
  [ "$(kubectl patch pod web --subresource=status -p '{"status":{"conditions":[{"type":"example.com/lb","status":"True"}]}}')" = 'pod/web patched' ]
  kubectl wait --for=condition=example.com/lb pod/web --timeout="$(patience 60)s"
  [ "$(kubectl patch pod web -p '{"metadata":{"labels":{"a":"b"}}}')" = 'pod/web patched' ]
  [ "$(kubectl patch pod web -p '{"metadata":{"labels":{"a":"b"}}}')" = 'pod/web patched (no change)' ]
}

@test "label and annotate the node" {
  relayed
  local node
  node=$(kubectl get nodes -o jsonpath='{.items[0].metadata.name}')
  [ "$(kubectl label node "$node" zone=here)" = "node/$node labeled" ]
  [ "$(kubectl annotate node "$node" note=one)" = "node/$node annotated" ]
  [ "$(kubectl get nodes -l zone=here -o name)" = "node/$node" ]
  [ -z "$(kubectl get nodes -l zone=there -o name)" ]
  [ "$(kubectl label node "$node" zone-)" = "node/$node unlabeled" ]
  [[ $(kubectl top node --no-headers) =~ ^$node\ +[0-9]+m\ +[0-9]+%\ +[1-9][0-9]*Mi\ +[0-9]+%\ *$ ]]
  run kubectl cordon "$node"
  says "only labels and annotations may be changed"
}
