# hostPort: ports of the machine that lead to a pod.
load helper

# web NAME PORT [IP]: serves "it is NAME" on port 80, and PORT of the machine leads there.
web() {
  cat <<EOF
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: main
    image: podctl/busybox
    command: [sh, -c, "mkdir /www; echo it is $1 >/www/f; exec httpd -f -h /www"]
    ports: [{containerPort: 80, hostPort: $2${3:+, hostIP: $3}}]
    readinessProbe: {httpGet: {port: 80, path: /f}, periodSeconds: 1}
EOF
}
fetch() { curl -sS -m "$(patience 5)" "http://$1/f"; }
# Where nothing listens on the machine and no other root leads from, below what it gives to connections.
free_port() {
  local port
  while :; do
    port=$((20000 + (RANDOM * 32768 + RANDOM + $$) % 10000))
    [ -z "$(ss -Hlnut "sport = :$port")" ] && ! nft list ruleset 2>/dev/null | grep -qw "$port" && break
  done
  echo $port
}
host_address() { podctl get nodes -o jsonpath='{.items[0].status.addresses[0].address}'; }
leads_nowhere() { ! nft list table inet "podctl_$ROOT_ID" | grep -q comment; }
refused() { ! fetch "$1" 2>/dev/null; }

@test "a host port leads to the pod, from everywhere, until the pod goes" {
  local port host
  port=$(free_port)
  web one "$port" | podctl apply -f -
  sleepers other a b | podctl apply -f -
  ready one
  ready other
  host=$(host_address)
  [ "$(fetch "127.0.0.1:$port")" = "it is one" ]
  [ "$(fetch "$host:$port")" = "it is one" ]
  # By another pod on the same bridge.
  [ "$(podctl exec other -c a -- timeout "$(patience 5)" wget -qO - "http://$host:$port/f")" = "it is one" ]
  run podctl describe pod one
  [[ $output =~ Host\ Port:\ +$port/TCP ]]
  # It outlives podctld, and ends with its pod.
  kill -9 "$(podctl version -o json | jq -r .server.pid)"
  [ "$(fetch "127.0.0.1:$port")" = "it is one" ]
  podctl delete pod one
  refused "127.0.0.1:$port"
  refused "$host:$port"
}

@test "a pod that goes while its ports are being led leaves none of them, and no sandbox" {
  local port
  port=$(free_port)
  for _ in 1 2 3 4 5 6; do
    web one "$port" | podctl apply -f -
    podctl delete pod one --grace-period=0 --force
  done
  until_true leads_nowhere
  none_but_the_next() { [ "$(ls "$PODCTL_ROOT/run/pods" | wc -l)" -le 1 ]; }
  until_true none_but_the_next
  web two "$port" | podctl apply -f -
  ready two
  [ "$(fetch "127.0.0.1:$port")" = "it is two" ]
}

@test "a host port of one address is no other's" {
  local port
  port=$(free_port)
  web one "$port" 127.0.0.1 | podctl apply -f -
  ready one
  [ "$(fetch "127.0.0.1:$port")" = "it is one" ]
  refused "$(host_address):$port"
}

@test "a pod waits for a port that another pod has; one that names its node is refused" {
  local port
  port=$(free_port)
  web one "$port" | podctl apply -f -
  ready one
  web wait "$port" | podctl apply -f -
  run podctl events --for pod/wait
  says "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports."
  run podctl why wait
  says "Give the pod another hostPort"
  web two "$port" | sed "s/^spec:/spec:\n  nodeName: $(podctl get nodes -o jsonpath='{.items[0].metadata.name}')/" | podctl apply -f -
  ended two Failed
  [ "$(field two '{.status.reason}: {.status.message}')" = "NodePorts: Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports" ]
  run podctl get pods --no-headers
  says "NodePorts"
  run podctl events --for pod/two
  says "Predicate NodePorts failed"
  run podctl why two
  says "another pod of this machine has one of the host ports"
  [ "$(fetch "127.0.0.1:$port")" = "it is one" ]
  podctl delete pod one two
  ready wait
  [ "$(fetch "127.0.0.1:$port")" = "it is wait" ]
}

came() { podctl logs "$1" | grep -qx "came=$2"; }
listens() { podctl logs "$1" | grep -qx listening; }

@test "datagrams are led too, and follow to the next pod" {
  local port name
  port=$(free_port)
  for name in one two; do
    podctl apply -f - <<EOF
apiVersion: v1
kind: Pod
metadata: {name: $name}
spec:
  terminationGracePeriodSeconds: 0
  volumes: [{name: p, hostPath: {path: $PODCTL_PROBE}}]
  containers:
  - name: main
    image: podctl/busybox
    command: [/probe, datagrams, "5000"]
    volumeMounts: [{name: p, mountPath: /probe}]
    ports: [{containerPort: 5000, hostPort: $port, protocol: UDP}]
EOF
    ready $name
    until_true listens $name
    [ $name = two ] || exec 7<>"/dev/udp/127.0.0.1/$port"  # one flow for both pods
    echo -n "to-$name" >&7
    until_true came $name "to-$name"
    podctl delete pod $name
  done
  exec 7>&-
}

# CVE-2020-8558: what host ports need for loopback must not open it to pods.
@test "no pod reaches what listens on the host's loopback" {
  local own gateway
  web one "$(free_port)" | podctl apply -f -
  podctl apply -f - <<'EOF'
apiVersion: v1
kind: Pod
metadata: {name: liar}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: main, image: podctl/busybox, command: [sleep, "1000"], securityContext: {privileged: true}}
EOF
  ready one
  ready liar
  own=$(free_port)
  mkdir www
  echo secret >www/f
  busybox httpd -f -p "127.0.0.1:$own" -h www 3>&- &
  local server=$!
  until_true fetch "127.0.0.1:$own"
  # It may change its network, and sends what is for 127.0.0.1 to the host.
  run podctl exec liar -- sh -c "
    gateway=\$(ip route | sed -n 's/^default via \([^ ]*\).*/\1/p')
    mount -o remount,rw /proc/sys 2>/dev/null
    echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet
    ip addr del 127.0.0.1/8 dev lo
    ip route del 127.0.0.1 table local 2>/dev/null
    ip route add 127.0.0.1 via \$gateway && ip route get 127.0.0.1
    timeout 3 wget -qO - http://127.0.0.1:$own/f"
  kill "$server"
  [ "$status" -ne 0 ]
  says "127.0.0.1 via"
  [[ $output != *secret* ]]
}
